"""Writing sound, and what the header says of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import soundfile

from audio.handmade import pluck
from sonoteca.audio.encode import ENCODINGS, SampleWidth, to_integers, wav_bytes, write_audio, write_wav
from sonoteca.audio.probe import probe
from sonoteca.audio.signal import AudioSignal
from sonoteca.errors import AudioError, UnsupportedFormat


@pytest.mark.parametrize(("width", "step"), [("pcm_16", 2**-15), ("pcm_24", 2**-23), ("float_32", 0.0)])
@pytest.mark.parametrize("channels", [1, 2, 5])
def test_wav_is_read_back_by_another_program(width: SampleWidth, step: float, channels: int, tmp_path: Path) -> None:
    signal = pluck(1_001, 48_000, channels=channels)
    write_wav(path := tmp_path / "x.wav", signal, width=width)
    samples, rate = soundfile.read(path, dtype="float32", always_2d=True)
    assert rate == 48_000
    np.testing.assert_allclose(samples.T, signal.samples, atol=step / 2 + 1e-9)
    assert soundfile.info(str(path)).frames == 1_001


def test_integers_clip_and_floats_do_not() -> None:
    loud = AudioSignal(np.array([[2.0, -2.0, 1.0, -1.0]], np.float32), 8_000)
    np.testing.assert_array_equal(to_integers(loud.samples, 16), [[32_767, -32_768, 32_767, -32_768]])
    assert wav_bytes(loud, width="float_32")[-16:] == loud.samples.tobytes()


def test_a_wav_beyond_4_gb_is_refused() -> None:
    endless = AudioSignal(np.lib.stride_tricks.as_strided(np.zeros(1, np.float32), (1, 2**31), (0, 0)), 44_100)
    with pytest.raises(ValueError, match="4294967296"):
        wav_bytes(endless)


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_every_encoding_can_be_probed(encoding: str, tmp_path: Path) -> None:
    write_audio(
        path := tmp_path / f"x{encoding}", pluck(48_000, 48_000, channels=2), encoding=encoding, tags={"title": "T"}
    )
    facts = probe(path)
    assert (facts.sample_rate, facts.channels) == (48_000, 2)
    assert facts.codec == {"libopus": "opus", "libmp3lame": "mp3"}.get(
        ENCODINGS[encoding].codec, ENCODINGS[encoding].codec
    )
    assert facts.container == {"ipod": "m4a", "adts": "aac", "webm": "matroska", "mp2": "mp3"}.get(
        ENCODINGS[encoding].container, ENCODINGS[encoding].container
    )
    assert facts.duration_s == pytest.approx(1.0, abs=0.1)
    if encoding in (".flac", ".alac.m4a", ".mka", ".aiff", ".caf", ".w64", ".au"):
        assert facts.bit_depth == 24


@pytest.mark.parametrize("name", ["x.xyz", "x", "x.ogg"])
def test_an_unknown_suffix_is_refused(name: str, tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="cannot be written"):
        write_audio(tmp_path / name, pluck(100, 44_100))


def test_a_rate_the_codec_does_not_take_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AudioError, match="44100 Hz"):
        write_audio(tmp_path / "x.opus", pluck(44_100, 44_100))


def test_surround_is_written_as_wav_only(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFormat, match="6 channels"):
        write_audio(tmp_path / "x.mp3", pluck(100, 44_100, channels=6))
    write_audio(tmp_path / "x.wav", pluck(100, 44_100, channels=6))
    assert probe(tmp_path / "x.wav").channels == 6
