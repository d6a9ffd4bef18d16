"""Tags and chunks that say something, and some that try to harm."""

from __future__ import annotations

import io
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.handmade import aiff, atom, chunk, fmt, itunes_atom, pcm16, pluck, wav, with_ilst, write
from sonoteca.audio.chunks import MAX_CHUNKS, read_chunks
from sonoteca.audio.claims import chunk_claims, clean_text, tag_claims
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_audio
from sonoteca.audio.tags.mp4 import read_mp4

SAMPLES = pcm16(pluck(44_100, 44_100).samples[0])


def claims_of(path: Path) -> dict[str, list[object]]:
    found: dict[str, list[object]] = {}
    with open_recording(path) as recording:
        for claim in recording.claims:
            found.setdefault(f"{claim.producer}.{claim.field}", []).append(claim.value)
    return found


def acid(
    *, flags: int = 2, root: int = 57, beats: int = 8, meter: tuple[int, int] = (4, 4), bpm: float = 120.0
) -> bytes:
    return chunk(b"acid", struct.pack("<IHHfIHHf", flags, root, 0x8000, 0.0, beats, meter[1], meter[0], bpm))


def smpl(*, note: int = 60, loops: tuple[tuple[int, int], ...] = ()) -> bytes:
    head = struct.pack("<9I", 0, 0, 22_675, note, 0, 0, 0, len(loops), 0)
    return chunk(b"smpl", head + b"".join(struct.pack("<6I", 0, 0, start, end, 0, 0) for start, end in loops))


def test_an_acid_loop_says_tempo_beats_meter_and_root(tmp_path: Path) -> None:
    found = claims_of(write(tmp_path / "x.wav", wav(SAMPLES, acid(bpm=93.5, beats=16, meter=(6, 8)))))
    assert found == {
        "riff.root_note": [57],
        "riff.kind": ["loop"],
        "riff.beats": [16],
        "riff.tempo_bpm": [93.5],
        "riff.meter": ["6/8"],
    }


def test_an_acid_one_shot_has_no_tempo(tmp_path: Path) -> None:
    found = claims_of(write(tmp_path / "x.wav", wav(SAMPLES, acid(flags=1))))
    assert found == {"riff.kind": ["one_shot"]}


@pytest.mark.parametrize("bpm", [0.0, -5.0, 1e30, float("nan"), float("inf")])
def test_a_senseless_acid_tempo_is_left_out(bpm: float, tmp_path: Path) -> None:
    assert "riff.tempo_bpm" not in claims_of(write(tmp_path / "x.wav", wav(SAMPLES, acid(bpm=bpm))))


def test_a_sampler_loop_is_in_seconds(tmp_path: Path) -> None:
    found = claims_of(write(tmp_path / "x.wav", wav(SAMPLES, smpl(note=64, loops=((11_025, 22_049),)))))
    assert found == {"riff.root_note": [64], "riff.loop_start_s": [0.25], "riff.loop_end_s": [0.5]}


def test_cues_are_in_seconds(tmp_path: Path) -> None:
    points = [struct.pack("<II4sIII", n, at, b"data", 0, 0, at) for n, at in enumerate((0, 22_050, 44_099))]
    found = claims_of(write(tmp_path / "x.wav", wav(SAMPLES, chunk(b"cue ", struct.pack("<I", 3) + b"".join(points)))))
    assert found == {"riff.cue_s": [0.0, 0.5, 44_099 / 44_100]}


def test_bext_describes(tmp_path: Path) -> None:
    bext = b"Rain on a tin roof".ljust(256, b"\0") + b"Recorder".ljust(32, b"\0") + bytes(314)
    found = claims_of(write(tmp_path / "x.wav", wav(SAMPLES, chunk(b"bext", bext))))
    assert found["riff.description"] == ["Rain on a tin roof"]
    assert found["riff.originator"] == ["Recorder"]


def test_inst_is_heard_when_there_is_no_smpl(tmp_path: Path) -> None:
    inst = chunk(b"inst", struct.pack("<bbbbbbb", 48, 0, 0, 0, 127, 1, 127))
    assert claims_of(write(tmp_path / "x.wav", wav(SAMPLES, inst))) == {"riff.root_note": [48]}
    assert claims_of(write(tmp_path / "y.wav", wav(SAMPLES, inst, smpl(note=50)))) == {"riff.root_note": [50]}


def test_an_apple_loop_says_key_and_beats_and_its_length_the_tempo(tmp_path: Path) -> None:
    basc = chunk(b"basc", struct.pack(">IIHHHHH", 1, 4, 57, 1, 4, 4, 1) + bytes(66), order=">")
    found = claims_of(write(tmp_path / "x.aif", aiff(np.zeros(88_200, np.int16), basc)))
    assert found == {
        "aiff.key": ["A minor"],
        "aiff.kind": ["loop"],
        "aiff.beats": [4],
        "aiff.tempo_bpm": [120.0],
        "aiff.meter": ["4/4"],
    }


def test_an_aiff_instrument_loops_between_its_markers(tmp_path: Path) -> None:
    marks = (
        struct.pack(">H", 2)
        + struct.pack(">hIB4sx", 1, 11_025, 4, b"beg ")
        + struct.pack(">hIB3s", 2, 22_050, 3, b"end")
    )
    inst = struct.pack(">bbbbbbhhhhhhh", 60, 0, 0, 127, 1, 127, 0, 1, 1, 2, 0, 0, 0)
    data = aiff(np.zeros(44_100, np.int16), chunk(b"MARK", marks, order=">"), chunk(b"INST", inst, order=">"))
    found = claims_of(write(tmp_path / "x.aif", data))
    assert found == {"aiff.root_note": [60], "aiff.loop_start_s": [0.25], "aiff.loop_end_s": [0.5]}


@pytest.mark.parametrize("encoding", [".mp3", ".m4a", ".flac", ".opus", ".wma", ".mka"])
def test_tags_of_every_format(encoding: str, tmp_path: Path) -> None:
    tags = {"title": "Düst", "artist": "Somebody", "album": "Somewhere", "genre": "Dub"}
    if encoding != ".m4a":
        tags |= {"TBPM" if encoding == ".mp3" else "BPM": "126.5", "TKEY" if encoding == ".mp3" else "INITIALKEY": "8A"}
    write_audio(path := tmp_path / f"x{encoding}", pluck(48_000, 48_000), tags=tags)
    found = claims_of(path)
    for field in ("title", "artist", "album", "genre"):
        assert found[f"tags.{field}"] == [tags[field]]
    if encoding != ".m4a":
        assert found["tags.tempo_bpm"] == [126.5]
        assert found["tags.key"] == ["A minor"]


@pytest.mark.parametrize(
    ("value", "bpm"),
    [(b"\x00\x80", 128.0), (b"\x60", 96.0), (b"\x00\x00\x00\xae", 174.0), (b"\x00\x00", None), (b"", None)],
)
def test_the_tempo_of_mp4_is_read_although_ffmpeg_keeps_it(value: bytes, bpm: float | None, tmp_path: Path) -> None:
    write_audio(path := tmp_path / "x.m4a", pluck(44_100, 44_100), tags={"title": "T"})
    plain = hash_content(path)
    tempo = atom(b"tmpo", atom(b"data", struct.pack(">II", 21, 0) + value))
    found = claims_of(write(path, with_ilst(path.read_bytes(), itunes_atom(b"initialkey", b"8A") + tempo)))
    assert found.get("tags.tempo_bpm") == (None if bpm is None else [bpm])
    assert found["tags.key"] == ["A minor"]
    assert hash_content(path) == plain


@given(st.binary(max_size=300))
def test_any_boxes_are_searched(tmp_path_factory: pytest.TempPathFactory, body: bytes) -> None:
    for data in (body, b"\0\0\0\x08ftyp" + body, b"\0\0\0\x08ftyp" + atom(b"moov", atom(b"udta", atom(b"meta", body)))):
        with io.FileIO(write(tmp_path_factory.getbasetemp() / "any.mp4", data)) as file:
            found = read_mp4(file)
        assert found is None or all(values and all(values) for values in found.values())


def test_id3_chunks_of_wav_and_aiff_are_read(tmp_path: Path) -> None:
    frames = b"".join(
        name + struct.pack(">IH", len(text) + 1, 0) + b"\0" + text
        for name, text in ((b"TBPM", b"99"), (b"TKEY", b"Dm"))
    )
    id3 = b"ID3\x03\x00\x00" + bytes(len(frames) >> shift & 127 for shift in (21, 14, 7, 0)) + frames
    expected = {"tags.tempo_bpm": [99.0], "tags.key": ["D minor"]}
    assert claims_of(write(tmp_path / "x.wav", wav(SAMPLES, chunk(b"id3 ", id3)))) == expected
    aiff_file = aiff(np.zeros(44_100, np.int16), chunk(b"ID3 ", id3, order=">"))
    assert claims_of(write(tmp_path / "x.aif", aiff_file)) == expected


def test_riff_info_is_read(tmp_path: Path) -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"A name") + chunk(b"IART", b"Someone") + chunk(b"IBPM", b"140"))
    found = claims_of(write(tmp_path / "x.wav", wav(SAMPLES, info)))
    assert found == {"tags.title": ["A name"], "tags.artist": ["Someone"], "tags.tempo_bpm": [140.0]}


def test_tags_come_before_chunks_and_chunks_before_the_name(tmp_path: Path) -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"IBPM", b"140"))
    path = write(tmp_path / "x_100bpm.wav", wav(SAMPLES, info, acid(bpm=120.0)))
    with open_recording(path) as recording:
        tempos = [(claim.producer, claim.value) for claim in recording.claims if claim.field == "tempo_bpm"]
    assert tempos == [("tags", 140.0), ("riff", 120.0), ("name", 100.0)]


@pytest.mark.parametrize(
    "tags", [{"tbpm": "0"}, {"bpm": "fast"}, {"tkey": "o"}, {"initialkey": "H minor"}, {"title": " \0\x1b\u200d "}, {}]
)
def test_senseless_tags_are_left_out(tags: dict[str, str]) -> None:
    assert list(tag_claims([{name: (text,) for name, text in tags.items()}])) == []


def test_text_is_one_harmless_line() -> None:
    assert clean_text("a\x00b\n\x1b[31mred\u202egpj.exe\u200b  c ") == "a b [31mredgpj.exe c"
    assert len(clean_text("x" * 100_000)) == 500


def test_a_chunk_that_claims_4_gb_ends_the_walk(tmp_path: Path) -> None:
    path = write(tmp_path / "x.wav", wav(SAMPLES, acid())[:-4] + chunk(b"bext", b"never seen", n_bytes=2**32 - 1))
    assert "riff.tempo_bpm" in claims_of(path)


def test_the_walk_over_chunks_is_bounded(tmp_path: Path) -> None:
    body = b"WAVE" + chunk(b"fmt ", fmt()) + b"LIST\x00\x00\x00\x00" * 60_000 + acid()
    with io.FileIO(write(tmp_path / "x.wav", b"RIFF\xff\xff\xff\x7f" + body)) as file:
        found = read_chunks(file, {b"acid"})
    assert found is not None
    assert len(found.chunks) == MAX_CHUNKS


@given(st.binary(max_size=400), st.sampled_from(["riff", "rifx", "aiff", "caff"]))
def test_any_bytes_after_the_head_are_walked(tmp_path_factory: pytest.TempPathFactory, body: bytes, kind: str) -> None:
    head = {"riff": b"RIFF----WAVE", "rifx": b"RIFX----WAVE", "aiff": b"FORM----AIFF", "caff": b"caff\x00\x01\x00\x00"}[
        kind
    ]
    path = tmp_path_factory.getbasetemp() / "any"
    with io.FileIO(write(path, head + body)) as file:
        found = read_chunks(file, {body[:4]})
        assert found is not None
        list(chunk_claims(found, duration_s=1.0))


@given(st.sampled_from([b"acid", b"smpl", b"inst", b"cue ", b"bext", b"fmt "]), st.binary(max_size=200))
def test_any_chunk_gives_sensible_claims(tmp_path_factory: pytest.TempPathFactory, name: bytes, data: bytes) -> None:
    path = tmp_path_factory.getbasetemp() / "any.wav"
    with io.FileIO(write(path, wav(SAMPLES[:100], chunk(name, data)))) as file:
        found = read_chunks(file, {name, b"fmt "})
    assert found is not None
    for claim in chunk_claims(found, duration_s=1.0):
        assert claim.producer == "riff"
        if claim.field == "root_note":
            assert 0 <= int(claim.value) <= 127
        if claim.field == "tempo_bpm":
            assert 20 <= float(claim.value) <= 400


@given(st.sampled_from([b"basc", b"INST", b"MARK", b"COMM"]), st.binary(max_size=200))
def test_any_aiff_chunk_gives_sensible_claims(
    tmp_path_factory: pytest.TempPathFactory, name: bytes, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "any.aif"
    with io.FileIO(write(path, aiff(np.zeros(10, np.int16), chunk(name, data, order=">")))) as file:
        found = read_chunks(file, {name, b"INST", b"MARK", b"COMM"})
    assert found is not None
    for claim in chunk_claims(found, duration_s=1.0):
        assert claim.producer == "aiff"
        if claim.field == "tempo_bpm":
            assert 20 <= float(claim.value) <= 400
