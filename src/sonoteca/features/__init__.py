"""Signals to frames: each feature is computed once per file, regions are views."""
