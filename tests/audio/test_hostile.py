"""Files that lie, are damaged, or are no sound at all: a clean error or the readable part, in bounded memory."""

from __future__ import annotations

import errno
import io
import os
import pickle
import struct
import sys
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audio.handmade import chunk, fmt, pcm16, pluck, wav, write
from sonoteca.audio import decode, spool
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_audio
from sonoteca.audio.probe import probe
from sonoteca.errors import (
    AudioError,
    DamagedAudio,
    EmptyAudio,
    FileUnreadable,
    NotARegularFile,
    NotAudio,
    UnsupportedFormat,
)

SAMPLES = pcm16(pluck(44_100, 44_100).samples[0])
PNG = b"\x89PNG\r\n\x1a\n" + struct.pack(">I4sIIBBBBB", 13, b"IHDR", 50_000, 50_000, 8, 6, 0, 0, 0) + bytes(4000)
SDP = b"v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=x\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 5004 RTP/AVP 0\r\n"


def duration_s(path: Path) -> float:
    with open_recording(path) as recording:
        return recording.info.duration_s


def outcome(path: Path) -> float | None:
    """Duration of what could be read, None for a clean error; anything else is a failure of the test."""
    try:
        with open_recording(path) as recording:
            assert recording.n_samples >= 1
            assert np.isfinite(recording.read(0, recording.n_samples)).all()
            assert np.isfinite(recording.measurements.kweighted_power).all()
            return recording.info.duration_s
    except AudioError:
        return None


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(b"", EmptyAudio, id="no bytes"),
        pytest.param(b"R", NotAudio, id="one byte"),
        pytest.param(b"hello, this is not audio\n" * 400, NotAudio, id="text"),
        pytest.param(b"<html><body>404</body></html>", NotAudio, id="html"),
        pytest.param(bytes(500_000), NotAudio, id="zeros"),
        pytest.param(b"\xff" * 500_000, NotAudio, id="sync words everywhere"),
        pytest.param(PNG, UnsupportedFormat, id="picture of 50,000 x 50,000"),
        pytest.param(b"\xff\xd8\xff\xe0\x00\x10JFIF\x00" + bytes(2000), (UnsupportedFormat, NotAudio), id="jpeg"),
        pytest.param(b"GIF89a" + bytes(2000), (UnsupportedFormat, NotAudio), id="gif"),
        pytest.param(b"#EXTM3U\n/etc/passwd\n", (UnsupportedFormat, NotAudio), id="playlist"),
        pytest.param(
            b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/passwd\n#EXT-X-ENDLIST\n",
            (UnsupportedFormat, NotAudio),
            id="hls",
        ),
        pytest.param(b"ffconcat version 1.0\nfile /etc/passwd\n", UnsupportedFormat, id="concat script"),
        pytest.param(SDP, (UnsupportedFormat, NotAudio), id="sdp"),
        pytest.param(b"1\n00:00:01,000 --> 00:00:02,000\nhello\n\n" * 20, (UnsupportedFormat, NotAudio), id="subtitles"),
        pytest.param(b"[00:01.00]la\n[00:02.00]la\n" * 20, (UnsupportedFormat, NotAudio), id="lyrics"),
        pytest.param(
            b"MThd\x00\x00\x00\x06\x00\x00\x00\x01\x00\x60MTrk\x00\x00\x00\x04\x00\xff\x2f\x00", NotAudio, id="midi"
        ),
        pytest.param(wav(SAMPLES)[:30], DamagedAudio, id="header cut"),
        pytest.param(b"RIFF" + struct.pack("<I", 60_000) + b"WAVE" + chunk(b"data", SAMPLES), DamagedAudio, id="no fmt"),
        pytest.param(wav(SAMPLES, rate=0), AudioError, id="0 Hz"),
        pytest.param(wav(SAMPLES, rate=1), UnsupportedFormat, id="1 Hz"),
        pytest.param(wav(SAMPLES, rate=2**31), AudioError, id="2^31 Hz"),
        pytest.param(wav(SAMPLES, rate=2**32 - 1), AudioError, id="2^32 - 1 Hz"),
        pytest.param(wav(SAMPLES, rate=1_000_000), UnsupportedFormat, id="1 MHz"),
        pytest.param(wav(SAMPLES, channels=65), UnsupportedFormat, id="65 channels"),
        pytest.param(wav(SAMPLES, head=struct.pack("<HHIIHH", 1, 65_535, 44_100, 0, 65_534, 16)), AudioError, id="65,535 channels"),
        pytest.param(wav(SAMPLES, channels=0), AudioError, id="0 channels"),
        pytest.param(wav(SAMPLES, bits=0), AudioError, id="0 bits"),
        pytest.param(wav(SAMPLES, bits=999), AudioError, id="999 bits"),
        pytest.param(wav(SAMPLES, tag=0x7777), UnsupportedFormat, id="unknown codec"),
        pytest.param(b"fLaC\x00\x00\x00\x22" + bytes(34) + bytes(100), AudioError, id="flac of zeros"),
        pytest.param(b"OggS" + bytes(100), AudioError, id="ogg of zeros"),
        pytest.param(b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + bytes(1000), AudioError, id="256 MB of tags promised"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_says_so(data: bytes, error: type[AudioError], tmp_path: Path) -> None:
    path = write(tmp_path / "x.mp3", data)
    with pytest.raises(error) as caught:
        open_recording(path)
    assert "x.mp3" in caught.value.message
    assert caught.value.remedy
    again = pickle.loads(pickle.dumps(caught.value))
    assert (type(again), again.message) == (type(caught.value), caught.value.message)
    # The identity of bytes that are no sound is the bytes'.
    assert hash_content(path).startswith(("raw1:", "x1:"))


def test_a_zip_is_not_audio(tmp_path: Path) -> None:
    with zipfile.ZipFile(path := tmp_path / "x.mp3", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("a.txt", b"0" * 10**6)
    with pytest.raises(NotAudio):
        open_recording(path)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(wav(SAMPLES, n_bytes=2**32 - 1), id="4 GB promised"),
        pytest.param(wav(SAMPLES, n_bytes=2**31 - 1), id="2 GB promised"),
        pytest.param(wav(SAMPLES, n_bytes=0), id="streamed: nothing promised"),
        pytest.param(wav(SAMPLES) + os.urandom(100_001), id="junk behind"),
        pytest.param(wav(SAMPLES, chunk(b"LIST", b"INFO"), chunk(b"junk", bytes(3))), id="odd chunks"),
    ],
)
def test_lengths_are_those_of_the_samples_there_are(data: bytes, tmp_path: Path) -> None:
    assert duration_s(write(tmp_path / "x.wav", data)) == pytest.approx(1.0, abs=0.001)


def test_a_wav_that_was_cut_off_says_how_much_is_missing(tmp_path: Path) -> None:
    with open_recording(write(tmp_path / "x.wav", wav(SAMPLES)[: 44 + 22_050])) as recording:
        assert recording.info.duration_s == 0.25
        assert any("75%" in warning for warning in recording.warnings)


def test_half_a_sample_at_the_end_is_dropped(tmp_path: Path) -> None:
    assert duration_s(write(tmp_path / "x.wav", wav(SAMPLES)[:-1])) == pytest.approx(1.0, abs=0.001)


@pytest.mark.parametrize("n_samples", [1, 2, 10])
def test_a_few_samples_are_a_sound(n_samples: int, tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", wav(SAMPLES[: 2 * n_samples]))
    with open_recording(path) as recording:
        assert recording.info.n_samples == n_samples
        assert recording.n_samples >= 1


@pytest.mark.parametrize("head", [wav(b""), wav(b"", channels=6, rate=48_000)])
def test_a_finished_recording_of_nothing_is_silent(head: bytes, tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", head)
    with open_recording(path) as recording:
        assert (recording.info.duration_s, recording.info.n_samples) == (0.0, 0)
        np.testing.assert_array_equal(recording.read(0, recording.n_samples), [0.0])
        assert recording.measurements.true_peak_dbtp is None
        assert any("not a single sample" in warning for warning in recording.warnings)
        assert recording.info.content_hash == hash_content(path)
        assert recording.info.content_hash.startswith("raw1:")


@pytest.mark.parametrize("encoding", [".mp3", ".flac", ".opus", ".aac", ".wv", ".aiff"])
@pytest.mark.parametrize("damage", ["half", "zeros in the middle", "bytes changed"])
def test_the_readable_part_of_a_damaged_file_is_kept_or_it_fails_cleanly(
    encoding: str, damage: str, tmp_path: Path
) -> None:
    write_audio(whole := tmp_path / f"whole{encoding}", pluck(96_000, 48_000, channels=2), encoding=encoding)
    data = bytearray(whole.read_bytes())
    if damage == "half":
        data = data[: len(data) // 2]
    elif damage == "zeros in the middle":
        third = len(data) // 3
        data[third : 2 * third] = bytes(third)
    else:
        random = np.random.default_rng(11)
        for position in random.integers(len(data) // 10, len(data), 200):
            data[position] = random.integers(0, 256)
    path = write(tmp_path / f"x{encoding}", bytes(data))
    if damage == "bytes changed":
        # Anything may have been hit, the header included.
        heard = outcome(path)
        assert heard is None or 0.0 < heard <= 2.5
    else:
        # Opus has all two seconds on two pages, and a page is whole or lost.
        assert (0.0 if encoding == ".opus" else 0.3) < duration_s(path) <= 2.1
        with open_recording(path) as recording:
            assert recording.warnings or encoding in (".mp3", ".aac", ".opus", ".aiff")


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data(), encoding=st.sampled_from([".wav", ".aiff", ".flac", ".mp3", ".m4a", ".opus"]))
def test_no_damage_leads_to_anything_but_a_result_or_a_clean_error(
    data: st.DataObject, encoding: str, tmp_path: Path
) -> None:
    path = tmp_path / f"x{encoding}"
    write_audio(path, pluck(9_600, 48_000, channels=2), encoding=encoding)
    content = bytearray(path.read_bytes())
    for _ in range(data.draw(st.integers(1, 12))):
        content[data.draw(st.integers(0, min(len(content), 2_000) - 1))] = data.draw(st.integers(0, 255))
    write(path, bytes(content[: data.draw(st.integers(1, len(content)))]))
    heard = outcome(path)
    assert heard is None or 0.0 <= heard < 60.0


def test_twenty_thousand_empty_chunks_end(tmp_path: Path) -> None:
    body = b"WAVE" + b"LIST\x00\x00\x00\x00" * 20_000 + chunk(b"fmt ", fmt()) + chunk(b"data", SAMPLES)
    path = write(tmp_path / "x.wav", b"RIFF\xff\xff\xff\x7f" + body)
    assert outcome(path) == 1.0


@pytest.mark.parametrize("junk", [b"", b"I", b"INF", b"INFOINAM\xff\xff\xff\x7f"])
def test_a_broken_side_chunk_does_not_cost_the_sound(junk: bytes, tmp_path: Path) -> None:
    plain = write(tmp_path / "plain.wav", wav(SAMPLES))
    for number, data in enumerate((wav(SAMPLES, chunk(b"LIST", junk)), wav(SAMPLES) + chunk(b"LIST", junk))):
        path = write(tmp_path / f"{number}.wav", data)
        assert duration_s(path) == 1.0
        assert probe(path).duration_s == pytest.approx(1.0)
        assert hash_content(path) == hash_content(plain)


def test_a_large_picture_is_no_sound(tmp_path: Path) -> None:
    write_audio(plain := tmp_path / "plain.mp3", pluck(44_100, 44_100, channels=2))
    picture = b"\x00image/png\x00\x03\x00" + PNG + bytes(3_000_000)
    size = 10 + len(picture)
    syncsafe = bytes(size >> shift & 127 for shift in (21, 14, 7, 0))
    tagged = b"ID3\x03\x00\x00" + syncsafe + b"APIC" + struct.pack(">IH", len(picture), 0) + picture
    path = write(tmp_path / "x.mp3", tagged + plain.read_bytes())
    assert duration_s(path) == 1.0
    assert hash_content(path) == hash_content(plain)


@pytest.mark.skipif(sys.platform == "win32", reason="POSIX files")
def test_only_regular_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo.wav")
    (tmp_path / "folder.wav").mkdir()
    (tmp_path / "self.wav").symlink_to("self.wav")
    (tmp_path / "dangling.wav").symlink_to("gone.wav")
    (tmp_path / "zero.wav").symlink_to("/dev/zero")
    for name in ("fifo", "folder", "self", "dangling", "zero"):
        for read in (open_recording, hash_content, probe):
            with pytest.raises(NotARegularFile, match=f"{name}.wav"):
                read(tmp_path / f"{name}.wav")
    write(tmp_path / "good.wav", wav(SAMPLES))
    (tmp_path / "link.wav").symlink_to("good.wav")
    assert duration_s(tmp_path / "link.wav") == 1.0


def test_a_missing_file_is_unreadable(tmp_path: Path) -> None:
    for name in ("gone.wav", "nul\0.wav", "x" * 300 + ".wav"):
        with pytest.raises(FileUnreadable):
            open_recording(tmp_path / name)


@pytest.mark.skipif(sys.platform == "win32" or os.geteuid() == 0, reason="root may read everything")
def test_a_forbidden_file_is_unreadable(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", wav(SAMPLES))
    path.chmod(0)
    with pytest.raises(FileUnreadable, match="ermission"):
        open_recording(path)


class Failing(io.FileIO):
    """A file on a disk that breaks after ``good`` readings."""

    good = 3

    def read(self, size: int | None = -1, /) -> Any:
        self.good -= 1
        if self.good < 0:
            raise OSError(errno.EIO, "Input/output error")
        return super().read(size if size is not None else -1)


@pytest.mark.parametrize("good", [0, 1, 2, 5])
def test_a_disk_error_is_the_files_error(good: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write(tmp_path / "x.wav", wav(SAMPLES * 20))

    def opened(name: Path) -> Failing:
        file = Failing(name)
        file.good = good
        return file

    monkeypatch.setattr(decode, "open_regular_file", opened)
    with pytest.raises(FileUnreadable, match="Input/output"):
        open_recording(path)


def test_a_full_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(spool, "IN_MEMORY_SAMPLES", 1_000)
    path = write(tmp_path / "x.wav", wav(SAMPLES))
    with pytest.raises(AudioError, match="temporary file"):
        open_recording(path, spool_dir=tmp_path / "not there")


def test_nothing_is_left_open(tmp_path: Path) -> None:
    if not Path("/proc/self/fd").exists():
        pytest.skip("counts open files in /proc")
    good, bad = write(tmp_path / "x.wav", wav(SAMPLES)), write(tmp_path / "y.wav", b"nothing" * 100)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(20):
        open_recording(good).close()
        with pytest.raises(NotAudio):
            open_recording(bad)
    assert len(os.listdir("/proc/self/fd")) == before
