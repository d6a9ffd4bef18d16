"""What is wrong with a recording, in codes with one number each.

| code | value |
|---|---|
| ``clipping`` | clipped samples |
| ``over_full_scale`` | true peak in dBTP, above +1: players without headroom will clip it |
| ``dc_offset`` | mean sample value of the worst channel, full scale 1 |
| ``hum_50_hz``, ``hum_60_hz`` | level of the hum in dBFS |
| ``hiss`` | signal above the hiss in dB |
| ``out_of_phase`` | correlation of left and right, below -0.3 |
| ``silent_channel`` | number of the channel, from 1 |
| ``truncated_end`` | level of the last 10 ms in dB below the loudest 100 ms |
| ``low_pass`` | cut-off in Hz of an encoder's filter found in a lossless file |
| ``silence`` | seconds of nothing but digital silence |

An empty list says that nothing was found. Event regions are checked for clipping only: the
other measurements are of the whole file.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import ClassVar, TypeAlias

import numpy as np

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.level.bandwidth import find_low_pass
from sonoteca.analysis.level.mains_hum import find_hum
from sonoteca.audio.recording import STEP_S
from sonoteca.domain.audio_info import is_lossless
from sonoteca.domain.descriptor import KIND, QUALITY, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.features.spectral_shape import FLATNESS_ROW, N_BANDS, SpectralShape

SHAPE = SpectralShape()

Finding: TypeAlias = "tuple[str, float | int]"

# Limiters leave a run of full samples now and then; six in a million is one in four seconds.
_CLIPPED_SHARE = 6e-6
_CLIPPED_LEAST = 12
# Against the largest sample: at 2 % the headroom lost and the click at every cut are noticeable.
_DC_SHARE = 0.02
# Decoded lossy files overshoot by some tenths of a decibel, which nobody hears.
_OVER_DBTP = 1.0
_OUT_OF_PHASE = -0.3
_SILENT_CHANNEL_DB = 60.0
# Hiss is heard when it lies less than this below the loud parts ...
_HISS_BELOW_DB = 50.0
# ... and it is the subject rather than a defect when it is nearly as loud.
_SUBJECT_DB = 12.0
_HISS_FLATNESS = 0.7
_HISS_STEADY_DB = 2.0
# A sound that was let go is 40 dB down; a cut one stops on the way.
_TRUNCATED_DB = 24.0
_TAIL_S = 0.01
# Long-term spectra of less have too few frames to tell a filter from a pause.
_SPECTRUM_S = 2.0
_HISS_S = 3.0


class Quality:
    """Clipping, DC, hum, hiss, stereo phase, truncated end and encoder low-pass, each only with evidence."""

    id: ClassVar[str] = "level.quality.checks"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (QUALITY,)
    requires: ClassVar[tuple[Descriptor, ...]] = (KIND,)
    features: ClassVar[tuple[Feature, ...]] = (SHAPE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        kind = known[KIND].value if KIND in known else None
        found = [*_clipping(region)]
        if region.region.is_whole:
            found += [*_levels(region), *_hum(region), *_hiss(region), *_bandwidth(region)]
            if kind in (Kind.TRACK, Kind.ONE_SHOT):
                found += _truncation(region)
        value: list[JsonValue] = [{"code": code, "value": number} for code, number in found]
        yield Observation(QUALITY, value, confidence=None, provenance=measured_by(self))


def _clipping(region: RegionView) -> Iterator[Finding]:
    counts = region.measurements.clipped_samples
    if not region.region.is_whole:
        first = int(region.region.start_s / STEP_S + 1e-6)
        counts = counts[first : max(first + 1, int(np.ceil(region.region.end_s / STEP_S - 1e-6)))]
    n_clipped = int(counts.sum())
    n_samples = region.duration_s * region.info.sample_rate * region.info.channels
    if n_clipped >= max(_CLIPPED_LEAST, _CLIPPED_SHARE * n_samples):
        yield "clipping", n_clipped


def _levels(region: RegionView) -> Iterator[Finding]:
    """Silence, overs, direct current and what is wrong between the channels."""
    measured = region.measurements
    peak = float(measured.step_peak.max()) if len(measured.step_peak) else 0.0
    if peak <= 0.0:
        yield "silence", round(region.duration_s, 3)
        return
    if measured.true_peak_dbtp is not None and measured.true_peak_dbtp > _OVER_DBTP:
        yield "over_full_scale", round(float(measured.true_peak_dbtp), 2)
    worst = float(measured.dc_offset[np.abs(measured.dc_offset).argmax()])
    if abs(worst) > _DC_SHARE * peak and _is_constant(region):
        yield "dc_offset", round(worst, 5)
    correlation = measured.stereo_correlation
    if correlation is not None and correlation < _OUT_OF_PHASE:
        yield "out_of_phase", round(float(correlation), 3)
    power = measured.step_power.mean(axis=0)
    if len(power) == 2:
        quiet = int(power.argmin())
        if power[quiet] < power.max() * 10.0 ** (-_SILENT_CHANNEL_DB / 10.0):
            yield "silent_channel", quiet + 1


def _is_constant(region: RegionView) -> bool:
    """Whether the mean is the same all the time: the mean of one asymmetric hit is no direct current."""
    read_s = min(region.duration_s, 60.0)
    samples = region.signal(0.0, read_s).samples[0]
    length = 2205
    if len(samples) < 8:
        return False
    if len(samples) < 4 * length:
        # Too short to compare tenths of a second: the end, where a hit has died away, tells.
        tail = samples[-max(1, len(samples) // 8) :]
        return bool(abs(tail.mean()) > 0.5 * abs(samples.mean()))
    means = samples[: len(samples) // length * length].reshape(-1, length).mean(axis=1)
    low, middle, high = np.percentile(means, (20, 50, 80))
    return bool(abs(middle) > 0.5 * abs(means.mean()) and high - low < 0.5 * abs(middle))


def _hum(region: RegionView) -> Iterator[Finding]:
    hum = find_hum(region.recording, region.measurements.step_power)
    if hum is not None:
        yield f"hum_{hum.mains_hz:.0f}_hz", round(hum.level_dbfs, 1)


def _hiss(region: RegionView) -> Iterator[Finding]:
    """A steady flat floor above 2.5 kHz to which the sound keeps returning."""
    if region.duration_s < _HISS_S:
        return
    values = region.frames(SHAPE).values
    high = 10.0 * np.log10(np.maximum(values[N_BANDS - 2 : N_BANDS].sum(axis=0), 1e-14))
    lowest, low, loud = np.percentile(high, (3, 15, 97))
    total = 10.0 * np.log10(np.maximum(values[:N_BANDS].sum(axis=0), 1e-14))
    quiet = high <= low
    if lowest < -100.0 or low - lowest > _HISS_STEADY_DB or loud - lowest < _SUBJECT_DB:
        return
    if np.median(values[FLATNESS_ROW, quiet]) < _HISS_FLATNESS:
        return
    ratio_db = float(np.percentile(total, 97) - np.median(high[quiet]))
    if ratio_db < _HISS_BELOW_DB:
        yield "hiss", round(ratio_db, 1)


def _bandwidth(region: RegionView) -> Iterator[Finding]:
    if region.duration_s < _SPECTRUM_S or not is_lossless(region.info.codec):
        return
    cutoff_hz = find_low_pass(region.measurements.spectrum, region.info.sample_rate)
    if cutoff_hz is not None:
        yield "low_pass", round(cutoff_hz)


def _truncation(region: RegionView) -> Iterator[Finding]:
    duration_s = region.duration_s
    if duration_s < 10 * _TAIL_S:
        return
    tail = region.signal(duration_s - _TAIL_S, duration_s).samples[0]
    # A codec pads or fades the very last samples: the loudest quarter of the tail counts.
    quarters = np.square(tail[: len(tail) // 4 * 4].reshape(4, -1)).mean(axis=1) if len(tail) >= 4 else np.zeros(1)
    loudest = float(region.measurements.step_power.mean(axis=1).max())
    if loudest <= 0.0:
        return
    below_db = 10.0 * np.log10(max(loudest, 1e-20) / max(float(quarters.max()), 1e-20))
    if below_db < _TRUNCATED_DB:
        yield "truncated_end", round(float(-below_db), 1)
