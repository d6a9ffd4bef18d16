"""``python -m bench [SECTION ...] [--keep]``: run sections, print a table, write bench/results/latest.json.

Sections: startup, warm, speed, memory, catalogue, index, similarity, maps, match, sequence, arrange, render, accuracy, hum, success, server, page, peers.
``--keep`` makes this run the one that later runs are compared with. Machines are noisy: quote ratios within one run.
"""

from __future__ import annotations

import argparse
import importlib
import os
import platform
import tempfile
from pathlib import Path

from bench.measure import Measure, load, print_measures, save

SECTIONS = (
    "startup",
    "warm",
    "speed",
    "memory",
    "catalogue",
    "index",
    "similarity",
    "maps",
    "match",
    "sequence",
    "arrange",
    "render",
    "accuracy",
    "hum",
    "success",
    "server",
    "page",
    "peers",
)
HERE = Path(__file__).parent
KEPT = HERE / "kept.json"
LATEST = HERE / "results" / "latest.json"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", metavar="SECTION", help=f"default: all of {', '.join(SECTIONS)}")
    parser.add_argument("--keep", action="store_true", help="compare later runs with this one")
    parser.add_argument(
        "--corpus", type=Path, default=HERE.parent.parent / "shared", help="folder with corpus/ and eval/"
    )
    arguments = parser.parse_args()
    unknown = set(arguments.sections) - set(SECTIONS)
    if unknown:
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    kept, measures = load(KEPT), []
    for name in arguments.sections or SECTIONS:
        print(f"\n== {name}", flush=True)
        section = importlib.import_module(f"bench.{name}")
        with tempfile.TemporaryDirectory(prefix="sonoteca-bench-") as work:
            found: list[Measure] = section.run(Path(work), arguments.corpus)
        print_measures(found, kept)
        measures += found
    machine = {"python": platform.python_version(), "system": platform.platform(), "cores": os.cpu_count()}
    save(LATEST, measures, machine)
    if arguments.keep:
        merged = {**kept, **{each.name: each for each in measures}}
        save(KEPT, [each if isinstance(each, Measure) else Measure(**each) for each in merged.values()], machine)
    judged = [each for each in measures if each.is_reached is not None]
    print(f"\n{sum(bool(each.is_reached) for each in judged)} of {len(judged)} at the goal; written to {LATEST}")


if __name__ == "__main__":
    main()
