"""Laws of the parts key and chords are made of."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from sonoteca.analysis.harmony.chord_decoding import (
    N_QUALITIES,
    N_STATES,
    best_path,
    decode_chords,
    state_posteriors,
)
from sonoteca.analysis.harmony.chord_steps import QUALITIES, step_times
from sonoteca.analysis.harmony.confidence import calibrated, log_odds
from sonoteca.analysis.harmony.key_finding import (
    KeySpan,
    _relatives_joined,
    _without_episodes,
    alternatives,
    key_of_index,
)
from sonoteca.analysis.harmony.pitch_classes import mean_between, mean_over
from sonoteca.analysis.harmony.salience import semitones, tuning_of
from sonoteca.analysis.harmony.weights import harmony_networks
from sonoteca.domain.music import Key
from sonoteca.features.chroma_spectrum import LOWEST_MIDI, N_PITCH_BINS, N_ROWS
from sonoteca.models.network import rolled, softmax

FRAME_RATE = 22_050 / 2048


@settings(max_examples=40, deadline=None)
@given(
    scores=hnp.arrays(np.float32, st.tuples(st.integers(1, 5), st.just(3)), elements=st.floats(-5, 0, width=32)),
    cost=st.floats(0, 4),
)
def test_viterbi_finds_the_best_of_all_paths(scores: np.ndarray, cost: float) -> None:
    def value(path: tuple[int, ...]) -> float:
        changes = sum(a != b for a, b in itertools.pairwise(path))
        return float(sum(scores[t, s] for t, s in enumerate(path))) - cost * changes

    best = max(value(path) for path in itertools.product(range(3), repeat=len(scores)))
    found = best_path(scores, np.full(len(scores), cost))
    assert value(tuple(int(s) for s in found)) == pytest.approx(best, abs=1e-4)


@settings(max_examples=20, deadline=None)
@given(steps=st.integers(0, 11), seed=st.integers(0, 1000))
def test_transposed_chroma_gives_the_transposed_chord_and_key(steps: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    networks = harmony_networks()
    for network, n_outputs in ((networks.chords, N_QUALITIES), (networks.key, 2)):
        n_plain = network.n_inputs % 12
        n_groups = (network.n_inputs - n_plain) // 12
        groups = rng.uniform(size=(3, n_groups * 12)).astype(np.float32)
        plain = rng.uniform(size=(3, n_plain)).astype(np.float32)
        moved = np.roll(groups.reshape(3, n_groups, 12), steps, axis=2).reshape(3, -1)
        before, after = network.per_root(groups, plain), network.per_root(moved, plain)
        expected = np.roll(before[:, : 12 * n_outputs].reshape(3, 12, n_outputs), steps, axis=1).reshape(3, -1)
        np.testing.assert_allclose(after[:, : 12 * n_outputs], expected, atol=1e-3)
        np.testing.assert_allclose(after[:, 12 * n_outputs :], before[:, 12 * n_outputs :], atol=1e-3)


def test_rolled_rows_start_at_their_root() -> None:
    view = rolled(np.arange(24, dtype=np.float32)[None, :])
    assert view.shape == (1, 12, 24)
    assert view[0, 3, :3].tolist() == [3, 4, 5]
    assert view[0, 3, 12:15].tolist() == [15, 16, 17]


@settings(max_examples=30, deadline=None)
@given(
    n_frames=st.integers(1, 40),
    marks=st.lists(st.floats(0, 4), min_size=2, max_size=8, unique=True),
    level=st.floats(-3, 3),
)
def test_means_of_a_constant_are_that_constant(n_frames: int, marks: list[float], level: float) -> None:
    frames = np.full((2, n_frames), level, dtype=np.float32)
    np.testing.assert_allclose(mean_between(frames, FRAME_RATE, np.sort(marks)), level, atol=1e-3)


def test_a_span_weighs_frames_by_the_share_of_their_hop() -> None:
    frames = np.array([[0.0, 1.0, 2.0, 3.0]], dtype=np.float32)
    # One frame a second: frame 1 stands for 0.5 .. 1.5 s, frame 2 for 1.5 .. 2.5 s.
    mean = mean_over(frames, 1.0, np.array([0.5, 1.0]), np.array([1.5, 2.0]))
    np.testing.assert_allclose(mean[0], [1.0, 1.5], atol=1e-6)


@settings(max_examples=40, deadline=None)
@given(
    start=st.floats(0, 10),
    length=st.floats(0.0, 30),
    beats=st.lists(st.floats(-5, 50), max_size=40),
)
def test_steps_rise_from_the_start_to_the_end(start: float, length: float, beats: list[float]) -> None:
    times = step_times(start, start + length, np.sort(beats))
    assert times[0] == start
    assert times[-1] == pytest.approx(max(start + length, start + 1e-3))
    assert (np.diff(times) > 0).all()
    assert np.diff(times).max() < 0.9


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), n=st.integers(1, 30))
def test_chords_are_gapless_and_no_two_neighbours_are_equal_states(seed: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    posteriors = softmax(rng.normal(size=(n, 12 * N_QUALITIES + 1)).astype(np.float32) * 3)
    times = np.cumsum(rng.uniform(0.1, 1.0, n + 1))
    spans = decode_chords(posteriors, times)
    assert (spans[0].start_s, spans[-1].end_s) == (times[0], times[-1])
    assert all(a.end_s == b.start_s for a, b in itertools.pairwise(spans))
    assert all(0 <= span.confidence <= 1 for span in spans)
    np.testing.assert_allclose(state_posteriors(posteriors).sum(axis=1), 1.0, atol=1e-5)
    assert state_posteriors(posteriors).shape == (n, N_STATES)


@pytest.mark.parametrize("quality", QUALITIES)
def test_a_certain_posterior_is_named(quality: str) -> None:
    posteriors = np.full((4, 12 * N_QUALITIES + 1), 1e-5, dtype=np.float32)
    if quality.startswith("sus"):
        # It counts half as major and half as minor: at an exact tie rounding would decide.
        posteriors[:, 7 * N_QUALITIES + QUALITIES.index("maj")] = 1e-3
    posteriors[:, 7 * N_QUALITIES + QUALITIES.index(quality)] = 1.0
    (span,) = decode_chords(posteriors, np.arange(5.0))
    assert span.label == f"G:{quality}"


def test_alternatives_leave_out_the_key_itself_and_hold_its_relative_and_fifths() -> None:
    chances = np.linspace(0.0, 0.08, 24).astype(np.float32)
    best = key_of_index(23)
    others = [key for key, _ in alternatives(chances)]
    assert best == Key(11, "minor")
    assert best not in others
    assert {best.relative, best.transpose(7), best.transpose(-7)} <= set(others)


def test_a_turn_to_the_relative_is_no_modulation() -> None:
    c, a, e = Key(0, "major"), Key(9, "minor"), Key(4, "major")
    assert _relatives_joined([KeySpan(0, 50, c), KeySpan(50, 80, a)]) == [KeySpan(0, 80, c)]
    apart = [KeySpan(0, 50, c), KeySpan(50, 80, e)]
    assert _relatives_joined(apart) == apart


def test_a_short_episode_joins_its_longer_neighbour() -> None:
    c, g = Key(0, "major"), Key(7, "major")
    spans = [KeySpan(0, 30, c), KeySpan(30, 36, g), KeySpan(36, 80, c)]
    assert _without_episodes(spans) == [KeySpan(0, 80, c)]
    modulation = [KeySpan(0, 30, c), KeySpan(30, 80, g)]
    assert _without_episodes(list(modulation)) == modulation


@settings(max_examples=20, deadline=None)
@given(cents=st.floats(-45, 45), midi=st.integers(40, 90))
def test_a_tuned_peak_falls_into_its_semitone(cents: float, midi: int) -> None:
    rows = np.zeros((N_ROWS, 2), dtype=np.float32)
    position = (midi + cents / 100 - LOWEST_MIDI) * 3
    rows[int(np.floor(position)), :] = 1 - position % 1
    rows[int(np.floor(position)) + 1, :] += position % 1
    rows[N_PITCH_BINS + 9 :, :] = [[np.cos(2 * np.pi * cents / 100)], [np.sin(2 * np.pi * cents / 100)]]
    found, agreement = tuning_of(rows)
    assert found == pytest.approx(cents, abs=0.01)
    assert agreement == pytest.approx(1.0)
    assert int(semitones(rows, found)[:, 0].argmax()) == midi - LOWEST_MIDI


@given(a=st.floats(0, 1), b=st.floats(0, 1))
def test_confidence_rises_with_certainty_and_stays_a_chance(a: float, b: float) -> None:
    low, high = sorted((a, b))
    for what in ("key", "chords"):
        assert 0.0 <= calibrated(what, low) <= calibrated(what, high) <= 1.0
    assert log_odds(0.5) == 0.0
