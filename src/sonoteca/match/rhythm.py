"""The axis ``rhythm``: onsets of both on the common bar grid, register by register."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import REGISTERS, STEPS_PER_BEAT, onsets_of_bytes
from sonoteca.match.alignment import Group, common_units, unit_rows
from sonoteca.match.evidence import Evidence


def rhythm_scores(query: Evidence, candidates: Evidence, group: Group) -> NDArray[np.float32]:
    """Scores 0..1 of the candidates of a group, shape (len(group.at),)."""
    n_units = common_units(int(query.n_beats[0]), group)
    own = onsets_of_bytes(query.onsets[0, : query.n_beats[0]]).reshape(-1, len(REGISTERS), STEPS_PER_BEAT)
    one = _accents(own[np.arange(n_units) % len(own)].sum(axis=1)[None])[0]
    beats, per_unit = unit_rows(group.beats, group.level, n_units)
    onsets = onsets_of_bytes(candidates.onsets[group.at][:, : group.beats])
    onsets = onsets.reshape(len(group.at), group.beats, len(REGISTERS), STEPS_PER_BEAT).sum(axis=2)
    # In double time two beats share the steps of one unit; in half time one beat fills two, which is coarse but fair.
    at_units = onsets[:, beats].reshape(len(group.at), n_units, STEPS_PER_BEAT, per_unit).sum(axis=3)
    others = _accents(at_units)
    return np.asarray(0.5 + 0.5 * others.reshape(len(others), -1) @ one.reshape(-1), np.float32)


def _accents(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = rows - rows.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(centred).sum(axis=(1, 2), keepdims=True))
    return np.asarray(centred / np.maximum(length, 1e-6), np.float32)
