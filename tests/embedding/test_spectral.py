"""The spectral embedder on sounds whose likeness was built."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synth
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.embedding import Embedding
from sonoteca.domain.region import Region
from sonoteca.embedding.builtin import builtin_embedders
from sonoteca.embedding.spans import batches_for, embeddings_of, window_spans
from sonoteca.embedding.spectral import (
    HOP_S,
    PART_DIMENSIONS,
    PART_SHARES,
    PARTS,
    WINDOW_S,
    SpectralEmbedder,
)

EMBEDDER = SpectralEmbedder()
SPACE = EMBEDDER.space
Vector = NDArray[np.float32]

KICK, HAT, NOISE = synth.kick(), synth.hat(0.95), synth.noise(2.0, color=1)
CHORD = synth.chord("C:maj", 2.0)
BEAT = synth.drums(120, 4)


def embed(sound: AudioSignal, *spans: tuple[float, float]) -> list[list[Embedding]]:
    source = synth.recording(sound)
    regions = [Region(n, start_s, end_s) for n, (start_s, end_s) in enumerate(spans or [(0.0, source.info.duration_s)])]
    batches = list(batches_for(EMBEDDER, source, synth.features_of(source, EMBEDDER.features), regions))
    answered = [pair for batch in batches for pair in zip(batch, EMBEDDER.embed(batch), strict=True)]
    return embeddings_of(SPACE, regions, answered)


def vector(sound: AudioSignal, *span: float) -> Vector:
    spans = [(span[0], span[1])] if span else []
    return embed(sound, *spans)[0][0].vector


def part(of: Vector, name: str) -> Vector:
    (found,) = [p for p in SPACE.parts if p.name == name]
    return of[found.start : found.stop]


def has(of: Vector, name: str) -> bool:
    return bool(np.linalg.norm(part(of, name)) > 1e-6)


def likeness(one: Vector, other: Vector, name: str | None = None) -> float:
    """Cosine, of one part where a name is given."""
    a, b = (one, other) if name is None else (part(one, name), part(other, name))
    return float(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)))


def test_the_parts_are_the_space() -> None:
    assert (SPACE.parts[0].start, SPACE.parts[-1].stop) == (0, SPACE.dimensions)
    assert all(one.stop == other.start for one, other in pairwise(SPACE.parts))
    assert {p.name: p.stop - p.start for p in SPACE.parts} == PART_DIMENSIONS
    assert tuple(p.name for p in SPACE.parts) == PARTS
    assert sum(PART_SHARES.values()) == pytest.approx(1.0)


def test_the_builtin_embedder_is_this_one() -> None:
    (builtin,) = builtin_embedders()
    assert builtin.space.id == SPACE.id


@pytest.mark.parametrize("sound", [KICK, HAT, NOISE, CHORD, BEAT, synth.sine(440, 0.05), synth.sweep(100, 5000, 3.0)])
def test_a_vector_is_finite_of_unit_length_and_in_the_space(sound: AudioSignal) -> None:
    (found,) = embed(sound)
    assert found[0].vector.shape == (SPACE.dimensions,)
    assert found[0].vector.dtype == np.float32
    assert np.isfinite(found[0].vector).all()
    assert float(np.linalg.norm(found[0].vector)) == pytest.approx(1.0, abs=1e-5)
    assert found[0].space_id == SPACE.id
    assert not found[0].is_window


@pytest.mark.parametrize("duration_s", [0.0001, 0.5, 12.0])
def test_silence_has_no_vector(duration_s: float) -> None:
    assert embed(synth.silence(duration_s)) == [[]]


def test_one_silent_region_leaves_the_others_their_vectors() -> None:
    sound = synth.sequence(CHORD, synth.silence(2.0), BEAT)
    chord, nothing, beat = embed(sound, (0.0, 2.0), (2.5, 3.5), (4.0, 8.0))
    assert len(chord) == len(beat) == 1
    assert nothing == []


def test_windows_follow_the_whole_region() -> None:
    ((whole, *windows),) = embed(synth.sequence(BEAT, BEAT, BEAT), (1.0, 24.0))
    assert (whole.start_s, whole.end_s, whole.is_window) == (1.0, 24.0, False)
    assert [(w.start_s, w.end_s) for w in windows] == window_spans(Region(0, 1.0, 24.0), window_s=WINDOW_S, hop_s=HOP_S)
    assert all(w.is_window for w in windows)


def test_a_long_region_lies_where_its_windows_lie() -> None:
    loop = synth.sequence(*[BEAT] * 16)
    ((whole, *windows),) = embed(loop, (0.0, 128.0))
    assert not whole.is_window
    assert float(np.linalg.norm(whole.vector)) == pytest.approx(1.0, abs=1e-5)
    assert min(likeness(whole.vector, window.vector) for window in windows) > 0.9
    assert likeness(whole.vector, vector(loop, 0.0, 40.0)) > 0.9


def test_silent_windows_are_left_out() -> None:
    ((_, *windows),) = embed(synth.sequence(CHORD, synth.silence(28.0)))
    assert [w.start_s for w in windows] == [0.0]


@given(start_s=st.floats(0, 1e5), duration_s=st.floats(0.001, 7200))
def test_windows_cover_what_is_longer_than_one(start_s: float, duration_s: float) -> None:
    region = Region(0, start_s, start_s + duration_s)
    spans = window_spans(region, window_s=WINDOW_S, hop_s=HOP_S)
    assert bool(spans) == (region.duration_s > WINDOW_S)
    for first, last in spans:
        assert last - first == pytest.approx(WINDOW_S)
        assert region.start_s - 1e-6 <= first
        assert last <= region.end_s + 1e-6
    assert all(0 < after[0] - before[0] <= HOP_S + 1e-6 for before, after in pairwise(spans))
    if spans:
        assert spans[0][0] == region.start_s
        # What the last window leaves is under a second.
        assert region.end_s - spans[-1][1] <= 1.0 + 1e-6


@settings(deadline=None, max_examples=25)
@given(db=st.floats(-10, 0), number=st.integers(0, 4), is_inverted=st.booleans())
def test_gain_and_polarity_have_no_say(db: float, number: int, is_inverted: bool) -> None:
    sound = (KICK, CHORD, NOISE, BEAT, HAT)[number]
    other = synth.gained(synth.inverted(sound) if is_inverted else sound, db)
    assert likeness(vector(sound), vector(other)) > 0.999


@pytest.mark.parametrize("sound", [KICK, CHORD, NOISE, BEAT], ids=["kick", "chord", "noise", "drums"])
def test_a_very_quiet_sound_keeps_its_likeness(sound: AudioSignal) -> None:
    # Its faintest parts are below the floor of the log-mel spectrum by then.
    assert likeness(vector(sound), vector(synth.gained(sound, -30))) > 0.9


@settings(deadline=None, max_examples=20)
@given(seed=st.integers(0, 10_000), duration_s=st.floats(0.002, 4.0), color=st.sampled_from([0.0, 1.0, 2.0]))
def test_noise_of_any_length_has_a_vector_and_no_harmony(seed: int, duration_s: float, color: float) -> None:
    found = vector(synth.noise(duration_s, color=color, seed=seed))
    assert float(np.linalg.norm(found)) == pytest.approx(1.0, abs=1e-5)
    assert not has(found, "harmony")


@pytest.mark.parametrize(
    ("sound", "rhythm", "harmony"),
    [
        (KICK, False, False),
        (HAT, False, False),
        (synth.snare(), False, False),
        (NOISE, False, False),
        (synth.noise(12.0), False, False),
        (BEAT, True, False),
        (synth.clicks(100, 8.0), True, False),
        (CHORD, False, True),
        (synth.decaying(synth.chord("A:min", 4.0), 12.0), False, True),
        (synth.mix(BEAT, synth.pad(["C:maj", "F:maj", "G:maj", "C:maj"], 2.0)), True, True),
    ],
    ids=["kick", "hat", "snare", "pink noise", "white noise", "drums", "clicks", "chord", "dying chord", "band"],
)
def test_a_part_is_there_only_where_the_sound_has_it(sound: AudioSignal, rhythm: bool, harmony: bool) -> None:
    found = vector(sound)
    assert has(found, "timbre")
    assert has(found, "dynamics")
    assert has(found, "rhythm") == rhythm
    assert has(found, "harmony") == harmony


def test_the_share_of_an_absent_part_goes_to_the_others() -> None:
    found = vector(KICK)
    there = PART_SHARES["timbre"] + PART_SHARES["dynamics"]
    for name in ("timbre", "dynamics"):
        assert float(np.square(part(found, name)).sum()) == pytest.approx(PART_SHARES[name] / there, abs=1e-4)


def test_a_transposed_chord_keeps_its_timbre_and_changes_its_harmony() -> None:
    low, high = vector(CHORD), vector(synth.chord("F#:maj", 2.0))
    dull = vector(synth.mix(*(synth.tone(60 + step, 2.0, 0.1, n_partials=2, rolloff=2.0) for step in (0, 4, 7))))
    assert likeness(low, high, "timbre") > max(0.4, likeness(low, dull, "timbre") + 0.1)
    assert likeness(low, high, "harmony") < 0.3 < 0.8 < likeness(low, dull, "harmony")


def test_the_same_harmony_is_near_whatever_plays_it() -> None:
    held = synth.pad(["C:maj", "G:maj"], 2.0)
    struck = synth.sequence(
        *(synth.decaying(synth.chord(name, 1.0), 30.0) for name in ("C:maj", "C:maj", "G:maj", "G:maj"))
    )
    other = synth.pad(["F#:maj", "C#:maj"], 2.0)
    assert likeness(vector(held), vector(struck), "harmony") > 0.6
    assert likeness(vector(held), vector(other), "harmony") < 0.2


def test_two_excerpts_of_a_loop_are_nearer_than_another_loop() -> None:
    loop = synth.sequence(BEAT, BEAT)
    first, later = vector(loop, 0.0, 6.0), vector(loop, 8.0, 14.0)
    assert likeness(first, later) > 0.9
    assert likeness(first, later, "rhythm") > 0.95
    assert likeness(first, later) > likeness(first, vector(synth.drums(165, 4))) + 0.05


def test_rhythm_hears_tempo_not_sound() -> None:
    steady = {bpm: synth.clicks(bpm, 8.0) for bpm in (90, 150)}
    hats = synth.at({n * 60 / 90: synth.hat() for n in range(12)}, 8.0)
    assert likeness(vector(steady[90]), vector(hats), "rhythm") > likeness(
        vector(steady[90]), vector(steady[150]), "rhythm"
    )


def test_small_changes_are_small() -> None:
    for sound in (KICK, CHORD, BEAT):
        noisy = synth.mix(sound, synth.noise(sound.samples.shape[1] / sound.sample_rate, 0.0005, seed=4))
        assert likeness(vector(sound), vector(noisy)) > 0.85


def test_a_hit_is_nearer_to_its_kind() -> None:
    kicks = [vector(synth.kick(duration_s=s)) for s in (0.2, 0.3)]
    hats = [vector(synth.hat(duration_s=s, seed=7)) for s in (0.06, 0.1)]
    assert likeness(kicks[0], kicks[1]) > 0.8
    assert likeness(hats[0], hats[1]) > 0.8
    assert max(likeness(kick, hat) for kick in kicks for hat in hats) < 0.6
    assert max(likeness(kick, hat, "timbre") for kick in kicks for hat in hats) < 0.3


def test_lead_silence_does_not_matter() -> None:
    late = synth.sequence(synth.silence(0.3), KICK)
    assert likeness(vector(KICK), vector(late), "timbre") > 0.85


def test_a_region_of_50_ms_has_a_vector() -> None:
    (found,) = embed(CHORD, (0.5, 0.55))
    assert float(np.linalg.norm(found[0].vector)) == pytest.approx(1.0, abs=1e-5)


def test_regions_do_not_hear_their_neighbours() -> None:
    alone = vector(CHORD, 0.2, 1.5)
    followed = vector(synth.sequence(CHORD, BEAT), 0.2, 1.5)
    assert likeness(alone, followed) > 0.999
