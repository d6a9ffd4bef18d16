"""The search: as good as trying everything, and every preference it names shows."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from arrangement_samples import loops_of
from sonoteca.arrange.choose.beam import MEAN, WORST, WORTH, Cell, choose, is_edge
from sonoteca.arrange.choose.grid import Grid
from sonoteca.arrange.choose.pairwise_fit import PairwiseFit, standing_of
from sonoteca.arrange.choose.place import Limits, Placements, place


def material(n_per_role: int, roles: tuple[str, ...], seed: int) -> tuple[Placements, PairwiseFit]:
    """Placements of equal worth with random fits."""
    loops = loops_of(*((role, {}) for role in roles for _ in range(n_per_role)))
    placements, _ = place(loops, Grid(120.0, 4, None), Limits())
    m = len(placements)
    assert m == n_per_role * len(roles)
    random = np.random.default_rng(seed)
    total = random.random((m, m))
    total = 0.5 * (total + total.T)
    return placements, PairwiseFit(total, {}, np.full((m, m), 0.5))


def options(placements: Placements, role: str) -> tuple[int, ...]:
    return tuple(number for number in range(len(placements)) if placements.loops.roles[number] == role)


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000))
def test_with_room_for_everything_it_finds_the_best(seed: int) -> None:
    roles = ("drums", "bass", "harmony")
    placements, pairwise = material(3, roles, seed)
    cells = [Cell("verse", role, options(placements, role)) for role in roles]
    standing = standing_of(pairwise.total, placements.loops.roles)

    def value(chosen: tuple[int, ...]) -> float:
        # Each choice is worth its mean and worst pair with those before it, as in docs/arranging.md.
        pairs = [[standing[one, other] for other in chosen[:at]] for at, one in enumerate(chosen)]
        return sum(MEAN * np.mean(each) + WORST * min(each) for each in pairs if each)

    worths = placements.worth
    best = max(
        product(*(cell.options for cell in cells)),
        key=lambda chosen: value(chosen) + WORTH * worths[list(chosen)].sum(),
    )
    found = tuple(choose(cells, placements, pairwise, width=1000))
    assert value(found) + WORTH * worths[list(found)].sum() == pytest.approx(
        value(best) + WORTH * worths[list(best)].sum()
    )


@settings(deadline=None, max_examples=50)
@given(st.integers(0, 10_000))
def test_it_chooses_the_same_again(seed: int) -> None:
    placements, pairwise = material(4, ("drums", "bass"), seed)
    cells = [Cell(name, role, options(placements, role)) for name in ("verse", "chorus") for role in ("drums", "bass")]
    assert choose(cells, placements, pairwise) == choose(cells, placements, pairwise)


def test_verse_and_chorus_differ_as_long_as_they_can() -> None:
    placements, pairwise = material(3, ("drums",), 1)
    cells = [Cell(name, "drums", options(placements, "drums")) for name in ("verse", "chorus", "bridge 2", "intro")]
    roomy = len(options(placements, "drums"))
    verse, chorus, bridge, intro = choose(cells, placements, pairwise)
    assert len({verse, chorus, bridge}) == roomy == 3
    # An edge may repeat what is there.
    assert intro in (verse, chorus, bridge)
    single = [Cell(cell.section, "drums", (0,)) for cell in cells]
    assert choose(single, placements, pairwise) == [0, 0, 0, 0]


def test_one_sound_saved_twice_is_no_other_loop() -> None:
    placements, pairwise = material(3, ("drums",), 1)
    placements.worth[:] = (0.8, 0.8, 0.6)
    pairwise.likeness[0, 1] = pairwise.likeness[1, 0] = 1.0
    cells = [Cell(name, "drums", options(placements, "drums")) for name in ("verse", "chorus")]
    assert 2 in choose(cells, placements, pairwise)


def test_one_clash_counts_more_than_the_mean() -> None:
    placements, pairwise = material(2, ("drums", "bass", "harmony"), 1)
    drums, bass, harmony = (options(placements, role) for role in ("drums", "bass", "harmony"))
    pairwise.total[:] = 0.6
    # The first harmony is perfect with the drums and clashes with the bass; the second is even with both.
    for one, other, score in ((drums[0], harmony[0], 1.0), (bass[0], harmony[0], 0.1), (drums[0], harmony[1], 0.5)):
        pairwise.total[one, other] = pairwise.total[other, one] = score
    cells = [Cell("verse", "drums", drums[:1]), Cell("verse", "bass", bass[:1]), Cell("verse", "harmony", harmony)]
    assert choose(cells, placements, pairwise)[2] == harmony[1]


def test_how_pairs_stand_does_not_depend_on_the_scale_of_a_match() -> None:
    placements, pairwise = material(4, ("drums", "bass", "harmony"), 5)
    roles = placements.loops.roles
    standing = standing_of(pairwise.total, roles)
    scaled = standing_of(0.6 + 0.1 * pairwise.total, roles)
    assert np.allclose(standing, scaled, equal_nan=True)
    assert np.allclose(standing, standing.T, equal_nan=True)
    same_role = np.array(roles)[:, None] == np.array(roles)[None, :]
    assert np.isnan(standing[same_role]).all()
    assert not np.isnan(standing[~same_role]).any()
    assert np.all(standing_of(np.full((12, 12), 0.7), roles)[~same_role] == 0.0)


def test_the_chorus_takes_the_energy() -> None:
    placements, pairwise = material(2, ("drums",), 1)
    pairwise.total[:] = 0.5
    placements.worth[:] = 0.5
    placements.loops.regions.energy_level[:] = (2.0, 8.0)
    both = options(placements, "drums")
    assert choose([Cell("verse", "drums", both), Cell("chorus", "drums", both)], placements, pairwise) == [0, 1]
    assert choose([Cell("intro", "drums", both)], placements, pairwise) == [0]


def test_edges_are_known_by_their_first_word() -> None:
    assert [is_edge(name) for name in ("Intro", "outro_2", "BREAK-a", "verse", "chorus 1", "drop")] == [
        True,
        True,
        True,
        False,
        False,
        False,
    ]
