"""The axis ``chord``: what sounds at the same moment in both, beat by beat over the common bars, after the shift."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import notes_of_bytes
from sonoteca.match.alignment import Group, common_units, unit_rows
from sonoteca.match.evidence import Evidence


def chord_scores(query: Evidence, candidates: Evidence, group: Group) -> NDArray[np.float32]:
    """Scores 0..1 for each shift of each candidate of a group by 0..11 semitones, shape (len(group.at), 12)."""
    n_units = common_units(int(query.n_beats[0]), group)
    own = notes_of_bytes(query.notes[0, : query.n_beats[0], :12])
    one = _changes(own[np.arange(n_units) % len(own)][None])[0]
    beats, _ = unit_rows(group.beats, group.level, n_units)
    notes = notes_of_bytes(candidates.notes[group.at][:, : group.beats, :12])
    others = _changes(notes[:, beats].mean(axis=2))
    shifted = np.stack([np.roll(one, -shift, axis=1).reshape(-1) for shift in range(12)])
    return np.asarray(0.5 + 0.5 * others.reshape(len(others), -1) @ shifted.T, np.float32)


def _changes(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """What differs from the mean of the whole, scaled to length 1; shape kept (n, n_units, 12)."""
    roots = np.sqrt(rows)
    roots = roots - roots.mean(axis=(1, 2), keepdims=True)
    length = np.sqrt(np.square(roots).sum(axis=(1, 2), keepdims=True))
    return np.asarray(roots / np.maximum(length, 1e-6), np.float32)
