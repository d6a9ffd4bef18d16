"""How soon a listener that a program keeps hears a hum and a short loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psutil

from bench.measure import Measure
from bench.startup import Cost
from sonoteca.ingest.listener import Listener
from sonoteca.search.hum.hear_query import hear_queries

RUNS = 15
GOAL_S = 0.4


def run(work: Path, corpus: Path) -> list[Measure]:
    hums = sorted((corpus / "corpus" / "hum").rglob("*.ogg"))[:RUNS]
    loops = sorted((corpus / "corpus" / "loops").iterdir(), key=lambda path: path.stat().st_size)[:RUNS]
    with Listener() as listener:
        listener.start()
        heard = {
            "a hum": _costs(hums, lambda path: list(hear_queries(listener, [path]))),
            "a short loop": _costs(loops, listener.analyze_file),
        }
    return [
        Measure(
            f"{what}, warm, {clock} {name}",
            float(np.percentile(seconds, percent)),
            "s",
            goal=GOAL_S,
            lower_is_better=True,
        )
        for what, costs in heard.items()
        for clock, seconds in (
            ("wall", [cost.wall_s for cost in costs]),
            ("processor", [cost.cpu_s for cost in costs]),
        )
        for name, percent in (("p50", 50), ("p95", 95))
    ]


def _costs(paths: list[Path], hear: Callable[[Path], object]) -> list[Cost]:
    """What each file costs, processor seconds those of the workers; the first once more at the start to warm up."""
    costs = []
    for path in [paths[0], *paths]:
        used_before, started = _used_s(), time.perf_counter()
        hear(path)
        costs.append(Cost(time.perf_counter() - started, _used_s() - used_before))
    return costs[1:]


def _used_s() -> float:
    """Processor seconds that the processes below this one have used; they stay while they are kept."""
    times = [process.cpu_times() for process in psutil.Process().children(recursive=True)]
    return sum(each.user + each.system for each in times)
