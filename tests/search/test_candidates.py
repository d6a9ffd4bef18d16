"""What is read of proposed embeddings, and how they are compared: against the comparison of one vector with one."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from catalogue_samples import EAR, SPACE, info, part
from sonoteca.catalogue.heard import embeddings
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.sounds import ensure_sounds, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.domain.embedding import Embedding, Space, SpacePart
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.search.candidates import candidates_of, compare

PARTS = Space("built", 1, 8, 10.0, 5.0, "mean", "none", (SpacePart("timbre", 0, 5), SpacePart("rhythm", 5, 8)))
values = st.lists(st.floats(-1, 1, width=16), min_size=8, max_size=8)


def compared_one_by_one(
    one: NDArray[np.float32], other: NDArray[np.float32], weights: Mapping[str, float], space: Space
) -> tuple[float, dict[str, float | None]]:
    """Weighted cosine of two vectors and per aspect, written out as plainly as it can be."""
    parts: dict[str, float | None] = {}
    product = norm_one = norm_other = 0.0
    for each in space.aspects:
        a, b = one[each.start : each.stop], other[each.start : each.stop]
        lengths = float(a @ a), float(b @ b)
        weight = weights[each.name]
        inner = float(a @ b)
        product += weight * inner
        norm_one += weight * lengths[0]
        norm_other += weight * lengths[1]
        has_both = min(lengths) > 1e-6
        parts[each.name] = min(1.0, max(0.0, inner / (lengths[0] * lengths[1]) ** 0.5)) if has_both else None
    if norm_one <= 0.0 or norm_other <= 0.0:
        return 0.0, parts
    return min(1.0, max(0.0, product / (norm_one * norm_other) ** 0.5)), parts


@given(
    target=values,
    stored=st.lists(values, max_size=6),
    timbre=st.sampled_from([0.0, 0.5, 1.0]),
    rhythm=st.floats(0, 3),
    lacks=st.sampled_from(["", "timbre", "rhythm"]),
)
def test_all_at_once_are_compared_as_one_by_one(
    target: list[float], stored: list[list[float]], timbre: float, rhythm: float, lacks: str
) -> None:
    rows = np.array(stored, np.float32).reshape(-1, 8)
    if lacks:
        rows[::2, slice(0, 5) if lacks == "timbre" else slice(5, 8)] = 0.0
    one, weights = np.array(target, np.float32), {"timbre": timbre, "rhythm": rhythm}
    found = compare(one, rows, weights, PARTS)
    assert len(found) == len(rows)
    for place, row in enumerate(rows):
        score, parts = compared_one_by_one(one, row, weights, PARTS)
        assert found.score[place] == pytest.approx(score, abs=1e-12)
        assert found.parts_of(place, PARTS) == pytest.approx(parts, abs=1e-12)


def test_equal_vectors_are_equally_like_wherever_they_stand() -> None:
    random = np.random.default_rng(0)
    rows = random.standard_normal((101, 8)).astype(np.float32)
    rows[[3, 50, 99]] = rows[0]
    score = compare(rows[7], rows, {"timbre": 1.0, "rhythm": 0.3}, PARTS).score
    assert len({*score[[0, 3, 50, 99]].tolist()}) == 1


def test_candidates_say_whose_they_are_and_which_moment(library: Library) -> None:
    unit = np.eye(4, dtype=np.float32)
    with library.write() as connection:
        numbers = ensure_sounds(connection, ["x1:a", "x1:b"])
        for name, artist in (("x1:a", "Amon"), ("x1:b", None)):
            made = [Embedding(unit[0], SPACE.id, 0.0, 20.0, False), Embedding(unit[1], SPACE.id, 5.0, 15.0, True)]
            claims = () if artist is None else (Claim("artist", artist, "tags"),)
            analysis = SoundAnalysis((part(0, 0.0, 20.0),))
            result = SoundResult(numbers[name], info(name, 20.0), analysis, claims, {SPACE.id: [made]})
            store_results(connection, [result], identities=[EAR], spaces=[SPACE])
        space = embeddings.ensure_space(connection, SPACE)
        found = candidates_of(connection, space, [4, 99, 1])
        found = found.take(np.argsort(found.embedding_ids))
        assert found.embedding_ids.tolist() == [1, 4]
        wholes = whole_regions(connection, list(numbers.values()))
        assert found.region_ids.tolist() == [wholes[numbers["x1:a"]], wholes[numbers["x1:b"]]]
        assert found.sound_ids.tolist() == [numbers["x1:a"], numbers["x1:b"]]
        assert list(zip(found.start_s.tolist(), found.end_s.tolist(), strict=True)) == [(0.0, 20.0), (5.0, 15.0)]
        assert (found.is_window.tolist(), found.is_sound.tolist()) == ([False, True], [True, False])
        assert (found.public_ids.tolist(), found.artists) == ([public_id("x1:a"), public_id("x1:b")], ("Amon", None))
        assert found.duration_s.tolist() == [20.0, 20.0]
        assert np.isnan(found.tempo_bpm).all()
        assert found.vectors.tolist() == unit[:2].tolist()
        assert len(candidates_of(connection, space, [])) == 0
        connection.execute(sa.text("DELETE FROM sounds WHERE id = :id"), {"id": numbers["x1:a"]})
        assert candidates_of(connection, space, [1, 4]).embedding_ids.tolist() == [4]
