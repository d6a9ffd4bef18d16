"""Five thousand valid files over every format and odd parameters: none may fail."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

from audio.handmade import aiff, caf, chunk, pcm16, wav
from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import ENCODINGS, wav_bytes, write_audio
from sonoteca.audio.mixdown import resampled_length
from sonoteca.audio.signal import AudioSignal
from sonoteca.errors import SonotecaError

N_FILES = 5_000
# Of 5,000 files at most 0.1 %.
MOST_FAILURES = 5
# Rates every encoder of the family takes.
RATES = {".opus": (48_000,), ".webm": (48_000,), ".ac3": (32_000, 44_100, 48_000), ".mp2": (32_000, 44_100, 48_000)}
COMMON_RATES = (22_050, 32_000, 44_100, 48_000)
ODD_RATES = (
    1_000,
    4_000,
    7_919,
    8_000,
    11_025,
    12_345,
    16_000,
    22_050,
    37_800,
    44_100,
    48_000,
    50_000,
    88_200,
    96_000,
    176_400,
    192_000,
)
SUBTYPES = {
    "WAV": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM", "MS_ADPCM"),
    "AIFF": ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"),
    "AU": ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW"),
    "CAF": ("PCM_S8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "ALAC_16", "ALAC_24"),
    "FLAC": ("PCM_S8", "PCM_16", "PCM_24"),
    "W64": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "RF64": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    "WAVEX": ("PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE"),
    # VOC keeps a divisor, no rate, for 8 bits.
    "VOC": ("PCM_16",),
    "NIST": ("PCM_16", "PCM_24", "PCM_32"),
    "OGG": ("VORBIS",),
    "MP3": ("MPEG_LAYER_III",),
}


def content(
    random: np.random.Generator, n_samples: int, channels: int
) -> np.ndarray[tuple[int, int], np.dtype[np.float32]]:
    """Music-like, silence, noise, DC, clipped, a click: what files hold."""
    t = np.arange(n_samples) / 44_100
    kinds: dict[int, Callable[[], Any]] = {
        0: lambda: 0.3 * np.sin(2 * np.pi * random.uniform(50, 2_000) * t) * np.exp(-(t % 0.2) / 0.05),
        1: lambda: np.zeros(n_samples),
        2: lambda: 0.2 * random.standard_normal(n_samples),
        3: lambda: np.full(n_samples, 0.5),
        4: lambda: np.clip(9 * np.sin(2 * np.pi * 100 * t), -1, 1),
        5: lambda: (np.arange(n_samples) == n_samples // 2).astype(float),
    }
    sound = kinds[int(random.integers(6))]()
    gains = random.choice([1.0, -1.0, 0.5, 0.0], size=channels)
    return np.clip(gains.reshape(-1, 1) * sound, -1, 1).astype(np.float32)


def made_files(folder: Path) -> Iterator[tuple[Path, int, int, str]]:
    """(path, samples, rate, how it was made), one at a time."""
    random = np.random.default_rng(20_26)
    for number in range(N_FILES):
        n_samples = int(random.choice([1, 2, 17, 255, 256, 1_000, 1_153, 4_409, 9_999, 30_000]))
        way = number % 3
        path = folder / f"{number}.sound"
        if way == 0:
            encoding = list(ENCODINGS)[int(random.integers(len(ENCODINGS)))]
            rate = int(random.choice(RATES.get(encoding, COMMON_RATES)))
            channels = int(random.integers(1, 3))
            # A codec without a container is recognised by a dozen of its frames.
            n_samples = max(n_samples, 30_000 if encoding in (".ac3", ".mp2", ".aac") else 4_409)
            write_audio(path, AudioSignal(content(random, n_samples, channels), rate), encoding=encoding)
            yield path, n_samples, rate, f"{encoding} {rate} Hz {channels}"
        elif way == 1:
            container = list(SUBTYPES)[int(random.integers(len(SUBTYPES)))]
            subtype = str(random.choice(SUBTYPES[container]))
            lossy = container in ("OGG", "MP3")
            rate = int(random.choice(COMMON_RATES if lossy or container in ("VOC", "FLAC") else ODD_RATES))
            channels = int(random.integers(1, 3 if lossy or "ADPCM" in subtype or container == "VOC" else 9))
            n_samples = max(n_samples, 1_000) if lossy else n_samples
            samples = content(random, n_samples, channels)
            try:
                soundfile.write(path, samples.T, rate, format=container, subtype=subtype)
            except soundfile.LibsndfileError:
                # A combination libsndfile does not write; another takes its place.
                path.write_bytes(wav_bytes(AudioSignal(samples, rate)))
                container = "handmade"
            yield path, n_samples, rate, f"{container} {subtype} {rate} Hz {channels}"
        else:
            rate = int(random.choice(ODD_RATES))
            samples = content(random, n_samples, 1)
            words = np.rint(samples[0] * 32_767).astype(np.int16)
            extra = chunk(b"LIST", random.bytes(int(random.integers(0, 60))))
            kind = int(random.integers(4))
            if kind == 0:
                path.write_bytes(wav(pcm16(samples[0]), extra, rate=rate))
            elif kind == 1:
                path.write_bytes(wav(pcm16(samples[0]), rate=rate) + extra)
            else:
                path.write_bytes(aiff(words, rate=rate) if kind == 2 else caf(words, rate=rate))
            yield path, n_samples, rate, f"handmade {kind} {rate} Hz"


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_valid_files_do_not_fail(tmp_path: Path) -> None:
    failures = []
    for path, n_samples, rate, how in made_files(tmp_path):
        try:
            with open_recording(path) as recording:
                info = recording.info
                if info.sample_rate != rate:
                    failures.append(f"{how}: {info.sample_rate} Hz instead of {rate} Hz")
                elif not -0.05 <= info.duration_s - n_samples / rate <= 0.1:
                    failures.append(f"{how}: {info.n_samples} samples instead of {n_samples}")
                elif recording.n_samples != max(1, resampled_length(info.n_samples, rate)):
                    failures.append(f"{how}: {recording.n_samples} samples at the analysis rate")
                elif not np.isfinite(recording.read(0, recording.n_samples)).all():
                    failures.append(f"{how}: not finite")
        except SonotecaError as error:
            failures.append(f"{how}, {n_samples} samples: {error.code} {error}")
        path.unlink()
    assert len(failures) <= MOST_FAILURES, "\n".join(failures)
