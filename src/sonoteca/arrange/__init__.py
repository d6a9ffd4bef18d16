"""Loops on a bar grid: chosen by how well they go together, placed, kept, edited, rendered."""
