"""Small valid files of every codec that can be written here, at many lengths, rates and channel counts.

What is written is synthesised from the number of the file: tones, chords, drum hits, noise, silence between
sounds, a sweep. So every file is another sound, and a run can be repeated.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
from pathlib import Path

import av
import av.error
import numpy as np
from numpy.typing import NDArray

LENGTHS_S = (0.02, 0.1, 0.35, 1.0, 2.7, 6.0, 13.0)
RATES = (8_000, 11_025, 16_000, 22_050, 24_000, 32_000, 44_100, 48_000, 88_200, 96_000, 192_000)


@dataclass(frozen=True)
class Kind:
    """An ending, FFmpeg's container and codec, and the rates a file may have (None: all)."""

    ending: str
    container: str
    codec: str
    rates: tuple[int, ...] | None = None
    channels: tuple[int, ...] = (1, 2)

    def takes(self, rate: int, channels: int) -> bool:
        return channels in self.channels and (self.rates is None or rate in self.rates)


_PCM = ("pcm_u8", "pcm_s16le", "pcm_s24le", "pcm_s32le", "pcm_f32le", "pcm_f64le", "pcm_alaw", "pcm_mulaw",
        "adpcm_ima_wav", "adpcm_ms")  # fmt: skip
_OPUS = (8_000, 16_000, 24_000, 48_000)
KINDS = (
    *(Kind(f".{codec}.wav", "wav", codec) for codec in _PCM),
    *(Kind(f".{codec}.w64", "w64", codec) for codec in ("pcm_s16le", "pcm_s24le")),
    *(Kind(f".{codec}.aiff", "aiff", codec) for codec in ("pcm_s16be", "pcm_s24be", "pcm_s8")),
    *(Kind(f".{codec}.caf", "caf", codec) for codec in ("pcm_s16be", "pcm_s24le", "pcm_f32le", "alac")),
    *(Kind(f".{codec}.au", "au", codec) for codec in ("pcm_s16be", "pcm_mulaw", "pcm_s32be")),
    Kind(".voc", "voc", "pcm_u8"),
    Kind(".flac", "flac", "flac"),
    Kind(".flac.oga", "ogg", "flac"),
    Kind(".alac.m4a", "ipod", "alac"),
    Kind(".wv", "wv", "wavpack"),
    Kind(".tta", "tta", "tta"),
    Kind(".mp3", "mp3", "libmp3lame"),
    Kind(".mp2", "mp2", "mp2"),
    Kind(".aac", "adts", "aac"),
    Kind(".m4a", "ipod", "aac"),
    Kind(".aac.mp4", "mp4", "aac"),
    Kind(".mp3.mp4", "mp4", "libmp3lame"),
    Kind(".ogg", "ogg", "vorbis", channels=(2,)),
    Kind(".opus", "opus", "libopus", _OPUS),
    Kind(".opus.ogg", "ogg", "libopus", _OPUS),
    Kind(".webm", "webm", "libopus", _OPUS),
    Kind(".flac.mka", "matroska", "flac"),
    Kind(".opus.mka", "matroska", "libopus", _OPUS),
    Kind(".wma", "asf", "wmav2"),
    Kind(".v1.wma", "asf", "wmav1"),
    Kind(".ac3", "ac3", "ac3"),
    Kind(".eac3", "eac3", "eac3"),
    Kind(".amr", "amr", "libopencore_amrnb", (8_000,), (1,)),
    Kind(".oga", "ogg", "flac"),
)
# A bare stream is recognised by about a dozen of its frames (docs/formats.md): shorter ones are no valid files.
_LEAST_S = {".ac3": 0.5, ".eac3": 0.5, ".mp2": 0.35, ".aac": 0.35}


def write_files(folder: Path, count: int) -> Iterator[Path]:
    """At least ``count`` files below ``folder``, all kinds in turn; what an encoder refuses is no file."""
    number = 0
    written = 0
    while written < count:
        before = written
        for length_s, rate, channels, kind in product(LENGTHS_S, RATES, (1, 2), KINDS):
            if not kind.takes(rate, channels) or length_s < _LEAST_S.get(kind.ending, 0.0):
                continue
            number += 1
            path = folder / kind.codec / f"{number:05d} {rate} {channels}ch{kind.ending}"
            path.parent.mkdir(parents=True, exist_ok=True)
            if _write(path, kind, rate, _sound(number, rate, channels, length_s)):
                written += 1
                yield path
        if written == before:
            raise RuntimeError("no codec can write anything here")


def _sound(number: int, rate: int, channels: int, length_s: float) -> NDArray[np.float32]:
    """Shape (channels, n), peak 0.1 to 0.9."""
    random = np.random.default_rng(number)
    n = max(1, round(rate * length_s))
    t = np.arange(n) / rate
    pitch = 55 * 2 ** (random.integers(0, 48) / 12)
    kinds = (
        lambda: np.sin(2 * np.pi * pitch * t),
        lambda: sum(np.sin(2 * np.pi * pitch * step * t) / 3 for step in (1, 1.26, 1.5)),
        lambda: random.standard_normal(n) * np.exp(-t * 12),
        lambda: random.standard_normal(n) * 0.3,
        lambda: np.sin(2 * np.pi * (50 * t + 40 * np.exp(-30 * t))) * np.exp(-((t * 2) % 1) * 6),
        lambda: np.sin(2 * np.pi * pitch * t) * ((t * 3) % 1 < 0.4),
        lambda: np.sin(2 * np.pi * (pitch * t + pitch * t * t / (2 * length_s))),
    )
    mono = np.asarray(kinds[number % len(kinds)](), np.float64)
    mono *= random.uniform(0.1, 0.9) / max(1e-9, np.abs(mono).max())
    return np.stack([mono * (1 - 0.3 * channel) for channel in range(channels)]).astype(np.float32)


def _write(path: Path, kind: Kind, rate: int, samples: NDArray[np.float32]) -> bool:
    layout = "mono" if len(samples) == 1 else "stereo"
    try:
        with av.open(str(path), "w", format=kind.container) as container:
            stream = container.add_stream(kind.codec, rate=rate, layout=layout)
            assert isinstance(stream, av.AudioStream)
            if stream.codec_context.sample_rate != rate:
                raise ValueError("another rate than asked for")
            frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
            frame.sample_rate, frame.pts = rate, 0
            resampler = av.AudioResampler(
                stream.codec_context.format, layout, rate, stream.codec_context.frame_size or 4_096
            )
            packets = 0
            for part in [*resampler.resample(frame), *resampler.resample(None)]:
                for packet in stream.encode(part):
                    container.mux(packet)
                    packets += 1
            for packet in stream.encode(None):
                container.mux(packet)
                packets += 1
            if not packets:
                raise ValueError("too short for one packet")
    except (av.error.FFmpegError, ValueError):
        path.unlink(missing_ok=True)
        return False
    return True
