import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sonoteca.audio.signal import AudioSignal
from sonoteca.search.hum.query_taps import find_taps
from sonoteca.search.hum.tap import Rhythm, RhythmIndex
from sonoteca.search.hum.tap_verdict import TapVerdict, advice, chance_of_first, verdict_of

RATE = 22_050


def pattern(key: int) -> Rhythm:
    """A two-bar loop of sixteenths at 120 bpm with some left out."""
    rng = np.random.default_rng(key)
    hits = rng.random(32) < 0.45
    hits[0] = True
    return Rhythm(key, (np.flatnonzero(hits) * 0.125).astype(np.float32), 4.0)


RHYTHMS = [pattern(key) for key in range(40)]
INDEX = RhythmIndex(RHYTHMS)


@given(key=st.integers(0, 39), tempo=st.floats(0.6, 1.7), turn=st.integers(0, 31), seed=st.integers(0, 9))
@settings(max_examples=30, deadline=None)
def test_a_rhythm_is_found_at_any_tempo_from_any_place(key: int, tempo: float, turn: int, seed: int) -> None:
    onsets = RHYTHMS[key].onsets_s
    laid_out = np.concatenate([onsets, onsets + 4.0])
    begin = np.searchsorted(laid_out, turn * 0.125)
    taps = laid_out[begin : begin + len(onsets)]
    taps = (taps - taps[0]) * tempo + np.random.default_rng(seed).normal(0, 0.008, len(taps)) + 0.5
    found = INDEX.search(np.sort(taps).astype(np.float32), 3)
    assert found[0].key == key
    assert found[0].scale == pytest.approx(1 / tempo, rel=0.05)
    assert found[0].score > 0.8


def test_where_narrows_before_ranking() -> None:
    found = INDEX.search(RHYTHMS[3].onsets_s, 5, where=[1, 2, 4])
    assert {match.key for match in found} <= {1, 2, 4}
    assert len(found) == 3


@pytest.mark.parametrize("n", [0, 2, 4])
def test_too_few_taps_find_nothing(n: int) -> None:
    assert INDEX.search(np.arange(n, dtype=np.float32)) == ()


def test_taps_are_heard_where_they_are() -> None:
    times = [0.3, 0.8, 1.05, 1.3, 1.8, 2.3]
    samples = 0.001 * np.random.default_rng(0).standard_normal(3 * RATE)
    for at in times:
        length = int(0.06 * RATE)
        click = np.random.default_rng(1).standard_normal(length) * np.exp(-np.arange(length) / (0.012 * RATE))
        samples[int(at * RATE) : int(at * RATE) + length] += 0.4 * click
    taps = find_taps(AudioSignal(samples[None].astype(np.float32), RATE))
    assert taps == pytest.approx(times, abs=0.015)


@pytest.mark.parametrize("n", [0, 1, RATE])
def test_silence_has_no_taps(n: int) -> None:
    assert len(find_taps(AudioSignal(np.zeros((1, n), np.float32), RATE))) == 0


def test_onsets_have_to_rise() -> None:
    with pytest.raises(ValueError, match="rhythm 7"):
        Rhythm(7, np.array([0.0, 1.0, 0.5], np.float32))


def test_taps_over_the_end_of_a_loop_are_of_all_of_it() -> None:
    onsets = np.array([0.0, 0.25, 0.7, 1.0, 1.35, 1.5], np.float32)
    index = RhythmIndex([Rhythm(1, onsets, loop_s=2.0)])
    twice = np.concatenate([onsets, onsets + 2.0])
    [around] = index.search(twice[4:10] - twice[4], k=1)
    assert (around.start_s, around.end_s) == (0.0, 2.0)
    [within] = index.search(onsets, k=1)
    assert [within.start_s, within.end_s] == pytest.approx([0.0, 1.5], abs=0.05)


def test_a_verdict_follows_score_lead_and_what_was_heard() -> None:
    alone, ahead, beside = ([0.95], [0.95, 0.75], [0.95, 0.94])
    assert verdict_of(chance_of_first(ahead, 16)) is TapVerdict.FOUND
    assert verdict_of(chance_of_first([0.85, 0.79], 12)) is TapVerdict.MAYBE
    assert verdict_of(chance_of_first([0.5, 0.49], 16)) is TapVerdict.TAP_AGAIN
    assert chance_of_first(alone, 16) < chance_of_first(beside, 16) < chance_of_first(ahead, 16)
    assert chance_of_first([], 30) == 0.0
    assert advice(TapVerdict.FOUND, 16) == ""
    assert "Only 3 taps" in advice(TapVerdict.TAP_AGAIN, 3)
