"""Notes of a region: its melody, for finding it by humming."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.analysis.melody.candidates import FAST, FINE
from sonoteca.analysis.melody.tracking import WEIGHTS_FILE, MelodyNote, melody_of, track_notes
from sonoteca.domain.descriptor import NOTES, POSSIBLE_NOTES, ROLE, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind, Role
from sonoteca.features.feature import Feature

# What plays fewer notes than this, or doubtful ones only, is no tune.
_FEWEST_NOTES = 3
_LEAST_CHANCE = 0.5
# Where the role says drums this surely, what sounds like notes are tuned drums.
_SURELY_DRUMS = 0.8


class MelodyNotes:
    """The predominant melody as notes, and all notes that may be in it; see ``tracking`` for the method and its source."""

    id: ClassVar[str] = "melody.notes.line"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (NOTES, POSSIBLE_NOTES)
    requires: ClassVar[tuple[Descriptor, ...]] = (ROLE,)
    features: ClassVar[tuple[Feature, ...]] = (FINE, FAST)
    model_files: ClassVar[tuple[str, ...]] = (WEIGHTS_FILE,)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TRACK, Kind.LOOP})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        if _is_drums(known.get(ROLE)):
            return
        found = track_notes(region.series(FINE), region.series(FAST))
        possible = found.within(region.region.end_s)
        notes = melody_of(possible)
        if len(notes) < _FEWEST_NOTES:
            return
        chance = float(np.mean([note.chance for note in notes]))
        if chance < _LEAST_CHANCE:
            return
        value: list[JsonValue] = [_as_json(note) for note in notes]
        # The mean chance is the expected share of right notes.
        yield Observation(NOTES, value, chance, measured_by(self))
        yield Observation(POSSIBLE_NOTES, possible.as_json(), None, measured_by(self))


def _is_drums(role: Observation | None) -> bool:
    if role is None or not isinstance(role.value, dict):
        return False
    return role.value.get("value") == Role.DRUMS and (role.confidence or 0.0) >= _SURELY_DRUMS


def _as_json(note: MelodyNote) -> JsonValue:
    return {"start_s": round(note.start_s, 4), "end_s": round(note.end_s, 4), "midi": note.midi}
