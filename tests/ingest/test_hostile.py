"""Hostile files, made here without any encoder: each ends as a sound or as failed with a reason."""

from __future__ import annotations

import os
import struct
from pathlib import Path

import numpy as np
import pytest
import sqlalchemy as sa

import synth
from ingest_runs import AddOptions, add
from sonoteca.audio.encode import wav_bytes, write_audio, write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import open_library

# "sound": a result; "failed": a clean error; "either": damaged, one or the other.
GOOD, BAD, EITHER = "sound", "failed", "either"


def header(n_bytes: int, *, rate: int = 44_100, channels: int = 1, bits: int = 16, code: int = 1) -> bytes:
    align = (channels * bits // 8) & 0xFFFF
    return (
        b"RIFF" + struct.pack("<I", (36 + n_bytes) & 0xFFFFFFFF) + b"WAVEfmt "
        + struct.pack("<IHHIIHH", 16, code, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)
        + b"data" + struct.pack("<I", n_bytes & 0xFFFFFFFF)
    )  # fmt: skip


def hostile_files(folder: Path) -> dict[bytes, str]:
    """Write them; what each may become, by relative path."""
    tone = synth.sine(440.0, 0.5)
    wav = wav_bytes(tone)
    body = wav[44:]
    flac_path = folder / "tone.flac"
    write_audio(flac_path, tone)
    flac = flac_path.read_bytes()
    noise = np.random.default_rng(1).integers(0, 256, 50_000, dtype=np.uint8).tobytes()
    lying_flac = bytearray(flac)
    lying_flac[18:26] = b"\x0a\xc4\x42\xff\xff\xff\xff\xff"
    flipped = bytearray(flac)
    for at in range(len(flac) // 10, len(flac), 50):
        flipped[at] ^= 0x5A
    contents = {
        "empty.wav": (b"", BAD),
        "one byte.wav": (b"R", BAD),
        "no samples.wav": (header(0), EITHER),
        "header cut.wav": (header(0)[:30], BAD),
        "one sample.wav": (header(2) + b"\x01\x00", GOOD),
        "half a sample.wav": (wav[:-1], GOOD),
        "claims 4 GB.wav": (header(0xFFFFFFFF) + body, GOOD),
        "rate 0.wav": (header(len(body), rate=0) + body, BAD),
        "rate 4G.wav": (header(len(body), rate=2**32 - 1) + body, BAD),
        "65535 channels.wav": (header(len(body), channels=65_535) + body, EITHER),
        "no channels.wav": (header(len(body), channels=0) + body, EITHER),
        "no bits.wav": (header(len(body), bits=0) + body, EITHER),
        "unknown codec.wav": (header(len(body), code=0x7777) + body, EITHER),
        "empty chunks.wav": (b"RIFF\xff\xff\xff\x7fWAVE" + b"LIST\0\0\0\0" * 20_000 + wav[12:], EITHER),
        "huge chunk.wav": (b"RIFF\xff\xff\xff\x7fWAVEjunk\xff\xff\xff\xff" + wav[12:], EITHER),
        "lying.flac": (bytes(lying_flac), EITHER),
        "flipped.flac": (bytes(flipped), EITHER),
        "half.flac": (flac[: len(flac) // 2], EITHER),
        "flac in.wav": (flac, EITHER),
        "junk behind.wav": (wav + noise, GOOD),
        "noise.mp3": (noise, EITHER),
        "zeros.mp3": (bytes(100_000), BAD),
        "sync.mp3": (b"\xff" * 100_000, BAD),
        "nested tags.mp3": (b"ID3\x03\x00\x00\x00\x00\x00\x00" * 5_000, BAD),
        "claims 256 MB of tags.mp3": (b"ID3\x03\x00\x00\x7f\x7f\x7f\x7f" + noise, EITHER),
        "text.mp3": (b"hello, this is not audio\n" * 400, BAD),
        "playlist.mp3": (b"#EXTM3U\n/etc/passwd\nfile:///etc/passwd\n", BAD),
        "script.mp3": (b"ffconcat version 1.0\nfile tone.flac\n", BAD),
        "picture.mp3": (b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + bytes(4_000), BAD),
        "UPPER.WAV": (wav, GOOD),
        "noext": (wav, GOOD),
    }  # fmt: skip
    expected = {b"tone.flac": GOOD}
    for name, (content, end) in contents.items():
        (folder / name).write_bytes(content)
        expected[os.fsencode(name)] = end
    floats = {"nan": np.nan, "infinite": np.inf, "huge": 1e30, "denormal": 1e-40, "silent": 0.0}
    for name, value in floats.items():
        samples = np.full((2, 4_410), value, np.float32)
        write_wav(folder / f"{name}.wav", AudioSignal(samples, 44_100), width="float_32")
        expected[os.fsencode(f"{name}.wav")] = EITHER if name in ("nan", "infinite", "huge") else GOOD
    if os.name == "posix":
        for odd in (b"not utf8 \xff.wav", b"new\nline.wav", b"esc\x1b[31m.wav", b"%s%n.wav", b"l" * 251 + b".wav"):
            try:
                with open(os.path.join(os.fsencode(folder), odd), "wb") as file:
                    file.write(wav)
            except OSError:
                continue
            expected[odd] = GOOD
        os.mkfifo(folder / "fifo.wav")
        (folder / "self.wav").symlink_to("self.wav")
        (folder / "zero.wav").symlink_to("/dev/zero")
        (folder / "up").symlink_to("..")
    return expected


def test_every_hostile_file_is_accounted_for(tmp_path: Path) -> None:
    folder = tmp_path / "hostile"
    folder.mkdir()
    expected = hostile_files(folder)
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        summary = add(library, [folder], AddOptions(workers=2, memory_mb=700))
        with library.read() as connection:
            query = (
                sa.select(schema.locations.c.relative_path, *schema.sounds.c)
                .outerjoin(schema.sounds, schema.sounds.c.id == schema.locations.c.sound_id)
            )  # fmt: skip
            rows = {bytes(row.relative_path): row for row in connection.execute(query)}
    assert summary.found == len(expected)
    assert rows.keys() == expected.keys()
    for name, end in expected.items():
        row = rows[name]
        assert row.status in ("analysed", "failed"), name
        if end != EITHER:
            assert row.status == {"sound": "analysed", "failed": "failed"}[end], (name, row.error_message)
        if row.status == "failed":
            assert row.error_code, name
            assert row.error_message, name
            assert row.error_remedy, name
            # Nothing crashed, hung or ate memory: the reader itself said no.
            assert row.error_code not in ("crash", "timeout", "memory", "worker_error", "internal_error"), name
    if os.name == "posix":
        assert summary.left_out == 3


CORPUS = Path(__file__).parents[3] / "shared" / "corpus"


@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "make_hostile.py").exists(), reason="the shared corpus is not here")
def test_the_shared_hostile_set(tmp_path: Path) -> None:
    import json
    import shutil
    import subprocess
    import sys

    if shutil.which("ffmpeg") is None:
        pytest.skip("make_hostile.py needs ffmpeg")
    subprocess.run([sys.executable, str(CORPUS / "make_hostile.py"), str(tmp_path), "--no-big"], check=True)
    expected = json.loads((tmp_path / "expect.json").read_text())["files"]
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        summary = add(library, [tmp_path / "files"], AddOptions(workers=2))
        with library.read() as connection:
            query = (
                sa.select(schema.locations.c.relative_path, schema.sounds.c.status)
                .outerjoin(schema.sounds, schema.sounds.c.id == schema.locations.c.sound_id)
            )  # fmt: skip
            ends = {os.fsdecode(bytes(row.relative_path)): row.status for row in connection.execute(query)}
    assert summary.elsewhere == summary.still_pending == 0
    wrong = {
        name: (entry["kind"], ends.get(name))
        for name, entry in expected.items()
        if (entry["expect"] in ("audio", "silent") and ends.get(name) != "analysed")
        or (entry["expect"] in ("error", "skip") and ends.get(name) == "analysed")
    }
    assert wrong == {}
