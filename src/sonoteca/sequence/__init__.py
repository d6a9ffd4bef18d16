"""Orderings: what comes next, whole sets, what is wrong with a playlist, a walk from one sound to another."""
