"""Peak resident size of a process that analyses a long file."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np

from bench.measure import Measure
from sonoteca.upkeep.demo_sounds import RATE, song

_CHILD = """
import resource, sys
from sonoteca.ingest.listen import AnalysisSettings, AnalysisOrder, listen
listen(AnalysisOrder(sys.argv[1], AnalysisSettings()))
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024)
"""


def run(work: Path, corpus: Path) -> list[Measure]:
    measures = []
    for name, minutes, goal in (("10-minute file", 10, 400.0), ("3-hour file", 180, 700.0)):
        path = work / f"{minutes}.flac"
        _write_music(path, minutes)
        done = subprocess.run([sys.executable, "-c", _CHILD, str(path)], capture_output=True, text=True, check=True)
        measures.append(Measure(f"peak memory, {name}", float(done.stdout), "MB", goal=goal, lower_is_better=True))
        path.unlink()
    return measures


def _write_music(path: Path, minutes: int) -> None:
    """A minute of the demo song, again and again under changing noise, as 44.1 kHz stereo FLAC."""
    import av

    random = np.random.default_rng(0)
    minute = np.resize(song(), 60 * RATE).astype(np.float32)
    minute *= np.float32(12_000 / np.abs(minute).max())
    with av.open(str(path), "w") as container:
        stream = container.add_stream("flac", rate=RATE, layout="stereo")
        for _ in range(minutes):
            noise = 300 * random.standard_normal((2, len(minute)), dtype=np.float32)
            samples = (minute + noise).astype(np.int16)
            frame = av.AudioFrame.from_ndarray(samples.T.reshape(1, -1), format="s16", layout="stereo")
            frame.sample_rate = RATE
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
