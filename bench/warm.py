"""How soon a listener that a program keeps hears a hum and a short loop."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from bench.measure import Measure
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
            "a hum": _seconds(hums, lambda path: list(hear_queries(listener, [path]))),
            "a short loop": _seconds(loops, listener.analyze_file),
        }
    return [
        Measure(f"{what}, warm, {name}", float(np.percentile(seconds, percent)), "s", goal=GOAL_S, lower_is_better=True)
        for what, seconds in heard.items()
        for name, percent in (("p50", 50), ("p95", 95))
    ]


def _seconds(paths: list[Path], hear: Callable[[Path], object]) -> list[float]:
    """Wall seconds of each file, the first once more at the start to warm up."""
    seconds = []
    for path in [paths[0], *paths]:
        started = time.perf_counter()
        hear(path)
        seconds.append(time.perf_counter() - started)
    return seconds[1:]
