"""A melody that came from a score, a MIDI file or a list, not from sound."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Note:
    """One note: seconds from the start of its melody, MIDI pitch (fractional)."""

    start_s: float
    end_s: float
    midi: float


@dataclass(frozen=True, slots=True)
class NamedMelody:
    """Notes by rising start under the name another program knows them by."""

    external_id: str
    title: str
    notes: tuple[Note, ...]

    @property
    def content_hash(self) -> str:
        """``mel1:`` and a digest over name and notes to the millisecond and cent: what the catalogue files it under."""
        lines = [f"{n.start_s:.3f} {n.end_s:.3f} {n.midi:.2f}" for n in self.notes]
        return MELODY_HASH_PREFIX + hashlib.sha256("\n".join([self.external_id, *lines]).encode()).hexdigest()[:32]

    @property
    def duration_s(self) -> float:
        return max((note.end_s for note in self.notes), default=0.0)


# A content that was never sound: nothing can be decoded, analysed or embedded.
MELODY_HASH_PREFIX = "mel1:"
