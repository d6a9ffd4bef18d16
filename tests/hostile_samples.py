"""Hostile files: those made here without any encoder, and the shared set where it is at hand."""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import synth
from sonoteca.audio.encode import wav_bytes, write_audio, write_wav
from sonoteca.audio.signal import AudioSignal

SHARED = Path(__file__).parents[2] / "shared" / "corpus" / "make_hostile.py"
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


def shared_hostile_files(folder: Path) -> dict[str, dict[str, str]]:
    """Write the shared set below ``folder/files``; what each is and may become, by relative path. Skips where it cannot."""
    if not SHARED.exists():
        pytest.skip("the shared corpus is not here")
    if shutil.which("ffmpeg") is None:
        pytest.skip("make_hostile.py needs ffmpeg")
    subprocess.run([sys.executable, str(SHARED), str(folder), "--no-big"], check=True)
    expected: dict[str, dict[str, str]] = json.loads((folder / "expect.json").read_text())["files"]
    return expected
