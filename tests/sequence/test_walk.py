"""Walks: monotone, without repeats, evenly spaced where the library allows it, and optimal where that can be counted."""

from __future__ import annotations

from itertools import pairwise, permutations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sequence_samples import Made, columns, made_tracks, store
from sonoteca.catalogue.heard.embeddings import answering_space, delete_of_regions
from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import ConstraintsConflict, RequestError
from sonoteca.sequence.tracks import Tracks
from sonoteca.sequence.walk import Walk, WalkRequest, walk, walk_between
from sonoteca.sequence.weights import default_weights


def turned(share: float, aside: float = 0.0, **facts: object) -> Made:
    """A sound between two directions: 0 the first, 1 the second; ``aside`` leads off the way."""
    angle = share * np.pi / 2
    return Made(sound=(float(np.cos(angle)), float(np.sin(angle)), aside, 0.0), groove=(0.0, 0.0), **facts)  # type: ignore[arg-type]


def walked(tracks: Tracks, steps: int, mixable: float = 0.0) -> Walk:
    every = np.ones(len(tracks), bool)
    return walk_between(tracks, every, 0, 1, steps, mixable=mixable, weights=default_weights())


def test_a_walk_along_an_arc_takes_even_steps() -> None:
    tracks = columns(turned(0.0), turned(1.0), *(turned(share) for share in np.linspace(0.02, 0.98, 49)))
    found = walked(tracks, 3)
    shares = [0.0, *(np.linspace(0.02, 0.98, 49)[index - 2] for index in found.order[1:-1]), 1.0]
    assert np.diff(shares) == pytest.approx([0.25] * 4, abs=0.06)


def test_sounds_off_the_way_are_left_aside() -> None:
    near = [turned(share) for share in (0.25, 0.5, 0.75)]
    far = [turned(share, aside=2.0) for share in (0.24, 0.51, 0.74)]
    assert walked(columns(turned(0.0), turned(1.0), *far, *near), 3).order == (0, 5, 6, 7, 1)


def test_mixable_walks_prefer_what_can_be_mixed() -> None:
    tracks = columns(turned(0.0), turned(1.0), turned(0.5, bpm=160.0, key="2A"), turned(0.53))
    assert walked(tracks, 1).order == (0, 2, 1)
    assert walked(tracks, 1, mixable=1.0).order == (0, 3, 1)


def test_a_recording_is_walked_through_once() -> None:
    copies = [turned(0.5, recording="middle"), turned(0.51, recording="middle", seconds=200.04)]
    tracks = columns(turned(0.0), turned(1.0), *copies, turned(0.9), turned(0.0, recording="0"))
    assert walked(tracks, 3).order in ((0, 2, 4, 1), (0, 3, 4, 1))


@settings(max_examples=60, deadline=None)
@given(st.lists(made_tracks(), min_size=2, max_size=10), st.integers(0, 8), st.sampled_from([0.0, 1.0]))
def test_walks_go_on_and_never_repeat(made: list[Made], steps: int, mixable: float) -> None:
    tracks = columns(*made)
    found = walked(tracks, steps, mixable)
    assert (found.order[0], found.order[-1]) == (0, 1)
    assert len(found.order) == len(set(found.order)) <= steps + 2
    assert all(a < b for a, b in pairwise(found.progress.tolist()))
    assert (found.nearness > 0).all()
    assert (found.nearness <= 1).all()


def test_it_is_the_cheapest_of_all_walks() -> None:
    random = np.random.default_rng(4)
    for _ in range(10):
        tracks = columns(
            turned(0.0), turned(1.0), *(turned(float(random.random()), float(random.normal(0, 0.4))) for _ in range(6))
        )
        vectors = tracks.whole.astype(float)
        line = vectors[1] - vectors[0]
        along = (vectors - vectors[0]) @ line / (line @ line)
        along[[0, 1]] = 0.0, 1.0

        def cost(order: tuple[int, ...], vectors: np.ndarray = vectors, along: np.ndarray = along) -> float:
            total = 0.0
            for a, b in pairwise(order):
                if along[b] <= along[a]:
                    return np.inf
                uneven = (len(order) - 1) * (along[b] - along[a]) - 1.0
                total += 2.0 - 2.0 * float(vectors[a] @ vectors[b]) + 0.25 * uneven**2
            return total

        best = min((cost((0, *inner, 1)) for inner in permutations(range(2, 8), 3)), default=np.inf)
        assert cost(walked(tracks, 3).order) == pytest.approx(best, abs=1e-5)


def test_a_walk_through_a_library(sqlite_library: Library) -> None:
    with sqlite_library.write() as connection:
        store(connection, {"a": turned(0.0), "b": turned(1.0), "m": turned(0.5), "x": turned(0.5, aside=3.0)})
        store(connection, {"loop": turned(0.5)}, kind="loop", folder="/loops")
    answer = walk(sqlite_library, WalkRequest(start="/music/a.wav", end="/music/b.wav", steps=1))
    assert [row.title for row in answer.rows] == ["a", "m", "b"]
    middle = answer.rows[1]
    assert middle.parts["progress"] == pytest.approx(0.5, abs=0.01)
    assert middle.reasons == ("50% of the way",)
    assert answer.notes == ()
    longer = walk(sqlite_library, WalkRequest(start="/music/a.wav", end="/music/b.wav", steps=9))
    assert longer.notes[0].startswith("Only ")
    other = walk(sqlite_library, WalkRequest(start="/music/a.wav", end="/music/b.wav", steps=1, filter="kind:loop"))
    assert [row.title for row in other.rows] == ["a", "loop", "b"]
    with pytest.raises(ConstraintsConflict, match="the same sound"):
        walk(sqlite_library, WalkRequest(start="/music/a.wav", end="/music/a.wav"))


def test_silent_ends_are_refused(sqlite_library: Library) -> None:
    with sqlite_library.write() as connection:
        store(connection, {"a": turned(0.0), "b": turned(1.0)})
        space, sound = answering_space(connection), resolve_sound(connection, "/music/b.wav").id
        assert space is not None
        delete_of_regions(connection, space, [whole_regions(connection, [sound])[sound]])
    with pytest.raises(RequestError, match="no vector to walk by"):
        walk(sqlite_library, WalkRequest(start="/music/a.wav", end="/music/b.wav"))
