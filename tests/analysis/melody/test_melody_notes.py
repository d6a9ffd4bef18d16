from itertools import pairwise, product
from typing import Any, cast

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import synth
from sonoteca.analysis.melody import tracking
from sonoteca.analysis.melody.candidates import FAST, FINE
from sonoteca.analysis.melody.note_list import MelodyNotes
from sonoteca.analysis.melody.tracking import MelodyNote, melody_of, track_notes
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.descriptor import NOTES, POSSIBLE_NOTES
from sonoteca.domain.music import midi_to_hz
from sonoteca.domain.possible_notes import PossibleNotes
from sonoteca.features.feature_pass import compute_features

RATE = 22_050
TUNE = [
    (67, 0.5),
    (69, 0.25),
    (71, 0.25),
    (72, 0.5),
    (71, 0.5),
    (67, 0.5),
    (64, 0.5),
    (65, 0.25),
    (67, 0.25),
    (62, 1.0),
]


def sing(tune: list[tuple[int, float]], *, transpose: int = 0, lead_s: float = 0.5) -> tuple[AudioSignal, list[float]]:
    """Notes with six partials and a soft attack; also their onsets."""
    total = lead_s + sum(length for _, length in tune) + 0.5
    out = np.zeros(int(total * RATE))
    at, onsets = lead_s, []
    for midi, length in tune:
        times = np.arange(int(length * 0.9 * RATE)) / RATE
        wave = sum(np.sin(2 * np.pi * midi_to_hz(midi + transpose) * k * times) / k for k in range(1, 7))
        fade = np.minimum(1.0, np.minimum(times, times[-1] - times) / 0.015)
        first = int(at * RATE)
        out[first : first + len(times)] += 0.15 * wave * fade * np.exp(-times)
        onsets.append(at)
        at += length
    return AudioSignal(out[None].astype(np.float32), RATE), onsets


def notes_of(signal: AudioSignal) -> list[MelodyNote]:
    samples = signal.samples[0]
    frames = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=(FINE, FAST)
    )
    return melody_of(track_notes(frames[FINE], frames[FAST]))


@pytest.mark.parametrize("transpose", [-8, 0, 9])
def test_a_tune_played_alone_comes_back_as_its_notes(transpose: int) -> None:
    signal, onsets = sing(TUNE, transpose=transpose)
    notes = notes_of(signal)
    right = [
        any(abs(n.start_s - at) < 0.05 and n.midi == midi + transpose for n in notes)
        for (midi, _), at in zip(TUNE, onsets, strict=True)
    ]
    assert sum(right) >= 9
    assert len(notes) <= 11


def test_notes_rise_and_do_not_overlap() -> None:
    notes = notes_of(sing(TUNE * 2)[0])
    assert len(notes) > 10
    assert all(a.end_s <= b.start_s + 1e-9 for a, b in pairwise(notes))
    assert all(n.start_s < n.end_s for n in notes)


@pytest.mark.parametrize("start_s", [0.0, 0.7, 1.013, 2.05])
def test_a_region_has_the_notes_of_its_span(start_s: float) -> None:
    samples = sing(TUNE * 2)[0].samples[0]
    frames = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=(FINE, FAST)
    )
    whole = melody_of(track_notes(frames[FINE], frames[FAST]))
    part = melody_of(track_notes(frames[FINE].between(start_s, 7.013), frames[FAST].between(start_s, 7.013)))
    inside = [(n.midi, n.start_s) for n in whole if start_s + 0.3 < n.start_s < 6.5]
    found = [any(p.midi == midi and abs(p.start_s - at) < 0.05 for p in part) for midi, at in inside]
    assert sum(found) >= len(found) - 1 > 5


def test_long_sound_is_heard_in_chunks_that_join(monkeypatch: pytest.MonkeyPatch) -> None:
    samples = sing(TUNE * 6)[0].samples[0]
    frames = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=(FINE, FAST)
    )
    at_once = [(n.midi, round(n.start_s, 1)) for n in melody_of(track_notes(frames[FINE], frames[FAST]))]
    monkeypatch.setattr(tracking, "_CHUNK_S", 9.013)
    monkeypatch.setattr(tracking, "_OVERLAP_S", 3.0)
    notes = melody_of(track_notes(frames[FINE], frames[FAST]))
    in_chunks = [(n.midi, round(n.start_s, 1)) for n in notes]
    assert len(set(at_once) ^ set(in_chunks)) <= 4
    assert all(a.end_s <= b.start_s + 1e-6 for a, b in pairwise(notes))


def test_gain_changes_no_note() -> None:
    signal, _ = sing(TUNE)
    quiet = AudioSignal((signal.samples * 10 ** (-30 / 20)).astype(np.float32), RATE)
    assert [(n.midi, round(n.start_s, 3)) for n in notes_of(signal)] == [
        (n.midi, round(n.start_s, 3)) for n in notes_of(quiet)
    ]


@pytest.mark.parametrize("n_samples", [1, 500, RATE])
def test_silence_has_no_notes(n_samples: int) -> None:
    assert notes_of(AudioSignal(np.zeros((1, n_samples), np.float32), RATE)) == []


@pytest.mark.parametrize("colour", ["white", "brown"])
def test_noise_has_no_melody(colour: str) -> None:
    noise = np.random.default_rng(3).standard_normal(6 * RATE)
    if colour == "brown":
        noise = np.cumsum(noise)
        noise -= np.convolve(noise, np.ones(4000) / 4000, mode="same")
    noise *= 0.3 / np.abs(noise).max()
    view = synth.whole(AudioSignal(noise[None].astype(np.float32), RATE), MelodyNotes.features)
    assert list(MelodyNotes().analyze(view, {})) == []


def test_the_observation_lists_notes_in_seconds_of_the_sound() -> None:
    signal, onsets = sing(TUNE, lead_s=1.0)
    observation, _ = MelodyNotes().analyze(synth.whole(signal, MelodyNotes.features), {})
    first = cast(Any, observation.value)[0]
    assert first["start_s"] == pytest.approx(onsets[0], abs=0.05)
    assert first["midi"] == 67
    assert observation.confidence is not None
    assert 0.5 < observation.confidence <= 1.0


def test_what_is_possible_holds_the_melody_and_each_line_is_one_note_at_a_time() -> None:
    signal, _ = sing(TUNE, lead_s=1.0)
    notes, possible = MelodyNotes().analyze(synth.whole(signal, MelodyNotes.features), {})
    assert (notes.descriptor, possible.descriptor) == (NOTES, POSSIBLE_NOTES)
    heard = PossibleNotes.of_json(cast(Any, possible.value))
    melody = np.flatnonzero(heard.lines & 1)
    assert heard.midi[melody].tolist() == [note["midi"] for note in cast(Any, notes.value)]
    assert np.allclose(heard.starts_s[melody], [note["start_s"] for note in cast(Any, notes.value)], atol=0.001)
    assert bool(np.all((heard.chance > 0.0) & (heard.chance <= 1.0)))
    for bit in range(4):
        line = np.flatnonzero(heard.lines >> bit & 1)
        assert len(line) >= len(melody)
        assert bool(np.all(np.diff(heard.starts_s[line]) > 0.0))


@given(
    st.lists(st.tuples(st.integers(0, 60), st.integers(50, 80), st.floats(-4, 4)), min_size=1, max_size=9),
    st.lists(st.floats(-4, 0), min_size=1, max_size=3),
)
def test_no_line_is_worth_more_than_the_one_that_is_drawn(
    rows: list[tuple[int, int, float]], thresholds: list[float]
) -> None:
    rows = sorted(rows)
    starts, midi, odds = (np.array(column) for column in zip(*rows, strict=True))
    starts = starts / 10.0
    drawn = tracking.draw_lines(starts, midi, odds.astype(np.float64), np.array(thresholds))
    for line, threshold in zip(drawn, thresholds, strict=True):
        best = max(
            worth(starts, midi, odds - threshold, np.flatnonzero(chosen))
            for chosen in (np.array(bits) for bits in product([False, True], repeat=len(rows)))
        )
        assert worth(starts, midi, odds - threshold, np.flatnonzero(line)) == pytest.approx(best, abs=1e-9)


def worth(starts: np.ndarray, midi: np.ndarray, gains: np.ndarray, line: np.ndarray) -> float:
    """What ``draw_lines`` promises to make largest, added up note by note; -inf for what may not be a line."""
    total = 0.0
    for at in line:
        if gains[at] <= -2.5:
            return -np.inf
        total += gains[at]
    for one, other in pairwise(line):
        apart = starts[other] - starts[one]
        if apart < 0.06:
            return -np.inf
        if apart <= 4.0:
            total -= 0.1 * max(abs(int(midi[other]) - int(midi[one])) - 2, 0) * np.exp(-apart)
    return total
