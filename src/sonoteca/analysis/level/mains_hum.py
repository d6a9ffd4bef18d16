"""Mains hum: steady lines at 50 or 60 Hz and their multiples in the quietest moments."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import scipy.fft
from numpy.typing import NDArray

from sonoteca.audio.recording import STEP_S, Recording
from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.features.feature import hann

# 1.49 s: lines 0.67 Hz apart, so that 50 Hz is told from the note G1 (49.0 Hz).
_N_FFT = 2**15
_MAX_WINDOWS = 8
# They overlap by three quarters: three reach over 2.2 s, longer than most notes.
_LEAST_WINDOWS = 3
_ALIKE_DB = 8.0
_MAINS_HZ = (50.0, 60.0)
# Rectifiers hum at even multiples, coils at odd ones; beyond these it is a buzz that rarely stands alone.
_MULTIPLES = (1, 2, 3, 4, 5, 6)
_LEAST_LINES = 3
# The mains keep their frequency to 0.2 %; sound cards to less.
_TOLERANCE = 0.004
_RISE_DB = 12.0
# Notes come and go; hum stays within this from one quiet moment to another.
_STEADY_DB = 4.0


@dataclass(frozen=True, slots=True)
class Hum:
    mains_hz: float
    level_dbfs: float


def find_hum(recording: Recording, step_power: NDArray[np.float64]) -> Hum | None:
    """The hum of a recording of at least three seconds, if there is one.

    Up to eight of its quietest 1.5 s windows are looked at. A multiple counts when it stands
    12 dB above its neighbourhood in the middle window and is equally loud in all of them; three
    have to, and one of them must be among the first two.
    """
    if recording.n_samples < 2 * _N_FFT:
        return None
    windows = _quietest_windows(step_power, recording.n_samples)
    if len(windows) < _LEAST_WINDOWS:
        return None
    spectra = np.stack([_spectrum(recording, first) for first in windows])
    typical = np.median(spectra, axis=0)
    best: Hum | None = None
    for mains_hz in _MAINS_HZ:
        found = [multiple for multiple in _MULTIPLES if _is_line(spectra, typical, multiple * mains_hz)]
        if len(found) >= _LEAST_LINES and found[0] <= 2:
            power = sum(_line_power(typical, multiple * mains_hz)[0] for multiple in found)
            level_dbfs = float(10.0 * np.log10(max(power, 1e-20)))
            if best is None or level_dbfs > best.level_dbfs:
                best = Hum(mains_hz, level_dbfs)
    return best


def _quietest_windows(step_power: NDArray[np.float64], n_samples: int) -> list[int]:
    """First samples of the windows (they overlap) that are nearly as quiet as the quietest one.

    Digital silence does not count: it would hide the hum beside it.
    """
    starts = np.arange(0, n_samples - _N_FFT + 1, _N_FFT // 4)
    total = np.concatenate([[0.0], np.cumsum(step_power.mean(axis=1))])
    n_steps = len(total) - 1
    first = np.clip(np.round(starts / ANALYSIS_RATE / STEP_S).astype(int), 0, max(0, n_steps - 1))
    last = np.clip(first + round(_N_FFT / ANALYSIS_RATE / STEP_S), first + 1, n_steps)
    power = (total[last] - total[first]) / (last - first)
    power = np.where(power > 1e-10, power, np.inf)
    order = np.argsort(power, kind="stable")
    alike = order[power[order] <= power[order[0]] * 10.0 ** (_ALIKE_DB / 10.0)]
    return [int(starts[window]) for window in alike[:_MAX_WINDOWS] if np.isfinite(power[window])]


def _spectrum(recording: Recording, first: int) -> NDArray[np.float64]:
    """Power up to 400 Hz; a full-scale sine gives 0.5 in its middle bin."""
    samples = recording.read(first, _N_FFT) * hann(_N_FFT)
    spectrum = scipy.fft.rfft(samples)[: int(400.0 * _N_FFT / ANALYSIS_RATE)]
    return np.asarray(np.square(np.abs(spectrum).astype(np.float64) * 2.0 / hann(_N_FFT).sum()) / 2.0)


def _line_power(spectrum: NDArray[np.float64], hz: float) -> tuple[float, float]:
    """Power of the line at ``hz`` and the median of its neighbourhood (3 to 9 Hz away)."""
    per_hz = _N_FFT / ANALYSIS_RATE
    reach = max(1.0, hz * _TOLERANCE * per_hz)
    centre = hz * per_hz
    line = spectrum[int(np.floor(centre - reach)) : int(np.ceil(centre + reach)) + 1].max()
    around = np.concatenate(
        [
            spectrum[int(centre - 9 * per_hz) : int(centre - 3 * per_hz)],
            spectrum[int(centre + 3 * per_hz) : int(centre + 9 * per_hz)],
        ]
    )
    return float(line), float(np.median(around))


def _is_line(spectra: NDArray[np.float64], typical: NDArray[np.float64], hz: float) -> bool:
    line, around = _line_power(typical, hz)
    if line <= max(around, 1e-14) * 10.0 ** (_RISE_DB / 10.0):
        return False
    # Its own maximum: a note a quarter tone away that leaks into the search range is none.
    per_hz = _N_FFT / ANALYSIS_RATE
    low, high = int((hz - 2.5) * per_hz), int((hz + 2.5) * per_hz) + 1
    if line < typical[low:high].max():
        return False
    levels = 10.0 * np.log10([max(_line_power(spectrum, hz)[0], 1e-20) for spectrum in spectra])
    # A quarter of the windows may touch a note.
    return bool(np.percentile(levels, 75) - levels.min() < _STEADY_DB)
