"""Clips: a limited length from the place that says most, soft at both ends."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

import synth
from media_samples import Played
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.errors import EmptyAudio, RequestError, SoundsMissing
from sonoteca.media.clip import ClipRequest
from sonoteca.media.representative import representative_start_s

import catalogue_samples as samples  # isort: skip
from sonoteca.domain.sound_analysis import SoundAnalysis  # isort: skip


def heard(played: Played, sound: str, duration_s: float, rate: int, **values: Any) -> None:
    """Say that the sound was analysed, and what was heard."""
    with played.library.write() as connection:
        row = connection.exec_driver_sql("SELECT id, content_hash FROM sounds").one()
        info = AudioInfo(duration_s, rate, 1, "pcm_s16le", "wav", round(duration_s * rate), row.content_hash)
        analysis = SoundAnalysis((samples.part(0, 0.0, duration_s, samples.heard(**values)),))
        store_results(connection, [SoundResult(row.id, info, analysis, (), {})], identities=[samples.EAR], spaces=[])


def test_a_clip_is_30_seconds_around_the_drop_and_fades_at_both_ends(played: Played) -> None:
    rate = 32_000
    # Loud only from 40 s to 70 s, so that the place is heard.
    signal = AudioSignal(np.full((1, 100 * rate), 0.01, np.float32), rate)
    signal.samples[0] *= np.sin(2 * np.pi * 440.0 * np.arange(100 * rate) / rate).astype(np.float32)
    signal.samples[0, 40 * rate : 70 * rate] *= 40.0
    sound = played.keep("a.wav", signal)
    heard(played, sound, 100.0, rate, cues=[{"at_s": 47.5, "type": "drop", "name": "Drop"}])
    answer = played.clip(sound)
    assert (answer.media_type, answer.start_s, answer.duration_s) == ("audio/mpeg", 40.0, 30.0)
    told = soundfile.info(str(answer.path))
    assert (told.format, told.samplerate, told.channels) == ("MP3", rate, 1)
    clip, _ = soundfile.read(answer.path, dtype="float32")
    # By LAME's tag, which soundfile leaves in or takes out.
    assert len(clip) == pytest.approx(30 * rate, abs=2_400)
    level = np.sqrt(np.square(clip[: len(clip) // 1_600 * 1_600].reshape(-1, 1_600)).mean(axis=1))
    assert level[20:-40].min() > 0.25
    assert level[0] < 0.05
    assert level[-2] < 0.05
    assert np.all(np.diff(level[2:9]) > 0.0)
    assert answer.n_bytes == answer.path.stat().st_size < 30 * 128_000 / 8 * 1.05
    assert "path" not in answer.as_json()


def test_a_clip_is_made_once_and_needs_no_file_then(played: Played) -> None:
    sound = played.keep("a.wav", synth.sine(440, 2.0))
    first = played.clip(sound)
    Path(sound).unlink()
    assert played.clip(sound) == first
    assert played.executor.done == ["look", "clip"]
    with pytest.raises(SoundsMissing):
        played.clip(sound, length_s=1.0)


def test_a_shorter_sound_is_heard_whole_from_its_first_sample(played: Played) -> None:
    sound = played.keep("a.wav", synth.constant(0.5, 2.0))
    answer = played.clip(sound)
    assert (answer.start_s, answer.n_samples) == (0.0, 88_200)


@pytest.mark.parametrize("rate", [8_000, 22_050, 96_000])
def test_other_rates_become_one_that_mp3_has(rate: int, played: Played) -> None:
    sound = played.keep("a.wav", synth.sine(440, 1.0, rate=rate))
    answer = played.clip(sound)
    assert (answer.sample_rate, answer.duration_s) == (44_100, 1.0)


def test_surround_is_heard_in_stereo_and_loud_floats_do_not_clip(played: Played) -> None:
    loud = synth.channels(synth.sine(440, 1.0, level=0.9), 6)
    sound = played.keep("a.wav", AudioSignal(loud.samples * 4.0, loud.sample_rate), width="float_32")
    answer = played.clip(sound)
    clip, _ = soundfile.read(answer.path, dtype="float32")
    assert answer.channels == 2
    assert 0.8 < np.abs(clip).max() < 1.1


def test_nothing_is_no_clip(played: Played) -> None:
    with pytest.raises(EmptyAudio):
        played.clip(played.keep("a.wav", AudioSignal(np.zeros((1, 0), np.float32), 44_100)))
    assert played.clip(played.keep("b.wav", AudioSignal(np.full((1, 1), 0.5, np.float32), 44_100))).n_samples == 1


@pytest.mark.parametrize("length_s", [0.5, 61.0, -1.0, float("nan")])
def test_a_length_that_is_none_is_refused(length_s: float) -> None:
    with pytest.raises(RequestError) as refused:
        ClipRequest(sound="x", length_s=length_s)
    assert refused.value.field == "length_s"


def drop(at_s: float, source: str = "analyzer") -> dict[str, Any]:
    return {"at_s": at_s, "type": "drop", "source": source}


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        # A third, where nothing is known.
        ({}, 40.0),
        # A quarter of the clip leads to the drop; what a person says comes first.
        ({"cues": [drop(50.0)]}, 42.5),
        ({"cues": [drop(20.0), drop(60.0, "user")]}, 52.5),
        ({"cues": [{"at_s": 50.0, "type": "start", "source": "user"}]}, 40.0),
        # Never before the sound, never so late that it would be shorter.
        ({"cues": [drop(3.0)]}, 0.0),
        ({"cues": [drop(119.0)]}, 90.0),
        # Where it has the most energy, the first of equals.
        ({"energy_curve": [0.1] * 50 + [0.9] * 30 + [0.1] * 40}, 50.0),
        ({"energy_curve": [0.5] * 120}, 0.0),
        # From a section on, where there are any.
        ({"energy_curve": [0.1] * 50 + [0.9] * 30 + [0.1] * 40, "sections": [{"start_s": 0.0}, {"start_s": 48.0}]}, 48.0),
        # A curve is at most 1,000 values, whatever they last.
        ({"energy_curve": [0.0, 0.0, 0.0, 1.0]}, 90.0),
        # On a bar line, not after the place.
        ({"cues": [drop(50.0)], "downbeats_s": [40.0, 42.0, 44.0]}, 42.0),
        ({"cues": [drop(50.0)], "downbeats_s": [44.0]}, 42.5),
    ],
)  # fmt: skip
def test_the_place_is_told_by_what_is_known(facts: dict[str, Any], expected: float) -> None:
    assert representative_start_s(facts, 30.0, 120.0) == expected
