"""Frames or samples to vectors."""
