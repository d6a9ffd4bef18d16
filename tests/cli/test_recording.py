"""Humming into a microphone that is a stub: what it hears is looked for, and nothing stays on the disk."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner, Result

from sonoteca.cli.main import app

RATE = 44_100
TUNE = [62, 64, 67, 66, 62, 59, 60, 64, 62, 69, 67, 64]


class PortAudioError(Exception):
    """What the real module raises where there is no microphone."""


def sung(samples_wanted: int) -> np.ndarray:
    """The tune in half-second notes of three partials, float32 (n, 1) as sounddevice gives it."""
    out = np.zeros(samples_wanted)
    times = np.arange(int(0.45 * RATE)) / RATE
    fade = np.minimum(1.0, np.minimum(times, times[::-1]) / 0.03)
    for place, midi in enumerate(TUNE):
        begin = int((0.2 + 0.5 * place) * RATE)
        hz = 440.0 * 2.0 ** ((midi - 69) / 12)
        note = sum(np.sin(2 * np.pi * hz * k * times) / k for k in (1, 2, 3)) * fade * 0.2
        out[begin : begin + len(note)] += note[: max(len(out) - begin, 0)]
    return out[:, None].astype(np.float32)


def microphone(record: Callable[[int], np.ndarray]) -> ModuleType:
    """A stand-in for the module sounddevice whose microphone hears what ``record`` makes of a number of samples."""

    def rec(frames: int, *, samplerate: int, channels: int, dtype: str, blocking: bool) -> np.ndarray:
        assert (samplerate, channels, dtype, blocking) == (RATE, 1, "float32", True)
        return record(frames)

    module = ModuleType("sounddevice")
    vars(module).update(rec=rec, PortAudioError=PortAudioError)
    return module


@pytest.fixture
def library(tmp_path: Path) -> Path:
    random = np.random.default_rng(3)
    others = {f"{n}": (60 + random.choice([-3, -1, 0, 2, 4], 30).cumsum() % 24).tolist() for n in range(12)}
    songs = {
        name: [[500 * place, 450, midi] for place, midi in enumerate(pitches)]
        for name, pitches in {**others, "wanted": [*TUNE, 60, 62, 64, 65]}.items()
    }
    (tmp_path / "tunes.json").write_text(json.dumps({"songs": songs}))
    done = CliRunner().invoke(app, ["import", "melodies", str(tmp_path / "tunes.json"), "-L", str(tmp_path / "l.db")])
    assert done.exit_code == 0, done.output
    return tmp_path / "l.db"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary files of this test go."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(folder))
    return folder


def hum(library: Path, *words: str) -> Result:
    return CliRunner().invoke(app, ["hum", *words, "--json", "-L", str(library)])


def queries_in(folder: Path) -> list[Path]:
    return list(folder.glob("sonoteca-query-*"))


def test_what_the_microphone_heard_is_found_and_removed(
    library: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []

    def record(n: int) -> np.ndarray:
        asked.append(n)
        assert len(queries_in(temporary)) == 1
        return sung(n)

    monkeypatch.setitem(sys.modules, "sounddevice", microphone(record))
    result = hum(library, "--record", "6.5")
    assert result.exit_code == 0, result.output
    answer: dict[str, Any] = json.loads(result.stdout)
    assert asked == [round(6.5 * RATE)]
    assert answer["ranking"][0] == "wanted"
    assert answer["query"]["verdict"] == "found"
    assert Path(answer["query"]["file"]).name == "query.wav"
    assert queries_in(temporary) == []


def test_a_silent_microphone_is_asked_to_hum_again(
    library: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", microphone(lambda n: np.zeros((n, 1), np.float32)))
    answer = json.loads(hum(library, "--record", "3").stdout)
    assert answer["query"]["verdict"] == "hum_again"
    assert answer["results"] == []
    assert queries_in(temporary) == []


@pytest.mark.parametrize(
    ("error", "sentence"), [(PortAudioError("no input device"), "no input device"), (KeyboardInterrupt(), "")]
)
def test_a_recording_that_fails_or_is_stopped_leaves_nothing(
    library: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch, error: BaseException, sentence: str
) -> None:
    def record(n: int) -> np.ndarray:
        raise error

    monkeypatch.setitem(sys.modules, "sounddevice", microphone(record))
    result = hum(library, "--record", "3")
    assert result.exit_code != 0
    assert sentence in str(result.exception)
    assert queries_in(temporary) == []


def test_without_the_extra_it_says_what_to_install(
    library: Path, temporary: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "sounddevice", None)
    result = hum(library, "--record", "3")
    assert result.exit_code != 0
    assert "sonoteca[record]" in getattr(result.exception, "remedy", "")
    assert queries_in(temporary) == []


def test_a_file_and_a_microphone_at_once_are_refused(library: Path, tmp_path: Path) -> None:
    result = hum(library, str(tmp_path / "tunes.json"), "--record", "3")
    assert result.exit_code != 0
    assert "--record" in str(result.exception)
