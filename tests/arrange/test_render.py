"""Rendering: bars to the sample, nothing lost, nothing loud, the same bytes every time."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

import synth
from media_samples import NotedTasks
from render_samples import die_of_poison, keep, one_section
from sonoteca.analysis.builtin import builtin_analyzers
from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.sound.render import Rendering, render_arrangement
from sonoteca.audio.decode import open_recording
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.true_peak import TruePeak
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.descriptor import DOWNBEATS, KEY, TEMPO
from sonoteca.errors import RequestError, SoundsMissing
from sonoteca.workers.in_process import InProcessExecutor

RATE = 44_100


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "plain.sonoteca", mode="create") as opened:
        yield opened


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "sounds").mkdir()
    return tmp_path / "sounds"


def render(library: Library, arrangement: Arrangement, path: Path, **wishes: bool | int) -> Rendering:
    return render_arrangement(library, arrangement, path, executor=InProcessExecutor(), **wishes)  # type: ignore[arg-type]


def read(path: Path) -> NDArray[np.float32]:
    samples, _ = soundfile.read(path, dtype="float32", always_2d=True)
    return np.ascontiguousarray(samples.T)


def true_peak_dbtp(samples: NDArray[np.float32]) -> float:
    peak = TruePeak(RATE, len(samples))
    peak.push(samples, float(np.abs(samples).max()))
    peak.finish()
    return 20 * math.log10(peak.linear)


# --- the grid -------------------------------------------------------------------------------------


@given(
    tempo=st.floats(20, 400),
    beats=st.integers(1, 12),
    rate=st.sampled_from([8_000, 44_100, 48_000, 192_000]),
    bar=st.integers(0, 10_000),
)
def test_no_bar_line_is_ever_half_a_sample_off(tempo: float, beats: int, rate: int, bar: int) -> None:
    exact = Fraction(bar * 60 * beats * rate) / Fraction(tempo)
    assert abs(BarGrid(tempo, beats, rate).sample(bar) - exact) <= Fraction(1, 2)


@pytest.mark.parametrize("error", [0.0, 1e-5, -4e-3, 6e-3])
def test_a_loop_cut_a_little_off_fills_its_bars(error: float) -> None:
    clip = Clip("drums", "x1:0", 0.0, 8.0 * (1 + error), 0, 64, tempo_ratio=127.3 / 120)
    assert BarGrid(127.3, 4, RATE).pass_bars(clip) == 4


def test_a_phrase_of_no_whole_beats_keeps_its_length() -> None:
    clip = Clip("vocal", "x1:0", 0.0, 2.2, 0, 4)
    assert BarGrid(120.0, 4, RATE).pass_bars(clip) == pytest.approx(1.1, abs=1e-9)


@pytest.mark.parametrize(("tempo", "beats", "ratio"), [(127.3, 4, 127.3 / 120), (89.99, 4, 1.0), (171.7, 3, 0.93)])
def test_64_bars_at_an_odd_tempo_do_not_drift(
    plain: Library, folder: Path, tmp_path: Path, tempo: float, beats: int, ratio: float
) -> None:
    """A click on the first beat of a one-bar loop is, 64 times, on the sample that the bar begins with."""
    bar_s = 60 * beats / tempo * ratio
    click = synth.at({0.25 * bar_s: synth.click(0.5)}, bar_s)
    clip = Clip("drums", keep(plain, folder, "a.wav", click), 0.0, click.duration_s, 0, 64, tempo_ratio=ratio)
    made = render(plain, one_section(tempo, 64, clip, beats_per_bar=beats), tmp_path / "mix.wav")
    exact = Fraction(64 * 60 * beats * RATE) / Fraction(tempo)
    assert made.n_samples == round(exact)
    level = np.abs(read(tmp_path / "mix.wav")).max(axis=0)
    assert len(level) == made.n_samples
    places = []
    for bar in range(64):
        first = round(exact * bar / 64)
        places.append(int(np.argmax(level[first : first + round(exact / 64)])))
    # One loop, stretched once: wherever its click is, it is there in every bar, give or take rounding.
    assert max(places) - min(places) <= 1
    assert abs(places[0] - float(exact) / 64 / 4) < 0.002 * RATE


# --- what is heard --------------------------------------------------------------------------------


def test_an_untouched_loop_is_copied_to_the_bit(plain: Library, folder: Path, tmp_path: Path) -> None:
    """120 bpm at 44.1 kHz: bars are whole samples, nothing is stretched, no fade is needed at the seam."""
    drums = synth.drums(120, 2, level=0.5)
    clip = Clip("drums", keep(plain, folder, "d.wav", drums), 0.0, 4.0, 2, 4)
    render(plain, one_section(120, 8, clip), tmp_path / "mix.wav")
    mix, bar = read(tmp_path / "mix.wav"), 2 * RATE
    assert not mix[:, : 2 * bar].any()
    assert not mix[:, 6 * bar :].any()
    # 24 bits; the first half millisecond and the last five are faded.
    edge = slice(2 * bar + 23, 6 * bar - 221)
    np.testing.assert_allclose(mix[0, edge], np.tile(drums.samples[0], 2)[23:-221], atol=2**-23)
    np.testing.assert_array_equal(mix[0], mix[1])


def test_a_clip_that_ends_amid_a_pass_is_cut_there(plain: Library, folder: Path, tmp_path: Path) -> None:
    pad = synth.sine(200.0, 8.0)
    clip = Clip("harmony", keep(plain, folder, "p.wav", pad), 0.0, 8.0, 0, 5.5)
    render(plain, one_section(120, 8, clip), tmp_path / "mix.wav")
    mix = read(tmp_path / "mix.wav")
    heard = np.flatnonzero(np.abs(mix[0]) > 1e-4)
    assert heard[-1] < 5.5 * 2 * RATE <= heard[-1] + 10


def test_gain_is_in_decibels(plain: Library, folder: Path, tmp_path: Path) -> None:
    tone = keep(plain, folder, "t.wav", synth.sine(440.0, 2.0, 0.5))
    for gain_db in (0.0, -6.0):
        clip = Clip("melody", tone, 0.0, 2.0, 0, 1, gain_db=gain_db)
        render(plain, one_section(120, 1, clip), tmp_path / f"{gain_db}.wav")
    loud, quiet = (np.abs(read(tmp_path / f"{gain}.wav")).max() for gain in (0.0, -6.0))
    assert quiet / loud == pytest.approx(10 ** (-6 / 20), rel=1e-3)


def test_channels_and_rates_of_sources_are_kept_and_converted(plain: Library, folder: Path, tmp_path: Path) -> None:
    left = np.concatenate([synth.sine(441.0, 2.0).samples, np.zeros((1, 2 * RATE), np.float32)])
    stereo = keep(plain, folder, "stereo.wav", AudioSignal(left, RATE))
    high = keep(plain, folder, "high.wav", synth.resampled(synth.sine(1000.0, 2.0, 0.2), 96_000))
    clips = (Clip("melody", stereo, 0.0, 2.0, 0, 1), Clip("fx", high, 0.0, 2.0, 0, 1))
    render(plain, one_section(120, 1, *clips), tmp_path / "mix.wav")
    mix = read(tmp_path / "mix.wav")[:, RATE // 2 : RATE // 2 + RATE]
    spectra = np.abs(np.fft.rfft(mix * np.hanning(RATE))) / (RATE / 4)
    # 0.5 on the left and nothing on the right; 0.2 on both.
    np.testing.assert_allclose(spectra[:, 441], [0.5, 0.0], atol=2e-3)
    np.testing.assert_allclose(spectra[:, 1000], [0.2, 0.2], atol=2e-3)


def test_analysis_hears_the_tempo_the_key_and_the_bar_lines_asked_for(
    plain: Library, folder: Path, tmp_path: Path
) -> None:
    """Loops at 120 bpm in A minor are to sound at 127 bpm in C minor."""
    drums = keep(plain, folder, "d.wav", synth.drums(120, 2))
    pad = keep(plain, folder, "p.wav", synth.pad(["A:min", "D:min", "E:min", "A:min"], 2.0))
    clips = (
        Clip("drums", drums, 0.0, 4.0, 0, 16, tempo_ratio=127 / 120),
        Clip("harmony", pad, 0.0, 8.0, 0, 16, tempo_ratio=127 / 120, semitone_shift=3, gain_db=-6.0),
    )
    render(plain, one_section(127, 16, *clips), tmp_path / "mix.wav")
    with open_recording(tmp_path / "mix.wav") as recording:
        heard = synth.analyze(
            AudioSignal(recording.read(0, recording.n_samples)[None].copy(), 22_050), builtin_analyzers()
        )
    found = {each.descriptor: each.value for each in heard.regions[0].observations}
    assert found[TEMPO]["bpm"] == pytest.approx(127, rel=0.005)  # type: ignore[index, call-overload]
    assert (found[KEY]["tonic"], found[KEY]["mode"]) == (0, "minor")  # type: ignore[index, call-overload]
    bar_s = 240 / 127
    downbeats = np.array(found[DOWNBEATS], float)
    assert len(downbeats) >= 14
    off_s = np.abs(downbeats / bar_s - np.rint(downbeats / bar_s)) * bar_s
    assert np.median(off_s) < 0.03


# --- level, stems, bytes --------------------------------------------------------------------------


@pytest.fixture
def loud(plain: Library, folder: Path) -> Arrangement:
    """Four layers whose sum is far beyond full scale."""
    tones = {
        "drums": synth.drums(120, 1, level=0.95),
        "bass": synth.tone(33, 2.0, 0.9),
        "harmony": synth.chord("A:min", 2.0, 0.9),
        "melody": synth.tone(69, 2.0, 0.9),
    }
    clips = [
        Clip(role, keep(plain, folder, f"{role}.wav", tone), 0.0, tone.duration_s, 0, 4, tempo_ratio=124 / 120)
        for role, tone in tones.items()
    ]
    return one_section(124, 4, *clips)


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_the_ceiling_holds_and_bytes_repeat(plain: Library, loud: Arrangement, tmp_path: Path, suffix: str) -> None:
    first, second = (render(plain, loud, tmp_path / f"{name}{suffix}") for name in ("one", "two"))
    assert first.path.read_bytes() == second.path.read_bytes()
    with open_recording(first.path) as recording:
        measured = recording.measurements.true_peak_dbtp
        assert recording.info.n_samples == first.n_samples
    assert measured is not None
    assert -2.0 < measured <= -1.0
    assert first.down.true_peak_dbtp == pytest.approx(measured, abs=0.02)
    assert first.down.gain_db < -3.0


def test_a_quiet_mix_is_left_as_it_is(plain: Library, folder: Path, tmp_path: Path) -> None:
    clip = Clip("melody", keep(plain, folder, "t.wav", synth.tone(69, 2.0, 0.1)), 0.0, 2.0, 0, 1)
    made = render(plain, one_section(120, 1, clip), tmp_path / "mix.wav")
    assert made.down.gain_db == 0.0


def test_stems_add_up_to_the_mix(plain: Library, loud: Arrangement, tmp_path: Path) -> None:
    with_stems = render(plain, loud, tmp_path / "mix.wav", stems=True)
    without = render(plain, loud, tmp_path / "alone.wav")
    assert with_stems.path.read_bytes() == without.path.read_bytes()
    assert set(with_stems.stems) == {"drums", "bass", "harmony", "melody"}
    mix, stems = read(with_stems.path), [read(path) for path in with_stems.stems.values()]
    assert all(stem.shape == mix.shape for stem in stems)
    # Each file is rounded to 24 bits.
    assert np.abs(sum(stem.astype(np.float64) for stem in stems) - mix).max() <= 2.5 * 2**-23
    assert all(true_peak_dbtp(stem) <= -1.0 for stem in stems)


def test_muted_roles_are_not_heard(plain: Library, loud: Arrangement, tmp_path: Path) -> None:
    muted = Arrangement(124, 4, None, loud.sections, loud.clips, muted=frozenset({"drums", "bass", "melody"}))
    made = render(plain, muted, tmp_path / "mix.wav", stems=True)
    assert set(made.stems) == {"harmony"}
    np.testing.assert_allclose(read(made.path), read(made.stems["harmony"]), atol=2**-22)


def test_an_arrangement_without_clips_is_silence_of_its_length(plain: Library, tmp_path: Path) -> None:
    made = render(plain, one_section(100, 2), tmp_path / "mix.flac")
    assert (made.n_samples, made.down.true_peak_dbtp) == (round(2 * 2.4 * RATE), None)
    assert not read(made.path).any()


# --- what can go wrong ----------------------------------------------------------------------------


def test_missing_sounds_are_named_or_silent_on_request(plain: Library, folder: Path, tmp_path: Path) -> None:
    here = keep(plain, folder, "here.wav", synth.tone(60, 2.0))
    gone = keep(plain, folder, "gone.wav", synth.tone(67, 2.0))
    (folder / "gone.wav").unlink()
    arrangement = one_section(120, 1, Clip("bass", here, 0.0, 2.0, 0, 1), Clip("melody", gone, 0.0, 2.0, 0, 1))
    with pytest.raises(SoundsMissing, match=r"gone\.wav"):
        render(plain, arrangement, tmp_path / "mix.wav")
    assert not (tmp_path / "mix.wav").exists()
    made = render(plain, arrangement, tmp_path / "mix.wav", allow_missing=True, stems=True)
    assert len(made.missing) == 1
    assert "gone.wav" in made.missing[0]
    assert not read(made.stems["melody"]).any()
    assert read(made.stems["bass"]).any()


def test_a_file_that_became_another_sound_is_not_played(plain: Library, folder: Path, tmp_path: Path) -> None:
    held = keep(plain, folder, "a.wav", synth.tone(60, 2.0))
    keep(plain, folder, "b.wav", synth.tone(72, 2.0))
    (folder / "b.wav").replace(folder / "a.wav")
    with pytest.raises(SoundsMissing, match="another sound"):
        render(plain, one_section(120, 1, Clip("bass", held, 0.0, 2.0, 0, 1)), tmp_path / "mix.wav")


@pytest.mark.slow
def test_a_file_that_breaks_while_it_is_read_is_named(
    plain: Library, folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In a real worker process: the decoder dies of a signal, the command does not."""
    held = keep(plain, folder, "poison.wav", synth.tone(60, 2.0))
    good = keep(plain, folder, "good.wav", synth.tone(64, 2.0))
    monkeypatch.setattr("sonoteca.arrange.sound.worker_tasks.make_pass", die_of_poison)
    arrangement = one_section(120, 1, Clip("bass", held, 0.0, 2.0, 0, 1), Clip("melody", good, 0.0, 2.0, 0, 1))
    with pytest.raises(SoundsMissing, match=r"poison\.wav.* died"):
        render_arrangement(plain, arrangement, tmp_path / "mix.wav")
    made = render_arrangement(plain, arrangement, tmp_path / "mix.wav", allow_missing=True)
    assert len(made.missing) == 1
    assert read(made.path).any()


def test_a_sound_of_the_library_is_never_overwritten(plain: Library, folder: Path, tmp_path: Path) -> None:
    held = keep(plain, folder, "loop.wav", synth.tone(60, 2.0))
    keep(plain, folder, "mix-bass.wav", synth.tone(61, 2.0))
    before = (folder / "loop.wav").read_bytes()
    arrangement = one_section(120, 1, Clip("bass", held, 0.0, 2.0, 0, 1))
    for name, stems in (("loop.wav", False), ("mix.wav", True)):
        with pytest.raises(RequestError, match="is a sound of the library"):
            render(plain, arrangement, folder / name, stems=stems)
    assert (folder / "loop.wav").read_bytes() == before


@pytest.mark.parametrize("name", ["mix.ogg", "mix", "no/where.wav"])
def test_a_name_that_cannot_be_rendered_to_is_refused(plain: Library, tmp_path: Path, name: str) -> None:
    with pytest.raises(RequestError):
        render(plain, one_section(120, 1), tmp_path / name)


def test_a_rate_no_encoder_takes_is_refused_and_leaves_nothing(plain: Library, tmp_path: Path) -> None:
    with pytest.raises(RequestError, match="5 Hz"):
        render(plain, one_section(120, 1), tmp_path / "mix.wav", sample_rate=5)
    with pytest.raises(Exception, match="96000 Hz"):
        render(plain, one_section(120, 1), tmp_path / "mix.mp3", sample_rate=96_000)
    assert not list(tmp_path.glob("*mix*"))


@pytest.mark.parametrize("wishes", [{"tempo_ratio": 5.0}, {"end_s": 700.0}])
def test_clips_that_cannot_be_rendered_are_refused(plain: Library, tmp_path: Path, wishes: dict[str, Any]) -> None:
    clip = replace(Clip("bass", "x1:0", 0.0, 2.0, 0, 1), **wishes)
    with pytest.raises(RequestError, match="bass clip"):
        render(plain, one_section(120, 1, clip), tmp_path / "mix.wav")


def test_nothing_is_left_behind(
    plain: Library, loud: Arrangement, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    scratch = tmp_path / "scratch"
    scratch.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(scratch))
    render(plain, loud, tmp_path / "mix.wav")
    assert not list(scratch.iterdir())


def test_sections_share_what_is_made_once(plain: Library, folder: Path, tmp_path: Path) -> None:
    """The same loop in two sections is decoded and stretched once."""
    held = keep(plain, folder, "d.wav", synth.drums(120, 1))
    sections = (Section("a", 0, 2), Section("b", 2, 2), Section("a", 4, 2))
    clips = tuple(Clip("drums", held, 0.0, 2.0, start, 2, tempo_ratio=1.05) for start in (0, 4))
    made = NotedTasks()
    render_arrangement(plain, Arrangement(126, 4, None, sections, clips), tmp_path / "mix.wav", executor=made)
    assert made.done == ["make_pass", "mix_down"]
