from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from sqlalchemy.engine import Connection

from catalogue_samples import EAR, SPACE, info, part
from sonoteca.catalogue.heard import embeddings, segments
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.heard.segments import Segment
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import regions
from sonoteca.domain.embedding import Embedding, SpacePart
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import LibraryBusy, SpaceMismatch


@given(hnp.arrays(np.float32, 16, elements=st.floats(-1, 1, width=32)))
def test_a_vector_survives_storage_to_half_precision(vector: np.ndarray) -> None:
    assert np.abs(embeddings.unpack(embeddings.pack(vector)) - vector).max() <= 2**-12


def store(connection: Connection, name: str, n_windows: int = 2) -> int:
    [sound_id] = ensure_sounds(connection, [f"x1:{name}"]).values()
    spans = [(0.0, 20.0, False), *((5.0 * n, 5.0 * n + 10.0, True) for n in range(n_windows))]
    unit = np.eye(4, dtype=np.float32)
    made = [Embedding(unit[n % 4], SPACE.id, *span) for n, span in enumerate(spans)]
    analysis = SoundAnalysis((part(0, 0.0, 20.0),))
    result = SoundResult(sound_id, info(f"x1:{name}", 20.0), analysis, (), {SPACE.id: [made]})
    store_results(connection, [result], identities=[EAR], spaces=[SPACE])
    return sound_id


def test_vectors_come_back_with_their_spans_in_rising_order(library: Library) -> None:
    with library.write() as connection:
        first, second = store(connection, "a"), store(connection, "b")
        space = embeddings.ensure_space(connection, SPACE)
        ids = embeddings.embedding_ids(connection, space)
        assert ids.tolist() == [1, 2, 3, 4, 5, 6]
        assert embeddings.embedding_ids(connection, space, after=4).tolist() == [5, 6]
        batches = list(embeddings.vector_batches(connection, space, batch=4))
        assert [len(batch_ids) for batch_ids, _ in batches] == [4, 2]
        assert np.concatenate([batch for _, batch in batches]).shape == (6, 4)
        wholes = whole_regions(connection, [first, second])
        [(whole, vector)] = embeddings.vectors_of_region(connection, space, wholes[first])
        assert (whole.is_window, vector.tolist()) == (False, [1, 0, 0, 0])
        assert len(embeddings.vectors_of_region(connection, space, wholes[first], windows=True)) == 3
        of_second = sa.select(regions.c.id).where(regions.c.sound_id == second)
        assert embeddings.ids_of_regions(connection, space, of_second).tolist() == [4, 5, 6]


def test_removed_ids_are_told_once_and_never_used_again(library: Library) -> None:
    with library.write() as connection:
        sound_id = store(connection, "a")
        space = embeddings.ensure_space(connection, SPACE)
        remove_sounds(connection, [sound_id])
        gone, mark = embeddings.removed_ids(connection, space)
        assert sorted(gone.tolist()) == [1, 2, 3]
        assert embeddings.removed_ids(connection, space, after=mark)[0].tolist() == []
        store(connection, "b")
        assert embeddings.embedding_ids(connection, space).tolist() == [4, 5, 6]
        embeddings.forget_removed(connection, space, up_to=mark)
        assert embeddings.removed_ids(connection, space)[0].tolist() == []


def test_old_vectors_answer_until_half_of_the_new_are_there(library: Library) -> None:
    newer = dataclasses.replace(SPACE, version=SPACE.version + 1)
    other = dataclasses.replace(SPACE, model="another")
    with library.write() as connection:
        assert embeddings.answering_space(connection) is None
        sounds = [store(connection, name, n_windows=0) for name in "abcd"]
        for space in (newer, other):
            embeddings.ensure_space(connection, space)
        answered_by = []
        for sound_id, name in zip(sounds, "abcd", strict=True):
            made = Embedding(np.eye(4, dtype=np.float32)[0], newer.id, 0.0, 20.0, is_window=False)
            analysis = SoundAnalysis((part(0, 0.0, 20.0),))
            result = SoundResult(sound_id, info(f"x1:{name}", 20.0), analysis, (), {newer.id: [[made]]})
            store_results(connection, [result], identities=[EAR], spaces=[newer])
            answering = embeddings.answering_space(connection)
            assert answering is not None
            answered_by.append(answering.space)
    assert answered_by == [SPACE, newer, newer, newer]


def test_other_settings_are_another_space(library: Library) -> None:
    other = dataclasses.replace(SPACE, hop_s=2.5, parts=(SpacePart("timbre", 0, 2), SpacePart("rhythm", 2, 4)))
    with library.write() as connection:
        first, second = embeddings.ensure_space(connection, SPACE), embeddings.ensure_space(connection, other)
        assert embeddings.ensure_space(connection, other) == second
        assert [stored.space for stored in embeddings.list_spaces(connection)] == [SPACE, other]
        assert embeddings.count_vectors(connection, first) == embeddings.count_vectors(connection, second) == 0
        assert embeddings.find_space(connection, "none") is None


@pytest.mark.parametrize(
    ("vector", "space_id", "message"),
    [
        ([1, 0, 0, 0], "other", "was filed under"),
        ([1, 0], SPACE.id, "4 dimensions"),
        ([np.nan, 0, 0, 0], SPACE.id, "finite"),
    ],
)
def test_vectors_that_do_not_belong_are_refused(vector: list[float], space_id: str, message: str) -> None:
    wrong = Embedding(np.asarray(vector, dtype=np.float32), space_id, 0.0, 1.0, is_window=False)
    with pytest.raises(SpaceMismatch, match=message):
        embeddings.check_fits(wrong, SPACE.id, SPACE.dimensions)


def test_an_index_is_published_as_a_whole_and_by_one_process(library: Library) -> None:
    old, new = Segment("old.seg", 7, 100, 3, 1, 3, {"ivf": True}), Segment("new.seg", 8, 200, 6, 1, 6)
    with library.write() as connection:
        space = embeddings.ensure_space(connection, SPACE)
        assert segments.current(connection, space) == segments.Manifest(0, (), 0)
        assert segments.publish(connection, space, [old], after=0, removed_up_to=0) == 1
        assert segments.publish(connection, space, [new], after=1, removed_up_to=5) == 2
        assert segments.current(connection, space) == segments.Manifest(2, (new,), 5)
        assert segments.all_files(connection) == ["new.seg"]
        with pytest.raises(LibraryBusy):
            segments.publish(connection, space, [old], after=1, removed_up_to=5)
        assert segments.current(connection, space).segments == (new,)
