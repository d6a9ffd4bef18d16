import numpy as np
import pytest
from numpy.typing import NDArray

from sonoteca.search.hum.loop_turns import LoopCircles, Turns
from sonoteca.search.hum.tap import Rhythm, RhythmIndex

LOOP_S = 4.0
LOOPS = [np.flatnonzero(np.random.default_rng(key).random(32) < 0.3) * 0.125 for key in range(20)]
CIRCLES = LoopCircles(LOOPS, [np.ones(len(loop)) for loop in LOOPS], [LOOP_S] * 20)
ALL = np.ones(20, bool)


def tapped(key: int, first: int, scale: float, seed: int) -> tuple[float, NDArray[np.float64]]:
    """Where the taps begin in the loop, and the taps: a round and two onsets from there, 10 ms unsteady."""
    laid = np.concatenate([LOOPS[key], LOOPS[key] + LOOP_S])[first:]
    taps = (laid[: len(LOOPS[key]) + 2] - laid[0]) / scale
    return laid[0], np.sort(taps + np.random.default_rng(seed).normal(0.0, 0.01, len(taps)))


def is_right(turns: Turns, key: int, begin_s: float, scale: float) -> NDArray[np.bool_]:
    """Which of the proposed places are where the taps came from."""
    apart = np.abs((turns.origin_s - begin_s + LOOP_S / 2) % LOOP_S - LOOP_S / 2)
    return (turns.loop == key) & (np.abs(turns.scale / scale - 1.0) < 0.06) & (apart < 0.12)


def test_unsteady_taps_from_anywhere_lie_best_on_their_own_loop() -> None:
    """What is proposed is a guess: that it is likeliest where the taps came from holds mostly, not always.

    Of 6000 draws the true place was among the proposals in all and the likeliest of all in 99.3 %:
    a loop of few onsets in clusters takes its taps at another speed as well. Of 500, no less than 98 %
    may be likeliest; below that, chance (a binomial of 0.993) would fail one set of draws in 1000.
    """
    rng = np.random.default_rng(7)
    proposed, likeliest = [], []
    for _ in range(500):
        key, first, seed = int(rng.integers(20)), int(rng.integers(6)), int(rng.integers(100))
        scale = float(rng.uniform(0.6, 1.7))
        begin_s, taps = tapped(key, first, scale, seed)
        turns = CIRCLES.places(taps, ALL)
        right = is_right(turns, key, begin_s, scale)
        proposed.append(bool(right.any()))
        likeliest.append(bool(right[turns.excess.argmax()]))
    assert all(proposed)
    assert np.mean(likeliest) >= 0.98


def test_taps_that_lie_better_at_another_speed_are_answered_at_their_own() -> None:
    """Seven onsets in clusters, tapped fast: the likeliest proposal is at less than a third of the speed.

    The true place is proposed too, and judging the proposals by all onsets sets the answer right.
    """
    key, scale = 14, 1.453125
    begin_s, taps = tapped(key, 5, scale, seed=50)
    turns = CIRCLES.places(taps, ALL)
    right = is_right(turns, key, begin_s, scale)
    assert turns.scale[turns.excess.argmax()] < scale / 3
    assert right.any()
    rhythms = [Rhythm(number, onsets.astype(np.float32), LOOP_S) for number, onsets in enumerate(LOOPS)]
    answer, runner_up = RhythmIndex(rhythms).search(taps.astype(np.float32), 2)
    assert answer.key == key
    assert answer.scale == pytest.approx(scale, rel=0.01)
    # They run over the end of the loop, so they are of all of it.
    assert (answer.start_s, answer.end_s) == (0.0, LOOP_S)
    assert answer.score > runner_up.score + 0.1


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
