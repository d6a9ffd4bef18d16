"""Sound in overlapping windows, each a vector: what the content timeline is decided from.

Two windows share a centre, a short one that finds borders and a long one that knows the
surroundings (speech pauses, music does not). All statistics are means over frames, taken from
running sums, so the cost does not depend on the window.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.features.mel import FLOOR_DB
from sonoteca.features.mel_traits import TRAIT_NAMES

# Windows in frames of 23 ms: 1.5 s and 6 s, one every 0.37 s.
SHORT, LONG, STEP = 64, 256, 16
# Levels further below the loudest of the window's surroundings do not count.
RANGE_DB = 60.0
# Windows worked on at once: bounds memory on hour-long files.
_CHUNK = 1024
_PAIRS = tuple(f"bands {2 * pair} and {2 * pair + 1}" for pair in range(20))
_FAST = (*(f"level of {pair}" for pair in _PAIRS), *(f"rises of {pair}" for pair in _PAIRS), "level", "movement", "unevenness",
         *TRAIT_NAMES)  # fmt: skip
_STANDING = (
    *(f"pitches above {share}" for share in (0.5, 0.25, 0.1)), *(f"class of rank {rank}" for rank in (2, 4, 7)),
    "likeness to before", "strongest stays", "strongest", "mean of semitones",
)  # fmt: skip
INPUTS = (
    *(
        f"{what}, {window} window"
        for window in ("short", "long")
        for what in (
            *(f"mean {name}" if name != "level" else "spread of level" for name in _FAST),
            *(f"spread of {name}" for name in (*_FAST[:20], *_FAST[41:])),
            *(f"mean {name}" for name in _STANDING),
            *(f"spread of {name}" for name in _STANDING),
        )
    ),
    "level of the short window less that of the long",
)
_SLOW = 4  # log-mel frames per semitone frame


def describe_windows(
    log_mel: NDArray[np.float32], traits: NDArray[np.float32], semitones: NDArray[np.float32]
) -> NDArray[np.float32]:
    """One row per window.

    Parameters
    ----------
    log_mel : float32, shape (40, n_frames) [dB]
    traits : float32, shape (9, n_frames)
    semitones : float32, shape (60, n_slow_frames)
        At a quarter of the frame rate.

    Returns
    -------
    float32, shape (n_windows, n_values): ``INPUTS``
        ``n_windows`` is ``max(1, ceil(n_frames / STEP))``; window ``i`` is centred on frame
        ``i * STEP + STEP / 2`` and shortened where the sound starts and ends.
    """
    n_frames = log_mel.shape[1]
    n_windows = max(1, -(-n_frames // STEP))
    rows = []
    for first in range(0, n_windows, _CHUNK):
        last = min(first + _CHUNK, n_windows)
        # One slow frame more, because rises are taken against the frame before.
        start = max(0, first * STEP + STEP // 2 - LONG // 2 - 2 * _SLOW) // _SLOW * _SLOW
        stop = min(n_frames, last * STEP + LONG // 2)
        centres = np.arange(first, last) * STEP + STEP // 2 - start
        rows.append(
            _describe(
                log_mel[:, start:stop],
                traits[:, start:stop],
                semitones[:, start // _SLOW : max(start // _SLOW + 1, -(-stop // _SLOW))],
                centres,
            )
        )
    return np.concatenate(rows)


def _describe(
    log_mel: NDArray[np.float32],
    traits: NDArray[np.float32],
    semitones: NDArray[np.float32],
    centres: NDArray[np.int64],
) -> NDArray[np.float32]:
    fast = _fast_values(log_mel, traits)
    slow = _slow_values(semitones)
    parts = []
    for length in (SHORT, LONG):
        first, stop = _span(centres, length, log_mel.shape[1])
        mean, spread = _moments(fast, first, stop)
        n_bands = log_mel.shape[0] // 2
        # A gain moves all bands alike: only their differences count.
        mean[:n_bands] -= mean[:n_bands].max(axis=0)
        slow_mean, slow_spread = _moments(slow, *_span(centres // _SLOW, length // _SLOW, slow.shape[1]))
        level_mean = mean[2 * n_bands]
        mean[2 * n_bands] = spread[2 * n_bands]
        kept_spread = np.concatenate([spread[:n_bands], spread[2 * n_bands + 1 :]])
        parts += [mean, kept_spread, slow_mean, slow_spread]
        if length == SHORT:
            short_level = level_mean
        else:
            parts.append((short_level - level_mean)[None])
    return np.concatenate(parts).T.astype(np.float32)


def _fast_values(log_mel: NDArray[np.float32], traits: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per frame: band levels, band rises, level, its movement, spectral traits."""
    clipped = np.maximum(log_mel, max(float(log_mel.max()) - RANGE_DB, FLOOR_DB))
    pairs = clipped.reshape(-1, 2, clipped.shape[1]).mean(axis=1) / np.float32(10.0)
    rises = np.maximum(0.0, np.diff(pairs, axis=1, prepend=pairs[:, :1])) * np.float32(4.0)
    level = pairs.mean(axis=0, keepdims=True)
    moved = np.abs(np.diff(level, axis=1, prepend=level[:, :1])) * 4.0
    flat = pairs.std(axis=0, keepdims=True)
    scale = np.array([10.0] * 6 + [1.0, 0.1, 0.1], np.float32)[:, None]
    n = min(traits.shape[1], pairs.shape[1])
    return np.concatenate([pairs[:, :n], rises[:, :n], level[:, :n], moved[:, :n], flat[:, :n], traits[:, :n] / scale])


def _slow_values(semitones: NDArray[np.float32]) -> NDArray[np.float32]:
    """Per slow frame: how many pitches stand, how clearly, and whether they stand still."""
    loudest = np.maximum(semitones.max(axis=0), 1e-6)
    spectrum = semitones / loudest
    inner = spectrum[1:-1]
    peaks = (inner > spectrum[:-2]) & (inner >= spectrum[2:])
    counts = [(peaks & (inner > threshold)).sum(axis=0) / 5.0 for threshold in (0.5, 0.25, 0.1)]
    chroma = spectrum.reshape(-1, 12, spectrum.shape[1]).max(axis=0)
    ranked = -np.sort(-chroma, axis=0)
    before = np.concatenate([spectrum[:, :1], spectrum[:, :-1]], axis=1)
    similarity = (spectrum * before).sum(axis=0) / np.maximum(
        np.sqrt(np.square(spectrum).sum(axis=0) * np.square(before).sum(axis=0)), 1e-9
    )
    top = spectrum.argmax(axis=0)
    stays = (np.abs(np.diff(top, prepend=top[:1])) <= 0).astype(np.float32)
    return np.stack(
        [*counts, ranked[1], ranked[3], ranked[6], similarity, stays, top / 12.0, spectrum.mean(axis=0) * 2.0]
    ).astype(np.float32)


def _span(centres: NDArray[np.int64], length: int, n_frames: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """First and one-past-last frame of windows cut to the sound, each at least one frame."""
    first = np.clip(centres - length // 2, 0, n_frames - 1)
    return first, np.clip(centres + length // 2, first + 1, n_frames)


def _moments(
    values: NDArray[np.float32], first: NDArray[np.int64], stop: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Mean and standard deviation per window, shape (n_values, n_windows)."""
    padded = np.zeros((values.shape[0], values.shape[1] + 1))
    count = (stop - first).astype(np.float64)
    np.cumsum(values, axis=1, out=padded[:, 1:])
    mean = (padded[:, stop] - padded[:, first]) / count
    np.cumsum(np.square(values, dtype=np.float64), axis=1, out=padded[:, 1:])
    square = (padded[:, stop] - padded[:, first]) / count
    return mean, np.sqrt(np.maximum(0.0, square - np.square(mean)))
