"""The main job for hours on files that never end: memory, open files and temporary files have to stay flat.

``python -m sonoteca.upkeep.soak --hours 0.2``: each round writes some dozen short sounds over
all formats and a few broken ones, adds them, checks that every one is accounted for, and
removes them. After a warm-up the second half must not use more than the first.
"""

from __future__ import annotations

import argparse
import random
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil
import sqlalchemy as sa

from sonoteca.audio.encode import ENCODINGS, write_audio, write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.ingest.add import add_files
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.requests import AddRequest
from sonoteca.workers.local_executor import SCRATCH_PREFIX

FILES_PER_ROUND = 40
WARM_UP_ROUNDS = 3
# What a measure may grow from the first half to the second: caches fill, allocators round.
ALLOWED_GROWTH = 1.10
ALLOWED_MB = 24.0
ALLOWED_COUNT = 8.0

# A rate that every one of the encoders takes.
_RATE = 48_000


@dataclass(frozen=True, slots=True)
class Sample:
    """State after a round. Memory is resident size in MB, of this process and of its largest worker."""

    parent_mb: float
    worker_mb: float
    open_files: int
    temporary_files: int


@dataclass(frozen=True, slots=True)
class SoakReport:
    """``problems`` is empty if everything stayed flat and every file was accounted for."""

    rounds: int
    files: int
    samples: tuple[Sample, ...]
    problems: tuple[str, ...]


def soak(*, seconds: float, workers: int = 2, folder: Path | None = None, log: bool = False) -> SoakReport:
    """Run rounds for ``seconds``, at least as many as a judgement needs."""
    with tempfile.TemporaryDirectory(prefix="sonoteca-soak-", dir=folder) as scratch:
        return _soak(Path(scratch), seconds=seconds, workers=workers, log=log)


def _soak(scratch: Path, *, seconds: float, workers: int, log: bool) -> SoakReport:
    samples: list[Sample] = []
    problems: list[str] = []
    n_files = 0
    deadline = time.monotonic() + seconds
    music = scratch / "music"
    with (
        open_library(scratch / "library.sonoteca", mode="create") as library,
        Listener(workers=workers) as listener,
    ):
        while time.monotonic() < deadline or len(samples) < WARM_UP_ROUNDS + 4:
            number = len(samples)
            _forget_everything(library)
            problems += _round(library, listener, music, number)
            n_files += FILES_PER_ROUND
            samples.append(_sample())
            if log:
                _say(f"round {number}: {samples[-1]}")
    problems += judge(samples[WARM_UP_ROUNDS:])
    return SoakReport(len(samples), n_files, tuple(samples), tuple(problems))


def _forget_everything(library: Library) -> None:
    """Keep the library as small as one round: the database's page cache and file mapping grow with it, as they should."""
    with library.write() as connection:
        remove_sounds(connection, list(connection.execute(sa.select(sounds.c.id)).scalars()))


def _round(library: Library, listener: Listener, music: Path, number: int) -> list[str]:
    shutil.rmtree(music, ignore_errors=True)
    music.mkdir()
    n_broken = write_round(music, number)
    summary = add_files(library, AddRequest(paths=(music,), accept_missing=True), listener=listener)
    accounted = summary.analysed + summary.failed + summary.copied + summary.moved
    problems = []
    if summary.found != FILES_PER_ROUND or accounted != FILES_PER_ROUND:
        problems.append(
            f"round {number}: {accounted} of {FILES_PER_ROUND} files are accounted for: {summary.sentence()}"
        )
    if summary.failed > n_broken:
        reasons = [failure.error.message for failure in summary.failures if failure.error is not None]
        problems.append(f"round {number}: {summary.failed} files failed, {n_broken} are broken: {reasons}")
    return problems


def write_round(folder: Path, number: int) -> int:
    """``FILES_PER_ROUND`` files of new content, most of them good; returns how many are broken on purpose."""
    generator = random.Random(number)
    noise = np.random.default_rng(number)
    makers = [*ENCODINGS, ".wav"]
    n_broken = 0
    for index in range(FILES_PER_ROUND):
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
        if index % 10 == 9:
            content = bytearray(path.read_bytes())
            for at in range(generator.randrange(8, 64), len(content), 97):
                content[at] = generator.randrange(256)
            path.write_bytes(bytes(content))
            n_broken += 1
    return n_broken


def judge(samples: Sequence[Sample]) -> list[str]:
    """What grew: the median of the second half against that of the first.

    Examples
    --------
    >>> flat = [Sample(100.0, 200.0, 20, 4)] * 6
    >>> judge(flat)
    []
    >>> judge([*flat, *[Sample(180.0, 200.0, 20, 4)] * 6])
    ['parent_mb grew from 100.0 to 180.0']
    """
    half = len(samples) // 2
    if half < 1:
        return []
    problems = []
    for name, allowed in (
        ("parent_mb", ALLOWED_MB),
        ("worker_mb", ALLOWED_MB),
        ("open_files", ALLOWED_COUNT),
        ("temporary_files", ALLOWED_COUNT),
    ):
        early = statistics.median(float(getattr(sample, name)) for sample in samples[:half])
        late = statistics.median(float(getattr(sample, name)) for sample in samples[half:])
        if late > early * ALLOWED_GROWTH + allowed:
            problems.append(f"{name} grew from {early} to {late}")
    return problems


def _sample() -> Sample:
    process = psutil.Process()
    workers = [child.memory_info().rss for child in process.children(recursive=True) if child.is_running()]
    open_files = process.num_fds() if hasattr(process, "num_fds") else len(process.open_files())
    scratch = Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}{process.pid}-*/**/*")
    return Sample(
        parent_mb=round(process.memory_info().rss / 2**20, 1),
        worker_mb=round(max(workers, default=0) / 2**20, 1),
        open_files=open_files,
        temporary_files=sum(path.is_file() for path in scratch),
    )


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 0 if everything stayed flat."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--workers", type=int, default=2)
    chosen = parser.parse_args(arguments)
    report = soak(seconds=chosen.hours * 3600, workers=chosen.workers, log=True)
    for problem in report.problems:
        _say(problem)
    _say(f"{report.files:,} files in {report.rounds:,} rounds: {'flat' if not report.problems else 'NOT FLAT'}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
