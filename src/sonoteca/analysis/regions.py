"""Event regions: the spans between silences.

*Silence* is relative: a span in which no octave band rises clearly above the file's own
noise floor. A whisper recorded at -70 dBFS has events, and steady rain at -10 dBFS has none.

1. Per octave band the noise floor is what the band sinks to: the quiet tenth of each
   minute, held within reach of the quiet of the whole file, so that the wind may rise, but
   a band that plays for five minutes is not taken for wind.
2. An event begins where a band exceeds its floor by ``ON_DB`` and lasts until all bands stay
   below ``OFF_DB`` (hysteresis) for the gap. What is shorter than the least length is dropped.
3. Borders are moved to the sample level with short windows in the band that stood out most.

Event regions are returned only where they say more than the whole: at least two events, or
one that leaves out a good part of the file. Loops are never split (a bar's rest belongs to
them), and in a track or a one-shot only true silence separates, for music is meant to be loud
and soft and a held note swells.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.fft
import scipy.ndimage
from numpy.typing import NDArray

from sonoteca.audio.recording import Recording
from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.domain.file_analysis import DEFAULT_GAP_S, DEFAULT_MIN_REGION_S
from sonoteca.domain.region import Region
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import hann
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.spectral_shape import BAND_EDGES_HZ, N_BANDS, SpectralShape

FEATURE = SpectralShape()

# More events than this in one sound are joined over longer gaps: every region costs an analysis and rows.
MAX_REGIONS = 2_000

ON_DB = 9.0
OFF_DB = 5.0
# Band power below this is silence in any recording: dithered 16 bits have -93 dBFS over all bands.
DIGITAL_SILENCE_DB = -92.0
# How far the floor of one minute may lie above the quietest tenth of the file.
_FLOOR_REACH_DB = 10.0
_FLOOR_WINDOW_S = 60.0
# Between the 10th and the 40th percentile steady noise spreads by this; what spreads further lifts the floor, but
# not by more than a few decibels, for it may be events that are many.
_STEADY_SPREAD_DB = 1.5
_RESTLESS_FACTOR = 2.0
_MOST_RESTLESS_DB = 6.0
# Music is loud and soft and a held note swells: between tracks or hits of one file there is silence
# this far below the loud parts.
_MUSIC_SILENCE_DB = 50.0
# What is longer and was taken for a one-shot is a row of them, recorded in a room.
_LONGEST_ONE_SHOT_S = 12.0
# Windows at both ends reach beyond the sound: the cut edge there is no event.
_CUT_FRAMES = 2
_LEAST_FRAMES = 8
# One event says more than the whole when at least this much lies outside it.
_LONE_EVENT_REST_S = 2.0
_LONE_EVENT_SHARE = 0.6
# Isolated hits over a whole minute are a row of hits, whatever tempo they keep.
_LONGEST_LOOP_S = 60.0

_FINE_N_FFT = 256
_FINE_HOP = 64
_FINE_REACH_S = 0.14
# Coarse frames next to a border in which the bands that stand out are looked for.
_EDGE_FRAMES = 6
# Fine frames (9 ms) below the threshold that end an attack or a decay.
_QUIET_RUN = 3
# Borders are this uncertain, so a gap may be shorter by that.
_BORDER_DOUBT_S = 0.008
# Below this an event begins before it can be told from the noise.
_WEAK_DB = 30.0
# An attack begins where it rises out of the noise, or this far below its peak: what is earlier
# is the pre-echo of a codec.
_ATTACK_DEPTH_DB = 50.0


@dataclass(frozen=True, slots=True)
class Split:
    """Event regions (numbered from 1) and what the reader should know about them ("" if nothing)."""

    regions: tuple[Region, ...]
    note: str = ""


def find_regions(
    recording: Recording,
    shape: FrameSeries,
    *,
    kind: Kind | None,
    gap_s: float = DEFAULT_GAP_S,
    min_region_s: float = DEFAULT_MIN_REGION_S,
) -> Split:
    """Event regions of a sound.

    Parameters
    ----------
    recording : Recording
        Its samples refine the borders.
    shape : FrameSeries
        ``SpectralShape`` of the whole sound.
    kind : Kind or None
        A loop is not split; a track or a one-shot only at true silence.
    gap_s : float > 0 [s]
        Silence that separates two events.
    min_region_s : float >= 0 [s]
        Shorter events are dropped.

    Returns
    -------
    Split
        Half-open regions in time order that do not overlap.
    """
    if gap_s <= 0 or min_region_s < 0:
        raise ValueError(f"gap_s must be positive and min_region_s not negative, got {gap_s} and {min_region_s}")
    duration_s = recording.info.duration_s
    if kind is Kind.LOOP and duration_s <= _LONGEST_LOOP_S:
        return Split((), "a loop is one region")
    if duration_s < gap_s + _LEAST_FRAMES * shape.hop_length / shape.sample_rate:
        return Split((), "too short for two events")
    levels = _band_levels_db(shape)
    floor = _noise_floor_db(levels, shape.frame_rate)
    if kind is Kind.TRACK or (kind is Kind.ONE_SHOT and duration_s < _LONGEST_ONE_SHOT_S):
        loud = np.percentile(levels, 95, axis=1, keepdims=True)
        floor = np.minimum(floor, np.maximum(loud - _MUSIC_SILENCE_DB, DIGITAL_SILENCE_DB))
    spans = _events(levels, floor, gap_frames=gap_s * shape.frame_rate)
    note = ""
    if len(spans) > MAX_REGIONS:
        spans, wider_s = _join_closest(spans, shape.frame_rate)
        note = f"more than {MAX_REGIONS} events: those less than {wider_s:.1f} s apart were joined"
    borders = [_refined(recording, span, levels, floor, shape) for span in spans]
    borders = _separated(borders, duration_s, gap_s=gap_s, min_region_s=min_region_s)
    if not _says_more_than_whole(borders, duration_s):
        return Split((), note or "one span of sound: the whole stands for it")
    return Split(tuple(Region(number, *border) for number, border in enumerate(borders, start=1)), note)


def _band_levels_db(shape: FrameSeries) -> NDArray[np.float32]:
    """Band powers in dBFS, smoothed over three frames (70 ms), never below digital silence."""
    full = shape.values[:N_BANDS, _CUT_FRAMES:-_CUT_FRAMES]
    power = scipy.ndimage.uniform_filter1d(full, 3, axis=1, mode="nearest")
    power = np.pad(power, ((0, 0), (_CUT_FRAMES, _CUT_FRAMES)), mode="edge")
    return np.asarray(10.0 * np.log10(np.maximum(power, 10.0 ** (DIGITAL_SILENCE_DB / 10.0))), np.float32)


def _noise_floor_db(levels: NDArray[np.float32], frame_rate: float) -> NDArray[np.float32]:
    """Per band and frame the level the band sinks to, shape as ``levels``.

    Levels are first averaged over a quarter of a second, so that the gaps between the
    clicks of one event do not pass for its floor.
    """
    n_frames = levels.shape[1]
    step = max(1, round(frame_rate / 4.0))
    n_steps = max(1, n_frames // step)
    steady = levels[:, : n_steps * step] if n_frames >= step else levels
    steady = steady.reshape(N_BANDS, n_steps, -1).mean(axis=2)
    # What is digitally silent (a fade-in, a dropout) says nothing of the noise, unless nearly all is.
    sounding = (steady > DIGITAL_SILENCE_DB + 3.0).any(axis=0)
    if sounding.mean() > 0.7:
        steady = steady[:, sounding]
    quiet, calm, common = np.percentile(steady, (5, 10, 40), axis=1, keepdims=True)
    # Gusts and passing cars: what is near the floor for much of the time is as restless as this.
    restless = np.clip(_RESTLESS_FACTOR * (common - calm - _STEADY_SPREAD_DB), 0.0, _MOST_RESTLESS_DB)
    window = int(_FLOOR_WINDOW_S * 4)
    if steady.shape[1] < 2 * window or steady.shape[1] != n_steps:
        return np.broadcast_to((quiet + restless).astype(np.float32), levels.shape)
    n_windows = steady.shape[1] // window
    per_minute = np.percentile(steady[:, : n_windows * window].reshape(N_BANDS, n_windows, window), 10, axis=2)
    held = np.clip(per_minute, quiet, quiet + _FLOOR_REACH_DB)
    centres = (np.arange(n_windows) + 0.5) * window * step
    at = np.arange(n_frames)
    return np.stack([np.interp(at, centres, row) for row in held + restless]).astype(np.float32)


def _events(levels: NDArray[np.float32], floor: NDArray[np.float32], *, gap_frames: float) -> list[tuple[int, int]]:
    """Half-open frame spans: runs above ``OFF_DB`` that reach ``ON_DB``, joined over gaps."""
    above = levels - floor
    strongest = above.max(axis=0)
    is_on = strongest > ON_DB
    if not is_on.any():
        return []
    active = strongest > OFF_DB
    edges = np.flatnonzero(np.diff(np.concatenate([[False], active, [False]]).astype(np.int8)))
    starts, stops = edges[0::2], edges[1::2]
    reaches = np.add.reduceat(np.concatenate([is_on, [False]]), np.stack([starts, stops], axis=1).ravel())[0::2] > 0
    starts, stops = starts[reaches], stops[reaches]
    # Windows and smoothing bleed three frames into either side; what is too close is joined once borders are exact.
    is_gap = starts[1:] - stops[:-1] >= gap_frames - 7.0
    first = np.concatenate([[True], is_gap])
    last = np.concatenate([is_gap, [True]])
    return list(zip(starts[first].tolist(), stops[last].tolist(), strict=True))


def _join_closest(spans: list[tuple[int, int]], frame_rate: float) -> tuple[list[tuple[int, int]], float]:
    """Joins over the shortest gaps until ``MAX_REGIONS`` are left; also the shortest gap kept, in seconds."""
    gaps = np.array([after[0] - before[1] for before, after in pairwise(spans)])
    kept = np.sort(np.argsort(gaps, kind="stable")[len(gaps) - (MAX_REGIONS - 1) :])
    starts = [spans[0][0]] + [spans[index + 1][0] for index in kept]
    stops = [spans[index][1] for index in kept] + [spans[-1][1]]
    return list(zip(starts, stops, strict=True)), float(gaps[kept].min() / frame_rate)


def _refined(
    recording: Recording,
    span: tuple[int, int],
    levels: NDArray[np.float32],
    floor: NDArray[np.float32],
    shape: FrameSeries,
) -> tuple[float, float]:
    """Borders in seconds: frames tell them to 50 ms, short windows relative to each band's floor to 6 ms."""
    start, stop = span
    rate, hop = shape.sample_rate, shape.hop_length
    edge = min(_EDGE_FRAMES, stop - start)
    head = _fine_rise_db(recording, start * hop, levels[:, start : start + edge], floor[:, start])
    tail = _fine_rise_db(recording, (stop - 1) * hop, levels[:, stop - edge : stop], floor[:, stop - 1])
    n_before = round(_FINE_REACH_S * rate) // _FINE_HOP  # fine frame of the coarse border
    near = slice(n_before - n_before // 2, 2 * n_before)
    peak = near.start + int(head[near].argmax())
    # Chance in narrow bands reaches 10 dB: a strong event is followed down to a third of its rise only.
    threshold = max(ON_DB - 3.0, 0.3 * float(head[peak]), float(head[peak]) - _ATTACK_DEPTH_DB)
    # Windows and averaging see an attack two frames early; a weak one emerges late from the noise.
    early = -1 if head[peak] < _WEAK_DB else 1
    first = peak - _quiet_after(head[peak::-1], threshold) + early
    near = slice(0, n_before + n_before // 2)
    peak = near.start + int(tail[near].argmax())
    last = peak + _quiet_after(tail[peak:], OFF_DB)
    start_sample = start * hop + (first - n_before) * _FINE_HOP
    stop_sample = (stop - 1) * hop + (last - 1 - n_before) * _FINE_HOP
    start_sample = max(0, start_sample)
    return start_sample / rate, min(max(stop_sample, start_sample + 1), recording.n_samples) / rate


def _quiet_after(levels: NDArray[np.float32], threshold: float) -> int:
    """Index of the last value above ``threshold`` before ``_QUIET_RUN`` values in a row that are not."""
    is_loud = levels > threshold
    if not is_loud.any():
        return 0
    loud_at = np.flatnonzero(is_loud)
    breaks = np.flatnonzero(np.diff(loud_at) > _QUIET_RUN)
    return int(loud_at[breaks[0]] if len(breaks) else loud_at[-1])


def _fine_rise_db(
    recording: Recording, centre: int, near_db: NDArray[np.float32], floor_db: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Level above the noise floor in windows of 12 ms every 3 ms, ``_FINE_REACH_S`` to both sides of ``centre``.

    Of all bands that stand out near the border, so that chance in a narrow one averages out.
    """
    rate = ANALYSIS_RATE
    n_side = round(_FINE_REACH_S * rate) // _FINE_HOP
    half = _FINE_N_FFT // 2
    first = centre - n_side * _FINE_HOP - half
    stop = centre + n_side * _FINE_HOP + half
    padded = np.zeros(stop - first, np.float32)
    read_first, read_stop = max(0, first), min(recording.n_samples, stop)
    padded[read_first - first : read_stop - first] = recording.read(read_first, read_stop - read_first)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _FINE_N_FFT)[::_FINE_HOP] * hann(_FINE_N_FFT)
    # The same scale as SpectralShape: mean square within the band.
    scale = np.float32((2.0 / hann(_FINE_N_FFT).sum()) ** 2 / 3.0)
    power = np.square(np.abs(scipy.fft.rfft(frames, axis=-1))) * scale
    rise = near_db.max(axis=1) - floor_db
    outstanding = np.flatnonzero(rise > min(ON_DB, float(rise.max()) - 1.0))
    bounds = np.round(np.array(BAND_EDGES_HZ) * (_FINE_N_FFT / rate)).astype(np.intp)
    excess = np.zeros(len(power), np.float32)
    for band in outstanding:
        low, high = bounds[band], max(bounds[band] + 1, bounds[band + 1])
        excess += power[:, low:high].sum(axis=1) / np.float32(10.0 ** (floor_db[band] / 10.0))
    # Three windows are averaged: in a narrow band of noise single ones leap by 10 dB.
    steady = scipy.ndimage.uniform_filter1d(excess / max(len(outstanding), 1), 3, mode="nearest")
    return np.asarray(10.0 * np.log10(np.maximum(steady, 1e-3)), np.float32)


def _separated(
    borders: list[tuple[float, float]], duration_s: float, *, gap_s: float, min_region_s: float
) -> list[tuple[float, float]]:
    """In order, at least ``gap_s`` apart, inside the sound, long enough."""
    joined: list[tuple[float, float]] = []
    for start_s, end_s in borders:
        if joined and start_s - joined[-1][1] < gap_s - _BORDER_DOUBT_S:
            joined[-1] = (joined[-1][0], max(end_s, joined[-1][1]))
        else:
            joined.append((start_s, end_s))
    least_s = max(min_region_s, 1e-4)
    return [
        (round(start_s, 6), round(min(end_s, duration_s), 6))
        for start_s, end_s in joined
        if min(end_s, duration_s) - start_s >= least_s
    ]


def _says_more_than_whole(borders: list[tuple[float, float]], duration_s: float) -> bool:
    if len(borders) >= 2:
        return True
    if not borders:
        return False
    (start_s, end_s) = borders[0]
    rest_s = duration_s - (end_s - start_s)
    return rest_s >= _LONE_EVENT_REST_S and end_s - start_s <= _LONE_EVENT_SHARE * duration_s
