"""Five thousand valid files over every format and odd parameter: at most one in a thousand may fail."""

from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from ingest_runs import AddOptions, add
from sonoteca.audio.encode import ENCODINGS, write_audio
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store.library import open_library

pytestmark = pytest.mark.slow

COUNT = 5_000
# What each lossy codec takes; lossless ones take all of RATES.
RATES = (4_000, 8_000, 11_025, 12_345, 16_000, 22_050, 32_000, 44_056, 44_100, 48_000, 88_200, 96_000, 176_400, 192_000)
CODEC_RATES = {
    ".mp3": (8_000, 11_025, 12_000, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    ".mp2": (16_000, 22_050, 24_000, 32_000, 44_100, 48_000),
    ".m4a": (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000),
    ".aac": (8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 88_200, 96_000),
    ".opus": (8_000, 12_000, 16_000, 24_000, 48_000),
    ".webm": (8_000, 12_000, 16_000, 24_000, 48_000),
    ".wma": (11_025, 16_000, 22_050, 32_000, 44_100, 48_000),
    ".ac3": (32_000, 44_100, 48_000),
}
# Low rates do not take the bit rates that are usual at 44,100 Hz.
BIT_RATES = {".mp3": (32_000, 64_000, 128_000), ".mp2": (64_000,), ".wma": (48_000, 64_000), ".aac": (24_000, 96_000)}
LOSSLESS = {".flac", ".mka", ".aiff", ".caf", ".w64", ".au", ".wv", ".tta", ".alac.m4a"}
# libsndfile writes what FFmpeg's wheel does not, in every sample format.
SNDFILE = [
    (container, subtype)
    for container in ("WAV", "WAVEX", "RF64", "AIFF", "AU", "CAF", "W64", "FLAC", "VOC", "NIST", "IRCAM", "OGG", "AVR")
    for subtype in ("PCM_S8", "PCM_U8", "PCM_16", "PCM_24", "PCM_32", "FLOAT", "DOUBLE", "ULAW", "ALAW", "IMA_ADPCM",
                    "MS_ADPCM", "VORBIS", "ALAC_16", "ALAC_24")
    if soundfile.check_format(container, subtype)
]  # fmt: skip
SUFFIXES = {"WAVEX": "wav", "RF64": "wav", "NIST": "nist", "IRCAM": "ircam"}
MONO_ONLY = {"IMA_ADPCM", "MS_ADPCM"}


def made_files(folder: Path, count: int) -> Iterator[Path]:
    """Write ``count`` files, each with other content, format and parameters."""
    generator = random.Random(7)
    noise = np.random.default_rng(7).uniform(-0.5, 0.5, 200_000).astype(np.float32)
    makers = [*ENCODINGS, *SNDFILE]
    for number, maker in enumerate(itertools.islice(itertools.cycle(makers), count)):
        seconds = generator.choice((0.0, 0.01, 0.05, 0.1, 0.2, 0.3))
        start = generator.randrange(100_000)
        if isinstance(maker, str):
            rate = generator.choice(CODEC_RATES.get(maker, RATES))
            n_channels = generator.choice((1, 2))
            # A bare stream of a frame or two is nothing that FFmpeg itself would recognise.
            n_samples = max(1, round((seconds if maker in LOSSLESS else max(seconds, 0.15)) * rate))
            samples = np.resize(noise[start : start + n_samples * n_channels], (n_channels, n_samples))
            path = folder / f"{number}{maker}"
            bit_rate = generator.choice(BIT_RATES.get(maker, (None,)))
            write_audio(path, AudioSignal(np.ascontiguousarray(samples), rate), encoding=maker, bit_rate=bit_rate)
        else:
            container, subtype = maker
            rate = generator.choice(RATES) if subtype != "VORBIS" else generator.choice((8_000, 22_050, 44_100, 48_000))
            n_channels = 1 if subtype in MONO_ONLY else generator.choice((1, 1, 2, 2, 3, 6, 8))
            if container in ("VOC", "AVR"):
                n_channels = min(n_channels, 2)
                rate = min(rate, 48_000)
            n_samples = max(1, round(seconds * rate))
            samples = np.resize(noise[start : start + n_samples * n_channels], (n_samples, n_channels))
            path = folder / f"{number}.{SUFFIXES.get(container, container.lower())}"
            soundfile.write(path, samples, rate, subtype=subtype, format=container)
        yield path


@pytest.mark.timeout(900)
def test_hardly_a_valid_file_fails(tmp_path: Path) -> None:
    folder = tmp_path / "files"
    folder.mkdir()
    assert len(SNDFILE) > 40
    made = list(made_files(folder, COUNT))
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        summary = add(library, [folder], AddOptions(workers=2))
    assert summary.found == len(made) == COUNT
    assert summary.analysed + summary.failed + summary.copied == COUNT
    reasons = [(failure.path, failure.error.message) for failure in summary.failures if failure.error]
    assert summary.failed <= COUNT // 1000, reasons
