"""How soon the command line answers, and what one short file costs from the shell."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

from bench.measure import Measure

RUNS = 7
# What every program that hears a file has to load.
IMPORTS = [sys.executable, "-c", "import numpy, scipy.signal, av"]
CLI = [sys.executable, "-m", "sonoteca.cli.main"]
# Times as much as those imports, at most.
GOAL = 1.6


@dataclass(frozen=True, slots=True)
class Cost:
    """Wall seconds, and processor seconds of a process and all below it."""

    wall_s: float
    cpu_s: float


def run(work: Path, corpus: Path) -> list[Measure]:
    bare = fastest([sys.executable, "-c", "pass"])
    help_s = fastest([*CLI, "--help"])
    short = min((corpus / "corpus" / "oneshots").iterdir(), key=lambda path: path.stat().st_size)
    library = ["--library", str(work / "startup.sonoteca")]
    melodies = corpus / "corpus" / "melodies.json.gz"
    subprocess.run([*CLI, "import", "melodies", str(melodies), *library], stdout=subprocess.DEVNULL, check=True)
    hum = min((corpus / "corpus" / "hum").rglob("*.ogg"), key=lambda path: path.stat().st_size)
    imports, inspected, hummed = alternating(
        [IMPORTS, [*CLI, "inspect", "--json", str(short)], [*CLI, "hum", "--json", str(hum), *library]]
    )
    return [
        Measure("--help", help_s, "s", goal=0.3, lower_is_better=True),
        Measure("--help, times an empty Python", help_s / bare, "x", lower_is_better=True),
        *(
            Measure(f"{what}, times the imports, {clock}", ratio, "x", goal=GOAL, lower_is_better=True)
            for what, cost in (("inspect a one-shot", inspected), ("a hum", hummed))
            for clock, ratio in (
                ("wall", cost.wall_s / imports.wall_s),
                ("processor", cost.cpu_s / imports.cpu_s),
            )
        ),
    ]


def fastest(command: list[str]) -> float:
    """Wall seconds of the fastest of several runs after one to warm up."""
    times = []
    for _ in range(RUNS + 1):
        times.append(cost(command).wall_s)
    return min(times[1:])


def alternating(commands: list[list[str]]) -> list[Cost]:
    """The median cost of each command, run in turn after one round to warm up: what else the machine does hits all."""
    rounds = [[cost(command) for command in commands] for _ in range(RUNS + 1)][1:]
    return [
        Cost(statistics.median(each.wall_s for each in costs), statistics.median(each.cpu_s for each in costs))
        for costs in zip(*rounds, strict=True)
    ]


def cost(command: list[str]) -> Cost:
    """What one run costs; children count once they have been waited for, as ours are."""
    before, started = os.times(), time.perf_counter()
    subprocess.run(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=True)
    wall_s, after = time.perf_counter() - started, os.times()
    used = after.children_user + after.children_system - before.children_user - before.children_system
    return Cost(wall_s, used)
