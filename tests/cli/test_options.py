"""One name for one option in all commands, whole sentences in their help, and old names that are still taken."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from sequence_samples import Made, store
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.arrange import make
from sonoteca.cli.main import app
from sonoteca.cli.weights import weights_of_aspects
from sonoteca.errors import RequestError

# What an option is called, by its short name.
LONG_NAMES = {"-k": "--count", "-o": "--output", "-f": "--filter", "-y": "--yes", "-L": "--library", "-h": "--help"}
OLD_NAMES = {"--limit", "-n", "--out", "--aspects", "--random-seed", "--alternatives"}
# These open no library.
WITHOUT_LIBRARY = {"inspect", "demo", "plugins", "models"}
# Its standard output is a protocol's.
WITHOUT_JSON = {"mcp"}
# A command may say less than a sentence of an option that everybody knows.
NOT_OURS = {"help", "install_completion", "show_completion"}


def commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every command and group below one, with the words it is called by."""
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*path, name))


ALL = list(commands(typer.main.get_command(app)))
VERBS = [(path, command) for path, command in ALL if path and not hasattr(command, "commands")]
GROUPS = [(path, command) for path, command in ALL if hasattr(command, "commands")]


def shown(command: Any) -> list[Any]:
    """The parameters that its help shows, those of every program left out."""
    return [each for each in command.params if each.name not in NOT_OURS and not getattr(each, "hidden", False)]


def options(command: Any) -> list[Any]:
    return [each for each in shown(command) if each.param_type_name == "option"]


def spelled(words: tuple[str, ...]) -> str:
    return " ".join(words) or "sonoteca"


@pytest.mark.parametrize(("path", "command"), ALL, ids=lambda each: spelled(each) if isinstance(each, tuple) else "")
def test_a_short_name_means_the_same_everywhere_and_old_names_are_not_shown(
    path: tuple[str, ...], command: Any
) -> None:
    for option in options(command):
        names = {*option.opts, *option.secondary_opts}
        assert not names & OLD_NAMES
        for short in names & LONG_NAMES.keys():
            assert LONG_NAMES[short] in names
        for short, name in LONG_NAMES.items():
            if name in names and name not in ("--help",):
                assert short in names, f"{name} without {short}"


@pytest.mark.parametrize(("path", "command"), VERBS, ids=lambda each: spelled(each) if isinstance(each, tuple) else "")
def test_every_command_prints_json_and_says_which_library(path: tuple[str, ...], command: Any) -> None:
    names = {name for option in options(command) for name in option.opts}
    assert ("--json" in names) == (path[0] not in WITHOUT_JSON)
    if path[0] not in WITHOUT_LIBRARY:
        assert {"--library", "--data-dir"} <= names


@pytest.mark.parametrize(("path", "command"), ALL, ids=lambda each: spelled(each) if isinstance(each, tuple) else "")
def test_help_is_whole_sentences_within_80_columns(
    path: tuple[str, ...], command: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "80")
    for each in shown(command):
        assert each.help, each.name
        assert re.match(r"[A-Z].*\.$", each.help, re.DOTALL), f"{each.name}: {each.help}"
    lines = CliRunner().invoke(app, [*path, "--help"]).stdout.splitlines()
    assert max(map(len, lines)) <= 80
    assert not [line for line in lines if line.endswith("...") and not line.startswith(("Usage:", "   "))]
    if "Commands:" in lines:
        listed = lines[lines.index("Commands:") + 1 :]
        ends = [line for line in listed if line.startswith("  ") and not line.startswith("   ")]
        assert all(line.endswith(".") or line == "  Examples:" for line in ends), ends


@pytest.mark.parametrize(("path", "command"), VERBS, ids=lambda each: spelled(each) if isinstance(each, tuple) else "")
def test_help_ends_with_examples_of_that_command(path: tuple[str, ...], command: Any) -> None:
    calls = [line.strip() for line in command.epilog.splitlines()[2:]]
    assert calls
    assert any(call.startswith(f"sonoteca {spelled(path)}") for call in calls) or path == ("match", "sound")
    verbs = {each[0] for each, _ in ALL if each}
    assert {call.split()[1] for call in calls} <= verbs


class Crate:
    """A library of four planted tracks."""

    def __init__(self, folder: Path) -> None:
        self.library = folder / "mine.sonoteca"
        made = {
            name: Made(bpm=bpm, key="8A", energy=5.0, artist=name, seconds=200.0)
            for name, bpm in (("one", 120.0), ("two", 121.0), ("three", 122.0), ("four", 123.0))
        }
        with open_library(self.library, mode="create") as library, library.write() as connection:
            self.ids = store(connection, made, folder=str(folder / "Music"))

    def run(self, *words: str | Path, expect: int = 0) -> str:
        result = CliRunner().invoke(app, shield(["--library", str(self.library), *map(str, words)]))
        assert result.exit_code == expect, result.output + repr(result.exception)
        return result.stdout


@pytest.fixture(scope="module")
def crate(tmp_path_factory: pytest.TempPathFactory) -> Crate:
    return Crate(tmp_path_factory.mktemp("crate"))


@pytest.mark.parametrize("words", [("-k", "2"), ("--count", "2"), ("--limit", "2"), ("-n", "2"), ("-n2",)])
def test_how_many_rows_a_list_has_was_called_limit(crate: Crate, words: tuple[str, ...]) -> None:
    rows = [json.loads(line) for line in crate.run("list", "sort:bpm", "--json", *words).splitlines()]
    assert [row["title"] for row in rows] == ["one", "two"]


@pytest.mark.parametrize("words", [("--total",), ("--count",), ("--count", "bpm:>100")])
def test_the_number_of_sounds_was_called_count(crate: Crate, words: tuple[str, ...]) -> None:
    assert json.loads(crate.run("list", "--json", *words)) == {"total": 4}


def test_sets_have_their_old_option_too(crate: Crate) -> None:
    for words in (("-k", "1"), ("--alternatives", "1")):
        assert len(json.loads(crate.run("set", "--length", "3", "--include-missing", "--json", *words))["results"]) == 1


def test_a_smart_playlist_has_its_old_option_too(crate: Crate) -> None:
    for option in ("-k", "--limit"):
        made = json.loads(crate.run("playlist", "smart", "few", "-f", "", option, "2", "--replace", "--json"))
        assert (made["entries"], made["smart"]["limit"]) == (2, 2)


def test_gaps_have_their_old_option_too_and_need_one_of_them(crate: Crate, tmp_path: Path) -> None:
    for option in ("-o", "--output", "--out"):
        made = json.loads(crate.run("gaps", tmp_path, option, tmp_path / option.strip("-"), "--json"))
        assert made["paths"] == 0
    result = CliRunner().invoke(app, ["gaps", str(tmp_path), "--library", str(crate.library)])
    assert isinstance(result.exception, RequestError)
    assert "--output FOLDER" in result.exception.remedy


@pytest.mark.parametrize(
    ("words", "seed", "sound"),
    [
        (("--seed", "7"), 7, None),
        (("--random-seed", "7"), 7, None),
        (("--seed", "bass 7.wav"), 0, "bass 7.wav"),
        (("--around", "bass 7.wav", "--seed", "3"), 3, "bass 7.wav"),
        (("--seed", "01234567890123456789"), 0, "01234567890123456789"),
    ],
)
def test_a_seed_is_a_number_and_was_a_sound(
    crate: Crate, words: tuple[str, ...], seed: int, sound: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[Any] = []

    def made(_: object, request: Any) -> None:
        asked.append(request)

    monkeypatch.setattr("sonoteca.make_arrangement", made)
    monkeypatch.setattr("sonoteca.cli.arrange.table.print_arrangement", lambda *_, **__: None)
    crate.run("arrange", *words)
    assert [(each.random_seed, each.seed) for each in asked] == [(seed, sound)]
    assert make is not None


def test_weights_of_aspects_are_words_or_a_file(tmp_path: Path) -> None:
    file = tmp_path / "mine.toml"
    file.write_text("timbre = 1\nrhythm = 0.5\n")
    assert weights_of_aspects(str(file)) == {"timbre": 1, "rhythm": 0.5}
    assert weights_of_aspects("timbre=1,rhythm=0.5") == "timbre=1,rhythm=0.5"
    assert weights_of_aspects(None) is None
    file.write_text("timbre: 1")
    with pytest.raises(RequestError, match="no TOML"):
        weights_of_aspects(str(file))


def test_playlists_and_weights_are_renamed_and_chosen_in_json(crate: Crate) -> None:
    crate.run("playlist", "create", "before", crate.ids["one"])
    assert json.loads(crate.run("playlist", "rename", "before", "after", "--json")) == {
        "playlist": "after",
        "renamed_from": "before",
    }
    assert json.loads(crate.run("match", "use", "shipped", "--json")) == {"version": None}
    upgraded = json.loads(crate.run("library", "upgrade", "--json"))
    assert (upgraded["library"], upgraded["rebuilt"]) == (str(crate.library), None)
    crate.run("playlist", "remove", "after", "--yes")
