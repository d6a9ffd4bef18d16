"""The tree means the same to the database and to the predicate, and obeys the laws of logic."""

from __future__ import annotations

from dataclasses import dataclass

import pytest
from hypothesis import HealthCheck, example, given, settings
from sqlalchemy.engine import Connection

from query_samples import trees
from sonoteca.search.query.listing import count_sounds, find_regions
from sonoteca.search.query.predicate import QueryValues, load_values, matches
from sonoteca.search.query.tree import And, Between, Is, KeyIs, Known, Node, Not, Or, Query, Words

LAWS = settings(max_examples=100, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@dataclass(frozen=True)
class Filled:
    connection: Connection
    values: dict[int, QueryValues]
    wholes: frozenset[int]

    def found(self, tree: Node, *, with_events: bool = True) -> set[int]:
        return set(find_regions(self.connection, Query(tree), with_events=with_events))

    def count(self, tree: Node, *, with_events: bool) -> int:
        return count_sounds(self.connection, Query(tree), with_events=with_events)


@pytest.fixture
def filled(connection: Connection) -> Filled:
    every = find_regions(connection, "", with_events=True)
    wholes = frozenset(find_regions(connection, ""))
    assert (len(every), len(wholes)) == (26, 20)
    return Filled(connection, load_values(connection, every), wholes)


def test_database_and_predicate_agree_and_laws_hold(filled: Filled) -> None:
    everything = set(filled.values)

    @LAWS
    @given(tree=trees, other=trees)
    @example(tree=Between("tempo_bpm", 100.0), other=Not(Between("confidence", None, 0.5)))
    @example(tree=Or((Between("tempo_bpm", 80.0, 100.0), Between("tempo_bpm", 160.0, 180.0))), other=And(()))
    @example(tree=Or((Between("tempo_bpm", 80.0, 130.0), Between("tempo_bpm", 120.0, 180.0))), other=Or(()))
    @example(tree=And((KeyIs(((None, "minor"),)), Is("kind", "loop"))), other=KeyIs(((9, None),)))
    @example(tree=And((Is("kind", "loop"), Not(Is("role", "drums")))), other=Not(Known("kind")))
    @example(
        tree=And((Between("loudness_lufs", -20.0), Known("kind"))),
        other=Or((Words(("warm",), True), Words(("dub",), False))),
    )
    @example(tree=Not(Words(("warm", "pad"), True)), other=Words(("jazz", "dub"), False))
    def laws(tree: Node, other: Node) -> None:
        found = filled.found(tree)
        assert found == {region for region, values in filled.values.items() if matches(tree, values)}
        assert filled.found(tree, with_events=False) == found & filled.wholes
        assert filled.count(tree, with_events=True) == len(found)
        assert filled.count(tree, with_events=False) == len(found & filled.wholes)
        assert filled.found(Not(tree)) == everything - found
        assert filled.found(Not(Not(tree))) == found
        assert filled.found(Or((tree, Not(tree)))) == everything
        assert filled.found(And((tree, Not(tree)))) == set()
        assert filled.found(And((tree, other))) == found & filled.found(other)
        assert filled.found(Or((tree, other))) == found | filled.found(other)
        assert filled.found(Not(Or((tree, other)))) == filled.found(And((Not(tree), Not(other))))

    laws()


def test_of_nothing_all_hold_and_none_does(filled: Filled) -> None:
    assert filled.found(And(())) == set(filled.values)
    assert filled.found(Or(())) == set()
