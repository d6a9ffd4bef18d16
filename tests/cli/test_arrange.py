"""``sonoteca arrange`` as a person uses it: make, look, change, take back, export, import, remove."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from arrangement_samples import add_loop
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.hints import remedy_of
from sonoteca.cli.main import app
from sonoteca.cli.output import local_time
from sonoteca.errors import SonotecaError


class Producer:
    """Somebody at a terminal with a library of loops in ``folder``."""

    def __init__(self, library: Path, folder: Path) -> None:
        self.library, self.folder = library, folder

    def run(self, *words: str | Path, expect: int = 0) -> tuple[str, str]:
        """What is printed on stdout, and said on stderr or as an error."""
        result = CliRunner().invoke(app, shield(["--library", str(self.library), "arrange", *map(str, words)]))
        if isinstance(result.exception, SonotecaError):
            assert result.exception.exit_code == expect, result.exception
            return result.stdout, f"{result.exception.message} {remedy_of(result.exception)}"
        assert result.exit_code == expect, result.output + repr(result.exception)
        return result.stdout, result.stderr

    def json(self, *words: str | Path) -> Any:
        return json.loads(self.run(*words, "--json")[0])


@pytest.fixture
def producer(tmp_path: Path) -> Producer:
    folder = tmp_path / "loops"
    folder.mkdir()
    path = tmp_path / "mine.sonoteca"
    with open_library(path, mode="create") as opened, opened.write() as connection:
        for number, bpm in enumerate((120.0, 118.0, 124.0)):
            for role in ("drums", "bass", "harmony"):
                add_loop(connection, folder, f"{role} {number}.wav", role, bpm=bpm, key=("Am", "C", "Bm")[number])
    return Producer(path, folder)


def test_made_shown_and_listed_it_is_the_same(producer: Producer) -> None:
    made = producer.json("--bpm", "121", "--key", "8A", "--form", "verse:8,chorus:8", "--title", "Rain")
    assert (made["tempo_bpm"], made["key"], made["bars"], made["title"]) == (121, "A minor", 16, "Rain")
    assert made["details"]["asked"]["form"] == "verse:8,chorus:8"
    assert {clip["role"] for clip in made["clips"]} == {"drums", "bass", "harmony"}
    assert all(made["sounds"][clip["content_hash"]]["path"] for clip in made["clips"])
    assert producer.json("show", made["id"]) == made == producer.json("show", made["id"][:8])
    table, told = producer.run("show", made["id"])
    assert "121 bpm, 4 beats to the bar" in table
    assert "No melody: there is no melody loop." in told
    (entry,) = [json.loads(line) for line in producer.run("list", "--json")[0].splitlines()]
    assert (entry["public_id"], entry["bars"], entry["clips"]) == (made["id"], 16, 6)
    assert producer.run("list")[0].splitlines()[1].startswith(made["id"][:4] + " ")


def test_on_a_terminal_a_clip_is_a_row_with_its_reasons_below(
    producer: Producer, monkeypatch: pytest.MonkeyPatch
) -> None:
    with open_library(producer.library) as opened, opened.write() as connection:
        connection.exec_driver_sql("UPDATE summaries SET role_confidence = 0.6 WHERE role = 'bass'")
    title = "A title that is longer than its column can be beside all the others"
    made = producer.json("--bpm", "121", "--key", "8A", "--form", "verse:8,chorus:8", "--title", title)
    monkeypatch.setenv("COLUMNS", "80")
    lines = producer.run("show", made["id"])[0].splitlines()
    rows = [line.split() for line in lines if line.startswith(("verse ", "chorus "))]
    assert [row[3] for row in rows] == ["drums", "bass?", "harmony"] * 2
    assert max(map(len, lines)) <= 80
    assert any(line.startswith("        ") and "Goes best with" in line for line in lines)
    heading, row = producer.run("list")[0].splitlines()
    entry = json.loads(producer.run("list", "--json")[0])
    assert heading.split()[:2] == ["id", "title"]
    assert row.endswith(local_time(entry["created_at"]) or "?")
    assert len(row) <= 80


def test_other_weights_may_choose(producer: Producer, tmp_path: Path) -> None:
    (tmp_path / "mine.toml").write_text('version = "mine"\n[role.bass]\nchord = 0.0\n')
    made = producer.json("--form", "verse:4", "--weights", tmp_path / "mine.toml")
    assert made["details"]["weights_version"] == "mine"


def test_an_edit_shows_and_can_be_taken_back(producer: Producer) -> None:
    made = producer.json("--form", "verse:8,chorus:8", "--seed", producer.folder / "bass 2.wav")
    assert made["tempo_bpm"] == 124
    words = (
        "--gain",
        "bass@verse=-3",
        "--shift",
        "bass=-2",
        "--lock",
        "drums",
        "--bars",
        "verse=4",
        "--mute",
        "harmony",
    )
    changed = producer.json("edit", made["id"], *words)
    assert changed["bars"] == 12
    assert changed["muted"] == ["harmony"]
    assert changed["locked"] == [["drums", "chorus"], ["drums", "verse"]]
    assert "drums@verse is locked" in producer.run("edit", made["id"], "--other", "drums", expect=2)[1]
    producer.run("edit", made["id"], "--unlock", "drums", "--replace", f"drums@verse={producer.folder / 'drums 1.wav'}")
    producer.run("edit", made["id"], "--undo")
    assert producer.json("show", made["id"]) == changed
    said = producer.run("edit", made["id"], "--undo")[1]
    for told in (
        "length: 12 -> 16 bars",
        "bass in verse, chorus: shift -2 -> 0",
        "heard again: harmony",
        "took back 6 things",
    ):
        assert told in said
    assert producer.json("show", made["id"]) == made
    assert "no change to take back" in producer.run("edit", made["id"], "--undo", expect=2)[1]
    assert "Nothing to change" in producer.run("edit", made["id"], expect=2)[1]
    assert "stands alone" in producer.run("edit", made["id"], "--undo", "--mute", "bass", expect=2)[1]


def test_it_leaves_for_other_programs(producer: Producer, tmp_path: Path) -> None:
    made = producer.json("--form", "verse:4")
    for name in ("song.dawproject", "song.mid", "song.json"):
        producer.run("export", made["id"], "-o", tmp_path / name)
        first = (tmp_path / name).read_bytes()
        producer.run("export", made["id"], "-o", tmp_path / name)
        assert (tmp_path / name).read_bytes() == first
    written = producer.json("export", made["id"], "-o", tmp_path / "all.zip", "--format", "dawproject", "--embed")
    assert written["missing"] == []
    with zipfile.ZipFile(tmp_path / "all.zip") as archive:
        assert sum(name.startswith("audio/") for name in archive.namelist()) == 3
    assert "does not say which format" in producer.run("export", made["id"], "-o", tmp_path / "x.zip", expect=2)[1]
    assert "holds no sounds" in producer.run("export", made["id"], "-o", tmp_path / "x.mid", "--embed", expect=2)[1]
    loop = producer.folder / "bass 0.wav"
    before = loop.read_bytes()
    refused = producer.run("export", made["id"], "-o", loop, "--format", "json", expect=2)[1]
    assert "is a sound of the library" in refused
    assert loop.read_bytes() == before
    assert "cannot be written" in producer.run("export", made["id"], "-o", tmp_path / "no" / "x.mid", expect=2)[1]
    again = producer.json("import", tmp_path / "song.json")
    assert again["id"] != made["id"]
    assert {**again, "id": made["id"]} == made


def test_missing_sounds_are_named_everywhere(producer: Producer, tmp_path: Path) -> None:
    made = producer.json("--form", "verse:4", "--must", producer.folder / "bass 1.wav")
    (producer.folder / "bass 1.wav").unlink()
    assert "bass 1.wav" in producer.run("show", made["id"])[1]
    assert "No such file" in producer.json("show", made["id"])["sounds"][_hash(made, "bass")]["missing"]
    refused = producer.run("export", made["id"], "-o", tmp_path / "song.dawproject", expect=1)[1]
    assert "1 of 3 sounds are missing" in refused
    assert "bass in verse" in refused
    assert not (tmp_path / "song.dawproject").exists()
    told = producer.run("export", made["id"], "-o", tmp_path / "song.mid")[1]
    assert "missing" in told
    assert "bass 1.wav" in told


def _hash(document: dict[str, Any], role: str) -> str:
    return next(clip["content_hash"] for clip in document["clips"] if clip["role"] == role)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--bpm", "5"), "5 bpm is no tempo"),
        (("--key", "H"), "'H' is not a key"),
        (("--form", "verse"), "whole number of bars"),
        (("--roles", "tuba"), "'tuba' is not a role"),
        (("--roles", "vocal"), "no vocal loop"),
        (("--seed", "nothing.wav"), "No sound in the library answers"),
        (("--filter", "bpm:>500"), "filter finds no loop"),
        (("--bpm", "96", "--max-stretch", "1"), "or the largest stretch (now 1 %). (--bpm)"),
        (("--bpm", "120", "list"), "--bpm before list would be lost"),
        (("show", "aaaa"), "No arrangement answers to 'aaaa'"),
        (("import", "nothing.json"), "cannot be read"),
    ],
)
def test_a_wish_that_cannot_be_met_is_a_sentence_and_makes_nothing(
    producer: Producer, words: tuple[str, ...], said: str
) -> None:
    expected = 1 if words[0] == "import" else 2
    assert said in producer.run(*words, expect=expected)[1]
    assert producer.run("list", "--json")[0] == ""


def test_the_library_may_be_named_before_the_word(producer: Producer) -> None:
    result = CliRunner().invoke(app, ["arrange", "--library", str(producer.library), "list", "--json"])
    assert (result.exit_code, result.stdout) == (0, "")


def test_a_removed_one_is_forgotten(producer: Producer) -> None:
    made = producer.json("--form", "verse:4")
    producer.run("remove", made["id"], "--yes")
    assert "No arrangement answers" in producer.run("show", made["id"], expect=2)[1]
