"""From a command to its rows the chain of calls goes down the layers and hardly ever climbs back."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import catalogue_samples as samples
from arrangement_samples import add_loop
from call_walk import Climb, Walk, layers, walked
from match_samples import statement
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.domain.vocabulary import Role

MOST_CLIMBS = 2


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Loops of three roles that can be matched and arranged, and three sounds with vectors."""
    folder = tmp_path_factory.mktemp("walked")
    path = folder / "mine.sonoteca"
    with open_library(path, mode="create") as opened, opened.write() as connection:
        for role in ("drums", "bass", "harmony"):
            add_loop(connection, folder, f"{role}.wav", role, bpm=120.0, key="Am")
        for name, part in (("pad", Role.HARMONY), ("low", Role.BASS)):
            made = statement(role=part)
            values: dict[str, Any] = {
                "kind": "loop",
                "tempo": {"bpm": 120.0, "alternatives_bpm": []},
                "tonality": made.columns["tonality"],
                "loudness": {"integrated_lufs": -14.0, "range_lu": 3.0, "true_peak_dbtp": -1.0},
                **made.values,
            }
            samples.add(connection, f"{name}.wav", f"x1:{name}", duration_s=16.0, **values)
        for name, vector in (("one", [1, 0, 0, 0]), ("two", [0.9, 0.1, 0, 0]), ("three", [0, 0, 1, 0])):
            content_hash = f"x1:{name}"
            sound_id = samples.add(connection, f"{name}.wav", content_hash, kind="one_shot")
            analysis = SoundAnalysis((samples.part(0, 0.0, 2.0, samples.heard(kind="one_shot")),))
            vectors = {samples.SPACE.id: samples.vectors(vector)}
            result = SoundResult(sound_id, samples.info(content_hash), analysis, (), vectors)
            store_results(connection, [result], identities=[samples.EAR], spaces=[samples.SPACE])
        connection.exec_driver_sql("UPDATE sounds SET external_id = content_hash")
    return path


def walk(library: Path, *words: str) -> tuple[Walk, Any]:
    """The calls of a command, and the JSON it printed."""
    with walked() as seen:
        result = CliRunner().invoke(app, shield(["--library", str(library), *words, "--json"]))
    assert result.exit_code == 0, result.output + repr(result.exception)
    return seen, json.loads(result.stdout)


@pytest.mark.parametrize(
    ("words", "rows"),
    [
        (("similar", "external:x1:one"), lambda answer: answer["results"]),
        (("match", "external:x1:pad", "--role", "bass"), lambda answer: answer["results"]),
        (("arrange", "--bpm", "120", "--key", "Am", "--form", "verse:4"), lambda answer: answer["clips"]),
    ],
    ids=["similar", "match", "arrange"],
)
def test_a_command_climbs_back_at_most_twice(
    library: Path, words: tuple[str, ...], rows: Callable[[Any], list[Any]]
) -> None:
    seen, answer = walk(library, *words)
    assert rows(answer)
    assert {"cli", "catalogue", "domain"} <= set(seen.entered)
    print(f"\n{words[0]}: {len(seen.climbs)} climbs", *seen.told(), sep="\n  ")
    assert len(seen.climbs) <= MOST_CLIMBS, seen.told()
    assert ("catalogue", "catalogue.store.library.open_library") in seen.steps
    of_the_voice = seen.climbs_of_the_voice(layers())
    print(f"{words[0]}: {len(of_the_voice)} climbs of the voice", *of_the_voice, sep="\n  ")
    assert len(of_the_voice) <= MOST_CLIMBS, of_the_voice


# --- that the count can fail ----------------------------------------------------------------------

LOW = """
def call(callback):
    return sorted([2, 1], key=callback)

def each(generator):
    return list(generator)
"""
HIGH = """
from {low} import call, each

def told(value):
    return value

def numbers():
    yield from (1, 2)

def climbs():
    return call(told)

def hands_down_a_generator():
    return each(numbers())
"""


@contextmanager
def two_layers(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A package of two layers in which the lower one calls back."""
    import importlib

    name = f"walked_{folder.name}"
    package = folder / name
    for layer, source in (("low", LOW), ("high", HIGH.format(low=f"{name}.low.calls"))):
        (package / layer).mkdir(parents=True)
        (package / layer / "calls.py").write_text(source)
    monkeypatch.syspath_prepend(str(folder))
    high = importlib.import_module(f"{name}.high.calls")
    with walked(package, {"low": 0, "high": 1}) as seen:
        yield high, seen


def test_a_callback_that_is_called_from_below_is_a_climb(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with two_layers(tmp_path, monkeypatch) as (high, seen):
        high.climbs()
    assert seen.climbs == {Climb("low.calls", "high.calls")}
    assert list(seen.entered) == ["high", "low"]


def test_a_generator_was_called_where_it_was_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with two_layers(tmp_path, monkeypatch) as (high, seen):
        high.hands_down_a_generator()
    assert seen.climbs == set()


def test_a_voice_that_strings_layers_together_climbs() -> None:
    steps = [("settings", "load"), ("catalogue", "open"), ("index", "near"), ("catalogue", "read"), ("search", "rows")]
    assert Walk(steps=steps).climbs_of_the_voice(layers()) == ["open -> near", "read -> rows"]
    assert Walk(steps=[*steps[:2], ("catalogue", "read")]).climbs_of_the_voice(layers()) == []


def test_the_command_line_is_the_highest_layer_and_errors_the_lowest() -> None:
    heights = layers()
    assert heights["cli"] == max(heights.values())
    assert heights["errors"] == 0
    assert heights["search"] > heights["catalogue"] > heights["domain"]
