"""Pitch classes and onsets of each beat: what a match compares bar by bar."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.beatwise.grid import REQUIRED, bar_grid
from sonoteca.analysis.harmony.hearing import FEATURE, hear
from sonoteca.analysis.harmony.pitch_classes import HIGH, LOW, LOWEST, MELODY, MIDDLE, mean_between
from sonoteca.analysis.harmony.weights import WEIGHTS_FILE
from sonoteca.analysis.rhythm.analyzers import BAND_MAGNITUDE
from sonoteca.domain.beat_profile import STEPS_PER_BEAT, BeatProfile
from sonoteca.domain.descriptor import BEAT_PROFILE, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.onset import GROUPS, band_flux

# Which groups of onset strength make which register.
_REGISTER_OF_GROUP = {"low": 0, "low_mid": 0, "mid": 1, "high_mid": 2, "high": 2}


class BeatProfileOfRegion:
    """Mean pitch classes per beat and mean onset strength per twelfth of a beat, from the first bar line on.

    Beat-synchronous chroma as in Bello & Pickens, "A robust mid-level representation for harmonic content
    in music signals", ISMIR 2005; onsets on the metrical grid as in Dixon, Gouyon & Widmer, "Towards
    characterisation of music via rhythmic patterns", ISMIR 2004, but bar by bar, so that a fill stays where
    it is. The beats of a loop that was cut at whole bars divide its exact length.
    """

    id: ClassVar[str] = "beatwise.profile.notes_and_flux"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (BEAT_PROFILE,)
    requires: ClassVar[tuple[Descriptor, ...]] = REQUIRED
    features: ClassVar[tuple[Feature, ...]] = (FEATURE, BAND_MAGNITUDE)
    model_files: ClassVar[tuple[str, ...]] = (WEIGHTS_FILE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS - {Kind.ONE_SHOT}

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        grid = bar_grid(known, region.region)
        if grid is None:
            return
        edges_s, beats_per_bar, fills = grid
        profile = BeatProfile(
            float(edges_s[0]),
            float(edges_s[-1] - edges_s[0]) / (len(edges_s) - 1),
            beats_per_bar,
            fills,
            _notes(region, edges_s),
            _onsets(region, edges_s),
        )
        yield Observation(BEAT_PROFILE, profile.as_json(), None, measured_by(self))


def _notes(region: RegionView, edges_s: NDArray[np.float64]) -> NDArray[np.float32]:
    hearing = hear(region)
    rows = hearing.frames.reshape(-1, hearing.frames.shape[1])

    def group(*numbers: int) -> NDArray[np.float32]:
        return np.asarray(sum(rows[12 * number : 12 * number + 12] for number in numbers), np.float32)

    frames = np.concatenate([group(LOW, MIDDLE, HIGH), group(LOWEST), group(MELODY)])
    return mean_between(frames, hearing.frame_rate, edges_s, first_frame=hearing.first_frame).T


def _onsets(region: RegionView, edges_s: NDArray[np.float64]) -> NDArray[np.float32]:
    bands = region.frames(BAND_MAGNITUDE)
    flux = band_flux(bands.values)
    register = np.array([_REGISTER_OF_GROUP[name] for name in GROUPS])
    by_register = np.stack([flux[register == each].mean(axis=0) for each in range(register.max() + 1)])
    n_beats = len(edges_s) - 1
    steps_s = np.interp(np.arange(n_beats * STEPS_PER_BEAT + 1) / STEPS_PER_BEAT, np.arange(n_beats + 1), edges_s)
    mean = mean_between(by_register, bands.frame_rate, steps_s, first_frame=bands.first_frame)
    return np.ascontiguousarray(
        mean.reshape(len(by_register), n_beats, STEPS_PER_BEAT).transpose(1, 0, 2).reshape(n_beats, -1)
    )
