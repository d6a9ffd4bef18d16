"""From probabilities per window to a gapless list of labelled spans whose borders follow the sound."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import scipy.ndimage
from numpy.typing import NDArray

from sonoteca.analysis.labels.envelope import SILENT_DB, frame_levels
from sonoteca.analysis.labels.texture import SHORT, STEP

# Windows overlap fourfold, so each carries about a third of the evidence it seems to carry.
EVIDENCE = 0.35
# Natural log of the odds against a change of label from one window (0.37 s) to the next.
SWITCH_COST = 4.0
# Silence is what stays this far below the loudest frame for so long, or below what anybody hears.
SILENT_RANGE_DB = 50.0
SHORTEST_SILENCE_S = 0.5
# Frames compared on both sides of a border, first 0.5 s to find the change, then 0.1 s to place it.
_NOVELTY = (22, 5)
# Frames (0.35 s) between a border and a silence that are too short to stand for themselves.
_SLIVER = 15


@dataclass(frozen=True, slots=True)
class Span:
    """Frames ``[first, stop)`` with a label's number; -1 is silence."""

    first: int
    stop: int
    label: int


def smoothest_path(probabilities: NDArray[np.float32]) -> NDArray[np.int64]:
    """Most likely label per window when labels rarely change (Viterbi with one switching cost).

    Parameters
    ----------
    probabilities : float32, shape (n_windows, n_labels)

    Returns
    -------
    int64, shape (n_windows,)
    """
    evidence = EVIDENCE * np.log(np.maximum(probabilities, 1e-4)).astype(np.float64)
    n_windows, n_labels = evidence.shape
    came_from = np.empty((n_windows, n_labels), np.int16)
    stay = np.arange(n_labels)
    score = evidence[0].copy()
    came_from[0] = stay
    for window in range(1, n_windows):
        best = int(score.argmax())
        switched = score[best] - SWITCH_COST
        switches = score < switched
        came_from[window] = np.where(switches, best, stay)
        score = np.where(switches, switched, score) + evidence[window]
    path = np.empty(n_windows, np.int64)
    path[-1] = int(score.argmax())
    for window in range(n_windows - 1, 0, -1):
        path[window - 1] = came_from[window, path[window]]
    return path


def silent_frames(log_mel: NDArray[np.float32], frame_rate: float) -> NDArray[np.bool_]:
    """Frames inside silences of at least `SHORTEST_SILENCE_S`, shape (n_frames,)."""
    level = frame_levels(log_mel)
    quiet = level < max(float(level.max()) - SILENT_RANGE_DB, SILENT_DB)
    shortest = max(1, round(SHORTEST_SILENCE_S * frame_rate))
    # Opening keeps runs of at least `shortest`; outside counts as quiet, so edges count whole.
    padded = np.pad(quiet, shortest, constant_values=True)
    opened = scipy.ndimage.binary_opening(padded, np.ones(shortest, bool))
    kept = np.asarray(opened[shortest:-shortest] & quiet)
    if quiet.all():
        return np.asarray(quiet)
    return _without_short_runs(kept, shortest)


def _without_short_runs(flags: NDArray[np.bool_], shortest: int) -> NDArray[np.bool_]:
    """Runs of True shorter than ``shortest`` become False (padding let short ones through at the edges)."""
    edges = np.flatnonzero(np.diff(flags.astype(np.int8), prepend=0, append=0))
    kept = flags.copy()
    for first, stop in zip(edges[::2], edges[1::2], strict=True):
        if stop - first < shortest:
            kept[first:stop] = False
    return kept


def spans_of(path: NDArray[np.int64], silent: NDArray[np.bool_], log_mel: NDArray[np.float32]) -> tuple[Span, ...]:
    """Gapless spans over all frames: label changes moved to where the spectrum changes most, silence cut out.

    Parameters
    ----------
    path : int64, shape (n_windows,)
        Label per window of `texture.STEP` frames.
    silent : bool, shape (n_frames,)
    log_mel : float32, shape (n_bands, n_frames) [dB]
    """
    n_frames = log_mel.shape[1]
    labels = np.empty(n_frames, np.int64)
    borders = [0]
    names = [int(path[0])]
    for window in np.flatnonzero(np.diff(path)) + 1:
        border = _sharpest_change(log_mel, int(window) * STEP)
        if border <= borders[-1]:
            names[-1] = int(path[window])
            continue
        borders.append(min(border, n_frames - 1))
        names.append(int(path[window]))
    borders.append(n_frames)
    for first, stop, name in zip(borders[:-1], borders[1:], names, strict=True):
        labels[first:stop] = name
    labels[silent] = -1
    _absorb_slivers(labels)
    return _runs(labels)


def _runs(labels: NDArray[np.int64]) -> tuple[Span, ...]:
    edges = [0, *(np.flatnonzero(np.diff(labels)) + 1).tolist(), len(labels)]
    return tuple(Span(a, b, int(labels[a])) for a, b in pairwise(edges))


def _absorb_slivers(labels: NDArray[np.int64]) -> None:
    """A border near a silence belongs at the silence: what is left between them joins the other side."""
    runs = _runs(labels)
    for before, run, after in zip(runs[:-2], runs[1:-1], runs[2:], strict=True):
        if run.label < 0 or run.stop - run.first > _SLIVER or (before.label < 0) == (after.label < 0):
            continue
        labels[run.first : run.stop] = max(before.label, after.label)


def _sharpest_change(log_mel: NDArray[np.float32], around: int) -> int:
    """Frame within half a short window of ``around`` whose surroundings differ most before and after."""
    border, reach = around, SHORT // 2
    for width in _NOVELTY:
        first, stop = max(0, border - reach - width), min(log_mel.shape[1], border + reach + width)
        part = np.maximum(log_mel[:, first:stop], float(log_mel[:, first:stop].max()) - 60.0)
        if part.shape[1] <= 2 * width:
            return border
        total = np.concatenate([np.zeros((len(part), 1)), np.cumsum(part, axis=1, dtype=np.float64)], axis=1)
        middle = np.arange(width, part.shape[1] - width + 1)
        before = (total[:, middle] - total[:, middle - width]) / width
        after = (total[:, middle + width] - total[:, middle]) / width
        border = first + width + int(np.abs(after - before).mean(axis=0).argmax())
        reach = width // 2
    return border
