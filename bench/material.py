"""Sound to measure with: development songs as MP3, or made music where the corpus is absent."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from sonoteca.audio.decode import open_recording
from sonoteca.audio.encode import write_audio
from sonoteca.audio.signal import AudioSignal
from sonoteca.upkeep.demo_sounds import write_demo_sounds


def songs_as_mp3(work: Path, corpus: Path, count: int) -> list[Path]:
    """``count`` stereo MP3 files at 44.1 kHz and 192 kbit/s."""
    sources = sorted((corpus / "corpus" / "songs").glob("*.ogg"))[:count]
    if not sources:
        sources = [path for path in write_demo_sounds(work / "made") if path.parent.name == "Tracks"]
    files = []
    for number in range(count):
        samples, rate = native_samples(sources[number % len(sources)])
        path = work / f"song {number:03d}.mp3"
        write_audio(path, AudioSignal(samples, rate), bit_rate=192_000)
        files.append(path)
    return files


def native_samples(path: Path) -> tuple[np.ndarray, int]:
    """All channels of a file at its own rate, float32 (channels, n)."""
    import av

    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler(format="fltp", rate=stream.rate)
        parts = [part.to_ndarray() for frame in container.decode(stream) for part in resampler.resample(frame)]
        return np.concatenate(parts, axis=1), stream.rate


def duration_s(path: Path) -> float:
    with open_recording(path) as recording:
        return recording.info.duration_s
