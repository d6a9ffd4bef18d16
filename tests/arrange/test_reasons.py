"""Reasons say what was done to a loop, and with what it goes."""

from __future__ import annotations

import numpy as np
import pytest

from arrangement_samples import loops_of
from sonoteca.arrange.choose.grid import Grid
from sonoteca.arrange.choose.pairwise_fit import PairwiseFit
from sonoteca.arrange.choose.place import Limits, Placements, place
from sonoteca.arrange.choose.reasons import mean_fit, reasons_of
from sonoteca.domain.music import Key

AM = Key.parse("Am")


def placed(*described: tuple[str, dict[str, object]], bpm: float = 120.0) -> Placements:
    """One placement of each loop, in the order described."""
    placements, _ = place(loops_of(*described), Grid(bpm, 4, AM), Limits())
    hashes = placements.loops.regions.content_hashes
    return placements.take([hashes.index(f"x1:{number:032x}") for number in range(len(described))])


def pairwise(total: list[list[float]], *, chord: float = np.nan, rhythm: float = np.nan) -> PairwiseFit:
    m = len(total)
    axes = {"chord": np.full((m, m), chord, np.float32), "rhythm": np.full((m, m), rhythm, np.float32)}
    return PairwiseFit(np.array(total), axes, np.full((m, m), 0.5))


@pytest.mark.parametrize(
    ("wishes", "bpm", "said"),
    [
        ({"bpm": 120.0}, 120.0, "Plays at its own tempo."),
        ({"bpm": 100.0}, 110.0, "Recorded at 100 bpm, plays 10.0 % faster."),
        ({"bpm": 128.0}, 120.0, "Recorded at 128 bpm, plays 6.2 % slower."),
        ({"bpm": 60.0}, 120.0, "Plays at its own tempo, at half tempo."),
        ({"bpm": 176.0}, 84.0, "Recorded at 176 bpm, plays 4.5 % slower, at double tempo."),
    ],
)
def test_the_tempo(wishes: dict[str, object], bpm: float, said: str) -> None:
    assert reasons_of(0, [], placed(("drums", wishes), bpm=bpm), pairwise([[0.0]]), AM)[0] == said


@pytest.mark.parametrize(
    ("role", "key", "said"),
    [
        ("bass", "Am", "In A minor."),
        ("bass", "C", "In C major, the relative of A minor."),
        ("bass", "G#m", "Shifted +1 semitone from G# minor to A minor."),
        ("bass", "Cm", "Shifted -3 semitones from C minor to A minor."),
        ("drums", "Cm", "Its pitch does not matter."),
    ],
)
def test_the_pitch(role: str, key: str, said: str) -> None:
    assert reasons_of(0, [], placed((role, {"key": key})), pairwise([[0.0]]), AM)[1] == said


def test_a_loop_of_unknown_key_says_so() -> None:
    placements = placed(("bass", {"key": "Am"}))
    placements.loops.regions.key_number[:] = np.nan
    assert reasons_of(0, [], placements, pairwise([[0.0]]), AM)[1] == "Its key is not known; its notes suit A minor."
    assert reasons_of(0, [], placements, pairwise([[0.0]]), None)[1] == "Its pitch does not matter."


def test_what_is_pitched_names_its_best_pitched_partner() -> None:
    placements = placed(("bass", {}), ("drums", {}), ("harmony", {}), ("melody", {}))
    total = [[np.nan, 0.9, 0.7, 0.8], [0.9, np.nan, 0.6, 0.5], [0.7, 0.6, np.nan, 0.4], [0.8, 0.5, 0.4, np.nan]]
    among = pairwise(total, chord=0.8)
    assert reasons_of(0, [1, 2, 3], placements, among, AM)[2] == (
        "Goes best with the melody (0.80): their chords change together."
    )
    assert reasons_of(1, [0, 2, 3], placements, pairwise(total, rhythm=0.7), AM)[2] == (
        "Goes best with the bass (0.90): both accent the same steps of the bar."
    )
    assert "leaves room" in reasons_of(0, [1], placements, pairwise(total, rhythm=0.3), AM)[2]
    assert "they share the bar" in reasons_of(0, [1], placements, pairwise(total), AM)[2]
    assert reasons_of(0, [], placements, among, AM)[2] == "Nothing else plays with it."
    assert mean_fit(0, [1, 2, 3], among) == pytest.approx(0.8)
    assert mean_fit(0, [], among) is None
