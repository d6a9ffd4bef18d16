"""Labels per window become gapless spans whose borders follow the sound."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from sonoteca.analysis.labels.texture import STEP, describe_windows
from sonoteca.analysis.labels.timeline import silent_frames, smoothest_path, spans_of

FRAME_RATE = 22_050 / 512


def mel_of(levels_db: list[tuple[int, float]], n_bands: int = 40) -> np.ndarray:
    """Flat spectra of given lengths and levels."""
    return np.concatenate([np.full((n_bands, n), level, np.float32) for n, level in levels_db], axis=1)


def test_one_odd_window_does_not_interrupt_a_long_stretch() -> None:
    shares = np.tile(np.array([0.9, 0.1], np.float32), (40, 1))
    shares[20] = [0.1, 0.9]
    assert not smoothest_path(shares).any()


def test_a_lasting_change_is_followed() -> None:
    shares = np.tile(np.array([0.95, 0.05], np.float32), (60, 1))
    shares[30:] = shares[30:, ::-1]
    path = smoothest_path(shares)
    assert np.flatnonzero(np.diff(path)).tolist() == [29]


@given(
    arrays(np.float32, st.tuples(st.integers(1, 40), st.just(4)), elements=st.floats(0.0625, 1.0, width=32)),
    st.integers(0, 2**31),
)
@settings(max_examples=40, deadline=None)
def test_spans_are_gapless_and_cover_every_frame(shares: np.ndarray, seed: int) -> None:
    rng = np.random.default_rng(seed)
    n_frames = int(rng.integers((len(shares) - 1) * STEP + 1, len(shares) * STEP + 1))
    mel = rng.uniform(-100, 0, (40, n_frames)).astype(np.float32)
    silent = rng.random(n_frames) < 0.1
    spans = spans_of(smoothest_path(shares), silent, mel)
    assert spans[0].first == 0
    assert spans[-1].stop == n_frames
    assert all(before.stop == after.first for before, after in pairwise(spans))
    assert all(before.label != after.label for before, after in pairwise(spans))
    assert all((span.label == -1) == bool(silent[span.first]) for span in spans)


def test_a_border_moves_to_where_the_spectrum_changes() -> None:
    bright = np.full((40, 300), -60.0, np.float32)
    bright[20:, :157] = -10.0
    bright[:20, 157:] = -10.0
    shares = np.tile(np.array([0.95, 0.05], np.float32), (-(-300 // STEP), 1))
    shares[9:] = shares[9:, ::-1]  # the windows say frame 144
    _, after = spans_of(smoothest_path(shares), np.zeros(300, bool), bright)
    assert abs(after.first - 157) <= 1


def test_only_long_quiet_stretches_are_silence() -> None:
    pause, gap = round(0.3 * FRAME_RATE), round(1.0 * FRAME_RATE)
    mel = mel_of([(50, -20.0), (pause, -100.0), (50, -20.0), (gap, -100.0), (50, -20.0)])
    silent = silent_frames(mel, FRAME_RATE)
    assert silent.sum() == gap
    assert silent[150 + pause - 50 : 150 + pause - 50 + gap].all()


def test_all_quiet_is_silence_however_short() -> None:
    assert silent_frames(mel_of([(3, -110.0)]), FRAME_RATE).all()


@given(st.integers(1, 3000))
@settings(max_examples=15, deadline=None)
def test_every_sixteen_frames_have_a_window(n_frames: int) -> None:
    rng = np.random.default_rng(n_frames)
    n_slow = -(-n_frames // 4)
    rows = describe_windows(
        rng.uniform(-90, 0, (40, n_frames)).astype(np.float32),
        rng.random((9, n_frames)).astype(np.float32),
        rng.random((60, n_slow)).astype(np.float32),
    )
    assert len(rows) == max(1, -(-n_frames // STEP))
    assert np.isfinite(rows).all()


def test_windows_of_a_long_sound_do_not_depend_on_where_it_is_cut() -> None:
    """More than one chunk of 1,024 windows: the rows at the seam equal those of the sound's own middle."""
    rng = np.random.default_rng(5)
    n = 1100 * STEP
    mel, traits = rng.uniform(-50, 0, (40, n)).astype(np.float32), rng.random((9, n)).astype(np.float32)
    semitones = rng.random((60, n // 4)).astype(np.float32)
    rows = describe_windows(mel, traits, semitones)
    first = 1000 * STEP
    middle = describe_windows(mel[:, first:], traits[:, first:], semitones[:, first // 4 :])
    # Away from the edge of the cut (a long window is 16 steps), the same frames give the same row.
    np.testing.assert_allclose(rows[1010:1080], middle[10:80], atol=2e-3)
