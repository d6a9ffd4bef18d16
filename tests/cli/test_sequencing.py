"""``next``, ``set``, ``lint``, ``path`` and ``playlist`` as a person uses them, on planted tracks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

from sequence_samples import Made, store
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.errors import SonotecaError


class Crate:
    """A folder of tracks, and a library that knows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "Music"
        self.folder.mkdir()
        self.library = folder / "mine.sonoteca"
        random = np.random.default_rng(6)
        made = {
            f"t{number:02d}": Made(
                bpm=float(random.uniform(118, 130)),
                key=f"{random.integers(1, 13)}A",
                energy=float(random.integers(3, 9)),
                artist=f"artist {number % 9}",
                sound=tuple(random.standard_normal(4)),
                groove=tuple(random.standard_normal(2)),
                seconds=float(random.uniform(180, 260)),
            )
            for number in range(24)
        }
        with open_library(self.library, mode="create") as library, library.write() as connection:
            self.ids = store(connection, made | {"fast": Made(bpm=165.0)}, folder=str(self.folder))
        for name in self.ids:
            (self.folder / f"{name}.wav").touch()

    def run(self, *words: str | Path, expect: int = 0) -> str:
        result = CliRunner().invoke(app, shield([str(words[0]), *map(str, words[1:]), "--library", str(self.library)]))
        if isinstance(result.exception, SonotecaError):
            assert result.exception.exit_code == expect, result.exception
        else:
            assert result.exit_code == expect, result.output + repr(result.exception)
        return str(result.stdout)

    def json(self, *words: str | Path, expect: int = 0) -> Any:
        return json.loads(self.run(*words, "--json", expect=expect))

    def path(self, name: str) -> str:
        return str(self.folder / f"{name}.wav")


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Crate:
    return Crate(tmp_path_factory.mktemp("crate"))


def test_next_answers_with_result_rows(crate: Crate) -> None:
    answer = crate.json("next", crate.path("t03"), "-k", "4", "--keys", "any", "--weights", "key=1", "-f", "-title:t05")
    assert answer["query"]["mode"] == "next"
    assert answer["query"]["sound"] == crate.ids["t03"]
    assert len(answer["results"]) == 4
    for row in answer["results"]:
        assert row["mode"] == "next"
        assert row["title"] not in ("t03", "t05", "fast")
        assert 0.94 <= row["tempo_ratio"] <= 1.07
    assert "same key" in crate.run("next", crate.path("t03"), "-k", "20") or "key" in crate.run(
        "next", crate.ids["t03"]
    )


def test_a_set_is_built_kept_written_and_judged(crate: Crate, tmp_path: Path) -> None:
    file = tmp_path / "party.m3u8"
    answer = crate.json(
        "set", "--length", "8", "--start", crate.path("t01"), "--must", crate.ids["t09"] + "@4", "--curve", "peak",
        "--alternatives", "2", "--save", "party", "-o", file, "--pick", "2",
    )  # fmt: skip
    assert len(answer["results"]) == 2
    for candidate in answer["results"]:
        titles = [row["title"] for row in candidate["tracks"]]
        assert (titles[0], titles[3], len(set(titles))) == ("t01", "t09", 8)
    kept = [row["path"] for row in crate.json("playlist", "show", "party")["results"]]
    assert kept == [row["path"] for row in answer["results"][1]["tracks"]]
    assert [line for line in file.read_text().splitlines() if not line.startswith("#")] == kept
    assert crate.json("playlist", "list")["results"][0]["name"] == "party"
    assert crate.json("lint", "party", "--exit-zero")["results"] == crate.json("lint", file, "--exit-zero")["results"]
    crate.run("set", "--length", "8", "--save", "party", expect=2)
    crate.run("set", "--length", "3", "--save", "party", "--replace", "--alternatives", "1")
    assert len(crate.json("playlist", "show", "party")["results"]) == 3
    assert "t01" in crate.run("set", "--length", "5", "--start", crate.path("t01"))
    crate.run("playlist", "remove", "party", "--yes")
    crate.run("playlist", "show", "party", expect=2)


def test_played_tracks_do_not_come_next(crate: Crate, tmp_path: Path) -> None:
    first = crate.json("next", crate.path("t03"), "-k", "1")["results"][0]
    (tmp_path / "heard.m3u").write_text(first["path"])
    again = crate.json("next", crate.path("t03"), "-k", "50", "--played", tmp_path / "heard.m3u")["results"]
    assert first["id"] not in [row["id"] for row in again]


def test_lint_flags_repairs_and_ends_with_one(crate: Crate, tmp_path: Path) -> None:
    names = [row["path"] for row in crate.json("set", "--length", "6", "--alternatives", "1")["results"][0]["tracks"]]
    file, repaired = tmp_path / "list.m3u", tmp_path / "repaired.m3u"
    file.write_text("\n".join([*names[:3], crate.path("fast"), *names[3:], names[0], "/nowhere/else.mp3"]))
    answer = crate.json("lint", file, "-o", repaired, expect=1)
    codes = {(found["code"], found["position"]) for found in answer["results"]}
    assert {("tempo_cliff", 4), ("tempo_cliff", 5), ("duplicate", 8), ("not_found", 9)} <= codes
    assert answer["repairs"]
    assert all(repair["flags"]["after"] < repair["flags"]["before"] for repair in answer["repairs"])
    after = crate.json("lint", repaired, expect=1)
    assert {found["code"] for found in after["results"]} == {"not_found"}
    assert after["score"] > answer["score"]
    crate.run("lint", file, "--exit-zero", "--no-repair")
    assert "duplicate" in crate.run("lint", file, expect=1)
    clean = tmp_path / "clean.m3u"
    clean.write_text("\n".join(names[:1]))
    crate.run("lint", clean)


def test_many_entries_that_are_lost_are_told_together(crate: Crate, tmp_path: Path) -> None:
    file = tmp_path / "lost.m3u"
    file.write_text("\n".join([crate.path("t01"), crate.path("fast"), *(f"/nowhere/{n}.mp3" for n in range(13))]))
    said = crate.run("lint", file, expect=1)
    assert "13 entries, of each: is nowhere: no such file" in said
    assert said.count("not_found") == 0
    assert "\n  15 /nowhere/12.mp3" in said
    assert "tempo_cliff" in said


def test_a_path_leads_from_one_to_the_other(crate: Crate) -> None:
    answer = crate.json("path", crate.path("t01"), crate.path("t02"), "--steps", "3")
    rows = answer["results"]
    assert (rows[0]["title"], rows[-1]["title"]) == ("t01", "t02")
    progress = [row["parts"]["progress"] for row in rows]
    assert progress == sorted(progress)
    assert rows[0]["mode"] == "path"
    assert "100% of the way" in crate.run("path", crate.path("t01"), crate.path("t02"))


@pytest.mark.parametrize(
    "words",
    [
        ("next", "nothing"),
        ("next", "T03", "--keys", "H"),
        ("next", "T03", "--weights", "pitch=1"),
        ("set", "--length", "ten"),
        ("set", "--length", "200"),
        ("set", "--length", "5", "-o", "set.txt"),
        ("set", "--length", "5", "--curve", "wave"),
        ("lint", "no playlist"),
        ("lint", "missing.m3u"),
        ("path", "T03", "T03"),
    ],
)
def test_what_cannot_be_done_is_a_usage_error(crate: Crate, words: tuple[str, ...]) -> None:
    crate.run(*(crate.path("t03") if word == "T03" else word for word in words), expect=2)
