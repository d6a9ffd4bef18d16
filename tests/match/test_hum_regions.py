"""A hummed tune as a region: its pitch classes and key, whatever the voice's own tuning."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sonoteca.errors import RequestError
from sonoteca.match.hum_regions import pitch_class_shares, regions_of_hum
from sonoteca.search.hum.query_notes import QueryNotes

# Up and down the scale of C, resting on its tonic.
TUNE = (60, 62, 64, 65, 67, 69, 67, 65, 64, 62, 60, 60)


def notes(pitches: tuple[int, ...], offset: float = 0.0) -> QueryNotes:
    starts = 0.5 * np.arange(len(pitches), dtype=np.float32)
    return QueryNotes(starts, starts + 0.4, np.array(pitches, np.float32) + np.float32(offset))


def test_the_key_of_a_scale_is_found() -> None:
    found = regions_of_hum(notes(TUNE))
    assert found.key_number[0] == 0  # C major
    assert np.isnan(found.tempo_bpm[0])
    assert found.chroma[0].sum() == pytest.approx(1.0)


@given(st.floats(-0.4, 0.4), st.integers(-5, 6))
def test_a_voice_between_the_keys_of_a_piano_sings_the_same_tune(cents: float, up: int) -> None:
    plain = pitch_class_shares(notes(TUNE))
    sung = pitch_class_shares(notes(tuple(p + up for p in TUNE), cents))
    np.testing.assert_allclose(sung, np.roll(plain, up), atol=1e-6)


def test_three_notes_are_too_few() -> None:
    with pytest.raises(RequestError, match="too few"):
        regions_of_hum(notes(TUNE[:3]))
