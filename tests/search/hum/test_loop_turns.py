import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoteca.search.hum.loop_turns import LoopCircles
from sonoteca.search.hum.tap import Rhythm, RhythmIndex

LOOP_S = 4.0
LOOPS = [np.flatnonzero(np.random.default_rng(key).random(32) < 0.3) * 0.125 for key in range(20)]
CIRCLES = LoopCircles(LOOPS, [np.ones(len(loop)) for loop in LOOPS], [LOOP_S] * 20)
ALL = np.ones(20, bool)


@given(key=st.integers(0, 19), first=st.integers(0, 5), scale=st.floats(0.6, 1.7), seed=st.integers(0, 99))
@settings(max_examples=25, deadline=None)
def test_unsteady_taps_from_anywhere_lie_best_on_their_own_loop(key: int, first: int, scale: float, seed: int) -> None:
    laid = np.concatenate([LOOPS[key], LOOPS[key] + LOOP_S])[first:]
    taps = (laid[: len(LOOPS[key]) + 2] - laid[0]) / scale
    taps = np.sort(taps + np.random.default_rng(seed).normal(0.0, 0.01, len(taps)))
    turns = CIRCLES.places(taps, ALL)
    of_own = turns.loop == key
    best = np.flatnonzero(of_own)[turns.excess[of_own].argmax()]
    assert turns.excess[best] >= np.sort(turns.excess)[-8]
    assert turns.scale[best] == pytest.approx(scale, rel=0.06)
    assert abs((turns.origin_s[best] - laid[0] + LOOP_S / 2) % LOOP_S - LOOP_S / 2) < 0.12


def test_only_usable_loops_answer_and_too_long_ones_are_not_gone_round() -> None:
    usable = np.arange(20) == 3
    assert set(CIRCLES.places(LOOPS[5], usable).loop.tolist()) == {3}
    assert len(CIRCLES.places(LOOPS[5], ~ALL).loop) == 0
    long = LoopCircles([LOOPS[0], LOOPS[1]], [np.ones(len(loop)) for loop in LOOPS[:2]], [60.0, LOOP_S])
    assert set(long.places(LOOPS[0], np.ones(2, bool)).loop.tolist()) == {1}


def test_kick_and_snare_find_their_loop_among_hats() -> None:
    """Every loop has hats on all eighths; only kick and snare, which are strong, tell them apart."""
    hats = np.arange(0.0, LOOP_S, 0.25)
    rhythms, strokes = [], []
    for key, strong in enumerate(LOOPS):
        onsets = np.union1d(hats, strong).astype(np.float32)
        rhythms.append(Rhythm(key, onsets, LOOP_S, np.isin(onsets, strong.astype(np.float32)).astype(np.float32)))
        strokes.append(strong)
    index = RhythmIndex(rhythms)
    found = [index.search((strong * 0.8 + 0.3).astype(np.float32), 1)[0].key for strong in strokes]
    assert found == list(range(20))


def test_an_accent_belongs_to_each_onset() -> None:
    with pytest.raises(ValueError, match="rhythm 2"):
        Rhythm(2, np.array([0.0, 1.0], np.float32), None, np.ones(3, np.float32))
