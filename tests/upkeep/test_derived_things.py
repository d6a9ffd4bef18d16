"""Check and rebuild walk everything that is derived: what is damaged is told, what is made anew is right."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import sqlalchemy as sa
from typer.testing import CliRunner

from catalogue_samples import EAR, info, part
from sonoteca.catalogue.heard.embeddings import answering_space
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.made.map_layouts import find_layout, points_of
from sonoteca.catalogue.made.melodies import import_melodies
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema_made import map_layouts, map_points
from sonoteca.cli.main import app
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.search.hum.library_tunes import open_melody_index
from sonoteca.search.map.sound_map import draw_map
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.upkeep.check import check_library
from sonoteca.upkeep.derived_things import check_index, derived_things, look_at_derived, rebuild_index

SPACE = Space("test", 1, 8, 10.0, 5.0, "mean", "none")
TUNE = NamedMelody("7", "A tune", tuple(Note(0.5 * n, 0.5 * n + 0.4, 60.0 + n) for n in range(8)))


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A library with vectors, a melody and a map of some of its sounds."""
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        add(library, 0, 12)
        with library.write() as connection:
            import_melodies(connection, [TUNE], "test")
        draw_map(library, method="pca")
    return tmp_path / "library.sonoteca"


@pytest.fixture
def library(place: Path) -> Iterator[Library]:
    with open_library(place) as opened:
        yield opened


def add(library: Library, first: int, count: int) -> None:
    names = [f"x1:{number}" for number in range(first, first + count)]
    with library.write() as connection:
        rows = ensure_sounds(connection, names)
        results = []
        for number, name in enumerate(names, first):
            vector = np.random.default_rng(number).standard_normal(8).astype(np.float32)
            embedding = Embedding(vector / np.linalg.norm(vector), SPACE.id, 0.0, 2.0, is_window=False)
            analysis = SoundAnalysis((part(0, 0.0, 2.0),))
            results.append(SoundResult(rows[name], info(name), analysis, (), {SPACE.id: [[embedding]]}))
        store_results(connection, results, identities=[EAR], spaces=[SPACE])


def places(library: Library) -> dict[int, list[float]]:
    with library.read() as connection:
        space = answering_space(connection)
        assert space is not None
        layout = find_layout(connection, space)
        assert layout is not None
        ids, found = points_of(connection, layout)
    return dict(zip(ids.tolist(), found.tolist(), strict=True))


def states(library: Library) -> dict[str, tuple[bool, bool, bool]]:
    return {each.name: (each.present, each.current, each.whole) for each in look_at_derived(library)}


NAMES = [thing.name for thing in derived_things()]
KEPT = [name for name in NAMES if name != "map"]


def test_nothing_kept_is_no_fault_and_a_rebuild_makes_everything(library: Library) -> None:
    before = states(library)
    assert before == {**dict.fromkeys(KEPT, (False, False, True)), "map": (True, True, True)}
    assert check_index(library).is_whole
    told: list[str] = []
    answer = rebuild_index(library, progress=told.append)
    assert told == ["vectors", *NAMES]
    assert answer.is_whole
    assert states(library) == dict.fromkeys(NAMES, (True, True, True))
    assert [space.state.in_source for space in answer.spaces] == [12]


def test_what_the_catalogue_left_behind_is_out_of_date_and_no_fault(library: Library) -> None:
    rebuild_index(library)
    add(library, 12, 3)
    after = states(library)
    assert after["rhythms"] == after["match"] == after["map"] == (True, False, True)
    # Of the tunes nothing changed, and edges are added when a question needs them.
    assert after["tunes"] == after["edges"] == (True, True, True)
    assert check_index(library).is_whole
    assert check_library(library).is_whole
    before = places(library)
    assert rebuild_index(library).is_whole
    assert states(library) == dict.fromkeys(NAMES, (True, True, True))
    now = places(library)
    assert len(now) == 15
    # float16 vectors, and a model that is kept.
    for region, place in before.items():
        assert now[region] == pytest.approx(place, abs=1e-6)


@pytest.mark.parametrize("name", KEPT)
def test_a_damaged_file_is_found_named_answered_around_and_made_anew(library: Library, name: str) -> None:
    rebuild_index(library)
    assert library.data_dir is not None
    file = library.data_dir / "derived" / f"{name}.arrays"
    content = bytearray(file.read_bytes())
    content[len(content) // 2] ^= 0x40
    file.write_bytes(content)
    library.held.clear()
    answer = check_index(library)
    assert not answer.is_whole
    [finding] = check_library(library).findings
    assert finding.code == "derived_file"
    assert str(file) in finding.message
    assert len(open_melody_index(library)) == 1
    with library.read() as connection:
        assert len(load_tracks(library, connection)) == 13
    assert rebuild_index(library).is_whole


def test_a_map_that_cannot_be_read_is_found_and_fitted_anew(library: Library) -> None:
    with library.write() as connection:
        connection.execute(sa.update(map_layouts).values(model=b"nothing"))
    assert states(library)["map"] == (True, False, False)
    assert "map" in check_library(library).findings[0].message
    assert rebuild_index(library).is_whole
    assert len(places(library)) == 12


def test_places_that_were_lost_come_back_where_they_were(library: Library) -> None:
    before = places(library)
    with library.write() as connection:
        connection.execute(sa.delete(map_points).where(map_points.c.region_id.in_(list(before)[:5])))
    assert states(library)["map"] == (True, False, True)
    rebuild_index(library)
    assert places(library).keys() == before.keys()
    assert places(library)[min(before)] == pytest.approx(before[min(before)], abs=1e-6)


# --- on the command line ---------------------------------------------------------------------------


def told(place: Path, *words: str, expect: int = 0) -> Any:
    result = CliRunner().invoke(app, [*words, "--library", str(place), "--json"])
    assert result.exit_code == expect, result.output
    return json.loads(result.stdout)


def test_index_check_and_rebuild_print_every_derived_thing(place: Path) -> None:
    checked = told(place, "index", "check")
    assert list(checked) == ["spaces", "derived", "ok"]
    assert set(checked["spaces"][0]) == {
        "space_id", "in_catalogue", "stored", "missing", "orphaned", "damaged_segments", "recall", "messages", "ok",
    }  # fmt: skip
    assert [each["name"] for each in checked["derived"]] == NAMES
    assert checked["derived"][0] == {"name": "tunes", "present": False, "current": False, "whole": True, "message": ""}
    rebuilt = told(place, "index", "rebuild")
    assert rebuilt["ok"] is True
    assert all(each["current"] for each in rebuilt["derived"])
    file = place.with_name(f"{place.name}.d") / "derived" / "tunes.arrays"
    file.write_bytes(b"damaged")
    assert told(place, "index", "check", expect=1)["ok"] is False
    printed = CliRunner().invoke(app, ["index", "check", "--library", str(place)])
    assert printed.exit_code == 1
    assert "damaged" in printed.output


def test_library_check_prints_findings_and_what_helps(place: Path) -> None:
    checked = told(place, "library", "check")
    assert list(checked) == ["ok", "rows", "findings", "derived"]
    assert (checked["ok"], checked["rows"]["sounds"], checked["findings"]) == (True, 13, [])
    told(place, "index", "rebuild")
    (place.with_name(f"{place.name}.d") / "derived" / "rhythms.arrays").write_bytes(b"damaged")
    [finding] = told(place, "library", "check", expect=1)["findings"]
    assert set(finding) == {"code", "message", "remedy"}
    printed = CliRunner().invoke(app, ["library", "check", "--library", str(place)])
    assert "sonoteca index rebuild" in " ".join(printed.output.split())
