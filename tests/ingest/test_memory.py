"""A worker's memory on long files: what the budgets promise, spool pages included."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest
import soundfile

import ingest_tasks
from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings
from sonoteca.ingest.listener import Listener
from sonoteca.workers.executor import Done, Task

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="peak memory is read from Linux"),
    pytest.mark.timeout(900),
]

RATE = 44_100


def minute(number: int) -> np.ndarray:
    """A minute of chords, beats and noise; each differs a little."""
    t = np.arange(60 * RATE) / RATE
    chord = sum(np.sin(2 * np.pi * 110 * 2 ** ((step + number % 12) / 12) * t) for step in (0, 4, 7))
    beats = np.sin(2 * np.pi * 55 * t) * np.exp(-(t % 0.5) / 0.1)
    noise = np.random.default_rng(number).standard_normal(len(t))
    return (0.1 * chord + 0.5 * beats + 0.02 * noise).astype(np.float32)


FILES = {"10 minutes": ("ten.flac", 10, 1), "500 MB": ("big.wav", 48, 2), "3 hours": ("three.flac", 180, 1)}


def write_long(folder: Path, name: str) -> Path:
    file_name, n_minutes, n_channels = FILES[name]
    made = [minute(number) for number in range(5)]
    path = folder / file_name
    with soundfile.SoundFile(path, "w", RATE, n_channels, "PCM_16") as file:
        for number in range(n_minutes):
            samples = made[number % 5]
            file.write(samples if n_channels == 1 else np.stack([samples, samples[::-1]], axis=1))
    return path


@pytest.mark.parametrize(("name", "most_mb"), [("10 minutes", 400), ("500 MB", 700), ("3 hours", 700)])
def test_long_files_stay_within_the_budget(tmp_path: Path, name: str, most_mb: float) -> None:
    settings = AnalysisSettings()
    path = write_long(tmp_path, name)
    order = AnalysisOrder(str(path), settings)
    try:
        with Listener(settings, memory_mb=2_500) as listener:
            (outcome,) = listener.run(ingest_tasks.listen_and_tell_peak, [Task(name, order, 800.0)])
    finally:
        path.unlink()
    assert isinstance(outcome, Done), outcome
    assert outcome.result < most_mb
