"""Small logistic models tell whether there is a beat at all, and how sure tempo, beats, bar and meter are.

The bar model always has a favourite, also in rain. Presence looks at what a beat leaves
besides: onsets that stand out, repetition, a favourite that is much better than the others.
Weights come from ``training/rhythm/calibrate.py``.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.rhythm.bar_model import BarChoice
from sonoteca.analysis.rhythm.evidence import RhythmEvidence, autocorrelation, count_onsets
from sonoteca.domain.vocabulary import Kind
from sonoteca.models.files import load_document
from sonoteca.models.logistic import Logistic

CONFIDENCE_FILE = "rhythm_confidence.json"
PRESENCE_INPUTS = (
    "score of the best bar", "log share of its tempo", "log share of its bar", "log mean flux", "log duration",
    "log onsets", "log onsets per second", *(f"repeat after {beats:g} beats" for beats in (0.5, 1, 2, 4, 8)),
    "onsets on the beat", "log spikiness of onsets",
)  # fmt: skip
CONFIDENCE_INPUTS = ("log odds of the share", "is long", "is from the length", "log duration")
# How probable a beat has to be before anything is said. What is known to be a loop or a track nearly always has
# one; a field recording rarely. None: the kind is not known.
PRESENCE_THRESHOLDS = {None: 0.5, Kind.LOOP: 0.02, Kind.TRACK: 0.1, Kind.FIELD_RECORDING: 0.6, Kind.ONE_SHOT: 1.0}
# A sound that keeps its level (20 s of noise: 0.2 to 0.7 dB) has only its length to suggest a beat, and a length
# alone is no beat; the steadiest pads of real loops move by 0.6 dB and more, but with a far more probable beat.
STEADY_DB = 1.5
STEADY_THRESHOLD = 0.15


def presence_threshold(evidence: RhythmEvidence, kind: Kind | None) -> float:
    """How probable a beat has to be in this sound."""
    least = PRESENCE_THRESHOLDS[kind]
    return max(least, STEADY_THRESHOLD) if evidence.level_spread_db < STEADY_DB else least


@functools.cache
def _fitted(name: str) -> Logistic:
    return Logistic.from_document(load_document(CONFIDENCE_FILE)[name])


def presence_features(evidence: RhythmEvidence, choice: BarChoice) -> NDArray[np.float64]:
    """What speaks for a beat, shape (14,): ``PRESENCE_INPUTS``."""
    period = choice.pulse.period_s
    lags = np.array([0.5, 1.0, 2.0, 4.0, 8.0]) * period * evidence.frame_rate
    acf = autocorrelation(evidence.pulse, int(lags[-1]) + 2)
    repeats = np.interp(lags, np.arange(len(acf)), acf, right=0.0)
    n_onsets = count_onsets(evidence)
    total = evidence.flux.mean(axis=0)
    return np.array(
        [
            choice.score,
            np.log(choice.tempo_share + 1e-6),
            np.log(choice.bar_share + 1e-6),
            np.log(evidence.raw_flux_mean + 1e-4),
            np.log(evidence.duration_s),
            np.log(n_onsets + 1.0),
            np.log((n_onsets + 1.0) / evidence.duration_s),
            *repeats,
            float(choice.profile[:, :, 0].mean()),
            # How spiky the onset curve is: rain and speech rise all the time.
            float(np.log(np.mean(np.square(total)) + 1e-3)),
        ]
    )


def presence_probability(evidence: RhythmEvidence, choice: BarChoice) -> float:
    """Probability that the sound has a beat at all."""
    return _fitted("presence").probability(presence_features(evidence, choice))


def confidence_features(evidence: RhythmEvidence, choice: BarChoice, share: float) -> NDArray[np.float64]:
    """What tells how far a posterior ``share`` can be trusted, shape (4,): ``CONFIDENCE_INPUTS``."""
    share = float(np.clip(share, 1e-4, 1 - 1e-4))
    is_long = float(evidence.duration_s > 30.0)
    return np.array(
        [np.log(share / (1 - share)), is_long, float(choice.pulse.from_length), np.log(evidence.duration_s)]
    )


def confidence(what: str, evidence: RhythmEvidence, choice: BarChoice, share: float) -> float:
    """Calibrated probability that the ``what`` (tempo, beats, bar or meter) said with that posterior share is right."""
    return float(np.clip(_fitted(what).probability(confidence_features(evidence, choice, share)), 0.01, 0.995))
