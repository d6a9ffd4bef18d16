"""WAV files that are valid, or nearly, and that FFmpeg alone misreads: the samples come out as they were written."""

from __future__ import annotations

import struct
from pathlib import Path

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from audio.handmade import chunk, fmt, pluck, wav, write
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_audio
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.probe import probe

RATE = 22_050
SIGNAL = pluck(RATE, RATE)
SHARED_GUID = bytes.fromhex("000000001000800000aa00389b71")


def words(n_bits: int, n_bytes: int, *, order: str = "<") -> bytes:
    """The signal as integers of ``n_bits`` at the top of words of ``n_bytes``."""
    values = np.round(SIGNAL.samples[0].astype(np.float64) * (2 ** (n_bits - 1) - 1)).astype(np.int64)
    whole = (values << (64 - n_bits)).astype(order + "i8").tobytes()
    octets = np.frombuffer(whole, np.uint8).reshape(-1, 8)
    return (octets[:, 8 - n_bytes :] if order == "<" else octets[:, :n_bytes]).tobytes()


def extensible(bits: int, valid_bits: int, *, align: int | None = None, tag: int = 1) -> bytes:
    align = bits // 8 if align is None else align
    head = struct.pack("<HHIIHHHHI", 0xFFFE, 1, RATE, RATE * align, align, bits, 22, valid_bits, 4)
    return head + struct.pack("<H", tag) + SHARED_GUID


def heard(path: Path) -> tuple[NDArray[np.float32], int | None, tuple[str, ...]]:
    with open_recording(path) as recording:
        return recording.read(0, recording.n_samples), recording.info.bit_depth, recording.warnings


@pytest.mark.parametrize(
    ("valid_bits", "bits"), [(24, 32), (20, 32), (18, 32), (16, 32), (16, 24), (12, 24), (20, 24), (12, 16), (32, 32)]
)
def test_samples_of_fewer_bits_than_their_words(valid_bits: int, bits: int, tmp_path: Path) -> None:
    data = wav(words(valid_bits, bits // 8), head=extensible(bits, valid_bits))
    samples, depth, warnings = heard(write(tmp_path / "x.wav", data))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=2.0**-valid_bits * 4)
    assert warnings == ()
    # Where FFmpeg needs no help the depth is that of the words.
    assert depth == (valid_bits if valid_bits <= bits - 8 else bits)
    assert probe(tmp_path / "x.wav").bit_depth == depth


@pytest.mark.parametrize("head", ["plain", "extensible"])
def test_words_that_only_the_block_size_tells_of(head: str, tmp_path: Path) -> None:
    """24 bits in blocks of four bytes: FFmpeg takes them for floats of an old editor."""
    form = struct.pack("<HHIIHH", 1, 1, RATE, 4 * RATE, 4, 24) if head == "plain" else extensible(24, 24, align=4)
    samples, depth, warnings = heard(write(tmp_path / "x.wav", wav(words(24, 4), head=form)))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-6)
    assert (depth, warnings) == (24, ())


def test_floats_of_an_old_editor_stay_floats(tmp_path: Path) -> None:
    """Cool Edit's 24.0 floats have the same numbers in their format chunk; their low bytes tell."""
    values = (SIGNAL.samples[0] * np.float32(2**23)).astype("<f4")
    form = struct.pack("<HHIIHH", 1, 1, RATE, 4 * RATE, 4, 24)
    samples, _, warnings = heard(write(tmp_path / "x.wav", wav(values.tobytes(), head=form)))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-5)
    assert all("promises" in warning for warning in warnings)


@pytest.mark.parametrize(("valid_bits", "n_bytes"), [(16, 2), (24, 3), (24, 4), (32, 4)])
def test_big_endian_words(valid_bits: int, n_bytes: int, tmp_path: Path) -> None:
    """RIFX keeps the highest byte of a word first."""
    head = struct.pack(">HHIIHH", 1, 1, RATE, n_bytes * RATE, n_bytes, valid_bits)
    body = b"WAVE" + chunk(b"fmt ", head, order=">") + chunk(b"data", words(valid_bits, n_bytes, order=">"), order=">")
    samples, depth, warnings = heard(write(tmp_path / "x.wav", b"RIFX" + struct.pack(">I", len(body)) + body))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=2.0**-valid_bits * 4)
    assert (depth, warnings) == (valid_bits, ())


def test_big_endian_floats_in_stereo(tmp_path: Path) -> None:
    both = np.stack([SIGNAL.samples[0], SIGNAL.samples[0]], axis=1).astype(">f4")
    head = struct.pack(">HHIIHH", 3, 2, RATE, 8 * RATE, 8, 32)
    body = b"WAVE" + chunk(b"fmt ", head, order=">") + chunk(b"data", both.tobytes(), order=">")
    samples, _, _ = heard(write(tmp_path / "x.wav", b"RIFX" + struct.pack(">I", len(body)) + body))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-6)


def test_a_block_size_that_lies_changes_nothing(tmp_path: Path) -> None:
    form = struct.pack("<HHIIHH", 1, 1, RATE, 4 * RATE, 4, 16)
    samples, depth, _ = heard(write(tmp_path / "x.wav", wav(words(16, 2), head=form)))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-4)
    assert depth == 16


@pytest.mark.parametrize("n_first", [0, 2 * RATE], ids=["first is empty", "first is the sound"])
def test_two_data_chunks(n_first: int, tmp_path: Path) -> None:
    sound, other = words(16, 2), bytes(2 * RATE // 3 * 2)
    body = [chunk(b"data", sound), chunk(b"data", other)] if n_first else [chunk(b"data", b""), chunk(b"data", sound)]
    whole = b"WAVE" + chunk(b"fmt ", fmt(rate=RATE)) + b"".join(body)
    samples, _, warnings = heard(write(tmp_path / "x.wav", b"RIFF" + struct.pack("<I", len(whole)) + whole))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-4)
    assert bool(n_first) == any("several data chunks" in warning for warning in warnings)


@pytest.mark.parametrize("name", [b"junk", b"bext", b"acid"])
def test_an_odd_chunk_without_its_pad_byte(name: bytes, tmp_path: Path) -> None:
    odd = struct.pack("<4sI", name, 7) + b"\1\2\3\4\5\6\7"
    body = b"WAVE" + chunk(b"fmt ", fmt(rate=RATE)) + odd + chunk(b"data", words(16, 2))
    samples, _, warnings = heard(write(tmp_path / "x.wav", b"RIFF" + struct.pack("<I", len(body)) + body))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-4)
    assert any("not padded" in warning for warning in warnings)


def test_a_padded_odd_chunk_is_no_fault(tmp_path: Path) -> None:
    """Also where the pad byte is no zero, as some programs write it."""
    odd = struct.pack("<4sI", b"junk", 7) + b"\1\2\3\4\5\6\7" + b"J"
    body = b"WAVE" + chunk(b"fmt ", fmt(rate=RATE)) + odd + chunk(b"data", words(16, 2))
    samples, _, warnings = heard(write(tmp_path / "x.wav", b"RIFF" + struct.pack("<I", len(body)) + body))
    np.testing.assert_allclose(samples, SIGNAL.samples[0], atol=1e-4)
    assert warnings == ()


def test_an_ogg_file_inside_a_wav_file(tmp_path: Path) -> None:
    """As an audio codec for Windows wrote them at the turn of the century (format 0x674F)."""
    write_audio(tmp_path / "x.opus", pluck(48_000, 48_000, channels=2))
    head = fmt(rate=RATE, channels=2, tag=0x674F) + struct.pack("<H", 8) + bytes(8)
    samples, _, warnings = heard(write(tmp_path / "x.wav", wav((tmp_path / "x.opus").read_bytes(), head=head)))
    expected, _, _ = heard(tmp_path / "x.opus")
    np.testing.assert_array_equal(samples, expected)
    assert warnings == ()


@pytest.mark.parametrize("ending", [".mka", ".m4a"])
def test_the_default_stream_is_heard(ending: str, tmp_path: Path) -> None:
    """A silent first stream and the sound in the second, which the container marks as its default."""
    codec = "flac" if ending == ".mka" else "alac"
    pcm = np.round(SIGNAL.samples * 32767).astype(np.int16)
    with av.open(str(tmp_path / f"x{ending}"), "w") as container:
        added = [container.add_stream(codec, rate=RATE, layout="mono") for _ in range(2)]
        streams = [stream for stream in added if isinstance(stream, av.AudioStream)]
        assert len(streams) == 2
        streams[0].disposition = av.stream.Disposition(0)
        streams[1].disposition = av.stream.Disposition.default
        for stream in streams:
            stream.format = "s16" if codec == "flac" else "s16p"
        for stream, data in zip(streams, (np.zeros_like(pcm), pcm), strict=True):
            frame = av.AudioFrame.from_ndarray(data, format=stream.format.name, layout="mono")
            frame.sample_rate, frame.pts = RATE, 0
            container.mux(stream.encode(frame))
            container.mux(stream.encode(None))
    samples, _, _ = heard(tmp_path / f"x{ending}")
    with MemoryRecording.from_samples(SIGNAL) as recording:
        np.testing.assert_allclose(samples, recording.read(0, recording.n_samples), atol=1e-4)
