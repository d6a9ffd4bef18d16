"""Swing against grooves that were placed by hand, and the laws of its measurement."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synth
from sonoteca.analysis.analyzer import Known
from sonoteca.analysis.beatwise.swing import SwingOfRegion, swing_of_places
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.descriptor import BARS, BEATS, DOWNBEATS, METER, Descriptor
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.swing import OffBeats, Swing
from sonoteca.domain.vocabulary import Source

N_BEATS = 16


def groove(bpm: float, share: float, *, pair_beats: float = 1.0, attack_s: float = 0.0) -> AudioSignal:
    """Four bars in which something sounds at the start of each pair and at ``share`` of it."""
    beat_s = 60.0 / bpm
    starts = np.arange(0.0, N_BEATS, pair_beats)
    places = np.sort(np.concatenate([starts, starts + share * pair_beats]))
    if attack_s:
        notes = (synth.envelope(synth.tone(64.0, 0.3 * beat_s), attack_s=attack_s, release_s=0.02) for _ in places)
    else:
        notes = (synth.hit(0.6, 0.1) if place in starts else synth.hat(0.4) for place in places)
    return synth.placed(zip(places * beat_s, notes, strict=True), N_BEATS * beat_s)


def known(bpm: float, *, beat_unit: int = 4) -> Known:
    beat_s = 60.0 / bpm
    beats = [round(beat * beat_s, 4) for beat in range(N_BEATS)]
    values: dict[Descriptor, Any] = {
        BEATS: beats, DOWNBEATS: beats[::4], METER: {"beats_per_bar": 4, "beat_unit": beat_unit}, BARS: N_BEATS // 4,
    }  # fmt: skip
    told = Provenance(Source.USER, "test", 1)
    return {descriptor: Observation(descriptor, value, None, told) for descriptor, value in values.items()}


def measured(sound: AudioSignal, facts: Known) -> Swing | None:
    analyzer = SwingOfRegion()
    found = list(analyzer.analyze(synth.whole(sound, analyzer.features), facts))
    return Swing.of_json(found[0].value) if found else None  # type: ignore[arg-type]


@pytest.mark.parametrize("bpm", [84.0, 120.0, 142.0])
@pytest.mark.parametrize("share", [0.5, 0.58, 2 / 3])
def test_the_share_of_swung_eighths_is_heard(bpm: float, share: float) -> None:
    swing = measured(groove(bpm, share), known(bpm))
    assert swing is not None
    assert swing.eighths is not None
    assert swing.eighths.share == pytest.approx(share, abs=0.015)
    assert swing.eighths.onsets >= N_BEATS - 2
    assert swing.sixteenths is None


def test_swung_sixteenths_leave_the_eighths_straight() -> None:
    swing = measured(groove(100.0, 0.6, pair_beats=0.5), known(100.0))
    assert swing is not None
    assert swing.eighths is not None
    assert swing.sixteenths is not None
    assert swing.eighths.share == pytest.approx(0.5, abs=0.015)
    assert swing.sixteenths.share == pytest.approx(0.6, abs=0.04)


def test_an_instrument_that_speaks_late_swings_no_more_for_it() -> None:
    swing = measured(groove(110.0, 0.5, attack_s=0.04), known(110.0))
    assert swing is not None
    assert swing.eighths is not None
    assert swing.eighths.share == pytest.approx(0.5, abs=0.02)


def test_nothing_is_said_where_nothing_sounds_between_the_beats_or_beats_are_thirds() -> None:
    assert measured(synth.clicks(120.0, 8.0), known(120.0)) is None
    assert measured(synth.silence(8.0), known(120.0)) is None
    assert measured(groove(120.0, 0.62), known(120.0, beat_unit=8)) is None
    assert measured(groove(120.0, 0.62), {}) is None


@given(st.floats(0.48, 0.68), st.floats(-0.05, 0.05), st.integers(4, 40))
def test_places_moved_together_swing_the_same(share: float, late: float, n_beats: int) -> None:
    beats = np.arange(n_beats, dtype=np.float64)
    places = np.concatenate([beats, beats + share]) + late
    swing = swing_of_places(places, np.ones(2 * n_beats, np.float32))
    assert swing is not None
    assert swing.eighths is not None
    assert swing.eighths.share == pytest.approx(share, abs=1e-6)
    assert swing.eighths.onsets == n_beats


def test_swing_survives_its_json_and_impossible_places_are_refused() -> None:
    swing = Swing(OffBeats(0.625, 12), None)
    assert Swing.of_json(swing.as_json()) == swing
    with pytest.raises(ValueError, match="not an off-beat"):
        OffBeats(1.2, 3)
