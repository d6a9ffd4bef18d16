"""Tables of columns: rows stay together when they are chosen, ordered or joined."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from sonoteca.domain.columns import Columns


@dataclass(frozen=True, slots=True, eq=False)
class Hits(Columns):
    at_s: NDArray[np.float64]
    names: tuple[str, ...]
    bands: NDArray[np.float32]
    take_name: str = "one"


@dataclass(frozen=True, slots=True, eq=False)
class Placed(Columns):
    hits: Hits
    bars: NDArray[np.int64]


def hits(*at_s: float, **changes: Any) -> Hits:
    values: dict[str, Any] = {
        "at_s": np.array(at_s),
        "names": tuple(f"hit at {each:g}" for each in at_s),
        "bands": np.outer(at_s, [1.0, 10.0]).astype(np.float32),
    }
    return Hits(**{**values, **changes})


def test_chosen_rows_stay_together_in_the_order_asked_for() -> None:
    chosen = hits(0.0, 1.0, 2.0).take([2, 0])
    assert (chosen.at_s.tolist(), chosen.names) == ([2.0, 0.0], ("hit at 2", "hit at 0"))
    assert chosen.bands.tolist() == [[2.0, 20.0], [0.0, 0.0]]
    assert chosen.take_name == "one"


def test_a_mask_chooses_where_it_is_true_and_an_empty_list_nothing() -> None:
    table = hits(0.0, 1.0, 2.0)
    assert table.take(np.array([True, False, True])).at_s.tolist() == [0.0, 2.0]
    nothing = table.take([])
    assert len(nothing) == 0
    assert nothing.bands.shape == (0, 2)
    assert nothing.at_s.dtype == np.float64


def test_joined_tables_are_one_below_the_other() -> None:
    joined = Placed(hits(0.0), np.array([4])).joined(Placed(hits(1.0, 2.0), np.array([5, 6])))
    assert (len(joined), joined.bars.tolist()) == (3, [4, 5, 6])
    assert joined.hits.names == ("hit at 0", "hit at 1", "hit at 2")


def test_columns_of_two_lengths_are_no_table() -> None:
    with pytest.raises(ValueError, match="one length"):
        hits(0.0, 1.0, names=("alone",))


def test_tables_that_say_different_things_of_their_rows_are_not_joined() -> None:
    with pytest.raises(ValueError, match="take_name differs"):
        hits(0.0).joined(hits(1.0, take_name="two"))
