"""A span of a file as it was recorded."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

import synth
from audio.handmade import pluck
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.encode import SoundWriter, wav_bytes, write_audio, write_wav
from sonoteca.audio.passage import read_passage
from sonoteca.audio.signal import AudioSignal
from sonoteca.errors import AudioError, EmptyAudio, NotAudio

RATE = 48_000


@pytest.fixture
def sound() -> AudioSignal:
    return AudioSignal(np.random.default_rng(0).uniform(-0.5, 0.5, (2, 3 * RATE)).astype(np.float32), RATE)


def test_a_span_is_exact_and_has_its_surroundings(sound: AudioSignal, tmp_path: Path) -> None:
    write_wav(path := tmp_path / "x.wav", sound, width="float_32")
    found = read_passage(path, 1.0, 1.5, context_s=0.25)
    assert (found.lead, found.trail, found.signal.sample_rate) == (RATE // 4, RATE // 4, RATE)
    np.testing.assert_array_equal(found.signal.samples, sound.samples[:, 3 * RATE // 4 : 7 * RATE // 4])
    assert found.content_hash == hash_content(path)


def test_at_the_ends_there_is_less_around_it(sound: AudioSignal, tmp_path: Path) -> None:
    write_wav(path := tmp_path / "x.wav", sound, width="float_32")
    start, end, beyond = (read_passage(path, *span, context_s=0.5) for span in ((0.25, 1.0), (2.0, 2.75), (2.0, 9.0)))
    assert (start.lead, end.trail, beyond.trail) == (RATE // 4, RATE // 4, 0)
    assert beyond.signal.n_samples - beyond.lead == RATE


@pytest.mark.parametrize("suffix", [".mp3", ".flac", ".m4a"])
def test_encoder_delay_does_not_move_it(suffix: str, tmp_path: Path) -> None:
    click = synth.at({1.0: synth.click()}, 2.0)
    write_audio(path := tmp_path / f"x{suffix}", click)
    found = read_passage(path, 0.9, 1.1)
    assert abs(int(np.argmax(np.abs(found.signal.samples[0]))) - round(0.1 * 44_100)) <= 15


def test_surround_becomes_stereo(tmp_path: Path) -> None:
    samples = np.zeros((6, 4_800), np.float32)
    samples[2], samples[3] = 0.5, 0.9
    write_wav(path := tmp_path / "x.wav", AudioSignal(samples, RATE), width="float_32")
    found = read_passage(path, 0.0, 0.1).signal.samples
    # The centre on both sides, 3 dB down; the low frequency channel on none.
    np.testing.assert_allclose(found, np.full((2, 4_800), 0.35355), atol=1e-4)


def test_what_is_not_a_number_is_silent(tmp_path: Path) -> None:
    samples = np.full((1, 1_000), 0.25, np.float32)
    samples[0, 100:200] = np.nan
    write_wav(path := tmp_path / "x.wav", AudioSignal(samples, RATE), width="float_32")
    found = read_passage(path, 0.0, 1.0).signal.samples
    assert np.isfinite(found).all()
    assert not found[0, 100:200].any()


def test_refusals(sound: AudioSignal, tmp_path: Path) -> None:
    write_wav(path := tmp_path / "x.wav", sound)
    with pytest.raises(EmptyAudio, match="ends before"):
        read_passage(path, 5.0, 6.0)
    with pytest.raises(ValueError, match=r"1\.0 s to 1\.0 s"):
        read_passage(path, 1.0, 1.0)
    (tmp_path / "text.wav").write_text("no sound " * 100)
    with pytest.raises(NotAudio):
        read_passage(tmp_path / "text.wav", 0.0, 1.0)


# --- writing it back, block by block -------------------------------------------------------------


@pytest.mark.parametrize("suffix", [".wav", ".flac", ".mp3"])
def test_blocks_of_any_size_make_the_same_file(suffix: str, tmp_path: Path) -> None:
    sound = pluck(50_001, 44_100, channels=2)
    for name, size in (("whole", 50_001), ("blocks", 777)):
        with SoundWriter(tmp_path / f"{name}{suffix}", 44_100, 2) as to:
            for first in range(0, 50_001, size):
                to.write(sound.samples[:, first : first + size])
    assert (tmp_path / f"whole{suffix}").read_bytes() == (tmp_path / f"blocks{suffix}").read_bytes()


def test_a_wav_written_in_blocks_is_the_wav_written_at_once(tmp_path: Path) -> None:
    sound = pluck(1_001, 44_100, channels=1)
    with SoundWriter(tmp_path / "x.wav", 44_100, 1, width="pcm_24") as to:
        to.write(sound.samples[:, :500])
        to.write(sound.samples[:, 500:])
    assert (tmp_path / "x.wav").read_bytes() == wav_bytes(sound, width="pcm_24")


@pytest.mark.parametrize("suffix", [".wav", ".mp3"])
def test_what_was_there_stays_until_the_new_file_is_complete(suffix: str, tmp_path: Path) -> None:
    path = tmp_path / f"x{suffix}"
    path.write_bytes(b"before")

    def stopped_half_way() -> None:
        with SoundWriter(path, 44_100, 1) as to:
            to.write(np.zeros((1, 5_000), np.float32))
            raise RuntimeError("stopped")

    with pytest.raises(RuntimeError, match="stopped"):
        stopped_half_way()
    assert path.read_bytes() == b"before"
    assert list(tmp_path.iterdir()) == [path]


def test_an_encoder_that_refuses_leaves_nothing(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="96000 Hz"), SoundWriter(tmp_path / "x.mp3", 96_000, 2) as to:
        to.write(np.zeros((2, 96_000), np.float32))
    assert not list(tmp_path.iterdir())
