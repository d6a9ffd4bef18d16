"""Short sounds of ever new content for the soak: all formats, and a few that are broken on purpose."""

from __future__ import annotations

import random
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sonoteca.audio.encode import ENCODINGS, write_audio, write_wav
from sonoteca.audio.signal import AudioSignal

# A rate that every one of the encoders takes.
_RATE = 48_000
_BROKEN_EVERY = 10


@dataclass(frozen=True, slots=True)
class SoakFile:
    """A file that was written; ``broken`` if bytes of it were overwritten, so that it may be refused."""

    path: Path
    broken: bool


def write_files(folder: Path, number: int, count: int) -> list[SoakFile]:
    """Write ``count`` files that only this ``number`` gives; every tenth is broken."""
    generator = random.Random(number)
    noise = np.random.default_rng(number)
    makers = [*ENCODINGS, ".wav"]
    written = []
    for index in range(count):
        maker = makers[index % len(makers)]
        n_samples = generator.randrange(_RATE // 10, 2 * _RATE)
        tone = np.sin(np.arange(n_samples) * generator.uniform(0.005, 0.3))
        mono = 0.3 * tone * np.exp(-np.arange(n_samples) / _RATE) + noise.normal(0.0, 0.01, n_samples)
        signal = AudioSignal(np.tile(mono.astype(np.float32), (generator.choice((1, 2)), 1)), _RATE)
        path = folder / f"{index}{maker}"
        if maker == ".wav":
            write_wav(path, signal)
        else:
            write_audio(path, signal, encoding=maker)
        broken = index % _BROKEN_EVERY == _BROKEN_EVERY - 1
        if broken:
            content = bytearray(path.read_bytes())
            for at in range(generator.randrange(8, 64), len(content), 97):
                content[at] = generator.randrange(256)
            path.write_bytes(bytes(content))
        written.append(SoakFile(path, broken))
    return written


def write_tune(path: Path, number: int) -> None:
    """Write four seconds of eight notes, as somebody might whistle them."""
    generator = random.Random(number)
    at_s = np.arange(_RATE // 2) / _RATE
    notes = [440.0 * 2.0 ** (generator.randrange(-7, 8) / 12.0) for _ in range(8)]
    swell = np.sin(np.pi * at_s / at_s[-1]) ** 0.5
    mono = np.concatenate([0.3 * swell * np.sin(2 * np.pi * note * at_s) for note in notes])
    write_wav(path, AudioSignal(mono.astype(np.float32)[None, :], _RATE))
