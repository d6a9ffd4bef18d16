"""Humming, as a person does it: import tunes, hum one, filter, find nothing."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.cli.main import app
from sonoteca.errors import RequestError, SonotecaError

RATE = 22_050


def tune(seed: int, n_notes: int = 40) -> list[list[float]]:
    """A random walk in C major: onset ms, duration ms, pitch."""
    random = np.random.default_rng(seed)
    scale = np.array([0, 2, 4, 5, 7, 9, 11])
    degrees = np.cumsum(random.choice([-2, -1, 1, 2, 3, -3], n_notes)) % 14
    lengths = random.choice([250, 500, 750], n_notes)
    onsets = np.cumsum(lengths) - lengths
    pitches = 55 + 12 * (degrees // 7) + scale[degrees % 7]
    return [[int(o), int(0.9 * d), int(p)] for o, d, p in zip(onsets, lengths, pitches, strict=True)]


def hummed(rows: list[list[float]], path: Path, *, semitones: float, tempo: float) -> Path:
    """A plain voice of three partials, transposed, at another tempo."""
    end_s = (rows[-1][0] + rows[-1][1] - rows[0][0]) / 1000 / tempo + 0.4
    samples = np.zeros(round(end_s * RATE))
    for onset, length, midi in rows:
        start = round(((onset - rows[0][0]) / 1000 / tempo + 0.1) * RATE)
        t = np.arange(round(length / 1000 / tempo * RATE)) / RATE
        hz = 440 * 2 ** ((midi + semitones - 69) / 12)
        voice = sum(0.3 / n * np.sin(2 * np.pi * hz * n * t) for n in (1, 2, 3))
        samples[start : start + len(t)] += voice * np.minimum(1, np.minimum(t, t[::-1]) / 0.03)
    write_wav(path, AudioSignal(samples[None].astype(np.float32) * 0.5, RATE))
    return path


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("hum")
    (folder / "tunes.json").write_text(json.dumps({"songs": {f"{n:03d}": tune(n) for n in range(60)}}))
    result = CliRunner().invoke(
        app, ["import", "melodies", str(folder / "tunes.json"), "-L", str(folder / "l.sonoteca"), "--json"]
    )
    assert json.loads(result.stdout) == {"found": 60, "new": 60}
    return folder / "l.sonoteca"


def ask(library: Path, *words: str | Path) -> list[Any]:
    result = CliRunner().invoke(app, ["hum", "-L", str(library), "--json", *map(str, words)])
    if isinstance(result.exception, SonotecaError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return [json.loads(line) for line in result.stdout.splitlines()]


def test_a_hummed_tune_is_found_with_its_moment(library: Path, tmp_path: Path) -> None:
    rows = tune(17)[10:24]
    (answer,) = ask(library, hummed(rows, tmp_path / "q.wav", semitones=5.0, tempo=1.15))
    assert answer["query"]["verdict"] == "found"
    assert answer["ranking"][0] == "017"
    first = answer["results"][0]
    assert first["external_id"] == "017"
    assert first["mode"] == "hum"
    assert first["start_s"] == pytest.approx(rows[0][0] / 1000, abs=0.6)
    assert first["end_s"] == pytest.approx((rows[-1][0] + rows[-1][1]) / 1000, abs=0.8)


def test_noise_is_asked_to_hum_again(library: Path, tmp_path: Path) -> None:
    noise = 0.1 * np.random.default_rng(0).standard_normal((1, 5 * RATE)).astype(np.float32)
    write_wav(tmp_path / "noise.wav", AudioSignal(noise, RATE))
    (answer,) = ask(library, tmp_path / "noise.wav")
    assert answer["query"]["verdict"] == "hum_again"
    assert answer["query"]["message"]


def test_several_files_are_answered_in_order_and_a_filter_narrows(library: Path, tmp_path: Path) -> None:
    one = hummed(tune(3)[5:18], tmp_path / "one.wav", semitones=-3.0, tempo=0.9)
    two = hummed(tune(4)[5:18], tmp_path / "two.wav", semitones=0.0, tempo=1.0)
    answers = ask(library, one, two)
    assert [answer["ranking"][0] for answer in answers] == ["003", "004"]
    (narrowed,) = ask(library, one, "--filter", "external:004")
    assert narrowed["ranking"] == ["004"]


def test_importing_again_adds_nothing_and_a_library_of_tunes_is_whole(library: Path) -> None:
    folder = library.parent
    result = CliRunner().invoke(app, ["import", "melodies", str(folder / "tunes.json"), "-L", str(library), "--json"])
    assert json.loads(result.stdout)["new"] == 0
    counts = json.loads(CliRunner().invoke(app, ["audit", "-L", str(library), "--json"]).stdout)
    assert counts["sounds_total"] == counts["analysed"] == 60
    assert counts["pending_by_stage"]["analysis"] == 0
    assert counts["embedding_gap_total"] == counts["pending_embedding_total"] == 0
    checked = json.loads(CliRunner().invoke(app, ["library", "check", "-L", str(library), "--json"]).stdout)
    assert checked["ok"] is True


def test_a_question_without_a_recording_is_refused(library: Path) -> None:
    with pytest.raises(RequestError):
        ask(library)
