"""Tonality tells how much of a sound stands in stable pitches, and whether a key may be named at all."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.key_inputs import sounding_span
from sonoteca.analysis.harmony.pitch_classes import LEVEL_ROW, LOWEST, NOVELTY_ROW, POLYPHONY_ROW, STRONGEST_ROW
from sonoteca.analysis.harmony.salience import tuning_of
from sonoteca.features.chroma_spectrum import BAND_ROWS, N_PITCH_BINS
from sonoteca.models.network import Network

Array = NDArray[np.float32]

INPUTS = (
    "log duration", "strongest note", "strongest note, loud frames", "frames with a sure note", "strongest note, 90 %",
    "polyphony", "share of power in peaks", "share of high power in peaks", "novelty",
    "notes held one frame", "notes held three frames", "entropy of classes", "agreement on a tuning",
    "entropy of keys", "best key", "share without a chord",
    "strongest class", "second class", "third class", "classes present", "lowest note", "level",
)  # fmt: skip
N_TONALITY_INPUTS = len(INPUTS)
# Two octaves over the lowest row, where drums have less of their energy.
HIGH_ROW = 72
STRETCH = 4096
# Those of the inputs that ``key_clarity`` gives.
KEY_INPUTS = slice(INPUTS.index("entropy of keys"), INPUTS.index("best key") + 1)


def key_clarity(key_posteriors: Array) -> tuple[float, float]:
    """Entropy and largest of the 24 chances: how sure the key network is, whatever the key."""
    return -float((key_posteriors * np.log(key_posteriors + 1e-9)).sum()), float(key_posteriors.max())


def tonality_inputs(rows: Array, frames: Array, frame_rate: float, key_posteriors: Array, none_share: float) -> Array:
    """Inputs of the tonality network, shape (N_TONALITY_INPUTS,): nothing in them depends on a tonic or on gain.

    ``rows`` are ``PitchSpectrum`` frames, ``frames`` the harmonic frames made from them,
    ``key_posteriors`` the 24 of the key network, ``none_share`` the chord network's mean "none".
    """
    start, stop = sounding_span(frames)
    rows, frames = rows[:, start:stop], frames[:, start:stop]
    n = frames.shape[1]
    # Rows are square roots of amplitudes: the fourth power is power.
    band_power = np.square(np.square(rows[BAND_ROWS])) + 1e-20
    weight = np.sqrt(band_power.sum(axis=0))
    weight = weight / weight.sum()
    peak_power, high_power = _peak_power(rows)
    share = np.minimum(peak_power / band_power.sum(axis=0), 4.0)
    high_share = high_power / band_power[3:8].sum()
    strongest, polyphony = frames[STRONGEST_ROW], frames[POLYPHONY_ROW]
    everything = np.minimum(frames[:36].reshape(3, 12, n).sum(axis=0), 1.0)
    mean = everything.mean(axis=1)
    chroma = mean / (mean.sum() + 1e-6)
    lowest = frames[12 * LOWEST : 12 * LOWEST + 12].mean(axis=1)
    held = np.minimum(everything[:, 1:], everything[:, :-1]).sum() / (everything.sum() + 1e-6) if n > 1 else 0.0
    held_longer = np.minimum(everything[:, 3:], everything[:, :-3]).sum() / (everything.sum() + 1e-6) if n > 3 else 0.0
    entropy = -float((chroma * np.log(chroma + 1e-6)).sum())
    cents_agreement = tuning_of(rows)[1]
    novelty = float(frames[NOVELTY_ROW].mean()) / (float(polyphony.mean()) + 0.1)
    ordered = np.sort(everything.max(axis=1))[::-1]
    return np.array(
        [
            np.log(n / frame_rate + 0.05), float(strongest.mean()), float((strongest * weight).sum()),
            float((strongest > 0.5).mean()), float(np.quantile(strongest, 0.9)), float(polyphony.mean()),
            float((share * weight).sum()), float(np.sqrt(high_share)), novelty,
            held, held_longer, entropy, cents_agreement, *key_clarity(key_posteriors), none_share,
            float(ordered[0]), float(ordered[1]), float(ordered[2]), float((mean > 0.15).sum()) / 12.0,
            float(lowest.sum()), float(np.minimum(frames[LEVEL_ROW], 1.0).mean()),
        ],
        dtype=np.float32,
    )  # fmt: skip


def _peak_power(rows: Array) -> tuple[Array, float]:
    """Power of all peaks per frame, and the sum over all frames of that from two octaves up; in stretches, for memory."""
    total = np.empty(rows.shape[1], dtype=np.float32)
    high = 0.0
    for start in range(0, rows.shape[1], STRETCH):
        power = np.square(np.square(rows[:N_PITCH_BINS, start : start + STRETCH]))
        total[start : start + STRETCH] = power.sum(axis=0)
        high += float(power[HIGH_ROW:].sum())
    return total, high


def tonality_of(network: Network, inputs: Array) -> float:
    """The chance that the sound has a key."""
    return float(1.0 / (1.0 + np.exp(-float(network(inputs)[0]))))
