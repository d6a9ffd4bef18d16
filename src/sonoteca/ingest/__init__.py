"""Disk to catalogue: walk, plan, execute, store, audit."""
