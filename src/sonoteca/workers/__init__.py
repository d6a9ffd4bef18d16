"""Untrusted work in other processes: a crash, a hang, an eater of memory costs exactly one task."""
