"""What a transition is judged by, as columns over many tracks.

Conventions, here once:

- *start* and *end* of a track are its outermost ``EDGE_S`` seconds, where mixes happen.
- Tempo is log2 of bpm, so that a stretch is a difference and half or double time is 1.
- A key is its number (``domain.music``: 0..11 major, 12..23 minor, counted from C); -1 is unknown.
- Energy is 0..1: the felt level 1..10 of the whole track, moved at its edges by how loud they are.
- Everything else that is not known is NaN; a vector that is not known is all zeros.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.columns import Columns
from sonoteca.domain.same_recording import Heard

EDGE_S = 20.0
NO_KEY = -1
NO_ARTIST = -1

FloatColumn = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Tracks(Columns):
    """Facts of ``n`` whole sounds, in order of their public ids.

    Tables that are joined come from one library: artists are numbered alike.

    Attributes
    ----------
    region_ids, sound_ids : int64 (n,)
        Row numbers of region 0 and of the sound.
    ids, content_hashes : str (n,)
        Public ids and content hashes, NumPy text.
    duration_s : float32 (n,)
    artist : int32 (n,)
        One number per artist (folded name); ``NO_ARTIST`` where it is not known.
    tempo_start, tempo_end : float32 (n,)
        log2 of bpm.
    key_start, key_end : int8 (n,)
    key_confidence : float32 (n,)
        Chance that the key is right; 1 where a person or an import stated it.
    tuning_cents : float32 (n,)
    level, energy_start, energy_end : float32 (n,)
        0..1.
    beats_per_bar, onset_density : float32 (n,)
        Felt beats; onsets per second.
    timbre_start, timbre_end, rhythm_start, rhythm_end, whole : float32 (n, d)
        Unit vectors of the embedding space: its parts ``timbre`` and ``rhythm`` at the edges, all of it
        for the whole sound.
    """

    region_ids: NDArray[np.int64]
    sound_ids: NDArray[np.int64]
    ids: NDArray[np.str_]
    content_hashes: NDArray[np.str_]
    duration_s: FloatColumn
    artist: NDArray[np.int32]
    tempo_start: FloatColumn
    tempo_end: FloatColumn
    key_start: NDArray[np.int8]
    key_end: NDArray[np.int8]
    key_confidence: FloatColumn
    tuning_cents: FloatColumn
    level: FloatColumn
    energy_start: FloatColumn
    energy_end: FloatColumn
    beats_per_bar: FloatColumn
    onset_density: FloatColumn
    timbre_start: FloatColumn
    timbre_end: FloatColumn
    rhythm_start: FloatColumn
    rhythm_end: FloatColumn
    whole: FloatColumn

    @property
    def heard(self) -> Heard:
        """What tells recordings apart."""
        return Heard(self.duration_s, self.tempo_start, self.whole)

    def index_of_sounds(self) -> dict[int, int]:
        """Place in the columns by row number of the sound."""
        return {int(sound_id): index for index, sound_id in enumerate(self.sound_ids)}


def level_of(energy_level: NDArray[np.float64]) -> FloatColumn:
    """Felt energy 1..10 as 0..1.

    >>> level_of(np.array([1.0, 5.5, 10.0])).tolist()
    [0.0, 0.5, 1.0]
    """
    return np.asarray((energy_level - 1.0) / 9.0, np.float32)


def unit_rows(vectors: NDArray[np.float32]) -> FloatColumn:
    """Rows scaled to unit length; rows of zeros stay."""
    lengths = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))[:, None]
    return np.asarray(np.where(lengths > 1e-3, vectors / np.maximum(lengths, 1e-3), 0.0), np.float32)
