"""The mixdown writes layers to files: measured once, turned down as a whole where the sum is too loud, block by block.

One gain for the whole piece keeps its dynamics and makes the stems add up to the mix. It is found
from the mix and from every stem, so that it is the same whether stems are written or not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoteca.arrange.sound.mixing import Layer, blocks, mix
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import SoundWriter
from sonoteca.audio.loudness import integrated_lufs
from sonoteca.audio.measure import NativeMeter
from sonoteca.audio.true_peak import TruePeak
from sonoteca.errors import RequestError

CEILING_DBTP = -1.0
# Rounding to 24 bits, and other programs' meters, stay below the ceiling by this.
_MARGIN_DB = 0.05
# Lossy encoders raise peaks by a few tenths of a dB; what they made is measured and made again.
_MAX_ROUNDS = 4
# Formats whose bytes depend on the samples alone; the encoders of others draw random numbers.
FORMATS = (".wav", ".flac", ".mp3")
_LOSSY = (".mp3",)


@dataclass(frozen=True, slots=True)
class MixDown:
    """What was measured of a mix.

    ``gain_db`` is 0 or less: what the sum was turned down by. The others are of the mix as written; None is silence.
    """

    gain_db: float
    true_peak_dbtp: float | None
    loudness_lufs: float | None


def check_format(path: Path) -> None:
    """Raise RequestError unless sound can be rendered into a file of this name."""
    if path.suffix.lower() not in FORMATS:
        remedy = f"End it with one of {', '.join(FORMATS)}."
        raise RequestError(f"{path.name} is not a name for a render.", remedy, field="output")
    if path.is_dir() or not path.parent.is_dir():
        raise RequestError(f"{path} cannot be written.", "Name a file in a folder that exists.", field="output")


def mix_down(
    layers: Mapping[str, Sequence[Layer]],
    n_samples: int,
    *,
    sample_rate: int,
    path: Path,
    stems: Mapping[str, Path] | None = None,
) -> MixDown:
    """Write the sum of all layers, and one file per role.

    Parameters
    ----------
    layers : mapping of role to layers
    n_samples : int [samples]
        Length of every file.
    path : Path
        Suffix as in ``FORMATS``; WAV and FLAC hold 24 bits.
    stems : mapping of role to Path, optional
        Roles without layers become silence.

    Returns
    -------
    MixDown
        The true peak of the mix, decoded again where the format is lossy, does not exceed ``CEILING_DBTP``.

    Raises
    ------
    RequestError
        The format is none of ``FORMATS``, or a file cannot be written.
    AudioError
        The encoder does not take the rate.
    """
    check_format(path)
    peak, true_peak_dbtp, loudness_lufs = _measure(layers, n_samples, sample_rate)
    gain_db = min(0.0, CEILING_DBTP - _MARGIN_DB - _decibels(peak)) if peak > 0 else 0.0
    everything = [layer for some in layers.values() for layer in some]
    try:
        for _ in range(_MAX_ROUNDS):
            _write(path, everything, n_samples, sample_rate, gain_db)
            written_dbtp = None if true_peak_dbtp is None else true_peak_dbtp + gain_db
            if path.suffix.lower() in _LOSSY:
                written_dbtp = _true_peak_dbtp(path)
            if written_dbtp is None or written_dbtp <= CEILING_DBTP:
                break
            gain_db -= written_dbtp - CEILING_DBTP + _MARGIN_DB
        for role, stem in (stems or {}).items():
            _write(stem, layers.get(role, ()), n_samples, sample_rate, gain_db)
    except OSError as error:
        raise RequestError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Free space, or name another place.",
            field="output",
        ) from error
    return MixDown(gain_db, written_dbtp, None if loudness_lufs is None else loudness_lufs + gain_db)


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


def _write(path: Path, layers: Sequence[Layer], n_samples: int, sample_rate: int, gain_db: float) -> None:
    gain = 10.0 ** (gain_db / 20.0)
    with SoundWriter(path, sample_rate, 2) as to:
        for first, stop in blocks(n_samples, sample_rate):
            to.write((mix(layers, first, stop) * gain).astype(np.float32))


def _true_peak_dbtp(path: Path) -> float | None:
    """Measure a file that we wrote, as it is decoded."""
    with open_recording(path) as recording:
        return recording.measurements.true_peak_dbtp


def _decibels(linear: float) -> float:
    return 20.0 * math.log10(linear)
