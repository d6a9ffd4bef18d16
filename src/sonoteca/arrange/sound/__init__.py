"""Clips become sound: passes, layers, the mix, the file."""
