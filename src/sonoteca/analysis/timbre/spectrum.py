"""Brightness, warmth and noisiness: what the ear calls the colour of a sound."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.domain.descriptor import BRIGHTNESS, NOISINESS, WARMTH, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.spectral_shape import CENTROID_ROW, FLATNESS_ROW, N_BANDS, WARM_ROW, SpectralShape

# Power below which nothing is heard in any recording: -90 dBFS.
SILENT_POWER = 1e-9
# Frames this far below the loudest are its reverberation and noise floor, not its colour.
_GATE = 1e-5
SHAPE = SpectralShape()


class SpectralColour:
    """Means over the sounding frames of a region, loud frames counting more.

    Brightness is the magnitude-weighted mean of log frequency (100 Hz is 0, 10 kHz is 1), warmth
    the share of power in 100 to 800 Hz, noisiness the spectral flatness within half
    octaves, so that noise of any colour is noisy (Peeters, "A large set of audio features",
    IRCAM 2004, sections 6.1 and 9). Frames are weighted by amplitude for brightness and
    noisiness and by power for warmth. None of the three changes with gain or polarity.
    """

    id: ClassVar[str] = "timbre.colour.spectral_shape"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (BRIGHTNESS, WARMTH, NOISINESS)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (SHAPE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        values = region.frames(SHAPE).values.astype(np.float64)
        power = values[:N_BANDS].sum(axis=0)
        loudest = float(power.max())
        if loudest < SILENT_POWER:
            return
        sounding = np.where(power > loudest * _GATE, power, 0.0)
        amplitude = np.sqrt(sounding)
        means = {
            BRIGHTNESS: (values[CENTROID_ROW], amplitude),
            WARMTH: (values[WARM_ROW], sounding),
            NOISINESS: (values[FLATNESS_ROW], amplitude),
        }
        for descriptor, (frames, weights) in means.items():
            mean = float(np.clip((frames * weights).sum() / weights.sum(), 0.0, 1.0))
            yield Observation(descriptor, round(mean, 4), confidence=None, provenance=measured_by(self))
