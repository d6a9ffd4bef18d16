"""Arrangements are kept as rows and documents, and changed by edits."""
