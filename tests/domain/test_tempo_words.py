"""A tempo as people and programs write it, and what is none."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.domain.tempo_words import read_tempo_words


@pytest.mark.parametrize(
    ("text", "bpm"),
    [
        ("128", 128.0),
        ("128 BPM", 128.0),
        ("128bpm", 128.0),
        ("BPM: 174", 174.0),
        ("128,5", 128.5),
        ("127.999", 127.999),
        ("120.0 bpm", 120.0),
        ("12850", 128.5),
        ("09750", 97.5),
        ("90 beats per minute", 90.0),
        ("\uff11\uff12\uff18", 128.0),
        ("000128", None),
        ("0", None),
        ("19.9", None),
        ("401", None),
        ("1285", None),
        ("99999", None),
        ("128500", None),
        ("-128", None),
        ("1e2", None),
        ("nan", None),
        ("inf", None),
        ("120-128", None),
        ("128 / 64", None),
        ("fast", None),
        ("", None),
    ],
)
def test_a_tempo_is_read_or_absent(text: str, bpm: float | None) -> None:
    assert read_tempo_words(text) == bpm


@given(st.integers(2000, 40_000), st.sampled_from(["{:.2f}", "{:.2f} BPM", " {:.2f}bpm "]), st.sampled_from(".,"))
def test_every_tempo_comes_back_from_its_spellings(hundredths: int, pattern: str, point: str) -> None:
    bpm = hundredths / 100
    assert read_tempo_words(pattern.format(bpm).replace(".", point)) == bpm
    if hundredths >= 10_000:
        assert read_tempo_words(str(hundredths)) == bpm
