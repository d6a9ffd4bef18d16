"""The screens of ``next``, ``set``, ``playlist``, ``audit``, ``retry`` and ``library restore``, on planted tracks."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from sequence_samples import Made, store
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import summaries
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.errors import LibraryMissing


class Crate:
    """A library of four tracks that a person asks about."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.library = folder / "Music", folder / "mine.sonoteca"
        self.folder.mkdir()
        made = {
            name: Made(bpm=bpm, key=key, energy=energy, artist=name.upper(), seconds=200.0)
            for name, bpm, key, energy in (
                ("one", 120.0, "8A", 5.0),
                ("two", 121.0, "9A", 6.0),
                ("three", 122.0, "8B", 8.0),
                ("four", 123.0, "7A", 3.0),
            )
        }
        with open_library(self.library, mode="create") as library, library.write() as connection:
            self.ids = store(connection, made, folder=str(self.folder))
        for name in self.ids:
            (self.folder / f"{name}.wav").touch()

    def run(self, *words: str | Path, expect: int = 0) -> tuple[str, str]:
        result = CliRunner().invoke(app, shield(["--library", str(self.library), *map(str, words)]))
        assert result.exit_code == expect, result.output + repr(result.exception)
        return result.stdout, result.stderr

    def json(self, *words: str | Path) -> Any:
        return json.loads(self.run(*words, "--json")[0])


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Crate:
    return Crate(tmp_path_factory.mktemp("crate"))


def test_next_tells_tempo_key_energy_and_length(crate: Crate) -> None:
    table, said = crate.run("next", crate.ids["one"], "-k", "1", "-f", "artist:two")
    heading, row = table.splitlines()[:2]
    assert heading.split()[:7] == ["score", "id", "bpm", "key", "energy", "length", "sound"]
    assert row.split()[2:10] == ["121", "Em", "9A", "6", "3:20", "TWO", "-", "two"]
    (found,) = crate.json("next", crate.ids["one"], "-f", "artist:two")["results"]
    assert (found["bpm"], found["camelot"], found["energy_level"], found["duration_s"]) == (121.0, "9A", 6.0, 200.0)
    assert "1 of 3 tracks that may come next" in crate.run("next", crate.ids["one"], "-k", "1")[1]
    assert "No track may come next" in crate.run("next", crate.ids["one"], "-f", "artist:nobody")[1]
    assert said == ""


def test_livelier_tracks_never_let_energy_fall(crate: Crate) -> None:
    for row in crate.json("next", crate.ids["one"], "--energy", "up")["results"]:
        assert any(reason.startswith("energy rises") for reason in row["reasons"])


def test_a_set_tells_its_length_and_how_far_it_got(crate: Crate) -> None:
    table, said = crate.run("set", "--length", "3", "-k", "1")
    assert "length" in table
    assert table.count("3:20") >= 3
    assert "3 tracks, " in said
    said = crate.run("set", "--length", "2h", "-k", "1")[1]
    assert "Only 4 tracks, " in said
    assert "match, and 2:00:00 were asked for: there are no more." in said
    assert "Only" not in crate.run("set", "--length", "10m", "-k", "1")[1]


def test_a_playlist_tells_its_tracks_and_its_length(crate: Crate) -> None:
    assert "There are no playlists yet" in crate.run("playlist", "list")[1]
    crate.run("playlist", "create", "friday", crate.ids["three"], crate.ids["one"])
    table, said = crate.run("playlist", "show", "friday")
    assert [line.split() for line in table.splitlines()[1:]] == [
        ["1", "122", "C", "8B", "8", "3:20", "THREE", "-", "three"],
        ["2", "120", "Am", "8A", "5", "3:20", "ONE", "-", "one"],
    ]
    assert "2 entries, 6:40 in all" in said
    first = crate.json("playlist", "show", "friday")["results"][0]
    assert (first["artist"], first["bpm"], first["camelot"], first["duration_s"]) == ("THREE", 122.0, "8B", 200.0)


def test_an_audit_agrees_with_the_list_and_is_told_in_words(crate: Crate) -> None:
    counts = crate.json("audit")
    assert counts["sounds_total"] == crate.json("list", "--total")["total"] == 4
    table, _ = crate.run("audit")
    (line,) = [line for line in table.splitlines() if line.endswith(" sounds_total")]
    assert line.startswith("sounds, as `list` counts them")
    assert "audio_files_scanned" not in table
    assert not any(line.split()[-2] == "0" for line in table.splitlines() if line.endswith("_total")), table
    assert "audio_files_scanned" in crate.run("audit", crate.folder)[0]
    # The disk was not read this time: nothing is said of it.
    assert crate.json("audit", "--diff")["changes"] == {}


def test_every_table_of_a_library_has_words_or_is_left_out(crate: Crate) -> None:
    table, said = crate.run("library", "check")
    assert said == "The library is whole.\n"
    assert [line.rsplit(maxsplit=1) for line in table.splitlines()[1:4]] == [
        ["sounds", "4"], ["files known", "4"], ["folders they lie in", "1"],
    ]  # fmt: skip
    assert " 0" not in table
    assert "_" not in table
    assert crate.json("library", "check")["rows"]["playlist_entries"] in (0, 2)


def test_what_is_missing_keeps_its_kind(tmp_path: Path) -> None:
    crate = Crate(tmp_path)
    with open_library(crate.library) as library, library.write() as connection:
        connection.execute(sa.update(summaries).where(summaries.c.title == "one").values(is_missing=True))
    table, said = crate.run("list", "is:missing")
    heading, row = table.splitlines()
    assert heading.split()[1] == "kind"
    assert row.split()[1] == "track"
    assert (heading.split()[-1], row.split()[-1]) == ("file", "gone")
    assert "gone: the file is missing (1)" in said
    assert "file" not in crate.run("list", "-is:missing")[0].splitlines()[0]


def test_a_mistyped_word_is_answered_with_one_that_is_there(crate: Crate) -> None:
    assert crate.run("search", "threee")[1] == "No sound has these words. Did you mean 'three'?\n"
    assert crate.run("search", "xyzzy")[1] == "No sound has these words.\n"
    assert crate.run("search", "one", "two")[1] == (
        "No sound has these words. Each of them is there, but no sound has them all.\n"
    )
    assert crate.run("list", "--total")[0] == "4 sounds\n"


def test_an_edit_is_told_by_names_and_sensible_decimals(tmp_path: Path) -> None:
    crate = Crate(tmp_path)
    said = crate.run("edit", crate.ids["one"], "--bpm", "87.4637")[1]
    assert said.splitlines()[0].strip() == "ONE - one: bpm 120 -> 87.5"
    assert "ONE - one: bpm 87.464 -> 87.46" in crate.run("edit", crate.ids["one"], "--bpm", "87.46")[1]


def test_nothing_to_try_again_is_said(crate: Crate) -> None:
    assert crate.run("retry")[1] == "Nothing has failed: there is nothing to try again.\n"


def test_the_newest_backup_that_is_whole_is_restored(tmp_path: Path) -> None:
    crate = Crate(tmp_path)
    backup = Path(crate.json("library", "backup")["backup"])
    older = backup.with_name("older.sonoteca")
    shutil.copy(backup, older)
    os.utime(older, (1.0, 1.0))
    broken = backup.with_name("broken.sonoteca")
    broken.write_bytes(backup.read_bytes()[:9000])
    (backup.with_name("notes.sonoteca")).write_text("this is no library")
    restored = crate.json("library", "restore", "--yes")
    assert restored["restored_from"] == str(backup)
    assert {Path(each).name for each in restored["passed_over"]} == {"broken.sonoteca", "notes.sonoteca"}
    # What the first restore put aside is newer, and no backup that somebody made.
    said = crate.run("library", "restore", "--yes")[1]
    assert f"from {backup}" in said
    assert "passed over broken.sonoteca: " in said
    for each in (backup, older):
        each.unlink()
    for each in backup.parent.glob("*before-restore*"):
        each.unlink()
    result = CliRunner().invoke(app, ["--library", str(crate.library), "library", "restore", "--yes"])
    assert isinstance(result.exception, LibraryMissing)
    assert "There is no backup in" in result.exception.message
