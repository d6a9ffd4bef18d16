"""Every field and every example of docs/query-language.md, asked of a library in which the answer is known."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made.edit import edit
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import sounds, summaries
from sonoteca.domain.claim import Claim
from sonoteca.search.query.fields import FIELDS
from sonoteca.search.query.listing import find_rows
from sonoteca.search.query.parser import parse_query

PAGE = (Path(__file__).parents[3] / "docs" / "query-language.md").read_text(encoding="utf-8")
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)

# What ``hit`` has is what the examples of the fields ask for; ``other`` has something else, ``blank`` nothing.
HIT = {
    "added_at": "2026-11-20T12:00:00.000Z", "kind": "loop", "kind_confidence": 0.4, "role": "drums", "role_confidence": 0.4,
    "sound_class": "kick", "sound_class_confidence": 0.4, "instrument": "guitar", "content": "nature", "tempo_bpm": 124.0,
    "tempo_confidence": 0.9, "beats_per_bar": 2, "beat_unit": 8, "bars": 4.0, "loopability": 0.9, "tonic": 9, "mode": "minor",
    "key_number": 21, "key_confidence": 0.9, "tuning_cents": 25.0, "pitch_midi": 40.0, "loudness_lufs": -8.0,
    "loudness_range_lu": 4.0, "true_peak_dbtp": 0.5, "energy_level": 7.0, "brightness": 0.7, "warmth": 0.6, "roughness": 0.4,
    "noisiness": 0.6, "attack_s": 0.005, "decay_s": 2.0, "pulse_clarity": 0.6, "onset_density": 5.0, "tonality": 0.6,
    "rating": 4, "duration_s": 100.0,
}  # fmt: skip
OTHER = {
    "added_at": "2026-11-01T12:00:00.000Z", "kind": "track", "kind_confidence": 0.9, "role": "bass", "role_confidence": 0.9,
    "sound_class": "snare", "sound_class_confidence": 0.9, "instrument": "piano", "content": "music", "tempo_bpm": 62.0,
    "tempo_confidence": 0.6, "beats_per_bar": 4, "beat_unit": 4, "bars": 8.0, "loopability": 0.2, "tonic": 6, "mode": "minor",
    "key_number": 18, "key_confidence": 0.6, "tuning_cents": 5.0, "pitch_midi": 60.0, "loudness_lufs": -14.0,
    "loudness_range_lu": 9.0, "true_peak_dbtp": -3.0, "energy_level": 3.0, "brightness": 0.2, "warmth": 0.2, "roughness": 0.1,
    "noisiness": 0.2, "attack_s": 0.1, "decay_s": 0.5, "pulse_clarity": 0.2, "onset_density": 1.0, "tonality": 0.2,
    "rating": 2, "duration_s": 20.0,
}  # fmt: skip
ALL = {"hit", "other", "blank"}

# By example, where it is not ``hit`` alone.
FOUND = {
    "status:failed": {"blank"},
    "bpm:120..128": {"hit", "other"},  # half of 124
    "bpm:=120..128": {"hit"},
    "bpm:none": {"blank"},
    "key:any": {"hit", "other"},
    "key:8A": {"hit"},
    "key:1m": {"hit"},
    "key:Am": {"hit"},
    'key:"F# minor"': {"other"},
    "key:minor": {"hit", "other"},
    "lufs:-14..-9": {"other"},
    "lufs:-14..": {"hit", "other"},
    "lufs:..-9": {"other"},
    "lufs:>-10": {"hit"},
    "energy:7": {"hit"},
    "energy:7.0": {"hit"},
    "duration:1:30..2m": {"hit"},
    "added:7d": {"hit"},
    "added:2026-11-20": {"hit"},
    "added:2026-11": {"hit", "other"},
    "added:today": set(),
    "added:>2026-10-01": {"hit", "other"},
    "added:30d..7d": {"other"},
    "-bpm:>100": {"other", "blank"},
    "bpm:<=100": {"other"},
    "bpm:=120": set(),
    "rain": {"hit"},
    "snare": {"other"},
    "808": {"other"},
    "dont": {"other"},
    "rundmc": {"other"},
    "rem": {"blank"},
    "!!!": {"blank"},
    "人民": {"other"},
    '"warm pad"': {"blank"},
    "Boards of Canada - Roygbiv": {"blank"},
    '"Boards of Canada - Roygbiv"': {"blank"},
    "kind:loop role:drums": {"hit"},
    "kind:loop,track": {"hit", "other"},
    "kind:one-shot": set(),
    "kind:field": set(),
    "class:hihat": set(),
    "rain OR thunder": {"hit", "other"},
    "-tag:vocal": {"hit", "blank"},
    "NOT rain": {"other", "blank"},
    "(rain OR thunder) -kind:track": {"hit"},
    "sort:bpm": ALL,
    "sort:-added": ALL,
    "is:missing": set(),
}


def _add(connection: Connection, path: str, tags: tuple[str, ...], **named: str) -> int:
    claims = [Claim(field, value, "tags") for field, value in named.items()]
    sound_id = samples.add(connection, path, f"x1:{path}", claims=claims)
    if tags:
        edit(connection, list(whole_regions(connection, [sound_id]).values()), {}, add_tags=tags)
    return sound_id


@pytest.fixture(scope="module")
def connection(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Connection]:
    with open_library(tmp_path_factory.mktemp("documented") / "l.sonoteca", mode="create") as library:
        with library.write() as writing:
            hit = _add(
                writing, "drums/kicks/hit.wav", ("dusty",), title="Rain", artist="Amon Tobin", album="Permutation"
            )
            other = _add(
                writing, "tr808/AcousticSnare other.wav", ("vocal",),
                title="Don't Thunder", artist="Run-D.M.C.", album="中国人民解放军",
            )  # fmt: skip
            blank = _add(
                writing, "x/blank.wav", (), title="Roygbiv", artist="Boards of Canada", album="!!! R.E.M. warm pad"
            )
            unknown = dict.fromkeys((*HIT, "path_key"), None) | {"added_at": "2020-01-01T00:00:00.000Z"}
            for sound_id, values in ((hit, HIT), (other, OTHER), (blank, unknown | {"status": "failed"})):
                writing.execute(sa.update(summaries).where(summaries.c.sound_id == sound_id).values(**values))
            writing.execute(sa.update(sounds).where(sounds.c.id == hit).values(public_id="k3faaaaaaaaaaaaa"))
            facts = ShopFacts(external_id="LP-1042", price=2.5), ShopFacts(external_id="LP-1", price=3.0)
            set_shop_facts(writing, dict(zip((hit, other), facts, strict=True)))
        with library.read() as reading:
            yield reading


def found(connection: Connection, query: str) -> list[str]:
    rows = find_rows(connection, parse_query(query, now=NOW), limit=None)
    return [re.split(r"[/ ]", (row.path or "").removesuffix(".wav"))[-1] for row in rows]


def documented() -> list[str]:
    """The examples of the page outside the table of fields: what is first in a row, and values after a field's name."""
    before, _, after = PAGE.partition("## Fields")
    table, _, numbers = before.partition("## Numbers")
    spans = [
        each for row in re.findall(r"^\| (`.*?) \| ", table, re.MULTILINE) for each in re.findall("`([^`]+)`", row)
    ]
    spans += [each for each in re.findall("`([^`]+)`", numbers) if re.fullmatch(r"-?[a-z_]+:\S+.*", each)]
    assert len(spans) > 30
    assert after
    return spans


@pytest.mark.parametrize("example", documented())
def test_every_example_finds_what_the_page_says(connection: Connection, example: str) -> None:
    assert set(found(connection, example)) == FOUND.get(example, {"hit"})


@pytest.mark.parametrize("field", FIELDS, ids=lambda field: field.name)
def test_every_field_finds_what_its_example_asks_for(connection: Connection, field) -> None:  # type: ignore[no-untyped-def]
    assert set(found(connection, field.example)) == FOUND.get(field.example, {"hit"})


@pytest.mark.parametrize("name", [name for each in FIELDS for name in (each.name, *each.aliases)])
def test_every_field_knows_any_and_none(connection: Connection, name: str) -> None:
    if name == "is":
        return  # what it is stands by itself
    known, unknown = found(connection, f"{name}:any"), found(connection, f"{name}:none")
    assert "hit" in known
    assert set(known) | set(unknown) == ALL
    assert not set(known) & set(unknown)


def test_what_a_shop_says_can_be_asked_for(connection: Connection) -> None:
    assert found(connection, "external:none") == ["blank"]
    assert set(found(connection, "external:any")) == {"hit", "other"}
    assert found(connection, "external:LP-10*") == ["hit"]
    assert set(found(connection, "external:L*1*")) == {"hit", "other"}
    assert found(connection, "external:lp-*") == found(connection, "external:LP-_*") == []
    assert found(connection, 'external:"LP-10*"') == []
    assert set(found(connection, "-external:LP-10*")) == {"other", "blank"}
    assert found(connection, "price:<3") == ["hit"]
    assert set(found(connection, "price:2..3")) == {"hit", "other"}
    assert found(connection, "price:3.0") == ["other"]
    assert set(found(connection, "-price:<3")) == {"other", "blank"}


def test_an_order_puts_the_unknown_last(connection: Connection) -> None:
    assert found(connection, "sort:bpm") == ["other", "hit", "blank"]
    assert found(connection, "sort:-bpm") == ["hit", "other", "blank"]
    assert found(connection, "sort:-added") == ["hit", "other", "blank"]
