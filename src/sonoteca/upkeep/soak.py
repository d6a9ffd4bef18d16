"""The main job for hours on files that never end: memory, open files, threads and temporary files have to stay flat.

``python -m sonoteca.upkeep.soak --hours 0.2``: each round writes some dozen short sounds over
all formats and a few broken ones, adds them, checks that every one is accounted for, and
removes them. Beside that a server and a worker, processes of their own, are sent uploads, hums
and questions, streams of events are read and left, jobs are cancelled. After a warm-up the
second half must not use more than the first.
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import psutil
import sqlalchemy as sa

from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.ingest.add import add_files
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.requests import AddRequest
from sonoteca.upkeep.soak_files import write_files
from sonoteca.upkeep.soak_served import Served
from sonoteca.workers.local_executor import SCRATCH_PREFIX

FILES_PER_ROUND = 40
UPLOADS_PER_ROUND = 10
WARM_UP_ROUNDS = 3
# What a measure may grow from the first half to the second: caches fill, allocators round.
ALLOWED_GROWTH = 1.10
ALLOWED_MB = 24.0
ALLOWED_COUNT = 8.0

# How things stand after a round, by name: resident sizes end in "_mb", all else is counted.
Sample = Mapping[str, float]


@dataclass(frozen=True, slots=True)
class SoakReport:
    """``problems`` is empty if everything stayed flat and every file was accounted for."""

    rounds: int
    files: int
    uploads: int
    samples: tuple[Sample, ...]
    problems: tuple[str, ...]


def soak(*, seconds: float, workers: int = 2, folder: Path | None = None, log: bool = False) -> SoakReport:
    """Run rounds for ``seconds``, at least as many as a judgement needs."""
    with tempfile.TemporaryDirectory(prefix="sonoteca-soak-", dir=folder) as scratch:
        return _soak(Path(scratch), seconds=seconds, workers=workers, log=log)


def _soak(scratch: Path, *, seconds: float, workers: int, log: bool) -> SoakReport:
    samples: list[Sample] = []
    problems: list[str] = []
    deadline = time.monotonic() + seconds
    music = scratch / "music"
    with (
        open_library(scratch / "library.sonoteca", mode="create") as library,
        open_library(scratch / "served.sonoteca", mode="create") as served_library,
        Listener(workers=workers) as listener,
        Served(served_library, scratch / "sent", workers=workers) as served,
    ):
        while time.monotonic() < deadline or len(samples) < WARM_UP_ROUNDS + 4:
            number = len(samples)
            _forget_everything(library)
            problems += _round(library, listener, music, number)
            problems += [f"round {number}: {each}" for each in served.round(number, UPLOADS_PER_ROUND)]
            samples.append({**_sample(), **served.sample()})
            if log:
                _say(f"round {number}: " + ", ".join(f"{name} {value:g}" for name, value in samples[-1].items()))
        problems += served.stop()
    problems += judge(samples[WARM_UP_ROUNDS:])
    rounds = len(samples)
    return SoakReport(rounds, rounds * FILES_PER_ROUND, rounds * UPLOADS_PER_ROUND, tuple(samples), tuple(problems))


def _forget_everything(library: Library) -> None:
    """Keep the library as small as one round: the database's page cache and file mapping grow with it, as they should."""
    with library.write() as connection:
        remove_sounds(connection, list(connection.execute(sa.select(sounds.c.id)).scalars()))


def _round(library: Library, listener: Listener, music: Path, number: int) -> list[str]:
    shutil.rmtree(music, ignore_errors=True)
    music.mkdir()
    n_broken = sum(file.broken for file in write_files(music, number, FILES_PER_ROUND))
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


def judge(samples: Sequence[Sample]) -> list[str]:
    """What grew: the median of the second half against that of the first.

    Examples
    --------
    >>> flat = [{"parent_mb": 100.0, "open_files": 20}] * 6
    >>> judge(flat)
    []
    >>> judge([*flat, *[{"parent_mb": 180.0, "open_files": 20}] * 6])
    ['parent_mb grew from 100 to 180']
    """
    half = len(samples) // 2
    if half < 1:
        return []
    problems = []
    for name in samples[0]:
        allowed = ALLOWED_MB if name.endswith("_mb") else ALLOWED_COUNT
        early = statistics.median(sample[name] for sample in samples[:half])
        late = statistics.median(sample[name] for sample in samples[half:])
        if late > early * ALLOWED_GROWTH + allowed:
            problems.append(f"{name} grew from {early:g} to {late:g}")
    return problems


def _sample() -> Sample:
    process = psutil.Process()
    workers = [child.memory_info().rss for child in process.children(recursive=True) if child.is_running()]
    scratch = Path(tempfile.gettempdir()).glob(f"{SCRATCH_PREFIX}{process.pid}-*/**/*")
    return {
        "parent_mb": round(process.memory_info().rss / 2**20, 1),
        "worker_mb": round(max(workers, default=0) / 2**20, 1),
        "open_files": process.num_fds() if hasattr(process, "num_fds") else len(process.open_files()),
        "temporary_files": sum(path.is_file() for path in scratch),
    }


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
    verdict = "NOT FLAT" if report.problems else "flat"
    _say(f"{report.files:,} files and {report.uploads:,} uploads in {report.rounds:,} rounds: {verdict}")
    return 1 if report.problems else 0


if __name__ == "__main__":
    sys.exit(main())
