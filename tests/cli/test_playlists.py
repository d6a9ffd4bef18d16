"""``playlist`` as a person types it: lists made, changed, written, read back, and kept as a query."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from sequence_samples import Made, store
from sonoteca.catalogue.made.playlists import SmartRule, save_smart_playlist
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.errors import QuerySyntaxError, SonotecaError


class Crate:
    """Five tracks, 100 to 140 bpm, and a library that knows them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "Music"
        self.folder.mkdir()
        self.library = folder / "mine.sonoteca"
        made = {name: Made(bpm=100.0 + 10.0 * number) for number, name in enumerate("abcde")}
        with open_library(self.library, mode="create") as library, library.write() as connection:
            self.ids = store(connection, made, folder=str(self.folder))
        for name in self.ids:
            (self.folder / f"{name}.wav").touch()

    def result(self, *words: str | Path, expect: int = 0) -> Result:
        typed = shield([*map(str, words), "--library", str(self.library)])
        result = CliRunner().invoke(app, typed)
        code = result.exception.exit_code if isinstance(result.exception, SonotecaError) else result.exit_code
        assert code == expect, result.output + repr(result.exception)
        return result

    def said(self, *words: str | Path, expect: int = 0) -> str:
        """What stands on stderr, or the sentence and remedy of an error."""
        result = self.result(*words, expect=expect)
        if isinstance(result.exception, SonotecaError):
            return f"{result.exception.message} {result.exception.remedy}"
        return str(result.stderr)

    def json(self, *words: str | Path, expect: int = 0) -> Any:
        return json.loads(self.result(*words, "--json", expect=expect).stdout)

    def path(self, name: str) -> str:
        return str(self.folder / f"{name}.wav")

    def held(self, name: str) -> str:
        rows = self.json("playlist", "show", name)["results"]
        assert [row["position"] for row in rows] == list(range(1, len(rows) + 1))
        return "".join(Path(row["path"]).stem for row in rows)


@pytest.fixture
def crate(tmp_path: Path) -> Crate:
    return Crate(tmp_path)


def test_a_list_is_made_changed_and_forgotten(crate: Crate) -> None:
    assert "'friday' has 0 entries" in crate.said("playlist", "create", "friday")
    assert "no entries yet" in crate.said("playlist", "show", "friday")
    crate.result("playlist", "add", "friday", crate.path("a"), crate.ids["b"], crate.ids["c"][:8])
    assert crate.held("friday") == "abc"
    assert "added at 2; 'friday' has 4 entries now" in crate.said(
        "playlist", "add", "friday", crate.path("d"), "--at", "2"
    )
    assert crate.held("friday") == "adbc"
    crate.result("playlist", "move", "friday", "4", "1")
    assert crate.held("friday") == "cadb"
    # Both positions are those before the call.
    assert "took out 1, 3; 'friday' has 2 entries now" in crate.said("playlist", "remove", "friday", "1", "3")
    assert crate.held("friday") == "ab"
    crate.result("playlist", "remove", "friday", crate.path("a"))
    assert crate.held("friday") == "b"
    crate.result("playlist", "rename", "friday", "saturday")
    assert "no playlist 'friday'" in crate.said("playlist", "show", "friday", expect=2)
    assert "removed" in crate.said("playlist", "remove", "saturday", "--yes")
    assert crate.json("playlist", "list")["results"] == []


def test_a_sound_may_stand_twice_but_it_is_said(crate: Crate) -> None:
    assert "more than once" not in crate.said("playlist", "create", "friday", crate.path("a"), crate.path("b"))
    assert "a.wav stands there more than once: at 1, 3" in crate.said("playlist", "add", "friday", crate.path("a"))
    added = crate.json("playlist", "add", "friday", crate.path("b"), crate.path("c"), "--at", "1")
    assert added == {
        "playlist": "friday",
        "entries": 5,
        "added": [1, 2],
        "repeats": [{"name": "b.wav", "positions": [1, 4]}],
    }
    assert crate.json("playlist", "remove", "friday", crate.path("a"), "2")["removed"] == [2, 3, 5]
    assert crate.held("friday") == "bb"


def test_a_file_is_read_and_what_is_no_sound_of_the_library_is_named(crate: Crate, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.wav"
    stranger.touch()
    file = tmp_path / "old.m3u8"
    file.write_text(f"#EXTM3U\n#EXTINF:200,x\nMusic/a.wav\nlost.mp3\nD:\\Music\\b.wav\n{stranger}\nMusic/a.wav\n")
    said = crate.said("playlist", "create", "old", "--from", file, expect=1)
    assert "left out: lost.mp3 (no such file" in said
    assert f"left out: {stranger} (not in the library: `sonoteca -L {crate.library} add` it first)" in said
    assert "'old' has 3 entries, 2 left out" in said
    assert "a.wav stands there more than once: at 1, 3" in said
    assert crate.held("old") == "aba"
    told = crate.json("playlist", "create", "old", "--from", file, "--replace", expect=1)
    assert told["left_out"] == [
        {"name": "lost.mp3", "state": "not_found"},
        {"name": str(stranger), "state": "not_in_library"},
    ]


def test_a_list_written_and_read_again_is_the_same(crate: Crate, tmp_path: Path) -> None:
    crate.result("playlist", "create", "one", *(crate.path(name) for name in "cabac"))
    file = tmp_path / "one.m3u8"
    crate.result("playlist", "show", "one", "-o", file)
    crate.result("playlist", "create", "two", "--from", file)
    assert crate.held("two") == "cabac"
    again = tmp_path / "two.m3u8"
    crate.result("playlist", "show", "two", "-o", again)
    assert again.read_bytes() == file.read_bytes()


def test_sounds_another_list_and_a_query_are_joined_in_that_order(crate: Crate) -> None:
    crate.result("playlist", "create", "first", crate.path("e"), crate.path("b"))
    words = (crate.path("c"), "--from", "first", "--filter", "bpm:=..115 -title:b sort:-bpm")
    crate.result("playlist", "create", "all", *words)
    assert crate.held("all") == "ceba"
    assert "already" in crate.said("playlist", "create", "first", expect=2)
    crate.result("playlist", "create", "first", crate.path("d"), "--replace")
    assert crate.held("first") == "d"
    crate.result("playlist", "create", "first", "--from", "first", "--from", "all", "--replace")
    assert crate.held("first") == "ceba"


def test_a_copy_keeps_sounds_that_the_library_has_lost(crate: Crate) -> None:
    crate.result("playlist", "create", "one", crate.path("a"), crate.path("b"))
    crate.result("remove", crate.ids["a"], "--yes")
    crate.result("playlist", "create", "two", "--from", "one")
    rows = crate.json("playlist", "show", "two")["results"]
    assert [(row["content_hash"], row["state"]) for row in rows] == [("x1:a", "not_found"), ("x1:b", "found")]
    crate.result("playlist", "remove", "two", "x1:a")
    assert crate.held("two") == "b"


def test_a_query_is_a_playlist_wherever_one_is_named(crate: Crate, tmp_path: Path) -> None:
    said = crate.said("playlist", "smart", "dusty", "--filter", "tag:dusty -title:e", "--sort", "-bpm", "--limit", "2")
    assert "smart playlist 'dusty': tag:dusty -title:e sort:-bpm, the first 2, 0 entries now" in said
    for name in "ace":
        crate.result("edit", crate.ids[name], "--tag", "+dusty")
    assert crate.held("dusty") == "ca"
    crate.result("edit", crate.ids["d"], "--tag", "+dusty")
    assert crate.held("dusty") == "dc"
    shown = crate.result("playlist", "show", "dusty")
    assert "smart: tag:dusty -title:e sort:-bpm, the first 2, 2 entries now" in shown.stderr
    assert "d.wav" in shown.stdout

    crate.result("playlist", "create", "frozen", "--from", "dusty")
    crate.result("edit", crate.ids["d"], "--tag", "-dusty")
    assert (crate.held("dusty"), crate.held("frozen")) == ("ca", "dc")
    listed = {row["name"]: (row["entries"], row["smart"]) for row in crate.json("playlist", "list")["results"]}
    assert listed == {"dusty": (2, {"query": "tag:dusty -title:e sort:-bpm", "limit": 2}), "frozen": (2, None)}
    table = crate.result("playlist", "list").stdout.splitlines()
    assert ["smart" in line for line in table[1:]] == [True, False]

    assert crate.json("lint", "dusty", "--exit-zero", "--no-repair")["query"]["entries"] == 2
    following = crate.json("next", crate.path("b"), "--tempo-pct", "100", "--played", "dusty")["results"]
    assert {row["title"] for row in following} == {"d", "e"}
    file = tmp_path / "dusty.m3u8"
    crate.result("playlist", "show", "dusty", "-o", file)
    assert [line for line in file.read_text().splitlines() if line[0] != "#"] == ["Music/c.wav", "Music/a.wav"]


def test_a_smart_list_is_not_changed_by_hand_but_by_its_query(crate: Crate) -> None:
    crate.result("playlist", "smart", "quick", "-f", "bpm:=125..")
    for words in (("add", "quick", crate.path("a")), ("remove", "quick", "1"), ("move", "quick", "1", "2")):
        assert "is a smart playlist: it holds what 'bpm:=125..' finds" in crate.said("playlist", *words, expect=2)
    assert "already" in crate.said("playlist", "smart", "quick", "-f", "bpm:=135..", expect=2)
    crate.result("playlist", "smart", "quick", "-f", "bpm:=135..", "--replace")
    assert crate.held("quick") == "e"
    crate.result("playlist", "rename", "quick", "quickest")
    assert crate.held("quickest") == "e"
    crate.result("playlist", "remove", "quickest", "--yes")


def test_a_bad_query_is_pointed_at_and_nothing_is_kept(crate: Crate) -> None:
    for words in (("smart", "bad", "-f", "kind:track enrgy:>5"), ("create", "bad", "-f", "kind:track enrgy:>5")):
        error = crate.result("playlist", *words, expect=2).exception
        assert isinstance(error, QuerySyntaxError)
        assert (error.query, error.position) == ("kind:track enrgy:>5", 11)
    assert crate.json("playlist", "list")["results"] == []


def test_a_query_of_another_version_does_not_hide_the_other_lists(crate: Crate) -> None:
    with open_library(crate.library) as library, library.write() as connection:
        save_smart_playlist(connection, "later", SmartRule("mood:gloomy"))
    crate.result("playlist", "create", "mine", crate.path("a"))
    assert "the query of 'later' is of another version" in crate.said("playlist", "list")
    assert [row["entries"] for row in crate.json("playlist", "list")["results"]] == [None, 1]
    assert isinstance(crate.result("playlist", "show", "later", expect=2).exception, QuerySyntaxError)
    crate.result("playlist", "remove", "later", "--yes")


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("add", "mine", "nothing.wav"), "No sound in the library answers to 'nothing.wav'"),
        (("add", "mine", "B", "nothing.wav"), "No sound in the library answers to 'nothing.wav'"),
        (("add", "yours", "A"), "no playlist 'yours'"),
        (("add", "mine", "A", "--at", "4"), "from 1 to 3"),
        (("remove", "mine", "1", "3"), "no position 3: it has 2 entries"),
        (("remove", "mine", "1", "C"), "is not in the playlist 'mine'"),
        (("move", "mine", "3", "1"), "no position 3"),
        (("move", "mine", "1", "3"), "no position 3"),
        (("rename", "mine", " "), "no name for a playlist"),
        (("rename", "yours", "mine"), "no playlist 'yours'"),
        (("create", "new", "--from", "gone"), "no playlist 'gone', and there is no file"),
        (("create", "new", "--from", "gone.m3u"), "cannot be read"),
        (("create", "new", "A", "nothing.wav"), "No sound in the library answers"),
    ],
)
def test_what_cannot_be_done_is_said_and_changes_nothing(crate: Crate, words: tuple[str, ...], sentence: str) -> None:
    crate.result("playlist", "create", "mine", crate.path("a"), crate.path("b"))
    typed = [crate.path(word.lower()) if word in ("A", "B", "C") else word for word in words]
    assert sentence in crate.said("playlist", *typed, expect=2)
    assert [row["name"] for row in crate.json("playlist", "list")["results"]] == ["mine"]
    assert crate.held("mine") == "ab"


def test_a_playlist_is_asked_about_before_it_goes_and_comes_back(crate: Crate) -> None:
    crate.result("playlist", "create", "dear", crate.path("a"), crate.path("b"))
    refused = crate.result("playlist", "remove", "dear", expect=2).exception
    assert isinstance(refused, SonotecaError)
    assert "no terminal to ask on" in refused.message
    crate.result("playlist", "remove", "dear", "2")
    assert crate.json("undo")["changes"] == [
        {
            "id": None,
            "path": None,
            "field": "playlist",
            "from": {"name": "dear", "entries": 1},
            "to": {"name": "dear", "entries": 2},
        }
    ]
    crate.result("playlist", "remove", "dear", "--yes")
    assert "playlist: none -> 'dear' with 2 entries" in crate.said("undo")
    crate.result("playlist", "remove", "dear", "--yes")
