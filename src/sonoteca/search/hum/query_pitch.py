"""From a hummed, sung or whistled recording to notes.

Pitch per frame is the most likely path through a grid of pitches and silence (Mauch and
Dixon, "pYIN: A Fundamental Frequency Estimator Using Probabilistic Threshold
Distributions", ICASSP 2014, with the difference function's evidence used as it is). Notes
are the pieces of constant pitch that explain the path best, cut also where the voice is
articulated again on the same pitch. One octave for the whole query may be wrong without
harm, because the search ignores transposition; a jump of octave within it may not.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.fft
import soxr
from numpy.typing import NDArray

from sonoteca.audio.signal import AudioSignal
from sonoteca.features.pitch_period import period_evidence
from sonoteca.search.hum.query_notes import QueryNotes

# At half of this a period of 900 Hz with bright partials falls between two lags, and its double is heard instead.
RATE = 22_050
HOP_LENGTH = 220
FRAME_RATE = RATE / HOP_LENGTH
_WIN_LENGTH = 1024
LOWEST_MIDI, HIGHEST_MIDI = 35.0, 100.0
_STEP = 0.25
# Below the lowest voice: it would take part in every period.
_RUMBLE_HZ = 55.0
_GRID = np.arange(LOWEST_MIDI, HIGHEST_MIDI + 1e-9, _STEP)
LONGEST_QUERY_S = 60.0


@dataclass(frozen=True, slots=True, eq=False)
class PitchTrack:
    """``midi`` float32 (n_frames,), NaN where nobody sings; ``level_db`` of the frames; ``clarity`` 0..1."""

    midi: NDArray[np.float32]
    level_db: NDArray[np.float32]
    clarity: NDArray[np.float32]
    frame_rate: float


def without_rumble(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Samples at ``RATE`` behind a Butterworth high-pass of second order at 55 Hz, as if silence had come before.

    Notes
    -----
    The filter's response (bilinear transform of ``s**2 / (s**2 + sqrt(2) s + 1)``) times the spectrum is what
    ``scipy.signal.sosfilt`` computes sample by sample; its import alone takes longer than hearing a hum.
    """
    # The response has died away to 1e-50 after as many samples, so nothing comes round from the end.
    n_fft = scipy.fft.next_fast_len(len(samples) + 2**14, real=True)
    k = np.tan(np.pi * _RUMBLE_HZ / RATE)
    z = np.exp(-2j * np.pi * np.arange(n_fft // 2 + 1) / n_fft)
    low = 1.0 + np.sqrt(2.0) * k + k * k
    response = (1.0 - z) ** 2 / (low + 2.0 * (k * k - 1.0) * z + (1.0 - np.sqrt(2.0) * k + k * k) * z * z)
    spectrum = scipy.fft.rfft(samples.astype(np.float64), n_fft)
    return np.asarray(scipy.fft.irfft(spectrum * response, n_fft)[: len(samples)], np.float32)


def track_pitch(signal: AudioSignal) -> PitchTrack:
    """Pitch of a single voice, every 10 ms. Only the first ``LONGEST_QUERY_S`` seconds are heard."""
    samples = signal.samples[:, : int(LONGEST_QUERY_S * signal.sample_rate)].mean(axis=0)
    samples = np.nan_to_num(samples, nan=0.0, posinf=0.0, neginf=0.0)
    if signal.sample_rate != RATE and len(samples):
        samples = soxr.resample(samples, signal.sample_rate, RATE)
    if len(samples) < _WIN_LENGTH:
        samples = np.pad(samples, (0, _WIN_LENGTH - len(samples)))
    samples = without_rumble(samples)
    padded = np.pad(samples, _WIN_LENGTH // 2)
    frames = np.lib.stride_tricks.sliding_window_view(padded, _WIN_LENGTH)[::HOP_LENGTH]
    power = np.square(frames).mean(axis=1)
    level_db = (10.0 * np.log10(power + 1e-12)).astype(np.float32)
    evidence = _pitch_evidence(frames)
    loudest = float(np.percentile(level_db, 95.0))
    if loudest < -85.0:
        nothing = np.full(len(frames), np.nan, np.float32)
        return PitchTrack(nothing, level_db, np.zeros(len(frames), np.float32), FRAME_RATE)
    floor = float(np.percentile(level_db, 5.0))
    quiet = level_db < max(loudest - 32.0, floor + 0.15 * (loudest - floor))
    path = _most_likely_path(evidence, quiet)
    midi = np.where(path >= 0, _between_steps(evidence, np.maximum(path, 0)), np.nan).astype(np.float32)
    clarity = np.where(path >= 0, evidence[np.arange(len(path)), np.maximum(path, 0)], 0.0).astype(np.float32)
    return PitchTrack(midi, level_db, clarity, FRAME_RATE)


def _pitch_evidence(frames: NDArray[np.float32]) -> NDArray[np.float32]:
    """Evidence of the period of every pitch of the grid, (n_frames, n_pitches)."""
    lags = RATE / (440.0 * 2.0 ** ((_GRID - 69.0) / 12.0))
    n_lags = int(np.ceil(lags.max())) + 3
    evidence = period_evidence(frames, n_lags)
    # Near lag 0 everything resembles itself: a period is looked for after the first change of sign.
    negative = evidence < 0.0
    nearest = np.where(negative.any(axis=1), negative.argmax(axis=1), n_lags)
    below = np.clip(lags.astype(np.intp), 1, n_lags - 3)
    part = (lags - below).astype(np.float32)
    # Cubic through four lags: at 2 kHz a period is eleven lags long, and straight lines miss its top.
    p0, p1, p2, p3 = (evidence[:, below + k] for k in (-1, 0, 1, 2))
    curve = p1 + 0.5 * part * (p2 - p0 + part * (2 * p0 - 5 * p1 + 4 * p2 - p3 + part * (3 * (p1 - p2) + p3 - p0)))
    return np.asarray(np.where(lags >= nearest[:, None], curve, 0.0), np.float32)


# Log-odds per unit of evidence, the evidence at which a frame is as likely sung as not, what an
# octave up is worth (a multiple of a period repeats as well as the period), and the costs of
# moving by a grid step, of starting and of stopping to sing.
_SHARPNESS, _EVEN, _PER_OCTAVE = 20.0, 0.55, 0.35
_PER_STEP, _SWITCH, _LEAP = 0.12, 3.0, 5.0
_REACH = 4


def _most_likely_path(evidence: NDArray[np.float32], quiet: NDArray[np.bool_]) -> NDArray[np.intp]:
    """Grid index per frame, -1 where silent (Viterbi)."""
    n, n_pitches = evidence.shape
    octaves = ((_GRID - _GRID[0]) / 12.0).astype(np.float32)
    score = _SHARPNESS * (evidence - _EVEN) + _PER_OCTAVE * (octaves - octaves.mean())
    score[quiet] -= 6.0
    moves = np.arange(-_REACH, _REACH + 1)
    costs = (_PER_STEP * np.abs(moves)).astype(np.float32)
    best = score[0] - _SWITCH
    silent = 0.0
    back = np.empty((n, n_pitches), dtype=np.int16)
    back_silent = np.empty(n, dtype=np.int16)
    padded = np.full(n_pitches + 2 * _REACH, -np.inf, dtype=np.float32)
    windows = np.lib.stride_tricks.sliding_window_view(padded, 2 * _REACH + 1)
    index = np.arange(n_pitches)
    for t in range(n):
        top = int(best.argmax())
        if t:
            padded[_REACH:-_REACH] = best
            options = windows - costs
            choice = options.argmax(axis=1)
            near = options[index, choice]
            come = index + choice - _REACH
            leap = float(best[top]) - _LEAP
            entry = silent - _SWITCH
            far, origin = (leap, top) if leap >= entry else (entry, -1)
            use_far = near < far
            back[t] = np.where(use_far, origin, come)
            stop = float(best[top]) - _SWITCH
            back_silent[t] = top if stop > silent else -1
            silent = max(stop, silent)
            best = np.where(use_far, np.float32(far), near) + score[t]
        else:
            back[t], back_silent[t] = -1, -1
    path = np.full(n, -1, dtype=np.intp)
    at = int(best.argmax()) if float(best.max()) > silent else -1
    for t in range(n - 1, -1, -1):
        path[t] = at
        at = int(back[t, at]) if at >= 0 else int(back_silent[t])
    return path


def _between_steps(evidence: NDArray[np.float32], path: NDArray[np.intp]) -> NDArray[np.float32]:
    """Pitch of each frame: the top of the parabola through three grid steps."""
    inner = np.clip(path, 1, evidence.shape[1] - 2)
    rows = np.arange(len(path))
    left, middle, right = (evidence[rows, inner + k] for k in (-1, 0, 1))
    bend = left - 2.0 * middle + right
    shift = np.where(bend < -1e-6, 0.5 * (left - right) / np.where(bend < -1e-6, bend, -1.0), 0.0)
    return (_GRID[inner] + _STEP * np.clip(shift, -1.0, 1.0)).astype(np.float32)


# A new note costs as much as this squared deviation (semitones squared x frames) it explains away.
_NOTE_COST = 4.0
_SHORTEST_FRAMES, _LONGEST_FRAMES = 6, 400
# A piece shorter than this, nearer to the next than the second or further than the third, is the way to it.
_SCOOP_FRAMES, _SCOOP_SEMITONES, _SLIP_SEMITONES = 10, 1.6, 9.0
# A dip of the level this deep (dB) within a held pitch begins a new note.
_DIP_DB = 9.0


def query_notes(signal: AudioSignal) -> QueryNotes:
    """Notes of a hummed, sung or whistled query; empty where nobody sings.

    Parameters
    ----------
    signal : AudioSignal
        Any rate and number of channels, one voice, at most ``LONGEST_QUERY_S`` are heard.
    """
    return segment_notes(track_pitch(signal))


def segment_notes(track: PitchTrack) -> QueryNotes:
    """Cut a pitch track into notes of steady pitch."""
    voiced = np.isfinite(track.midi)
    voiced = _without_short_gaps(voiced, 3)
    midi = _filled(track.midi)
    edges = np.flatnonzero(np.diff(np.concatenate([[False], voiced, [False]]).astype(np.int8)))
    cuts = _articulations(track.level_db)
    starts, ends, pitches = [], [], []
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - first < _SHORTEST_FRAMES:
            continue
        inner = [first, *[c for c in cuts if first + _SHORTEST_FRAMES <= c <= stop - _SHORTEST_FRAMES], stop]
        for a, b in pairwise(inner):
            for c, d in _without_scoops(_steady_pieces(midi[a:b]), midi[a:b]):
                middle = midi[a + c : a + d]
                # The end of a note is steadier than its beginning.
                pitches.append(float(np.median(middle[len(middle) // 3 : len(middle) - len(middle) // 8])))
                starts.append((a + c) / track.frame_rate)
                ends.append((a + d) / track.frame_rate)
    share = float(voiced.mean()) if len(voiced) else 0.0
    return QueryNotes(np.array(starts, np.float32), np.array(ends, np.float32), np.array(pitches, np.float32), share)


def _without_scoops(pieces: list[tuple[int, int]], midi: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Give a short piece to the following longer one when it slides into it, or is an octave slip on the way."""
    kept: list[tuple[int, int]] = []
    for first, stop in pieces:
        if kept:
            begin, middle = kept[-1]
            step = abs(float(np.median(midi[begin:middle])) - float(np.median(midi[first:stop])))
            is_way = step < _SCOOP_SEMITONES or step > _SLIP_SEMITONES
            if middle - begin < _SCOOP_FRAMES and stop - first > middle - begin and is_way:
                kept[-1] = (begin, stop)
                continue
        kept.append((first, stop))
    return kept


def _without_short_gaps(voiced: NDArray[np.bool_], longest: int) -> NDArray[np.bool_]:
    filled = voiced.copy()
    edges = np.flatnonzero(np.diff(np.concatenate([[True], voiced, [True]]).astype(np.int8)))
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - first <= longest and first > 0 and stop < len(voiced):
            filled[first:stop] = True
    return filled


def _filled(midi: NDArray[np.float32]) -> NDArray[np.float32]:
    """NaN replaced by the line between its neighbours, outliers of up to 3 frames by the median."""
    good = np.flatnonzero(np.isfinite(midi))
    if not len(good):
        return np.zeros_like(midi)
    full = np.interp(np.arange(len(midi)), good, midi[good])
    around = np.lib.stride_tricks.sliding_window_view(np.pad(full, 2), 5)
    return np.asarray(np.median(around, axis=1), np.float32)


def _articulations(level_db: NDArray[np.float32]) -> NDArray[np.intp]:
    """Frames where the level dips by ``_DIP_DB`` below what is within 120 ms on either side."""
    width = int(0.12 * FRAME_RATE)
    smooth = np.convolve(np.pad(level_db, 2, mode="edge"), np.ones(5) / 5.0, mode="valid")
    padded = np.pad(smooth, width, mode="edge")
    windows = np.lib.stride_tricks.sliding_window_view(padded, width + 1)
    before, after = windows[: len(smooth)].max(axis=1), windows[width : width + len(smooth)].max(axis=1)
    lowest = np.lib.stride_tricks.sliding_window_view(padded, 2 * width + 1).min(axis=1)
    dips = (np.minimum(before, after) - smooth > _DIP_DB) & (smooth <= lowest)
    return np.flatnonzero(dips)


def _steady_pieces(midi: NDArray[np.float32]) -> list[tuple[int, int]]:
    """Least squares pieces of constant pitch, each at least ``_SHORTEST_FRAMES`` long (dynamic programming)."""
    n = len(midi)
    if n < 2 * _SHORTEST_FRAMES:
        return [(0, n)]
    values = midi.astype(np.float64) - float(midi.mean())
    s1 = np.concatenate([[0.0], np.cumsum(values)])
    s2 = np.concatenate([[0.0], np.cumsum(values**2)])
    best = np.full(n + 1, np.inf)
    best[0] = 0.0
    back = np.zeros(n + 1, dtype=np.intp)
    for stop in range(_SHORTEST_FRAMES, n + 1):
        low = max(0, stop - _LONGEST_FRAMES)
        firsts = np.arange(low, stop - _SHORTEST_FRAMES + 1)
        length = stop - firsts
        total = s1[stop] - s1[firsts]
        cost = best[firsts] + (s2[stop] - s2[firsts]) - total**2 / length + _NOTE_COST
        k = int(cost.argmin())
        best[stop], back[stop] = cost[k], firsts[k]
    pieces, stop = [], n
    while stop > 0:
        pieces.append((int(back[stop]), stop))
        stop = int(back[stop])
    return pieces[::-1]
