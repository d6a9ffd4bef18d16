"""From a folder of loops to a mix that is heard again: tempo, key and bar lines are those asked for."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import synth
from sonoteca.audio.encode import write_wav
from sonoteca.cli.main import app
from sonoteca.domain.music import Key

CORPUS = Path(__file__).parents[3] / "shared" / "corpus" / "loops"
pytestmark = pytest.mark.slow


def run(*words: str | Path) -> Any:
    """What a command answers with --json, one object."""
    result = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert result.exit_code == 0, result.output + repr(result.exception)
    return json.loads(result.stdout)


def heard(mix: Path) -> Any:
    return run("inspect", mix)


def bar_errors_s(found: dict[str, Any], bpm: float) -> np.ndarray:
    """How far each bar line that is heard lies from the nearest that was asked for."""
    bar_s = 4 * 60.0 / bpm
    downbeats = np.array(found["downbeats_s"])
    return np.abs(downbeats - bar_s * np.round(downbeats / bar_s))


def tempo_error(found: dict[str, Any], bpm: float) -> float:
    """Share by which the tempo is off; whether 140 is felt as 70 is a matter of taste, that bars are right is not."""
    return min(abs(found["tempo"]["bpm"] / (bpm * level) - 1) for level in (0.5, 1, 2))


def write_loops(folder: Path) -> None:
    """Drums at three tempi, chords and basses in three keys: built, so that what is right is known."""
    folder.mkdir()
    for bpm in (112.0, 120.0, 126.0):
        write_wav(folder / f"drums {bpm:g}.wav", synth.drums(bpm, 4))
    for name, bpm, chords, roots in (
        ("A minor", 118.0, ("A:min", "F:maj", "C:maj", "E:min"), (45, 41, 48, 40)),
        ("G minor", 122.0, ("G:min", "Eb:maj", "Bb:maj", "D:min"), (43, 39, 46, 38)),
        ("B minor", 115.0, ("B:min", "G:maj", "D:maj", "F#:min"), (47, 43, 50, 42)),
    ):
        bar_s = 4 * 60.0 / bpm
        # Struck on every beat, as a pad without onsets has no tempo.
        harmony = [synth.decaying(synth.chord(each, bar_s / 4), 12.0) for each in chords for _ in range(4)]
        bass = [synth.decaying(synth.tone(root, bar_s / 4), 12.0) for root in roots for _ in range(4)]
        write_wav(folder / f"chords {name}.wav", synth.sequence(*harmony))
        write_wav(folder / f"bass {name}.wav", synth.sequence(*bass))


@pytest.mark.parametrize(("bpm", "key"), [(120.0, "A minor"), (116.0, "C minor")])
def test_loops_that_were_built_become_the_piece_that_was_asked_for(tmp_path: Path, bpm: float, key: str) -> None:
    write_loops(tmp_path / "loops")
    library = tmp_path / "mine.sonoteca"
    run("add", tmp_path / "loops", "--library", library, "--workers", "1")
    # What the built sounds are called is no matter here: each plays the role its name says.
    for words, role in (("drums", "drums"), ("chords", "harmony"), ("bass", "bass")):
        run("edit", words, "--role", role, "--kind", "loop", "--library", library, "--yes")
    run("add", tmp_path / "loops", "--library", library, "--workers", "1")
    wishes = ("--bpm", f"{bpm:g}", "--key", key, "--form", "verse:8,chorus:8", "--roles", "drums,bass,harmony")
    made = run("arrange", *wishes, "--library", library)
    mix = tmp_path / "mix.wav"
    rendered = run("arrange", "render", made["id"], "-o", mix, "--library", library)
    assert rendered["duration_s"] == pytest.approx(16 * 4 * 60 / bpm, abs=1e-3)
    found = heard(mix)
    assert tempo_error(found, bpm) < 0.002
    assert found["key"]["name"] == key
    assert np.median(bar_errors_s(found, bpm)) < 0.03


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_loops_of_the_corpus_become_the_piece_that_was_asked_for(tmp_path: Path) -> None:
    library = tmp_path / "mine.sonoteca"
    run("add", CORPUS, "--library", library, "--workers", "1")
    in_tempo = same_key = in_time = 0
    wishes = ((120, "A minor"), (96, "G minor"), (128, "F major"), (110, "D minor"), (140, "E minor"), (124, "E major"))
    for number, (bpm, key) in enumerate(wishes):
        form = ("--form", "verse:8,chorus:8", "--random-seed", str(number))
        made = run("arrange", "--bpm", str(bpm), "--key", key, *form, "--library", library)
        mix = tmp_path / "mix.wav"
        run("arrange", "render", made["id"], "-o", mix, "--library", library)
        found = heard(mix)
        assert tempo_error(found, bpm) < 0.01
        assert {found["key"]["name"]} <= {key, Key.parse(key).relative.name}
        in_tempo += tempo_error(found, bpm) < 0.002
        same_key += found["key"]["name"] == key
        in_time += bool(np.median(bar_errors_s(found, bpm)) < 0.05)
    # A syncopated chorus may mislead the ear for a few bars, although the mix is exact.
    assert in_tempo >= len(wishes) - 1
    # Of 16 pieces 14 are heard in the key, 2 in its relative (docs/arranging.md).
    assert same_key >= len(wishes) - 2
    assert in_time >= len(wishes) - 1


@pytest.mark.skipif(not CORPUS.is_dir(), reason="the shared corpus is not here")
def test_it_sounds_the_same_after_all_files_moved(tmp_path: Path) -> None:
    library, folder = tmp_path / "mine.sonoteca", tmp_path / "loops"
    folder.mkdir()
    for path in sorted(CORPUS.iterdir())[:40]:
        shutil.copy(path, folder)
    run("add", folder, "--library", library, "--workers", "1")
    made = run("arrange", "--form", "verse:8", "--library", library)
    run("arrange", "render", made["id"], "-o", tmp_path / "before.wav", "--library", library)
    folder.rename(tmp_path / "elsewhere")
    run("add", tmp_path / "elsewhere", "--library", library, "--workers", "1")
    again = run("arrange", "show", made["id"], "--library", library)
    places = made.pop("sounds"), again.pop("sounds")
    assert again == made
    assert {Path(each["path"]).parent for each in places[1].values()} == {tmp_path / "elsewhere"}
    run("arrange", "render", made["id"], "-o", tmp_path / "after.wav", "--library", library)
    assert (tmp_path / "after.wav").read_bytes() == (tmp_path / "before.wav").read_bytes()
