"""A worker's memory on long files: what the budgets promise, spool pages included."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

import ingest_tasks
from sonoteca.ingest.executor import Done, Task
from sonoteca.ingest.listen import Ears, ListenOrder
from sonoteca.ingest.workers import listeners

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


@pytest.fixture
def long_files(tmp_path: Path) -> Iterator[dict[str, Path]]:
    files = {"10 minutes": tmp_path / "ten.flac", "3 hours": tmp_path / "three.flac", "500 MB": tmp_path / "big.wav"}
    for name, n_minutes, n_channels in (("10 minutes", 10, 1), ("3 hours", 180, 1), ("500 MB", 48, 2)):
        with soundfile.SoundFile(files[name], "w", RATE, n_channels, "PCM_16") as file:
            made = [minute(number) for number in range(5)]
            for number in range(n_minutes):
                samples = made[number % 5]
                file.write(samples if n_channels == 1 else np.stack([samples, samples[::-1]], axis=1))
    yield files
    for file in files.values():
        file.unlink()


def test_long_files_stay_within_the_budget(long_files: dict[str, Path]) -> None:
    ears = Ears()
    peaks: dict[str, float] = {}
    for name, path in long_files.items():
        with listeners(None, ears, workers=1, memory_mb=1_500) as executor:
            (outcome,) = executor.run(
                ingest_tasks.listen_and_tell_peak, [Task(name, ListenOrder(str(path), ears), 800.0)]
            )
        assert isinstance(outcome, Done), outcome
        peaks[name] = outcome.result
    assert peaks["10 minutes"] < 400, peaks
    assert peaks["3 hours"] < 700, peaks
    assert peaks["500 MB"] < 700, peaks
