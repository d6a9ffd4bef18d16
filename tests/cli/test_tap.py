"""Tapping, as a person does it: drum loops in a library, one of them tapped faster."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import synth
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.cli.main import app

# Beats of two bars at which the loop strikes.
PATTERNS = {
    "straight": (0, 1, 2, 3, 4, 5, 6, 7),
    "tresillo": (0, 1.5, 3, 4, 5.5, 7),
    "broken": (0, 0.75, 2, 2.5, 3.75, 4.5, 5, 6.25, 7.5),
}


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("tap")
    beat_s = 60 / 100
    for name, beats in PATTERNS.items():
        strikes = [(beat * beat_s, synth.snare()) for beat in beats]
        write_wav(folder / f"{name}.wav", synth.placed(strikes, 8 * beat_s))
    done = CliRunner().invoke(app, ["add", str(folder), "-L", str(folder / "l.sonoteca"), "--workers", "1"])
    assert done.exit_code == 0, done.output
    # What is tested here is the search: the role is said by a person, whatever was heard.
    edit = ["edit", "*", "--role", "drums", "--kind", "loop", "--yes", "-L", str(folder / "l.sonoteca")]
    assert CliRunner().invoke(app, edit).exit_code == 0
    return folder / "l.sonoteca"


@pytest.mark.parametrize("name", ["tresillo", "broken"])
def test_a_rhythm_tapped_faster_finds_its_loop(library: Path, tmp_path: Path, name: str) -> None:
    beat_s = 60 / 127
    taps = np.zeros((1, round((8.5 * beat_s + 0.5) * 22_050)), np.float32)
    for beat in (*PATTERNS[name], 8):
        start = round((0.2 + beat * beat_s) * 22_050)
        taps[0, start : start + 600] = 0.5 * np.exp(-np.arange(600) / 120) * np.sin(np.arange(600) * 0.6)
    write_wav(tmp_path / "taps.wav", AudioSignal(taps, 22_050))
    result = CliRunner().invoke(app, ["tap", str(tmp_path / "taps.wav"), "-L", str(library), "--json"])
    answer = json.loads(result.stdout)
    assert answer["query"]["n_taps"] == len(PATTERNS[name]) + 1
    assert Path(answer["results"][0]["path"]).stem == name
    assert answer["results"][0]["score"] > 0.8
    assert answer["results"][0]["mode"] == "tap"
    said = CliRunner().invoke(app, ["tap", str(tmp_path / "taps.wav"), "-L", str(library)]).stderr
    verdict, sure = answer["query"]["verdict"], answer["query"]["confidence"]
    assert said.startswith(f"{tmp_path / 'taps.wav'}: {verdict.replace('_', ' ')} ({sure:.0%} sure)\n")
    assert answer["query"]["message"] in said
    assert (verdict == "found") == (not answer["query"]["message"])
