"""Previews: a match on one grid, a transition bar line on bar line."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

import synth
from arrangement_samples import loops_of
from catalogue_samples import EAR, info, part
from catalogue_samples import heard as said_of
from render_samples import keep
from sonoteca.arrange.preview.make import Preview, render_preview
from sonoteca.arrange.preview.preview import preview as preview_of_library
from sonoteca.arrange.preview.request import At, PreviewRequest, parse_at
from sonoteca.arrange.preview.sounds import PreviewSound, load_preview_sound
from sonoteca.arrange.preview.transition_plan import TransitionPlan, plan_transition
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import AudioError, RequestError, SoundNotFound, SoundsMissing
from sonoteca.ingest.listener import Listener
from sonoteca.match.fit import fit
from sonoteca.match.weights import default_weights
from sonoteca.workers.in_process import InProcessExecutor

RATE = 44_100


@pytest.fixture
def plain(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "plain.sonoteca", mode="create") as opened:
        yield opened


def a_sound(folder: Path, name: str, signal: AudioSignal, *, role: str = "drums", **facts: Any) -> PreviewSound:
    """A file whose facts are said: tempo in ``bpm``, the first bar line at ``first_s``."""
    path = folder / f"{name}.wav"
    write_wav(path, signal, width="float_32")
    kind, bpm, beats = facts.get("kind", "loop"), facts.get("bpm"), facts.get("beats_per_bar", 4)
    duration_s = signal.duration_s
    bar_s = 60.0 * beats / bpm if bpm else None
    lines = [] if bar_s is None else list(np.arange(facts.get("first_s", 0.0), duration_s - 1e-6, bar_s))
    lines = facts.get("lines", lines)
    described = {"bpm": bpm or 120.0, "bars": min(8, round(duration_s / bar_s)) if bar_s else 1, "beats_per_bar": beats}
    regions = loops_of((role, {**described, "key": facts.get("key", "Am")})).regions
    regions = replace(regions, kinds=(kind,), end_s=np.array([duration_s]))
    if bpm is None:
        regions = replace(regions, tempo_bpm=np.array([np.nan]), n_beats=np.array([0]), beat_s=np.array([np.nan]))
    said = {
        "audio": {"content_hash": hash_content(path), "duration_s": duration_s},
        "kind": {"value": kind},
        "tempo": None if bpm is None else {"bpm": bpm},
        "meter": None if bpm is None else {"beats_per_bar": beats},
        "downbeats_s": lines,
        "beats_s": [line + beat * bar_s / beats for line in lines for beat in range(beats)] if bar_s else [],
        "cues": facts.get("cues", []),
        "loudness": None,
    }
    return PreviewSound(name, path, said, regions)


def a_track(folder: Path, name: str, bpm: float | None, duration_s: float, **facts: Any) -> PreviewSound:
    """A click on every bar line."""
    first_s = facts.get("first_s", 0.0)
    clicks = synth.silence(duration_s)
    if bpm is not None:
        bar_s = 60.0 * facts.get("beats_per_bar", 4) / bpm
        moments = [float(each) for each in np.arange(first_s, duration_s - 0.05, bar_s)]
        clicks = synth.at({each: synth.click(0.5) for each in moments}, duration_s)
    return a_sound(folder, name, clicks, role="mix", kind="track", bpm=bpm, **facts)


def preview(library: Library, a: PreviewSound, b: PreviewSound, path: Path, **wishes: Any) -> Preview:
    return render_preview(library, a, b, path, executor=InProcessExecutor(), **wishes)


def heard(made: Preview) -> NDArray[np.float32]:
    samples, rate = soundfile.read(made.rendering.path, dtype="float32", always_2d=True)
    assert (rate, len(samples)) == (RATE, made.rendering.n_samples)
    return np.ascontiguousarray(samples.T)


def strikes_s(samples: NDArray[np.float32], level: float = 0.05) -> NDArray[np.float64]:
    """Where clicks begin, at least 0.1 s apart."""
    loud = np.flatnonzero(np.abs(samples).max(axis=0) > level)
    return loud[np.diff(loud, prepend=-RATE) > RATE // 10] / RATE


# --- moments --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "moment"),
    [("95.5", At(seconds=95.5)), ("0", At(seconds=0.0)), ("1:35.5", At(seconds=95.5)), (" bar:17 ", At(bar=17))],
)
def test_moments_are_read(text: str, moment: At) -> None:
    assert parse_at(text) == moment


@pytest.mark.parametrize("text", ["", "-3", "bar:0", "bar:", "bar:1.5", "1:2:3", "nan", "bar:9999999", "17 bars"])
def test_other_texts_are_no_moments(text: str) -> None:
    with pytest.raises(RequestError, match="no moment"):
        parse_at(text)


# --- transitions ----------------------------------------------------------------------------------


def plan(a: PreviewSound, b: PreviewSound, **wishes: Any) -> TransitionPlan:
    return plan_transition(a, b, **{"at_s": None, "at_bar": None, "bars": 8, "tempo_ratio": None, **wishes})


def test_bars_of_both_tracks_fall_on_each_other(plain: Library, tmp_path: Path) -> None:
    """120 and 126 bpm, first bar lines at 0.4 and 1.1 s: every click of the transition is on A's grid."""
    a = a_track(tmp_path, "a", 120.0, 60.0, first_s=0.4)
    b = a_track(tmp_path, "b", 126.0, 60.0, first_s=1.1)
    made = preview(plain, a, b, tmp_path / "mix.wav", bars=4)
    assert made.mode == "transition"
    assert made.tempo_ratio == pytest.approx(120 / 126, rel=1e-6)
    found = strikes_s(heard(made))
    # Four bars of 2 s before, four of both, four after.
    assert made.rendering.duration_s == pytest.approx(24.0, abs=0.01)
    assert made.at_s == pytest.approx(8.0, abs=1e-3)
    np.testing.assert_allclose(found[:12], np.arange(12) * 2.0, atol=0.003)


def test_it_begins_at_the_outro_or_where_all_bars_are_left(tmp_path: Path) -> None:
    b = a_track(tmp_path, "b", 120.0, 60.0)
    plainly = plan(a_track(tmp_path, "a", 120.0, 61.0), b)
    assert (plainly.starts_s, plainly.a_until_s) == (44.0, 60.0)
    cued = a_track(
        tmp_path, "c", 120.0, 61.0, cues=[{"at_s": 30.01, "type": "outro", "name": "Outro", "source": "analyzer"}]
    )
    assert plan(cued, b).starts_s == 30.0


def test_moments_are_moved_to_the_nearest_bar_line(tmp_path: Path) -> None:
    a, b = a_track(tmp_path, "a", 120.0, 60.0, first_s=0.5), a_track(tmp_path, "b", 120.0, 60.0)
    assert plan(a, b, at_s=21.3).starts_s == pytest.approx(20.5)
    assert plan(a, b, at_bar=3).starts_s == pytest.approx(4.5)
    assert plan(a, b, at_bar=3).a_from_s == 0.0


@pytest.mark.parametrize(("bpm", "ratio"), [(174.0, 170 / 174), (86.0, 85 / 86), (340.0, 1.0)])
def test_half_and_double_time_count_as_lined_up(bpm: float, ratio: float, tmp_path: Path) -> None:
    a, b = a_track(tmp_path, "a", 170.0, 40.0), a_track(tmp_path, "b", bpm, 60.0)
    assert plan(a, b).tempo_ratio == pytest.approx(ratio, rel=1e-6)


def test_three_beats_against_four_are_lined_up_by_the_beat(tmp_path: Path) -> None:
    a = a_track(tmp_path, "a", 120.0, 60.0)
    b = a_track(tmp_path, "b", 126.0, 60.0, beats_per_bar=3)
    assert plan(a, b).tempo_ratio == pytest.approx(120 / 126, rel=1e-3)


def test_without_bars_nothing_is_aligned_and_that_is_said(plain: Library, tmp_path: Path) -> None:
    a, b = a_track(tmp_path, "rain", None, 40.0), a_track(tmp_path, "b", 120.0, 40.0)
    made = preview(plain, a, b, tmp_path / "mix.wav")
    assert made.tempo_ratio == 1.0
    assert made.notes == ("No bars of rain are known: the two are not aligned.",)


def test_a_track_is_led_along_the_bars_of_one_that_drifts(plain: Library, tmp_path: Path) -> None:
    """A band that slows down and speeds up by 4 %, then a machine."""
    lengths = 2.0 * (1 + 0.04 * np.sin(np.arange(30) / 3))
    lines = [float(each) for each in np.concatenate([[0.0], np.cumsum(lengths)])]
    silent = synth.silence(lines[-1])
    a = a_sound(tmp_path, "band", silent, role="mix", kind="track", bpm=120.0, lines=lines[:-1])
    # Beats inside a bar are as even as the bar allows.
    beats = [one + (other - one) * each / 4 for one, other in pairwise(lines) for each in range(4)]
    a = replace(a, facts={**a.facts, "beats_s": beats})
    b = a_track(tmp_path, "machine", 124.0, 60.0, first_s=0.5)
    made = preview(plain, a, b, tmp_path / "mix.wav", at=At(bar=9), bars=8)
    found = strikes_s(heard(made), level=0.02)
    led = made.at_s + np.array(lines[8:17]) - lines[8]
    nearest = [found[np.argmin(np.abs(found - at))] for at in led[3:]]
    np.testing.assert_allclose(nearest, led[3:], atol=0.005)


def test_a_bar_that_was_heard_wrong_does_not_lead(tmp_path: Path) -> None:
    lines = [2.0 * bar for bar in range(30)]
    lines[12] += 0.7
    a = a_track(tmp_path, "a", 120.0, 60.0, lines=lines)
    a = replace(a, facts={**a.facts, "beats_s": [line + each / 2 for line in lines for each in range(4)]})
    found = plan(a, a_track(tmp_path, "b", 120.0, 60.0), at_bar=9)
    assert found.tempo_ratio == pytest.approx(1.0)
    assert len(found.anchors) == 2


def test_wide_stretches_are_said(tmp_path: Path) -> None:
    notes = plan(a_track(tmp_path, "a", 120.0, 60.0), a_track(tmp_path, "b", 100.0, 60.0)).notes
    assert notes == ("b is stretched by +20 %, more than DJs do.",)


def test_moments_outside_are_refused(tmp_path: Path) -> None:
    a, b = a_track(tmp_path, "a", 120.0, 20.0), a_track(tmp_path, "b", 120.0, 20.0)
    for wishes, sentence in (({"at_s": 21.0}, "ends at 20.0 s"), ({"at_bar": 11}, "has 10 known bars")):
        with pytest.raises(RequestError, match=sentence):
            plan(a, b, **wishes)


def test_the_power_stays_through_a_transition(plain: Library, tmp_path: Path) -> None:
    a, b = (
        a_sound(tmp_path, name, synth.noise(40.0, 0.1, seed=seed), role="mix", kind="track", bpm=120.0)
        for seed, name in enumerate("ab")
    )
    samples = heard(preview(plain, a, b, tmp_path / "mix.wav", bars=4))
    level = np.sqrt(
        np.square(samples[0, RATE // 2 : -2 * RATE].astype(np.float64)[: 20 * RATE].reshape(20, -1)).mean(axis=1)
    )
    assert 20 * np.log10(level.max() / level.min()) < 0.5


# --- matches --------------------------------------------------------------------------------------


def a_bass_and_a_pad(folder: Path) -> tuple[PreviewSound, PreviewSound]:
    """A bass at 120 bpm in A minor, a pad of two bars at 110 in B minor."""
    bass = a_sound(folder, "bass", synth.pad(["A", "E"], 2.0), role="bass", bpm=120.0, key="Am")
    chords = synth.pad(["B:min", "F#:min"], 240 / 110)
    return bass, a_sound(folder, "pad", chords, role="harmony", bpm=110.0, key="Bm")


def test_b_is_moved_as_match_says(plain: Library, tmp_path: Path) -> None:
    bass, pad = a_bass_and_a_pad(tmp_path)
    made = preview(plain, bass, pad, tmp_path / "mix.wav", bars=4)
    said = fit(bass.regions, pad.regions, default_weights())
    assert made.mode == "match"
    assert made.semitone_shift == said.semitone_shift[0]
    assert made.tempo_ratio == pytest.approx(120 / 110, rel=1e-4) == pytest.approx(float(said.tempo_ratio[0]), rel=1e-4)
    assert made.rendering.n_samples == 4 * 2 * RATE


def test_what_is_said_of_b_is_heard(plain: Library, tmp_path: Path) -> None:
    bass, pad = a_bass_and_a_pad(tmp_path)
    made = preview(plain, bass, pad, tmp_path / "mix.wav", semitones=-2, bars=2)
    spectrum = np.abs(np.fft.rfft(heard(made)[0, : 2 * RATE] * np.hanning(2 * RATE)))
    # Two seconds: bin 2 f. B4 became A4.
    near = {hz: spectrum[2 * hz - 4 : 2 * hz + 5].max() for hz in (440, 494)}
    assert near[440] > 10 * near[494]


def test_b_joins_on_a_bar_of_a(plain: Library, tmp_path: Path) -> None:
    a = a_sound(tmp_path, "a", synth.silence(4.0), bpm=120.0)
    b = a_sound(tmp_path, "b", synth.clicks(100.0, 4.8), bpm=100.0)
    made = preview(plain, a, b, tmp_path / "mix.wav", at=At(bar=3), bars=2)
    assert made.at_s == pytest.approx(4.0)
    np.testing.assert_allclose(strikes_s(heard(made)), 4.0 + np.arange(8) * 0.5, atol=0.004)


def test_a_one_shot_strikes_on_every_bar(plain: Library, tmp_path: Path) -> None:
    a = a_sound(tmp_path, "a", synth.silence(4.0), bpm=120.0)
    b = a_sound(tmp_path, "b", synth.kick(), kind="one_shot")
    made = preview(plain, a, b, tmp_path / "mix.wav", bars=4)
    np.testing.assert_allclose(strikes_s(heard(made)), np.arange(4) * 2.0, atol=0.003)
    assert made.notes == ("The tempo of b is not known: nothing is stretched.",)


def test_what_is_asked_for_is_done_instead(plain: Library, tmp_path: Path) -> None:
    a = a_sound(tmp_path, "a", synth.drums(120, 2), bpm=120.0)
    b = a_sound(tmp_path, "b", synth.pad(["A:min", "E:min"], 2.0), role="harmony", bpm=120.0)
    made = preview(plain, a, b, tmp_path / "mix.flac", tempo_ratio=1.0, semitones=5, bars=2)
    assert (made.tempo_ratio, made.semitone_shift) == (1.0, 5)
    assert set(made.as_json()) == {
        "path", "sample_rate", "n_samples", "duration_s", "gain_db", "true_peak_dbtp", "loudness_lufs",
        "mode", "tempo_ratio", "semitone_shift", "at_s", "notes",
    }  # fmt: skip


@pytest.mark.parametrize("wishes", [{"bars": 0}, {"bars": 65}, {"tempo_ratio": 9.0}, {"semitones": 30}])
def test_wishes_out_of_range_are_refused(plain: Library, tmp_path: Path, wishes: dict[str, Any]) -> None:
    a = a_sound(tmp_path, "a", synth.drums(120, 1), bpm=120.0)
    with pytest.raises(RequestError):
        preview(plain, a, a, tmp_path / "mix.wav", **wishes)


def test_a_file_that_cannot_be_read_is_the_answer(plain: Library, tmp_path: Path) -> None:
    a = a_sound(tmp_path, "a", synth.drums(120, 1), bpm=120.0)
    b = a_sound(tmp_path, "b", synth.drums(120, 1), bpm=120.0)
    b.path.write_text("no sound any more " * 50)
    with pytest.raises(AudioError):
        preview(plain, a, b, tmp_path / "mix.wav")
    assert not (tmp_path / "mix.wav").exists()


def test_sounds_of_the_library_have_to_be_there(loop_library: Library, plain: Library, tmp_path: Path) -> None:
    keep(plain, tmp_path, "new.wav", synth.tone(60, 1.0))
    with pytest.raises(RequestError, match="not analysed yet"):
        load_preview_sound(plain, str(tmp_path / "new.wav"))
    with loop_library.read() as connection:
        path = str(connection.exec_driver_sql("SELECT path FROM summaries WHERE role = 'bass'").scalar())
    found = load_preview_sound(loop_library, path)
    assert (found.kind, found.role, str(found.path)) == ("loop", "bass", path)
    hidden = found.path.with_suffix(".hidden")
    found.path.rename(hidden)
    try:
        with pytest.raises(SoundsMissing, match="cannot be read"):
            load_preview_sound(loop_library, path)
    finally:
        hidden.rename(found.path)


def test_a_part_of_a_sound_is_heard_without_the_rest(plain: Library, tmp_path: Path) -> None:
    # One click in the part and one before it.
    clicks = synth.at({0.5: synth.click(0.5), 2.1: synth.click(0.5)}, 4.0)
    content_hash = keep(plain, tmp_path, "yard.wav", clicks)
    with plain.write() as connection:
        sound = resolve_sound(connection, str(tmp_path / "yard.wav"))
        whole = part(0, 0.0, 4.0, said_of(kind="field_recording", tempo={"bpm": 120.0, "alternatives_bpm": []}))
        analysis = SoundAnalysis((whole, part(1, 2.0, 2.3, said_of(kind="one_shot"))))
        result = SoundResult(sound.id, info(content_hash, 4.0), analysis, ())
        store_results(connection, [result], identities=[EAR])
    found = load_preview_sound(plain, str(tmp_path / "yard.wav"), region=1)
    assert (found.start_s, found.end_s, found.kind, found.tempo_bpm) == (2.0, 2.3, "one_shot", None)
    drums = a_sound(tmp_path, "drums", synth.silence(4.0), bpm=120.0)
    made = preview(plain, drums, found, tmp_path / "mix.wav", bars=2)
    # It strikes on both bars of 2 s, a tenth of a second in, and what is before it in the file is not heard.
    np.testing.assert_allclose(strikes_s(heard(made)), [0.1, 2.1], atol=0.005)
    with pytest.raises(RequestError, match="no region 7") as caught:
        load_preview_sound(plain, str(tmp_path / "yard.wav"), region=7)
    assert caught.value.field == "b_region"


# --- as it is asked for ------------------------------------------------------------------------------


def test_a_file_is_a_sound_where_somebody_listens(plain: Library, tmp_path: Path) -> None:
    for name, bpm in (("a", 120.0), ("b", 126.0)):
        write_wav(tmp_path / f"{name}.wav", synth.drums(bpm, 4))
    wishes = {"a": str(tmp_path / "a.wav"), "b": str(tmp_path / "b.wav"), "as": "match", "bars": 2}
    request = PreviewRequest(output=str(tmp_path / "mix.wav"), **wishes)
    with pytest.raises(SoundNotFound):
        preview_of_library(plain, request)
    with Listener(executor=InProcessExecutor()) as listener:
        answer = preview_of_library(plain, request, listener=listener)
    assert answer.as_json()["query"] == {
        **wishes, "b_region": 0, "output": str(tmp_path / "mix.wav"), "at": None, "tempo_ratio": None, "semitones": None
    }  # fmt: skip
    (row,) = answer.as_json()["results"]
    assert (row["mode"], row["path"]) == ("match", str(tmp_path / "mix.wav"))
    assert row["tempo_ratio"] == pytest.approx(120 / 126, rel=0.005)
    assert repr(answer) == f"<Preview {tmp_path / 'mix.wav'}: match, 4.0 s>"


@pytest.mark.parametrize(
    ("field", "value"), [("at", "soon"), ("bars", 65), ("tempo_ratio", 9.0), ("semitones", 13), ("as", "medley")]
)
def test_a_request_says_which_field_cannot_be(field: str, value: object) -> None:
    with pytest.raises(RequestError) as caught:
        PreviewRequest(**{"a": "a", "b": "b", "output": "mix.wav", field: value})
    assert caught.value.field == field
