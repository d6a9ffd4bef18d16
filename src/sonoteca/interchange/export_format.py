"""The formats that an arrangement can be written as.

They stand apart from what writes them, because commands name them before they import anything.
"""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    """A format for another program; docs/arranging.md says what each holds."""

    DAWPROJECT = "dawproject"
    MIDI_MARKERS = "midi-markers"
    JSON = "json"
