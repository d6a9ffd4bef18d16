"""Files written by hand, byte by byte, and signals whose properties are known."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.signal import AudioSignal


def chunk(name: bytes, data: bytes, *, order: str = "<", n_bytes: int | None = None) -> bytes:
    """A RIFF or AIFF chunk, padded; ``n_bytes`` lets its header lie."""
    header = struct.pack(order + "4sI", name, len(data) if n_bytes is None else n_bytes)
    return header + data + b"\0" * (len(data) & 1)


def fmt(*, rate: int = 44_100, channels: int = 1, bits: int = 16, tag: int = 1) -> bytes:
    align = (channels * bits // 8) & 0xFFFF
    return struct.pack("<HHIIHH", tag, channels, rate, (rate * align) & 0xFFFFFFFF, align, bits)


def wav(data: bytes, *chunks: bytes, n_bytes: int | None = None, head: bytes | None = None, **form: int) -> bytes:
    """A WAV file with extra ``chunks`` before the samples; ``n_bytes`` is what the data chunk claims."""
    body = (
        chunk(b"fmt ", fmt(**form) if head is None else head) + b"".join(chunks) + chunk(b"data", data, n_bytes=n_bytes)
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def aiff(samples: NDArray[np.int16], *chunks: bytes, rate: int = 44_100) -> bytes:
    """A mono 16-bit AIFF file."""
    exponent = rate.bit_length() - 1
    rate_80 = struct.pack(">HQ", 16383 + exponent, rate << (63 - exponent))
    comm = struct.pack(">hIh", 1, len(samples), 16) + rate_80
    ssnd = struct.pack(">II", 0, 0) + samples.astype(">i2").tobytes()
    body = chunk(b"COMM", comm, order=">") + b"".join(chunks) + chunk(b"SSND", ssnd, order=">")
    return b"FORM" + struct.pack(">I", len(body) + 4) + b"AIFF" + body


def caf(samples: NDArray[np.int16], *, rate: int = 44_100) -> bytes:
    """A mono 16-bit big-endian CAF file."""
    desc = struct.pack(">d4sIIIII", float(rate), b"lpcm", 0, 2, 1, 1, 16)
    data = struct.pack(">I", 0) + samples.astype(">i2").tobytes()
    parts = [struct.pack(">4sQ", name, len(body)) + body for name, body in ((b"desc", desc), (b"data", data))]
    return b"caff" + struct.pack(">HH", 1, 0) + b"".join(parts)


def caf_of_aac(packets: list[bytes], setup: bytes, *, n_valid: int, priming: int) -> bytes:
    """A stereo 44.1 kHz CAF file of AAC packets; ``setup`` is their AudioSpecificConfig."""

    def descriptor(tag: int, body: bytes) -> bytes:
        return bytes([tag, 0x80, 0x80, 0x80, len(body)]) + body

    def size_of(packet: bytes) -> bytes:
        septets = [len(packet) & 127]
        while rest := len(packet) >> 7 * len(septets):
            septets.append(rest & 127 | 128)
        return bytes(reversed(septets))

    decoder = bytes([0x40, 0x15, 0, 0, 0]) + struct.pack(">II", 0, 128_000) + descriptor(5, setup)
    cookie = descriptor(3, struct.pack(">HB", 0, 0) + descriptor(4, decoder) + descriptor(6, b"\x02"))
    remainder = 1024 * len(packets) - n_valid - priming
    table = struct.pack(">qqii", len(packets), n_valid, priming, remainder) + b"".join(map(size_of, packets))
    parts = (
        (b"desc", struct.pack(">d4sIIIII", 44_100.0, b"aac ", 0, 0, 1024, 2, 0)),
        (b"kuki", cookie),
        (b"pakt", table),
        (b"data", struct.pack(">I", 0) + b"".join(packets)),
    )
    return b"caff" + struct.pack(">HH", 1, 0) + b"".join(struct.pack(">4sQ", n, len(b)) + b for n, b in parts)


def atom(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I4s", len(body) + 8, name) + body


def with_ilst(data: bytes, atoms: bytes) -> bytes:
    """An M4A file with more atoms at the end of its list of tags, and the sizes around it set right."""
    changed = bytearray(data)
    at = data.index(b"ilst") - 4
    end = at + int.from_bytes(data[at : at + 4], "big")
    changed[end:end] = atoms
    for name in (b"ilst", b"meta", b"udta", b"moov"):
        box = data.rindex(name, 0, at + 8) - 4
        size = int.from_bytes(data[box : box + 4], "big") + len(atoms)
        changed[box : box + 4] = size.to_bytes(4, "big")
    return bytes(changed)


def itunes_atom(name: bytes, text: bytes) -> bytes:
    """A free-form tag of iTunes."""
    owner = atom(b"mean", bytes(4) + b"com.apple.iTunes") + atom(b"name", bytes(4) + name)
    return atom(b"----", owner + atom(b"data", struct.pack(">II", 1, 0) + text))


def pcm16(samples: NDArray[np.floating]) -> bytes:
    return np.rint(np.clip(samples, -1, 1 - 2**-15) * 2**15).astype("<i2").tobytes()


def pluck(n_samples: int, rate: int, *, channels: int = 1) -> AudioSignal:
    """A sweep in four decaying strokes a second with a little noise: its place in time is unmistakable."""
    t = np.arange(n_samples) / rate
    noise = np.random.default_rng(7).standard_normal(n_samples)
    sound = (0.4 * np.sin(2 * np.pi * (200 + 300 * t) * t) + 0.05 * noise) * np.exp(-(t % 0.25) / 0.05)
    return AudioSignal(np.tile(sound.astype(np.float32), (channels, 1)), rate)


def tone(*, hz: float, duration_s: float, dbfs: float, rate: int = 48_000) -> NDArray[np.float32]:
    """A sine with the given peak level, shape (n,)."""
    n_samples = round(duration_s * rate)
    return (10 ** (dbfs / 20) * np.sin(2 * np.pi * hz * np.arange(n_samples) / rate)).astype(np.float32)


def write(path: Path, data: bytes) -> Path:
    path.write_bytes(data)
    return path
