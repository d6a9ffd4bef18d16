"""Arrangements that are kept: as documents, as rows, and the edits that change them."""
