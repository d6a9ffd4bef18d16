"""Time-stretch and pitch-shift: lengths, pitches and onsets that were built, and laws."""

from __future__ import annotations

import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synth
from sonoteca.audio.crossfade import crossfade, fade_in
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch import stretch, stretched_length
from sonoteca.audio.stretch_range import Material
from sonoteca.errors import RequestError

RATE = synth.RATE
# A trained ear hears 5 cents; the shift is made by resampling, which knows no error of its own.
CENTS = 1.0
RATIOS = st.floats(0.8, 1.25)
SHIFTS = st.integers(-6, 6)


def pitch_hz(signal: AudioSignal, near_hz: float) -> float:
    """Frequency of the strongest partial within 5 % of ``near_hz``, by interpolating a long spectrum."""
    samples = signal.samples[0, RATE // 4 : -RATE // 4].astype(np.float64)
    n_fft = 2 ** int(np.ceil(np.log2(len(samples)))) * 4
    spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples)), n_fft))
    hz = np.fft.rfftfreq(n_fft, 1 / RATE)
    near = np.flatnonzero((hz > 0.95 * near_hz) & (hz < 1.05 * near_hz))
    peak = near[np.argmax(spectrum[near])]
    left, middle, right = np.log(spectrum[peak - 1 : peak + 2])
    return float((peak + 0.5 * (left - right) / (left - 2 * middle + right)) * hz[1])


def cents(hz: float, wanted_hz: float) -> float:
    return 1200.0 * float(np.log2(hz / wanted_hz))


def onset_times(signal: AudioSignal, expected_s: list[float], within_s: float = 0.05) -> NDArray[np.float64]:
    """Where the loudest sample lies within ``within_s`` of each expected moment."""
    level = np.abs(signal.samples).max(axis=0)
    found = []
    for moment in expected_s:
        first = max(0, round((moment - within_s) * RATE))
        found.append((first + int(np.argmax(level[first : round((moment + within_s) * RATE)]))) / RATE)
    return np.array(found)


def roughness(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitude of second differences: a click is a large one."""
    return np.abs(np.diff(samples, n=2, axis=1)).max(axis=0)


@settings(max_examples=25, deadline=None)
@given(n=st.integers(1, 30_000), ratio=RATIOS, semitones=SHIFTS, wraps=st.booleans())
def test_the_length_is_exactly_what_the_ratio_says(n: int, ratio: float, semitones: int, wraps: bool) -> None:
    signal = AudioSignal(np.random.default_rng(n).standard_normal((1, n)).astype(np.float32), RATE)
    out = stretch(signal, tempo_ratio=ratio, semitones=semitones, wraps=wraps)
    assert out.n_samples == stretched_length(n, ratio)
    assert np.isfinite(out.samples).all()


@pytest.mark.parametrize("extra", [-800, -1, 1, 700])
def test_a_length_may_be_asked_for_to_the_sample(extra: int) -> None:
    tone = synth.tone(57, 1.0)
    wanted = stretched_length(tone.n_samples, 1.07) + extra
    assert stretch(tone, tempo_ratio=1.07, n_samples=wanted).n_samples == wanted


def test_nothing_to_change_gives_the_same_samples() -> None:
    loop = synth.drums(120, 1)
    np.testing.assert_array_equal(stretch(loop).samples, loop.samples)
    inner = stretch(loop, lead=100, trail=50)
    np.testing.assert_array_equal(inner.samples, loop.samples[:, 100:-50])


@settings(max_examples=12, deadline=None)
@given(midi=st.integers(33, 81), ratio=RATIOS, semitones=SHIFTS)
def test_pitch_is_what_was_asked_for_at_any_tempo(midi: int, ratio: float, semitones: int) -> None:
    hz = 440.0 * 2 ** ((midi - 69 + semitones) / 12)
    out = stretch(synth.sine(440.0 * 2 ** ((midi - 69) / 12), 3.0), tempo_ratio=ratio, semitones=semitones)
    assert abs(cents(pitch_hz(out, hz), hz)) < CENTS


@settings(max_examples=8, deadline=None)
@given(semitones=SHIFTS)
def test_unshifting_returns_the_pitch(semitones: int) -> None:
    tone = synth.tone(57, 2.5)
    back = stretch(stretch(tone, semitones=semitones), semitones=-semitones)
    assert back.n_samples == tone.n_samples
    assert abs(cents(pitch_hz(back, 220.0), 220.0)) < CENTS


@pytest.mark.parametrize("material", ["tonal", "percussive"])
@pytest.mark.parametrize("ratio", [0.8, 0.93, 1.08, 1.25])
def test_onsets_stay_on_their_beats(ratio: float, material: Material) -> None:
    clicks = synth.clicks(120, 6.0, first_s=0.25)
    out = stretch(clicks, tempo_ratio=ratio, material=material)
    expected = [at / ratio for at in synth.beat_times(120, 5.9, 0.25)]
    # Drums have to lie within what is heard as one attack (5 ms); the long window is allowed twice that.
    np.testing.assert_allclose(onset_times(out, expected), expected, atol=0.002 if material == "percussive" else 0.004)


def test_drums_keep_silence_before_a_hit() -> None:
    """A window as long as for chords smears a kick over 100 ms; what is heard before it is the worst of it."""
    kicks = synth.at({0.5 * beat: synth.kick() for beat in range(1, 8)}, 4.0)
    before_db = []
    for at in (0.5 * beat / 1.08 for beat in range(1, 7)):
        samples = stretch(kicks, tempo_ratio=1.08, material="percussive").samples[0]
        first = round(at * RATE)
        ahead, hit = samples[first - 1_300 : first - 100], samples[first : first + 1_300]
        before_db.append(10 * np.log10(np.square(ahead).mean() / np.square(hit).mean()))
    assert max(before_db) < -30.0


def test_low_chords_keep_their_partials() -> None:
    """The engine's own window (120 ms) melts a low E's partials into each other: -9 dB by the same measure."""
    low = synth.tone(28, 4.0, n_partials=12)
    out = stretch(low, tempo_ratio=1.08)
    wanted = np.abs(np.fft.rfft(low.samples[0, RATE : 3 * RATE] * np.hanning(2 * RATE)))
    heard = np.abs(np.fft.rfft(out.samples[0, RATE : 3 * RATE] * np.hanning(2 * RATE)))
    assert 10 * np.log10(np.square(wanted - heard).sum() / np.square(wanted).sum()) < -25.0


@pytest.mark.parametrize(("one", "other"), [(1.1, 0.9), (0.85, 1.15), (1.2, 1 / 1.2)])
def test_ratios_multiply(one: float, other: float) -> None:
    clicks = synth.clicks(100, 6.0, first_s=0.3)
    twice = stretch(stretch(clicks, tempo_ratio=one, material="percussive"), tempo_ratio=other, material="percussive")
    assert abs(twice.n_samples - stretched_length(clicks.n_samples, one * other)) <= 1
    expected = [at / (one * other) for at in synth.beat_times(100, 5.8, 0.3)]
    np.testing.assert_allclose(onset_times(twice, expected), expected, atol=0.004)


@pytest.mark.parametrize("semitones", [0, 3])
@pytest.mark.parametrize("name", ["pad", "drums"])
def test_a_stretched_loop_goes_round_without_a_click(name: str, semitones: int) -> None:
    beats = synth.drums(120, 2)
    # Whole periods: the pad meets itself before it is stretched.
    waves = [0.2 * np.sin(2 * np.pi * hz * np.arange(4 * RATE) / RATE) for hz in (110.0, 165.25, 220.5)]
    pad = synth.signal(np.sum(waves, axis=0))
    loop = beats if name == "drums" else pad
    out = stretch(
        loop, tempo_ratio=1.07, semitones=semitones, material="percussive" if name == "drums" else "tonal", wraps=True
    ).samples
    twice = roughness(np.tile(out, 2))
    seam = out.shape[1]
    # Drums begin with a kick: what is there may be as rough as where the kick stands elsewhere.
    limit = twice[2_000 : seam - 2_000].max()
    assert twice[seam - 3 : seam + 2].max() <= 1.1 * limit


def test_context_is_heard_and_not_given() -> None:
    """A tone cut out of a longer one has no edge: it sounds as in the middle."""
    long = synth.sine(220.0, 3.0, 0.5)
    out = stretch(long, tempo_ratio=1.05, lead=RATE, trail=RATE)
    assert out.n_samples == stretched_length(RATE, 1.05)
    levels = [np.sqrt(np.square(part).mean()) for part in np.array_split(out.samples[0], 20)]
    assert 20 * np.log10(max(levels) / min(levels)) < 0.5


def test_channels_stay_together() -> None:
    mono = synth.pad(["A:min", "F"], 0.7)
    stereo = AudioSignal(np.concatenate([mono.samples, -0.5 * mono.samples]), RATE)
    out = stretch(stereo, tempo_ratio=0.9, semitones=2)
    np.testing.assert_allclose(out.samples[1], -0.5 * out.samples[0], atol=1e-4)


def test_silence_stays_silent_and_a_sample_stays_a_sample() -> None:
    assert not stretch(synth.silence(0.5), tempo_ratio=1.1).samples.any()
    assert stretch(AudioSignal(np.ones((1, 1), np.float32), RATE), tempo_ratio=0.9, wraps=True).n_samples == 1


def test_the_same_bytes_every_time() -> None:
    loop = synth.mix(synth.drums(120, 1), synth.pad(["C"], 2.0))
    one, other = (stretch(loop, tempo_ratio=0.4, semitones=-3).samples for _ in range(2))
    np.testing.assert_array_equal(one, other)


def test_a_hair_of_speed_is_resampled() -> None:
    """120.02 against 120 bpm: a phase vocoder would cost more than the 0.3 cents it saves."""
    tone = synth.sine(1000.0, 2.0)
    out = stretch(tone, tempo_ratio=1.0 + 1 / 6000)
    assert abs(cents(pitch_hz(out, 1000.0), 1000.0)) < 0.5
    middle = out.samples[0, RATE // 4 : -RATE // 4]
    times = np.arange(RATE // 4, RATE // 4 + len(middle)) / RATE
    assert np.abs(middle - 0.5 * np.sin(2 * np.pi * 1000 * tone.n_samples / out.n_samples * times)).max() < 1e-3


@pytest.mark.parametrize(
    "wishes",
    [
        {"tempo_ratio": 0.1},
        {"tempo_ratio": 5.0},
        {"semitones": 25.0},
        {"n_samples": 500},
        {"lead": 22_050, "trail": 22_050},
        {"lead": 5, "wraps": True},
    ],
)
def test_what_cannot_be_done_is_refused(wishes: dict[str, float]) -> None:
    with pytest.raises(ValueError, match=r"cannot stretch|samples at|nothing to stretch"):
        stretch(synth.tone(60, 1.0), **wishes)  # type: ignore[arg-type]


def test_three_channels_are_refused() -> None:
    with pytest.raises(ValueError, match="3 channels"):
        stretch(synth.channels(synth.tone(60, 0.1), 3), tempo_ratio=1.1)


def test_a_missing_engine_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "python_stretch", None)
    with pytest.raises(RequestError, match="python-stretch"):
        stretch(synth.tone(60, 0.1), tempo_ratio=1.1)


@given(n=st.integers(1, 500), correlation=st.sampled_from([0.0, 0.5, 1.0]))
def test_a_crossfade_keeps_the_power(n: int, correlation: float) -> None:
    random = np.random.default_rng(n)
    one, fresh = random.standard_normal((2, 1, 20 * n + 2_000)).astype(np.float32)
    other = (correlation * one + np.sqrt(1 - correlation**2) * fresh).astype(np.float32)
    out = crossfade(one, other)
    powers = [float(np.square(part).mean()) for part in np.array_split(out[0], 4)]
    assert 0.8 < min(powers) <= max(powers) < 1.25
    assert np.isclose(out[0, 0], one[0, 0], atol=1e-3)
    assert np.isclose(out[0, -1], other[0, -1], atol=1e-3)


def test_fades_are_equal_power() -> None:
    rise = fade_in(100).astype(np.float64)
    np.testing.assert_allclose(rise**2 + rise[::-1] ** 2, 1.0, atol=1e-6)
    assert (np.diff(rise) > 0).all()
