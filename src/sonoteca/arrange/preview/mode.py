"""The ways in which two sounds are previewed.

They stand apart from what renders them, because commands name them before they import anything.
"""

from __future__ import annotations

from enum import StrEnum


class PreviewMode(StrEnum):
    """Both at once, or one going over into the other."""

    MATCH = "match"
    TRANSITION = "transition"
