"""What the match bench measures with: ranks with ties, and material whose truth is true."""

from __future__ import annotations

import ctypes.util
import importlib.util
import json
import shutil
import subprocess
import sys
from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared" / "corpus"


def _ranks() -> Any:
    spec = importlib.util.spec_from_file_location("bench_ranks", ROOT / "bench" / "ranks.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module  # dataclasses look their module up
    spec.loader.exec_module(module)
    return module


ranks = _ranks()


@settings(max_examples=60, deadline=None)
@given(st.lists(st.integers(0, 3), min_size=1, max_size=5), st.data(), st.integers(1, 6))
def test_ties_count_as_the_mean_over_their_orders(scores: list[int], data: st.DataObject, k: int) -> None:
    right = data.draw(st.integers(0, len(scores) - 1))
    places = []
    for order in permutations(range(len(scores))):
        ranked = sorted(order, key=lambda i: -scores[i])  # stable: ties stay in the order drawn
        places.append(ranked.index(right) + 1)
    found = ranks.rank_of(np.array(scores, float), right)
    assert found.reciprocal() == pytest.approx(np.mean([1 / place for place in places]))
    assert found.within(k) == pytest.approx(np.mean([place <= k for place in places]))


def test_what_was_not_answered_stands_behind_everything_that_was() -> None:
    scores = np.array([np.nan, 0.1, np.nan, 0.0])
    assert (ranks.rank_of(scores, 3).above, ranks.rank_of(scores, 3).tied) == (1, 1)
    assert (ranks.rank_of(scores, 0).above, ranks.rank_of(scores, 0).tied) == (2, 2)


def test_intervals_draw_whole_songs() -> None:
    # Ten questions about each of forty songs, all alike within a song: forty facts, not four hundred.
    by_song = np.random.default_rng(0).normal(0, 1, 40)
    low, high = ranks.interval(np.repeat(by_song, 10).tolist(), np.repeat(np.arange(40), 10).tolist())
    assert high - low == pytest.approx(2 * 1.96 * by_song.std() / np.sqrt(40), rel=0.15)


@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "melodies.json.gz").exists(), reason="no development corpus")
@pytest.mark.skipif(shutil.which("ffmpeg") is None, reason="no ffmpeg")
@pytest.mark.skipif(ctypes.util.find_library("fluidsynth") is None, reason="no fluidsynth")
def test_stems_are_eight_bars_and_moved_as_their_truth_says(tmp_path: Path) -> None:
    soundfile = pytest.importorskip("soundfile")
    script = ROOT / "training" / "stems" / "make_material.py"
    command = [sys.executable, str(script), str(tmp_path), "--corpus", str(CORPUS), "--train", "0", "--test", "4"]
    subprocess.run(command, check=True, capture_output=True)
    truth = {
        condition: json.loads((tmp_path / "test" / condition / "truth.json").read_text())["files"]
        for condition in ("plain", "moved")
    }
    assert len(truth["plain"]) == len(truth["moved"]) == 16
    assert len({row["tempo"] for row in truth["plain"]}) == 4
    for plain, moved in zip(truth["plain"], truth["moved"], strict=True):
        assert (plain["path"], plain["shift"], plain["ratio"]) == (moved["path"], 0, 1.0)
        assert -3 <= moved["shift"] <= 3
        assert 0.92 <= moved["ratio"] <= 1.08
        assert moved["tempo"] == pytest.approx(plain["tempo"] * moved["ratio"], abs=1e-3)
        for condition, row in (("plain", plain), ("moved", moved)):
            samples, rate = soundfile.read(tmp_path / "test" / condition / row["path"])
            assert abs(len(samples) - 32 * 60 / row["tempo"] * rate) <= 2
            assert 0.1 < np.abs(samples).max() <= 1.0
