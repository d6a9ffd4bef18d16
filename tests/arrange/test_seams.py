"""Where loops go round and clips begin, end and meet: no clicks, whole attacks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

import synth
from render_samples import roughness
from sonoteca.arrange.arrangement import Clip
from sonoteca.arrange.bar_grid import BarGrid
from sonoteca.arrange.sound.layers import layers_of
from sonoteca.arrange.sound.mixing import Layer, blocks, mix
from sonoteca.arrange.sound.placing import place_clips
from sonoteca.arrange.sound.seam import closed, is_attack, meets_itself

RATE = 44_100
NOTHING = np.zeros((1, 0), np.float32)


def sine(hz: float, n_samples: int, level: float = 0.5) -> NDArray[np.float32]:
    return (level * np.sin(2 * np.pi * hz * np.arange(n_samples) / RATE))[None].astype(np.float32)


def stereo(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    return np.repeat(samples[:1], 2, axis=0)


def test_a_loop_that_meets_itself_is_left_alone() -> None:
    for loop in (sine(100.0, RATE), synth.drums(120, 1).samples, synth.noise(1.0).samples):
        assert meets_itself(loop)
        assert closed(loop, RATE, NOTHING) is loop


@settings(deadline=None)
@given(hz=st.floats(50.0, 400.0), n=st.integers(8_000, 12_000))
def test_a_tone_cut_anywhere_goes_round_without_a_click(hz: float, n: int) -> None:
    loop = sine(hz, n)
    made = closed(loop, RATE, NOTHING)
    assert made.shape == loop.shape
    # A tone of this pitch bends by so much per sample; twice that is inaudible, a cut is hundreds of times.
    bend = 0.5 * (2 * np.pi * hz / RATE) ** 2
    assert roughness(np.tile(made, 2))[n - 600 : n + 600].max() < 2.5 * bend + 2e-3


def test_what_follows_in_the_recording_fills_the_seam() -> None:
    """Cut out of a longer tone: the start is reached from the tone's own continuation."""
    whole = sine(130.0, 12_000)
    made = closed(whole[:, :10_000], RATE, whole[:, 10_000:])
    np.testing.assert_allclose(made[:, 441:], whole[:, 441:10_000])
    assert abs(made[0, 0] - whole[0, 10_000]) < 0.01


def test_an_attack_at_the_start_is_kept() -> None:
    kick = synth.at({0.0: synth.kick()}, 0.5).samples
    hum = sine(61.0, kick.shape[1], 0.05)
    hum[:, : RATE // 10] = 0.0
    loop = kick + hum
    assert not meets_itself(loop) or np.array_equal(closed(loop, RATE, NOTHING), loop)
    made = closed(loop, RATE, NOTHING)
    # Half a millisecond of fade; everything else of the kick is there.
    np.testing.assert_array_equal(made[:, 23:5_000], loop[:, 23:5_000])


def test_attacks_are_told_from_what_goes_on() -> None:
    tone, quiet = sine(200.0, 441), sine(200.0, 441, 0.01)
    assert is_attack(quiet, tone)
    assert is_attack(np.zeros_like(tone), tone)
    assert not is_attack(tone, tone)
    assert not is_attack(tone, quiet)
    assert not is_attack(np.zeros_like(tone), np.zeros_like(tone))


@pytest.mark.parametrize("change", [-1, 1])
def test_a_repetition_of_another_length_slides_into_place(change: int) -> None:
    """Periods of 100 samples in a pass of 10,000: a sample more or less is spread, not jumped."""
    samples = stereo(sine(441.0, 10_000))
    length = 10_000 + change
    layer = Layer(samples, (0, length, 2 * length), 2 * length)
    heard = layer.heard(0, 2 * length)
    np.testing.assert_array_equal(heard[:, : length - 200], samples[:, : length - 200])
    np.testing.assert_array_equal(heard[:, length : length + 5_000], samples[:, :5_000])
    assert roughness(heard).max() < 2 * roughness(samples).max()


@settings(deadline=None, max_examples=30)
@given(
    cuts=st.lists(st.integers(1, 40_000), min_size=1, max_size=6, unique=True),
    start=st.integers(0, 5_000),
    fade=st.integers(0, 900),
)
def test_blocks_of_any_size_give_the_same_sound(cuts: Sequence[int], start: int, fade: int) -> None:
    samples = np.random.default_rng(1).standard_normal((2, 7_001)).astype(np.float32)
    begins = tuple(start + round(number * 7_000.7) for number in range(7))
    layer = Layer(samples, begins, begins[-2] - 100, gain=0.5, fade_in=fade, fade_out=fade)
    whole = mix([layer], 0, 45_000)
    edges = [0, *sorted(cuts), 45_000]
    parts = [mix([layer], first, stop) for first, stop in pairwise(edges)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), whole)
    assert not whole[:, :start].any()
    assert not whole[:, layer.stop :].any()


@given(n=st.integers(0, 400_000), rate=st.sampled_from([8_000, 11_025, 44_100, 48_000]))
def test_blocks_cover_everything_once(n: int, rate: int) -> None:
    found = list(blocks(n, rate))
    assert [first for first, _ in found] == [0, *(stop for _, stop in found[:-1])][: len(found)]
    assert (found[-1][1] if found else 0) == n


def placed_layers(clips: Sequence[Clip], passes: dict[str, NDArray[np.float32]], tmp_path) -> list[Layer]:  # type: ignore[no-untyped-def]
    """Layers of clips whose one-bar passes (at 120 bpm, 2 s) are made already."""
    placed = place_clips(BarGrid(120.0, 4, RATE), clips)
    made = {each.order: passes[each.order.content_hash] for some in placed.values() for each in some}
    return [layer for some in placed.values() for layer in layers_of(some, made)]


def test_soft_neighbours_are_crossfaded_without_a_dip(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """Two pads of equal power, one after the other."""
    passes = {
        "x1:1": stereo(synth.noise(2.0, 0.1, seed=1).samples),
        "x1:2": stereo(synth.noise(2.0, 0.1, seed=2).samples),
    }
    clips = [Clip("harmony", "x1:1", 0, 2.0, 0, 1), Clip("harmony", "x1:2", 0, 2.0, 1, 1)]
    heard = mix(placed_layers(clips, passes, tmp_path), 0, 4 * RATE)
    level = np.sqrt(np.square(heard[0, RATE:-RATE]).reshape(-1, 441).mean(axis=1))
    assert 20 * np.log10(level.min() / 0.1) > -2.0
    assert 20 * np.log10(level.max() / 0.1) < 2.0


def test_an_attack_on_the_bar_line_is_not_faded(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A pad ends ahead of the drum loop that follows it, whose kick keeps its edge."""
    drums = stereo(synth.drums(120, 1).samples)
    passes = {"x1:1": stereo(sine(200.0, 2 * RATE, 0.2)), "x1:2": drums}
    clips = [Clip("mix", "x1:1", 0, 2.0, 0, 1), Clip("mix", "x1:2", 0, 2.0, 1, 1)]
    heard = mix(placed_layers(clips, passes, tmp_path), 0, 4 * RATE)
    np.testing.assert_allclose(heard[:, 2 * RATE + 23 : 3 * RATE], drums[:, 23:RATE], atol=1e-6)
    assert np.abs(heard[:, 2 * RATE - 4 : 2 * RATE]).max() < 0.01


def test_one_loop_in_two_sections_goes_on_as_one(tmp_path) -> None:  # type: ignore[no-untyped-def]
    loop = stereo(sine(100.0, 2 * RATE))
    clips = [Clip("bass", "x1:1", 0, 2.0, 0, 2), Clip("bass", "x1:1", 0, 2.0, 2, 2, score=0.5, reasons=("goes on",))]
    layers = placed_layers(clips, {"x1:1": loop}, tmp_path)
    assert len(layers) == 1
    heard = mix(layers, 0, 8 * RATE)
    assert roughness(heard[:, RATE : 7 * RATE].astype(np.float32)).max() < 1.01 * roughness(loop).max()


def test_clips_begin_and_end_softly(tmp_path) -> None:  # type: ignore[no-untyped-def]
    """A tone that is cut at its crest on both sides."""
    tone = stereo((0.5 * np.cos(2 * np.pi * 100.0 * np.arange(2 * RATE) / RATE))[None].astype(np.float32))
    layers = placed_layers([Clip("bass", "x1:1", 0, 2.0, 1, 1.5)], {"x1:1": tone}, tmp_path)
    heard = mix(layers, 0, 6 * RATE).astype(np.float32)
    # A cut would bend by 0.5.
    assert roughness(heard).max() < 0.02
