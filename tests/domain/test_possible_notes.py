import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.possible_notes import PossibleNotes

ROWS = st.lists(
    st.tuples(st.floats(0, 20_000), st.floats(0.02, 8), st.integers(0, 127), st.floats(0, 1), st.integers(0, 255)),
    max_size=30,
)


def notes_of(rows: list[tuple[float, float, int, float, int]]) -> PossibleNotes:
    table = np.array(sorted(rows), dtype=np.float64).reshape(-1, 5)
    return PossibleNotes(
        table[:, 0].astype(np.float32),
        (table[:, 0] + table[:, 1]).astype(np.float32),
        table[:, 2].astype(np.uint8),
        table[:, 3].astype(np.float32),
        table[:, 4].astype(np.uint8),
    )


@given(ROWS)
def test_what_is_stored_comes_back(rows: list[tuple[float, float, int, float, int]]) -> None:
    notes = notes_of(rows)
    again = PossibleNotes.of_json(json.loads(json.dumps(notes.as_json())))
    assert np.allclose(again.starts_s, notes.starts_s, atol=0.002)
    assert np.allclose(again.ends_s, notes.ends_s, atol=0.008)
    assert np.allclose(again.chance, notes.chance, atol=0.006)
    assert again.midi.tolist() == notes.midi.tolist()
    assert again.lines.tolist() == notes.lines.tolist()


@given(ROWS, st.floats(0, 20_000))
def test_two_halves_joined_are_the_whole(rows: list[tuple[float, float, int, float, int]], border_s: float) -> None:
    notes = notes_of(rows)
    joined = PossibleNotes.joined([notes.only(notes.starts_s < border_s), notes.only(notes.starts_s >= border_s)])
    assert joined.as_json() == notes.as_json()
    assert len(PossibleNotes.joined([])) == 0


def test_notes_end_with_their_region() -> None:
    notes = notes_of([(1.0, 2.0, 60, 0.5, 1), (2.0, 2.0, 62, 0.5, 1), (3.0, 1.0, 64, 0.5, 1)]).within(2.5)
    assert notes.starts_s.tolist() == [1.0, 2.0]
    assert notes.ends_s.tolist() == [2.5, 2.5]


def test_starts_that_fall_and_columns_of_two_lengths_are_refused() -> None:
    two, one = np.array([2.0, 1.0], np.float32), np.ones(2, np.uint8)
    with pytest.raises(ValueError, match="fall"):
        PossibleNotes(two, two + 1, one, (two / 2).astype(np.float32), one)
    with pytest.raises(ValueError, match="one length"):
        PossibleNotes(two[::-1], two[:1], one, two, one)
