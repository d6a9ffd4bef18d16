"""What an arrangement can be written as. Apart from what writes it, because commands name formats before they import."""

from __future__ import annotations

from enum import StrEnum


class ExportFormat(StrEnum):
    DAWPROJECT = "dawproject"
    MIDI_MARKERS = "midi-markers"
    JSON = "json"
