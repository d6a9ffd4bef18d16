"""A clip is a short span of a sound with soft ends, as MP3: small, and played by every browser there is."""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.audio.encode import SoundWriter
from sonoteca.audio.file_stamp import FileStamp
from sonoteca.audio.span import HeardAs, Take, decode_span
from sonoteca.audio.transcode import told_of
from sonoteca.audio.written import Written

BIT_RATE = 128_000
# Rates at which MP3 is full; all others become one of them.
_RATES = (32_000, 44_100, 48_000)
_USUAL_RATE = 44_100
# The encoder is fed so many samples at a time.
_BLOCK = 2**14


def write_clip(
    path: str,
    stamp: FileStamp,
    target: str,
    *,
    start_s: float,
    end_s: float | None,
    fade_in_s: float,
    fade_out_s: float,
) -> Written:
    """Write ``[start_s, end_s)`` of a file as MP3 of 128 kbit/s; the span lies in memory meanwhile.

    Parameters
    ----------
    fade_in_s, fade_out_s : float >= 0 [s]
        How long it rises from silence and falls to it; shortened where the clip has no room for both.

    Raises
    ------
    AudioError, SoundsMissing
        As ``span.decode_span``.
    OSError
        The disk has no room, or takes nothing; no file is left.
    """
    blocks: list[NDArray[np.float32]] = []
    heard: list[HeardAs] = []

    def begin(as_what: HeardAs) -> Take:
        heard.append(as_what)
        return lambda block: blocks.append(block.copy())

    decode_span(path, stamp, begin, start_s=start_s, end_s=end_s)
    samples, rate = np.concatenate(blocks, axis=1), heard[0].sample_rate
    if rate not in _RATES:
        samples = np.ascontiguousarray(soxr.resample(np.ascontiguousarray(samples.T), rate, _USUAL_RATE).T)
        rate = _USUAL_RATE
        # A few samples at a high rate may be none at a lower one.
        samples = samples if samples.shape[1] else np.zeros((len(samples), 1), np.float32)
    fade(samples, round(fade_in_s * rate), round(fade_out_s * rate))
    # Beyond full scale a player clips.
    samples /= max(1.0, float(np.abs(samples).max()))
    n_samples = samples.shape[1]
    with SoundWriter(target, rate, len(samples), encoding=".mp3", bit_rate=BIT_RATE) as to:
        for first in range(0, n_samples, _BLOCK):
            to.write(samples[:, first : first + _BLOCK])
    return told_of(target, rate, len(samples), n_samples)


def fade(samples: NDArray[np.float32], n_in: int, n_out: int) -> None:
    """Let samples (channels, n) rise over the first ``n_in`` and fall over the last ``n_out``, in place.

    The shape is half a period of a cosine, which has no corner at either end.

    >>> samples = np.ones((1, 6), np.float32)
    >>> fade(samples, 2, 2)
    >>> [round(float(sample), 2) for sample in samples[0]]
    [0.15, 0.85, 1.0, 1.0, 0.85, 0.15]
    """
    n = samples.shape[1]
    shared = max(1.0, (n_in + n_out) / n)
    n_in, n_out = int(n_in / shared), int(n_out / shared)
    for part, length in ((samples[:, :n_in], n_in), (samples[:, n - n_out :][:, ::-1], n_out)):
        part *= (0.5 - 0.5 * np.cos(np.pi * (np.arange(length) + 0.5) / max(1, length))).astype(np.float32)
