"""The axis ``key``: how the keys of two regions stand to each other after the shift."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.music import ALL_KEYS, N_KEYS, KeyRelation, key_relation

# What mixes: the same key, its relative, one step round the wheel; then it gets worse.
_SCORE = {
    KeyRelation.SAME: 1.0,
    KeyRelation.RELATIVE: 0.9,
    KeyRelation.FIFTH: 0.75,
    KeyRelation.DIAGONAL: 0.6,
    KeyRelation.TWO_STEPS: 0.35,
    KeyRelation.PARALLEL: 0.4,
    KeyRelation.SEMITONE: 0.1,
    KeyRelation.OTHER: 0.1,
}


def key_scores(query_key: float, candidate_keys: NDArray[np.float64]) -> NDArray[np.float32]:
    """Scores 0..1 for each shift of each candidate by 0..11 semitones, shape (n, 12); NaN where a key is unknown.

    Keys are numbers (``domain.music``).
    """
    scores = np.full((len(candidate_keys), 12), np.nan, np.float32)
    known = np.isfinite(candidate_keys)
    if np.isfinite(query_key):
        scores[known] = _table()[int(query_key), candidate_keys[known].astype(np.int64)]
    return scores


@cache
def _table() -> NDArray[np.float32]:
    """Score by (query key, candidate key, shift of the candidate), shape (24, 24, 12)."""
    table = np.zeros((N_KEYS, N_KEYS, 12), np.float32)
    for one, other, shift in product(ALL_KEYS, ALL_KEYS, range(12)):
        table[one.number, other.number, shift] = _SCORE[key_relation(one, other.transpose(shift))]
    return table
