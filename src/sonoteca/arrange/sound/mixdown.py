"""The mixdown writes layers to files: measured once, turned down as a whole where the sum is too loud, block by block.

One gain for the whole piece keeps its dynamics and makes the stems add up to the mix. It is found
from the mix and from every stem, so that it is the same whether stems are written or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sonoteca.arrange.sound.layers import layers_of
from sonoteca.arrange.sound.mixing import FiledSamples, Layer, blocks, mix
from sonoteca.arrange.sound.orders import MixDown, Mixed, MixOrder
from sonoteca.audio.content_hash import RAW_PREFIX, hash_bytes
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import SoundWriter
from sonoteca.audio.loudness import integrated_lufs
from sonoteca.audio.measure import NativeMeter
from sonoteca.audio.true_peak import TruePeak

CEILING_DBTP = -1.0
# Rounding to 24 bits, and other programs' meters, stay below the ceiling by this.
_MARGIN_DB = 0.05
# Lossy encoders raise peaks by a few tenths of a dB; what they made is measured and made again.
_MAX_ROUNDS = 4
_LOSSY = (".mp3",)


def mix_down(order: MixOrder) -> Mixed:
    """Write the sum of all voices, and of each stem; runs in a worker.

    Files are written where the order says, as they are: who gave it gives them their names when all are complete.

    Returns
    -------
    Mixed
        The true peak of the mix, decoded again where the format is lossy, does not exceed ``CEILING_DBTP``.

    Raises
    ------
    OSError
        A file cannot be written.
    AudioError
        The encoder does not take the rate.
    """
    passes = {each: FiledSamples(file) for each, file in order.passes.items()}
    layers = {name: layers_of(placed, passes) for name, placed in order.voices.items()}
    n_samples, sample_rate = order.n_samples, order.sample_rate
    peak, true_peak_dbtp, loudness_lufs = _measure(layers, n_samples, sample_rate)
    gain_db = min(0.0, CEILING_DBTP - _MARGIN_DB - _decibels(peak)) if peak > 0 else 0.0
    everything = [layer for some in layers.values() for layer in some]
    for _ in range(_MAX_ROUNDS):
        _write(order.path, order.suffix, everything, n_samples, sample_rate, gain_db)
        written_dbtp = None if true_peak_dbtp is None else true_peak_dbtp + gain_db
        if order.suffix in _LOSSY:
            written_dbtp = _true_peak_dbtp(order.path)
        if written_dbtp is None or written_dbtp <= CEILING_DBTP:
            break
        gain_db -= written_dbtp - CEILING_DBTP + _MARGIN_DB
    for voice, path in order.stems.items():
        _write(path, order.suffix, layers.get(voice, ()), n_samples, sample_rate, gain_db)
    down = MixDown(gain_db, written_dbtp, None if loudness_lufs is None else loudness_lufs + gain_db)
    with open(order.path, "rb", buffering=0) as file:
        bytes_hash = hash_bytes(file).removeprefix(RAW_PREFIX)
    return Mixed(down, Path(order.path).stat().st_size, bytes_hash)


def _measure(
    layers: Mapping[str, Sequence[Layer]], n_samples: int, sample_rate: int
) -> tuple[float, float | None, float | None]:
    """Measure the largest true peak of mix and stems (linear); true peak in dBTP and integrated loudness of the mix."""
    meter = NativeMeter(sample_rate, ("FL", "FR"))
    stem_peaks = {role: TruePeak(sample_rate, 2) for role in layers}
    for first, stop in blocks(n_samples, sample_rate):
        total = np.zeros((2, stop - first))
        for role, some in layers.items():
            part = mix(some, first, stop)
            stem_peaks[role].push(part.astype(np.float32), float(np.abs(part).max()))
            total += part
        block = total.astype(np.float32)
        meter.push(block)
    for each in stem_peaks.values():
        each.finish()
    measured = meter.finish()
    mix_peak = 0.0 if measured.true_peak_dbtp is None else 10.0 ** (measured.true_peak_dbtp / 20.0)
    peak = max([mix_peak, *(each.linear for each in stem_peaks.values())])
    return peak, measured.true_peak_dbtp, integrated_lufs(measured.kweighted_power)


def _write(path: str, suffix: str, layers: Sequence[Layer], n_samples: int, sample_rate: int, gain_db: float) -> None:
    gain = 10.0 ** (gain_db / 20.0)
    with SoundWriter(path, sample_rate, 2, encoding=suffix, in_place=True) as to:
        for first, stop in blocks(n_samples, sample_rate):
            to.write((mix(layers, first, stop) * gain).astype(np.float32))


def _true_peak_dbtp(path: str) -> float | None:
    """Measure a file that we wrote, as it is decoded."""
    with open_recording(path) as recording:
        return recording.measurements.true_peak_dbtp


def _decibels(linear: float) -> float:
    return 20.0 * math.log10(linear)
