"""The map of a library: stored, stable, complete."""

from __future__ import annotations

import dataclasses
import shutil
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

from catalogue_samples import EAR, SPACE, info, part
from sonoteca.catalogue.heard.embeddings import answering_space
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.made.map_layouts import add_points, count_points, find_layout, store_layout
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema_made import map_points
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import LibraryBusy, RequestError
from sonoteca.search.map.place_sounds import MapRequest, place_sounds
from sonoteca.search.map.sound_map import draw_map, read_map


def embed(library: Library, names: range, *, space: Space = SPACE, seed: int = 0) -> list[int]:
    """Sounds with a whole-region vector each and one window, even numbers near one axis, odd near another."""
    with library.write() as connection:
        ids = ensure_sounds(connection, [f"x1:{name}" for name in names])
        results = []
        for name, (content_hash, sound_id) in zip(names, ids.items(), strict=True):
            drawn = 0.2 * np.random.default_rng([seed, name]).standard_normal(space.dimensions)
            drawn[name % 2] += 1.0
            vector = (drawn / np.linalg.norm(drawn)).astype(np.float32)
            made = [Embedding(vector, space.id, 0.0, 20.0, False), Embedding(-vector, space.id, 0.0, 10.0, True)]
            analysis = SoundAnalysis((part(0, 0.0, 20.0),))
            results.append(SoundResult(sound_id, info(content_hash, 20.0), analysis, (), {space.id: [made]}))
        store_results(connection, results, identities=[EAR], spaces=[space])
    return list(ids.values())


def places(library: Library) -> dict[str, tuple[float, float]]:
    with library.read() as connection:
        return {point.facts.id: (point.x, point.y) for point in read_map(connection).points}


@pytest.mark.parametrize("method", ["pca", "tsne"])
def test_new_sounds_get_a_place_and_move_nothing(library: Library, method: str) -> None:
    if method == "tsne":
        pytest.importorskip("openTSNE")
    embed(library, range(30))
    drawn = draw_map(library, method=method)  # type: ignore[arg-type]
    assert (drawn.method, drawn.is_new, drawn.placed) == (method, True, 30)
    before = places(library)
    assert len(before) == 30
    assert all(0.0 <= value <= 1.0 for place in before.values() for value in place)
    assert draw_map(library).placed == 0
    embed(library, range(30, 50))
    drawn = draw_map(library)
    assert (drawn.method, drawn.is_new, drawn.placed) == (method, False, 20)
    after = places(library)
    assert len(after) == 50
    assert {name: after[name] for name in before} == before


def test_a_place_is_the_same_whenever_a_sound_comes(tmp_path: Path, blank_file: Path) -> None:
    found = []
    for name, steps in (("once", [range(10, 20)]), ("twice", [range(15, 20), range(10, 15)])):
        shutil.copy(blank_file, tmp_path / name)
        with open_library(tmp_path / name) as library:
            embed(library, range(10))
            draw_map(library, method="pca")
            for step in steps:
                embed(library, step)
                draw_map(library)
            found.append(places(library))
    assert found[0] == found[1]


def test_a_removed_sound_leaves_the_map_and_a_new_fit_forgets_it(library: Library) -> None:
    sound_ids = embed(library, range(12))
    draw_map(library, method="pca")
    before = places(library)
    with library.write() as connection:
        remove_sounds(connection, sound_ids[:3])
    after = places(library)
    assert len(after) == 9
    assert {name: before[name] for name in after} == after
    drawn = draw_map(library, refit=True)
    assert (drawn.is_new, drawn.placed) == (True, 9)
    with library.read() as connection:
        assert read_map(connection).fitted_to == 9
        assert connection.execute(sa.select(sa.func.count()).select_from(map_points)).scalar_one() == 9


def test_each_method_and_space_has_a_map_of_its_own(library: Library) -> None:
    pytest.importorskip("openTSNE")
    embed(library, range(12))
    draw_map(library, method="pca")
    by_pca = places(library)
    draw_map(library, method="tsne")
    assert places(library) != by_pca
    with library.read() as connection:
        kept = {point.facts.id: (point.x, point.y) for point in read_map(connection, method="pca").points}
        assert read_map(connection).method == "tsne"
    assert kept == by_pca
    # Once a newer version of the model answers, its vectors are compared with none before.
    newer = dataclasses.replace(SPACE, version=2)
    embed(library, range(12), space=newer, seed=1)
    drawn = draw_map(library, method="pca")
    assert (drawn.is_new, drawn.placed) == (True, 12)
    with library.read() as connection:
        found = read_map(connection)
    assert (found.space_id, len(found.points), found.fitted_to) == (newer.id, 12, 12)
    assert {point.facts.id: (point.x, point.y) for point in found.points} != by_pca


def test_a_filter_leaves_places_where_they_are(library: Library) -> None:
    embed(library, range(6))
    draw_map(library, method="pca")
    every = places(library)
    name = sorted(every)[0]
    document = place_sounds(library, MapRequest(filter=f"id:{name}")).as_json()
    [row] = document["results"]
    assert (row["id"], row["x"], row["y"]) == (name, *(round(value, 5) for value in every[name]))
    assert {"path", "title", "kind", "role", "sound_class", "region", "start_s", "end_s"} <= row.keys()
    assert document["query"]["mode"] == "map"
    assert document["query"]["method"] == "pca"
    assert document["query"]["filter"] == f"id:{name}"


def test_without_vectors_or_a_map_the_answer_says_what_to_do(library: Library) -> None:
    with pytest.raises(RequestError, match="embedded") as error:
        draw_map(library)
    assert "Add a folder" in error.value.remedy
    embed(library, range(1))
    with library.read() as connection, pytest.raises(RequestError, match="no such map"):
        read_map(connection)
    assert draw_map(library, method="pca").placed == 1
    assert list(places(library).values()) == [(0.5, 0.5)]


def test_points_for_a_layout_that_was_replaced_are_refused(library: Library) -> None:
    embed(library, range(3))
    draw_map(library, method="pca")
    with library.write() as connection:
        space = answering_space(connection)
        assert space is not None
        old = find_layout(connection, space)
        assert old is not None
        new = store_layout(connection, space, method="pca", fitted_to=3, model=b"")
        with pytest.raises(LibraryBusy):
            add_points(connection, old, np.array([1]), np.zeros((1, 2), np.float32))
        assert count_points(connection, new) == 0
        # Regions that are gone are left out, and a place once given stays.
        ids = np.array([1, 2, 999])
        assert add_points(connection, new, ids, np.full((3, 2), 0.25, np.float32)) == 2
        assert add_points(connection, new, ids, np.full((3, 2), 0.75, np.float32)) == 0
