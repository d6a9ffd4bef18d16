"""The starter base is whole: entries are unique, tell numbers, ask only what a sound can answer, and name their sources."""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from sonoteca.analysis.level import quality
from sonoteca.domain.descriptor import (
    GRID,
    INSTRUMENT,
    KEY,
    KIND,
    LOUDNESS,
    PITCH,
    ROLE,
    SCALAR_DESCRIPTORS,
    SOUND_CLASS,
    SWING,
    TEMPO,
    TUNING,
    Descriptor,
)
from sonoteca.domain.music import ALL_KEYS
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.precedence import winning
from sonoteca.domain.region import Region
from sonoteca.domain.sound_object import AudioFacts, RegionStatements, sound_object
from sonoteca.domain.vocabulary import Kind, Role, SoundClass, Source
from sonoteca.knowledge.entry import Entry
from sonoteca.knowledge.starter_base import starter_entries
from sonoteca.search.query.parser import parse_query

ENTRIES = starter_entries()
PAGE = (Path(__file__).parents[2] / "docs" / "knowledge.md").read_text(encoding="utf-8")
STANDARDS = re.compile(
    r"\b(EBU|ITU|BS\.1770|AES|ATSC|IEC|ISO|RIAA|RFC|CALM|Spotify|Apple|YouTube|Tidal|Deezer|Amazon|Alexa|Netflix|ACX|ReplayGain)\b"
)
LABELS: dict[str, set[str]] = {
    "kind.value": set(Kind),
    "role.value": set(Role),
    "sound_class.value": set(SoundClass),
    "key.mode": {"major", "minor"},
    "key.camelot": {key.camelot for key in ALL_KEYS},
    "instrument.value": {
        "drums",
        "bass",
        "piano",
        "mallet",
        "organ",
        "guitar",
        "strings",
        "brass",
        "woodwind",
        "synth",
        "voice",
    },
}


BEYOND: dict[str, Callable[[Any, Any], bool]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "=": operator.eq,
    "!=": operator.ne,
}


def name(entry: Entry) -> str:
    return entry.suggestion.title


def text(entry: Entry) -> str:
    """All that a reader is told."""
    told = entry.suggestion
    return " ".join((told.title, told.description, *(f"{key} {value}" for key, value in told.parameters.items())))


def rows(heading: str) -> Iterator[list[str]]:
    """The rows of the table below a heading of the page."""
    below = PAGE.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]
    for line in re.findall(r"^\|(.+)\|$", below, re.MULTILINE)[2:]:
        yield [cell.strip() for cell in line.split("|")]


@pytest.fixture(scope="module")
def known() -> dict[str, Any]:
    """The sound object of a sound of which a person said everything that conditions ask for."""
    said = Provenance(Source.USER, "test.a.b", 1, "ab12", "2026-11-20T12:00:00Z")
    values: dict[Descriptor, JsonValue] = {
        **dict.fromkeys(SCALAR_DESCRIPTORS, 0.5),
        KIND: "loop",
        ROLE: {"value": "bass", "scores": {}},
        SOUND_CLASS: "kick",
        INSTRUMENT: "guitar",
        TEMPO: {"bpm": 120.0, "alternatives_bpm": []},
        KEY: {"tonic": 9, "mode": "minor", "alternatives": []},
        TUNING: 4.0,
        PITCH: {"midi": 33.0, "hz": 55.0},
        GRID: {"segments": [], "drift_bpm": 0.0},
        SWING: {"eighths": None, "sixteenths": {"share": 0.5, "onsets": 12}},
        LOUDNESS: {"integrated_lufs": -9.0, "range_lu": 4.0, "true_peak_dbtp": -1.0},
    }
    stated = winning([Observation(descriptor, value, None, said) for descriptor, value in values.items()])
    facts = AudioFacts(8.0, 44_100, 2, "flac", "flac", "x1:00")
    return sound_object("a.wav", sound_id="s1", audio=facts, statements=[RegionStatements(Region(0, 0.0, 8.0), stated)])


def measured(sound: dict[str, Any], field: str) -> Any:
    """What stands in the sound object under a name with dots."""
    value: Any = sound
    for part in field.split("."):
        assert part in value, field
        value = value[part]
    return value


def test_there_are_enough_entries_and_no_two_alike() -> None:
    assert len(ENTRIES) >= 150
    for told in (lambda each: each.id, name, lambda each: each.suggestion.description):
        assert [value for value, n in Counter(map(told, ENTRIES)).items() if n > 1] == []


def test_the_page_counts_the_entries_of_each_topic() -> None:
    counted = Counter(entry.topic for entry in ENTRIES)
    assert {topic: int(n) for topic, n, _ in rows("Topics")} == counted
    assert len(counted) == 11
    assert min(counted.values()) >= 12


def test_an_entry_is_short() -> None:
    lengths = {name(entry): len(f"{name(entry)} {entry.suggestion.description}".split()) for entry in ENTRIES}
    assert {title: n for title, n in lengths.items() if not 40 <= n <= 120} == {}


def test_an_entry_tells_numbers_or_degrees() -> None:
    assert [name(entry) for entry in ENTRIES if not entry.suggestion.parameters] == []
    assert [name(entry) for entry in ENTRIES if not re.search(r"\d|\b[IV]+\b", text(entry))] == []


def test_what_names_a_standard_names_its_source_and_the_page_lists_the_very_same_sources() -> None:
    assert [name(entry) for entry in ENTRIES if STANDARDS.search(text(entry)) and entry.source is None] == []
    stated = {source for entry in ENTRIES if entry.source for source in entry.source.split("; ")}
    assert stated == {source for source, *_ in rows("Sources")}


def test_many_entries_can_be_called_for_by_a_measurement() -> None:
    assert sum(bool(entry.conditions) for entry in ENTRIES) >= 40
    assert sum(entry.about is not None for entry in ENTRIES) >= 20


def test_conditions_ask_what_a_sound_object_tells(known: dict[str, Any]) -> None:
    for entry in ENTRIES:
        for condition in entry.conditions:
            table, _, code = condition.field.partition(".")
            if table == "quality":
                assert f"``{code}``" in (quality.__doc__ or ""), name(entry)
                told: Any = 0.0
            else:
                told = measured(known, condition.field)
            wanted = set(condition.value if isinstance(condition.value, tuple) else (condition.value,)) - {None}
            assert {isinstance(value, str) for value in wanted} <= {isinstance(told, str)}, name(entry)
            if isinstance(told, str):
                assert wanted <= LABELS[condition.field], name(entry)


def test_what_is_recommended_does_not_call_for_the_same_advice_again() -> None:
    asked = [
        (name(entry), condition)
        for entry in ENTRIES
        for condition in entry.conditions
        if condition.recommend is not None
    ]
    assert len(asked) >= 40
    for title, condition in asked:
        assert condition.op in BEYOND, title
        assert not BEYOND[condition.op](condition.recommend, condition.value), title


def test_what_an_entry_is_about_can_be_asked_of_a_library() -> None:
    for entry in ENTRIES:
        if entry.about is not None:
            assert parse_query(entry.about).tree != parse_query("").tree, name(entry)


def test_a_changed_file_is_named_with_its_line(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "starter").mkdir()
    (tmp_path / "starter" / "eq.jsonl").write_text(ENTRIES[0].model_dump_json() + "\n{}\n")
    monkeypatch.setattr("sonoteca.knowledge.starter_base.files", lambda package: tmp_path)
    starter_entries.cache_clear()
    try:
        with pytest.raises(ValueError, match=r"^eq\.jsonl, line 2: id: "):
            starter_entries()
    finally:
        starter_entries.cache_clear()
