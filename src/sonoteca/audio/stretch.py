"""Time-stretch and pitch-shift: another tempo at the same pitch, another pitch at the same tempo.

The engine is Signalsmith Stretch (python-stretch), a phase vocoder. Two choices made by
measurement (docs/decisions/0020-time-stretch.md): the length of its window, by what is stretched;
and pitch, which is shifted by stretching time and resampling, because that is exact to a
hundredth of a cent where the engine's own shift is up to 9 cents off.
"""

from __future__ import annotations

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.audio.crossfade import crossfade
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch_range import MAX_RATIO, MIN_RATIO, Material
from sonoteca.errors import RequestError

# Length of the analysis window in seconds; it moves on by a quarter. Long enough to tell the
# partials of a low chord from each other, or short enough to keep a drum's attack together.
_WINDOW_S: dict[Material, float] = {"tonal": 0.2, "percussive": 0.04}
# What the engine hears before and after the sound, so that nothing of it is an edge.
_CONTEXT_S = 0.3
# A loop that was stretched ends in other phases than it began with: so long it takes to meet them.
_SEAM_S: dict[Material, float] = {"tonal": 0.05, "percussive": 0.01}
# Below this change of speed (0.9 cents) plain resampling is better than any stretch.
_VARISPEED = 5e-4
MAX_SEMITONES = 24.0
# A length may differ from what the ratio says by so much: loops are fitted to their bars.
_LENGTH_TOLERANCE = 0.02
# The engine's random phases (beyond twofold stretch only) come from here: the same bytes every time.
_SEED = 1


def stretched_length(n_samples: int, tempo_ratio: float) -> int:
    """Samples that ``n_samples`` become when played ``tempo_ratio`` times as fast, at least 1."""
    return max(1, round(n_samples / tempo_ratio))


def stretch(
    signal: AudioSignal,
    *,
    tempo_ratio: float = 1.0,
    semitones: float = 0.0,
    n_samples: int | None = None,
    material: Material = "tonal",
    wraps: bool = False,
    lead: int = 0,
    trail: int = 0,
) -> AudioSignal:
    """Play a sound faster or slower, higher or lower.

    Parameters
    ----------
    signal : AudioSignal
        Mono or stereo, any rate; at most some minutes (it is worked on whole).
    tempo_ratio : float [0.25, 4]
        The tempo is multiplied by it: 1.08 is 8 % faster and shorter.
    semitones : float [-24, 24]
        The pitch is moved by it.
    n_samples : int, optional
        Exact length of the answer; ``stretched_length`` when left out. It may differ by 2 % from
        what the ratio says, and then decides.
    material : "tonal" or "percussive"
        What must not suffer: partials or attacks.
    wraps : bool
        The sound is a loop: its end is heard before its start and the other way round, and the
        answer loops as the sound did.
    lead, trail : int >= 0 [samples]
        So many samples at the start and the end of ``signal`` only surround the sound: they are
        heard by the engine and not part of the answer. Not together with ``wraps``.

    Returns
    -------
    AudioSignal
        Same rate and channels. Nothing to change gives the same samples back.

    Raises
    ------
    ValueError
        For ratios, shifts or lengths out of range, an empty sound, more than two channels.
    RequestError
        python-stretch is not installed (there is no wheel of it for this system).

    Notes
    -----
    Times in the answer are right to a sample and do not drift: the whole length is mapped onto the
    whole length. Onsets stay where they belong within 1 ms.

    Examples
    --------
    >>> tone = AudioSignal(np.sin(np.arange(44_100) / 16, dtype=np.float32)[None], 44_100)
    >>> stretch(tone, tempo_ratio=1.25).n_samples
    35280
    """
    n_in = signal.n_samples - lead - trail
    if n_in < 1 or lead < 0 or trail < 0 or (wraps and (lead or trail)):
        raise ValueError(f"nothing to stretch: {signal.n_samples} samples, {lead} before and {trail} after it")
    if len(signal.samples) > 2:
        raise ValueError(f"mono or stereo can be stretched, got {len(signal.samples)} channels")
    if not MIN_RATIO <= tempo_ratio <= MAX_RATIO or abs(semitones) > MAX_SEMITONES:
        raise ValueError(f"cannot stretch {tempo_ratio} times and shift by {semitones} semitones")
    wanted = stretched_length(n_in, tempo_ratio)
    n_out = wanted if n_samples is None else n_samples
    if abs(n_out - wanted) > max(1.0, _LENGTH_TOLERANCE * wanted):
        raise ValueError(f"{n_in} samples at {tempo_ratio} times the tempo are {wanted}, not {n_out}")
    if semitones == 0.0 and n_out == n_in:
        return AudioSignal(signal.samples[:, lead : lead + n_in], signal.sample_rate)
    rate = signal.sample_rate
    pitch = 2.0 ** (semitones / 12.0)
    is_varispeed = semitones == 0.0 and abs(n_in / n_out - 1.0) < _VARISPEED
    if is_varispeed:
        pitch = n_in / n_out
    n_middle = max(1, round(n_out * pitch))
    context_in, context_middle, context_out = _contexts(
        round(_CONTEXT_S * rate), n_in / n_middle, pitch, 8192 if is_varispeed else 512
    )
    heard = _surrounded(signal.samples, lead, trail, context_in, wraps)
    if not is_varispeed:
        heard = _stretch_time(heard, rate, n_middle + 2 * context_middle, _WINDOW_S[material])
    if pitch != 1.0:
        heard = _resample(heard, pitch)
    # A sample may be missing at the very end of the context where lengths were rounded.
    out = heard[:, context_out : context_out + n_out].copy()
    if wraps:
        n_seam = min(round(_SEAM_S[material] * rate), n_out // 4, context_out)
        if n_seam:
            # What leads to the start in the start's own phases takes over just before the end.
            out[:, -n_seam:] = crossfade(out[:, -n_seam:], heard[:, context_out - n_seam : context_out])
    return AudioSignal(out, rate)


def _contexts(least: int, speed: float, pitch: float, n_choices: int) -> tuple[int, int, int]:
    """Lengths of context as it comes in, before resampling, and in the answer, which is at least ``least``.

    Of ``n_choices`` lengths the one whose three counterparts are nearest to whole samples, so that the sound
    begins where it should within a few hundredths of a sample.
    """
    out = least + np.arange(n_choices)
    middle = np.rint(out * pitch)
    heard = np.rint(middle * speed)
    best = int(np.argmin(np.abs(out * pitch - middle) + np.abs(middle * speed - heard)))
    return int(heard[best]), int(middle[best]), int(out[best])


def _surrounded(
    samples: NDArray[np.float32], lead: int, trail: int, n_context: int, wraps: bool
) -> NDArray[np.float32]:
    """The sound with exactly ``n_context`` samples on both sides: itself round, or what there is and silence."""
    if wraps:
        return np.pad(samples, ((0, 0), (n_context, n_context)), mode="wrap")
    stop = samples.shape[1] - max(0, trail - n_context)
    held = samples[:, max(0, lead - n_context) : stop]
    return np.pad(held, ((0, 0), (max(0, n_context - lead), max(0, n_context - trail))))


def _stretch_time(samples: NDArray[np.float32], rate: int, n_out: int, window_s: float) -> NDArray[np.float32]:
    """The engine: ``samples`` (channels, n) become ``n_out`` long (give or take one), at the same pitch."""
    try:
        from python_stretch import Signalsmith
    except ImportError as error:
        raise RequestError(
            f"Time-stretch needs python-stretch, which is not installed ({error}).",
            "pip install python-stretch (on Linux on ARM this needs a C++ compiler).",
        ) from error
    engine = Signalsmith.Stretch(_SEED)
    window = round(window_s * rate)
    engine.configure(len(samples), window, window // 4)
    engine.setTimeFactor(samples.shape[1] / n_out)
    # The engine reads memory as it lies.
    out = np.asarray(engine.process(np.ascontiguousarray(samples)), dtype=np.float32)
    if not np.isfinite(out).all():
        raise ValueError("the engine gave samples that are not numbers")
    return out


def _resample(samples: NDArray[np.float32], speed: float) -> NDArray[np.float32]:
    """Played ``speed`` times as fast, and so much higher."""
    out = soxr.resample(np.ascontiguousarray(samples.T), 1e6 * speed, 1e6, quality="HQ")
    return np.ascontiguousarray(out.T, dtype=np.float32)
