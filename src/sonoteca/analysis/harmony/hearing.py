"""The steps common to key, chords and tonality, done once per region."""

from __future__ import annotations

import weakref
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.harmony.chord_steps import chord_inputs, step_times
from sonoteca.analysis.harmony.key_inputs import key_inputs
from sonoteca.analysis.harmony.pitch_classes import harmonic_frames, mean_between
from sonoteca.analysis.harmony.salience import tuning_of
from sonoteca.analysis.harmony.tonality import tonality_inputs, tonality_of
from sonoteca.analysis.harmony.weights import HarmonyNetworks, harmony_networks
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.frame_series import FrameSeries
from sonoteca.models.network import Network, softmax

Array = NDArray[np.float32]

FEATURE = PitchSpectrum()
# Chord posteriors are computed for this many steps at a time (12 rolled copies each).
STRETCH = 512
# The key network learned from excerpts of half a minute; a longer sound is also judged in such
# excerpts (at most this many), because a single judgement of the whole is less stable.
LONG_S, EXCERPT_S, EXCERPT_STEP_S, MOST_EXCERPTS = 40.0, 30.0, 10.0, 40


@dataclass(frozen=True, slots=True, eq=False)
class Hearing:
    """What was heard in one region.

    Attributes
    ----------
    frames : float32 (N_HARMONIC_ROWS, n_frames)
    frame_rate : float [1/s]
    first_frame : int
        Number of the first frame in the whole sound.
    tuning_cents, tuning_agreement : float
        Deviation from 440 Hz and how well peaks agree on it, 0..1.
    chords : float32 (n_steps, 97)
        Chord posteriors of ``times_s``' steps, without knowledge of beats.
    times_s : float64 (n_steps + 1,)
        Borders of those steps.
    keys : float32 (24,)
        Chances of the keys, C major, C minor, C# major ...
    tonal : float
        Chance that the region has a key at all.
    """

    frames: Array
    frame_rate: float
    first_frame: int
    tuning_cents: float
    tuning_agreement: float
    chords: Array
    times_s: NDArray[np.float64]
    keys: Array
    tonal: float


_latest: tuple[weakref.ref[FrameSeries], tuple[float, float], Hearing] | None = None


def hear(region: RegionView) -> Hearing:
    """The region's ``Hearing``; asked again for the same span of the same sound, the one made before."""
    global _latest
    whole = region.features[FEATURE]
    span = (region.region.start_s, region.region.end_s)
    if _latest is not None and _latest[0]() is whole and _latest[1] == span:
        return _latest[2]
    # An earlier one may be of hours: it goes before the next is made.
    _latest = None
    hearing = _hear(region.frames(FEATURE), *span)
    _latest = (weakref.ref(whole, _forget), span, hearing)
    return hearing


def _forget(gone: weakref.ref[FrameSeries]) -> None:
    """A sound's hearing lives as long as its frames."""
    global _latest
    if _latest is not None and _latest[0] is gone:
        _latest = None


def _hear(series: FrameSeries, start_s: float, end_s: float) -> Hearing:
    networks = harmony_networks()
    rows = series.values
    cents, agreement = tuning_of(rows)
    frames = harmonic_frames(rows, networks.notes, cents)
    times_s = step_times(start_s, end_s, None)
    chords = chord_posteriors(frames, series.frame_rate, series.first_frame, times_s, networks)
    keys = _keys(frames, series.frame_rate, series.first_frame, chords, times_s, networks.key)
    evidence = tonality_inputs(rows, frames, series.frame_rate, keys, float(chords[:, -1].mean()))
    tonal = tonality_of(networks.tonality, evidence) if frames.any() else 0.0
    return Hearing(frames, series.frame_rate, series.first_frame, cents, agreement, chords, times_s, keys, tonal)


def _keys(
    frames: Array,
    frame_rate: float,
    first_frame: int,
    chords: Array,
    times_s: NDArray[np.float64],
    network: Network,
) -> Array:
    """Chances of the keys of a whole region: of a long one, what the whole and its excerpts say on average."""
    whole = softmax(network.per_root(*key_inputs(frames, frame_rate, chords)))[0]
    start_s, end_s = float(times_s[0]), float(times_s[-1])
    if end_s - start_s < LONG_S:
        return np.asarray(whole, dtype=np.float32)
    room_s = end_s - start_s - EXCERPT_S
    n_excerpts = min(int(room_s // EXCERPT_STEP_S) + 1, MOST_EXCERPTS)
    starts_s = start_s + np.linspace(0.0, room_s, n_excerpts)
    excerpts = window_keys(frames, frame_rate, first_frame, chords, times_s, starts_s, EXCERPT_S, network)
    return softmax(0.5 * (np.log(whole + 1e-6) + np.log(excerpts + 1e-6).mean(axis=0)))


def window_keys(
    frames: Array,
    frame_rate: float,
    first_frame: int,
    chords: Array,
    times_s: NDArray[np.float64],
    starts_s: NDArray[np.float64],
    width_s: float,
    network: Network,
) -> Array:
    """Chances of the keys in windows of ``width_s`` from each of ``starts_s``, shape (n_windows, 24)."""
    middles = 0.5 * (times_s[1:] + times_s[:-1])
    groups, plain = [], []
    for start_s in starts_s:
        first = max(0, round(start_s * frame_rate) - first_frame)
        last = max(first + 1, round((start_s + width_s) * frame_rate) - first_frame)
        low, high = np.searchsorted(middles, [start_s, start_s + width_s])
        window = key_inputs(frames[:, first:last], frame_rate, chords[low:high])
        groups.append(window[0])
        plain.append(window[1])
    return softmax(network.per_root(np.concatenate(groups), np.concatenate(plain)))


def chord_posteriors(
    frames: Array, frame_rate: float, first_frame: int, times_s: NDArray[np.float64], networks: HarmonyNetworks
) -> Array:
    """Chord posteriors (n_steps, 97) of the steps between rising ``times_s`` (seconds of the sound)."""
    groups, plain = chord_inputs(mean_between(frames, frame_rate, times_s, first_frame=first_frame))
    pieces = [
        softmax(networks.chords.per_root(groups[at : at + STRETCH], plain[at : at + STRETCH]))
        for at in range(0, len(groups), STRETCH)
    ]
    return np.concatenate(pieces)
