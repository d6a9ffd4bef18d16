"""The identity of a sound: golden hashes per format, and what may change without changing it."""

from __future__ import annotations

import shutil
import struct
from pathlib import Path

import av
import numpy as np
import pytest

from audio.handmade import aiff, caf, chunk, pcm16, pluck, wav, write
from sonoteca.audio.content_hash import hash_content, without_trailing_tags
from sonoteca.audio.decode import open_recording
from sonoteca.audio.memory import MemoryRecording

DATA = Path(__file__).parent / "data"
WORDS = np.arange(-500, 500, dtype=np.int16)

# Catalogues hold these. If one changes, every library forgets what it knows: raise the prefix instead.
GOLDEN = {
    "pluck.aac": "x1:7f7b59dfecd7b3e4a824f9ab863a0344",
    "pluck.alac.m4a": "x1:a75ba1a7c19ef50fd6799c186495292b",
    "pluck.flac": "x1:e2c7c10c45f69ec72e038b8f0661f6b3",
    "pluck.m4a": "x1:67e6063129ce802a064edc111d246794",
    "pluck.mp3": "x1:5c3c76ea4eb96083588b639b8b22d7ca",
    "pluck.ogg": "x1:31f761a6b4f2c923d761576d2ae7cb0f",
    "pluck.opus": "x1:175663be70999ad22b180ef387f2167b",
    "pluck.tta": "x1:51c9df328ed0ccf8210784eebdc02711",
    "pluck.webm": "x1:175663be70999ad22b180ef387f2167b",
    "pluck.wma": "x1:fb76d7d8438ba87ef9a19db98d5bb202",
    "pluck.wv": "x1:c9a71c636f9a27d242ea2911e210306b",
}
GOLDEN_BYTES = {
    "wav": "x1:bed5f1d20a38522c0976e7048e615f72",
    "wav 48 kHz": "x1:36cc550193ad359452eaaaf3417f9181",
    "wav stereo": "x1:5f414ea7b356f4cca71a68fbb94b7089",
    "wav 8 bit": "x1:b30b8b050321cadec804eca6c032afac",
    "aiff": "x1:614d87189fe5b1e5b054b83ce0990a1e",
    "caf": "x1:614d87189fe5b1e5b054b83ce0990a1e",
    "text": "raw1:acd1d3701adafc08ceb6eca35b8c5e7a",
}


def handmade(name: str) -> bytes:
    return {
        "wav": wav(WORDS.astype("<i2").tobytes()),
        "wav 48 kHz": wav(WORDS.astype("<i2").tobytes(), rate=48_000),
        "wav stereo": wav(WORDS.astype("<i2").tobytes(), channels=2),
        "wav 8 bit": wav(WORDS.astype("<i2").tobytes(), bits=8),
        "aiff": aiff(WORDS),
        "caf": caf(WORDS),
        "text": b"no sound at all",
    }[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_golden_hashes_of_codecs(name: str) -> None:
    assert hash_content(DATA / name) == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN_BYTES)
def test_golden_hashes_of_handmade_files(name: str, tmp_path: Path) -> None:
    assert hash_content(write(tmp_path / "x", handmade(name))) == GOLDEN_BYTES[name]


def test_same_samples_in_another_container_are_the_same_sound() -> None:
    # The same Opus packets in Ogg and WebM; big-endian words in AIFF and CAF; but not in WAV.
    assert GOLDEN["pluck.opus"] == GOLDEN["pluck.webm"]
    assert GOLDEN_BYTES["aiff"] == GOLDEN_BYTES["caf"] != GOLDEN_BYTES["wav"]
    assert len(set(GOLDEN_BYTES.values())) == len(GOLDEN_BYTES) - 1


@pytest.mark.parametrize("name", GOLDEN)
def test_decoding_gives_the_same_hash_without_a_second_reading(name: str) -> None:
    with open_recording(DATA / name) as recording:
        assert recording.info.content_hash == GOLDEN[name]


@pytest.mark.parametrize("name", [name for name in GOLDEN if not name.endswith((".aac", ".tta"))])
def test_tags_written_by_ffmpeg_change_nothing(name: str, tmp_path: Path) -> None:
    target = tmp_path / name
    with av.open(str(DATA / name)) as source:
        container_format = {"mov,mp4,m4a,3gp,3g2,mj2": "ipod", "matroska,webm": "webm"}.get(
            source.format.name, source.format.name
        )
        with av.open(str(target), "w", format=container_format) as copy:
            stream = copy.add_stream_from_template(source.streams.audio[0])
            copy.metadata.update(
                {"title": "Another title, much longer than before", "artist": "Somebody", "TBPM": "99"}
            )
            for packet in source.demux(source.streams.audio[0]):
                if packet.dts is not None:
                    packet.stream = stream
                    copy.mux(packet)
    assert target.read_bytes() != (DATA / name).read_bytes()
    assert hash_content(target) == GOLDEN[name]


def test_a_new_name_changes_nothing(tmp_path: Path) -> None:
    shutil.copy(DATA / "pluck.mp3", tmp_path / "renamed.flac")
    assert hash_content(tmp_path / "renamed.flac") == GOLDEN["pluck.mp3"]


def id3v2(title: bytes) -> bytes:
    frame = b"TIT2" + struct.pack(">IH", len(title) + 1, 0) + b"\x00" + title
    return b"ID3\x03\x00\x00" + bytes(len(frame) >> shift & 127 for shift in (21, 14, 7, 0)) + frame


def apev2(*, header: bool = True) -> bytes:
    item = struct.pack("<II", 5, 0) + b"Title\x00Hello"
    size = struct.pack("<III", 2000, len(item) + 32, 1)
    head = b"APETAGEX" + size + struct.pack("<I", 0xA0000000) + bytes(8) if header else b""
    return head + item + b"APETAGEX" + size + struct.pack("<I", 0x80000000 if header else 0) + bytes(8)


ID3V1 = b"TAG" + b"x" * 124 + b"\x05"


@pytest.mark.parametrize("name", ["pluck.mp3", "pluck.flac", "pluck.aac", "pluck.tta"])
@pytest.mark.parametrize(
    ("before", "behind"), [(id3v2(b"y" * 300), b""), (b"", ID3V1), (b"", apev2()), (id3v2(b"z"), apev2() + ID3V1)]
)
def test_tags_before_and_behind_change_nothing(name: str, before: bytes, behind: bytes, tmp_path: Path) -> None:
    tagged = write(tmp_path / name, before + (DATA / name).read_bytes() + behind)
    assert hash_content(tagged) == GOLDEN[name]
    with open_recording(tagged) as recording:
        assert recording.info.content_hash == GOLDEN[name]


@pytest.mark.parametrize("tags", [ID3V1, apev2(), apev2(header=False), apev2() + ID3V1])
def test_trailing_tags_are_cut(tags: bytes) -> None:
    assert without_trailing_tags(b"sound" + tags) == b"sound"
    assert without_trailing_tags(b"sound" + tags + b"!") == b"sound" + tags + b"!"


def test_a_trailing_tag_that_lies_about_its_size_is_left() -> None:
    lying = b"APETAGEX" + struct.pack("<IIII", 2000, 10**9, 1, 0) + bytes(8)
    assert without_trailing_tags(b"sound" + lying) == b"sound" + lying


def test_flac_comments_and_padding_change_nothing(tmp_path: Path) -> None:
    data = (DATA / "pluck.flac").read_bytes()
    assert data[:4] == b"fLaC"
    streaminfo_end = 4 + 4 + 34
    comment = struct.pack("<I", 2) + b"me" + struct.pack("<I", 1) + struct.pack("<I", 9) + b"TITLE=abc"
    blocks = b"\x04" + len(comment).to_bytes(3, "big") + comment + b"\x01" + (50).to_bytes(3, "big") + bytes(50)
    first_is_last = data[4] & 0x80
    head = data[:4] + bytes([data[4] & 0x7F]) + data[5:streaminfo_end]
    rest = (
        b"\x81" + (4).to_bytes(3, "big") + bytes(4) + data[streaminfo_end:] if first_is_last else data[streaminfo_end:]
    )
    assert hash_content(write(tmp_path / "x.flac", head + blocks + rest)) == GOLDEN["pluck.flac"]


def test_riff_chunks_change_nothing(tmp_path: Path) -> None:
    samples = pcm16(pluck(1000, 44_100).samples[0])
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"a name"))
    plain, tagged = wav(samples), wav(samples, info, chunk(b"acid", bytes(24))) + info
    assert hash_content(write(tmp_path / "1.wav", plain)) == hash_content(write(tmp_path / "2.wav", tagged))


def test_one_changed_sample_changes_it(tmp_path: Path) -> None:
    samples = bytearray(pcm16(pluck(1000, 44_100).samples[0]))
    before = hash_content(write(tmp_path / "1.wav", wav(bytes(samples))))
    samples[500] ^= 1
    assert hash_content(write(tmp_path / "2.wav", wav(bytes(samples)))) != before


def test_sound_in_memory_has_a_hash_of_its_own_kind() -> None:
    with (
        MemoryRecording.from_samples(pluck(1000, 44_100)) as one,
        MemoryRecording.from_samples(pluck(999, 44_100)) as two,
    ):
        assert one.info.content_hash.startswith("mem1:")
        assert one.info.content_hash != two.info.content_hash
