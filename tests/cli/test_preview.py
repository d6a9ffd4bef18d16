"""``sonoteca preview`` and ``arrange render`` as a person uses them, with real worker processes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
import soundfile
from typer.testing import CliRunner

import synth
from arrangement_samples import add_loop
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.main import app
from sonoteca.errors import RequestError, SoundsMissing


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loops of each role near 120 bpm whose facts are said, and one file outside of it."""
    folder = tmp_path_factory.mktemp("preview")
    (folder / "loops").mkdir()
    with open_library(folder / "l.sonoteca", mode="create") as opened, opened.write() as connection:
        for number, role in enumerate(("drums", "bass", "harmony", "melody")):
            add_loop(connection, folder / "loops", f"{role}.wav", role, bpm=118.0 + number, bars=2)
    write_wav(folder / "outside.wav", synth.drums(124, 4))
    return folder / "l.sonoteca"


def run(library: Path, *words: str | Path) -> str:
    done = CliRunner().invoke(app, ["--library", str(library), *map(str, words)], catch_exceptions=False)
    assert done.exit_code == 0, done.output
    return done.stdout


def test_a_match_is_heard_with_a_file_that_is_in_no_library(library: Path, tmp_path: Path) -> None:
    loops = library.parent / "loops"
    told = run(library, "preview", loops / "bass.wav", library.parent / "outside.wav", "-o", tmp_path / "p.flac", "--bars", "2", "--json")  # fmt: skip
    answer = json.loads(told)
    (made,) = answer["results"]
    assert answer["query"]["a"] == str(loops / "bass.wav")
    assert made["mode"] == "match"
    assert made["tempo_ratio"] == pytest.approx(119 / 124, rel=0.005)
    samples, rate = soundfile.read(tmp_path / "p.flac")
    assert (len(samples), rate) == (made["n_samples"], 44_100)
    assert made["duration_s"] == pytest.approx(2 * 240 / 119, abs=1e-3)
    assert np.abs(samples).max() > 0.01


def test_a_part_is_named_by_its_number(library: Path, tmp_path: Path) -> None:
    drums, bass = (library.parent / "loops" / f"{name}.wav" for name in ("drums", "bass"))
    told = run(library, "preview", drums, bass, "--b-region", "0", "-o", tmp_path / "p.wav", "--bars", "1", "--json")
    assert json.loads(told)["query"]["b_region"] == 0
    for words in (("preview", drums, bass, "--b-region", "3", "-o", tmp_path / "q.wav"), ("match", "accept", drums, bass, "--region", "3")):  # fmt: skip
        with pytest.raises(RequestError, match="no region 3"):
            run(library, *words)


def test_the_same_preview_is_the_same_file(library: Path, tmp_path: Path) -> None:
    loops = library.parent / "loops"
    for name in ("one.mp3", "two.mp3"):
        run(library, "preview", loops / "drums.wav", loops / "harmony.wav", "--as", "match", "-o", tmp_path / name)
    assert (tmp_path / "one.mp3").read_bytes() == (tmp_path / "two.mp3").read_bytes()


def test_an_arrangement_made_is_rendered_with_stems_that_add_up(library: Path, tmp_path: Path) -> None:
    form = ["--form", "verse:2,chorus:4", "--bpm", "121", "--key", "Am", "--json"]
    public_id = json.loads(run(library, "arrange", *form))["id"]
    made = json.loads(run(library, "arrange", "render", public_id, "-o", tmp_path / "mix.wav", "--stems", "--json"))
    mix, rate = soundfile.read(made["path"])
    assert len(mix) == made["n_samples"] == round(6 * 240 / 121 * rate)
    stems = [soundfile.read(path)[0] for path in made["stems"].values()]
    assert set(made["stems"]) == {"drums", "bass", "harmony", "melody"}
    np.testing.assert_allclose(sum(stems), mix, atol=2.5 * 2**-23)


def test_missing_sounds_and_bad_moments_are_errors(library: Path, tmp_path: Path) -> None:
    loops = library.parent / "loops"
    words: list[str | Path] = ["preview", loops / "drums.wav", loops / "melody.wav", "-o", tmp_path / "p.wav"]
    with pytest.raises(RequestError, match="no moment"):
        run(library, *words, "--at", "soon")
    (loops / "melody.wav").rename(loops / "melody.away")
    try:
        with pytest.raises(SoundsMissing, match=r"melody\.wav"):
            run(library, *words)
    finally:
        (loops / "melody.away").rename(loops / "melody.wav")
