"""How soon the command line answers."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from bench.measure import Measure

RUNS = 7


def run(work: Path, corpus: Path) -> list[Measure]:
    bare = fastest([sys.executable, "-c", "pass"])
    help_s = fastest([sys.executable, "-m", "sonoteca.cli.main", "--help"])
    return [
        Measure("--help", help_s, "s", goal=0.3, lower_is_better=True),
        Measure("--help, times an empty Python", help_s / bare, "x", lower_is_better=True),
    ]


def fastest(command: list[str]) -> float:
    """Wall seconds of the fastest of several runs after one to warm up."""
    times = []
    for _ in range(RUNS + 1):
        started = time.perf_counter()
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True)
        times.append(time.perf_counter() - started)
    return min(times[1:])
