"""Time-stretch along anchors: a sound whose tempo drifts is led along another grid, piece by piece."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np

from sonoteca.audio.crossfade import crossfade
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch import stretch
from sonoteca.audio.stretch_range import Material

# Neighbouring pieces are stretched with their surroundings and meet over this long.
_MEET_S = 0.02
# What the stretcher hears around a piece, in seconds of the sound.
_CONTEXT_S = 1.0


def warp(
    signal: AudioSignal,
    anchors: Sequence[tuple[int, int]],
    *,
    semitones: float = 0.0,
    material: Material = "tonal",
) -> AudioSignal:
    """Play a sound so that each anchor falls where it should.

    Parameters
    ----------
    signal : AudioSignal
        Mono or stereo. What lies outside of the anchors only surrounds what is played.
    anchors : sequence of (int, int) [samples]
        Where in ``signal``, and where in the answer, whose first anchor is at 0; both increasing,
        pieces at least four times as long as pieces meet (80 ms).
    semitones, material
        As of ``stretch``.

    Returns
    -------
    AudioSignal
        As long as the last anchor says.

    Raises
    ------
    ValueError
        For fewer than two anchors, or anchors out of order, out of the sound or too near.

    Examples
    --------
    >>> tone = AudioSignal(np.sin(np.arange(88_200) / 16, dtype=np.float32)[None], 44_100)
    >>> warp(tone, [(0, 0), (44_100, 40_000), (88_200, 90_000)]).n_samples
    90000
    """
    half = round(_MEET_S * signal.sample_rate / 2)
    _check(signal, anchors, 8 * half)
    context = round(_CONTEXT_S * signal.sample_rate)
    last = len(anchors) - 2
    out = np.zeros((len(signal.samples), anchors[-1][1]), dtype=np.float32)
    for number, ((from_in, from_out), (to_in, to_out)) in enumerate(pairwise(anchors)):
        speed = (to_in - from_in) / (to_out - from_out)
        # Inner borders are crossed by half of what it takes to meet, on both sides.
        before, behind = (half if number > 0 else 0), (half if number < last else 0)
        first, stop = from_in - round(before * speed), to_in + round(behind * speed)
        lead, trail = min(context, first), min(context, signal.n_samples - stop)
        n_out = to_out - from_out + before + behind
        piece = stretch(
            AudioSignal(signal.samples[:, first - lead : stop + trail], signal.sample_rate),
            tempo_ratio=(stop - first) / n_out,
            semitones=semitones,
            n_samples=n_out,
            material=material,
            lead=lead,
            trail=trail,
        ).samples
        at = from_out - before
        if before:
            meet = slice(at, at + 2 * half)
            out[:, meet] = crossfade(out[:, meet], piece[:, : 2 * half])
            piece, at = piece[:, 2 * half :], at + 2 * half
        out[:, at : at + piece.shape[1]] = piece
    return AudioSignal(out, signal.sample_rate)


def _check(signal: AudioSignal, anchors: Sequence[tuple[int, int]], shortest: int) -> None:
    if len(anchors) < 2 or anchors[0][1] != 0:
        raise ValueError(f"a warp leads from an anchor at 0 to another, got {list(anchors)}")
    if anchors[0][0] < 0 or anchors[-1][0] > signal.n_samples:
        raise ValueError(f"anchors from {anchors[0][0]} to {anchors[-1][0]} in a sound of {signal.n_samples} samples")
    for one, other in pairwise(anchors):
        if min(other[0] - one[0], other[1] - one[1]) < (shortest if len(anchors) > 2 else 1):
            raise ValueError(f"anchors {one} and {other} are too near each other")
