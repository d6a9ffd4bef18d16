"""When two sounds are one recording, by lengths, vectors, tempi and onsets that are known."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pytest

from sonoteca.domain.same_recording import Heard, is_music_again, may_be_encoded_again, onsets_agree


def heard(seconds: float | None, bpm: float | None, vector: Sequence[float]) -> Heard:
    whole = np.array([vector], np.float32)
    length = float(np.linalg.norm(whole))
    return Heard(
        duration_s=np.array([np.nan if seconds is None else seconds], np.float32),
        tempo=np.array([np.nan if bpm is None else math.log2(bpm)], np.float32),
        whole=whole / length if length else whole,
    )


SOUND = (1.0, 0.0)


def at_cosine(cosine: float) -> tuple[float, float]:
    return cosine, math.sqrt(1.0 - cosine * cosine)


@pytest.mark.parametrize(
    ("one", "other", "is_again"),
    [
        (heard(200, 120, SOUND), heard(200, 120, SOUND), True),
        (heard(200, 120, SOUND), heard(150, 120.4, at_cosine(0.98)), True),  # an edit
        (heard(200, 120, SOUND), heard(200, 120, at_cosine(0.96)), False),
        (heard(200, 124, SOUND), heard(198.4, 125, SOUND), False),  # rendered again at another tempo
        (heard(200, 120, SOUND), heard(99, 120, SOUND), False),
        (heard(20, 120, SOUND), heard(20, 120, SOUND), False),
        (heard(200, None, SOUND), heard(200, None, SOUND), False),
        (heard(None, 120, SOUND), heard(None, 120, SOUND), False),
        (heard(200, 120, (0.0, 0.0)), heard(200, 120, (0.0, 0.0)), False),
    ],
)
def test_long_music_is_one_recording_by_tempo_and_sound(one: Heard, other: Heard, is_again: bool) -> None:
    assert is_music_again(one, other).tolist() == is_music_again(other, one).tolist() == [[is_again]]


@pytest.mark.parametrize(
    ("one", "other", "may_be"),
    [
        (heard(4.0, 120, SOUND), heard(4.0, 120, SOUND), True),
        (heard(4.0, None, SOUND), heard(4.07, None, at_cosine(0.99)), True),  # the padding of bare AAC
        (heard(4.0, 120, SOUND), heard(4.12, 116.5, SOUND), False),  # slowed down by 3 %
        (heard(4.0, 120, SOUND), heard(4.0, 120, at_cosine(0.98)), False),
        (heard(4.0, 120, (0.0, 0.0)), heard(4.0, 120, (0.0, 0.0)), False),  # silence is no copy of silence
        (heard(None, 120, SOUND), heard(4.0, 120, SOUND), False),
    ],
)
def test_encodings_are_of_one_length_and_sound(one: Heard, other: Heard, may_be: bool) -> None:
    assert may_be_encoded_again(one, other).tolist() == may_be_encoded_again(other, one).tolist() == [[may_be]]


BEATS = [0.1, 0.35, 0.6, 0.72, 1.1, 1.35, 1.6, 1.85]


def test_a_codecs_delay_moves_all_onsets_alike() -> None:
    assert onsets_agree(BEATS, BEATS, 0.99)
    assert onsets_agree(BEATS, [at + 0.048 for at in BEATS], 0.99)
    assert onsets_agree(BEATS, [*BEATS[:3], *BEATS[4:]], 0.99)
    assert not onsets_agree(BEATS, [at + 0.2 for at in BEATS], 0.99)


def test_two_takes_are_not_one_recording() -> None:
    hand, played = np.random.default_rng(1), [at + 2.0 * bar for bar in range(3) for at in BEATS]
    takes = [(played + hand.normal(0.0, 0.02, len(played))).tolist() for _ in range(50)]
    assert not any(onsets_agree(played, take, 0.999) for take in takes)


def test_hits_of_few_onsets_have_to_be_more_alike() -> None:
    assert onsets_agree([0.0], [0.0], 0.995)
    assert not onsets_agree([0.0], [0.0], 0.988)
    assert not onsets_agree([], [], 0.988)
