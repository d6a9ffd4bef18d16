"""What share of each package the tests went through; below the floor the run fails and says which.

Reads what ``pytest --cov`` left and is run by ``make test``. Every folder of ``src/sonoteca`` and every
module beside them counts by itself, also one that comes tomorrow: a new package without tests is named
although all others are at 100 %. Lines and branches count alike, as in coverage's own report.
"""

from __future__ import annotations

import json
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePath
from typing import Any

import coverage

FLOOR_PERCENT = 90.0
ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "src" / "sonoteca"
# Migrations run once a library; what they do is tested by upgrading one, on tables of that time.
LEFT_OUT = "migrations"


def package_of(file: str) -> str | None:
    """The folder of ``src/sonoteca`` that a file belongs to, a module beside them by its name; None for others."""
    parts = PurePath(file).parts
    inside = [at + 2 for at in range(len(parts) - 2) if parts[at : at + 2] == ("src", "sonoteca")]
    return parts[inside[-1]] if inside and LEFT_OUT not in parts else None


def shares(files: Mapping[str, Mapping[str, Any]]) -> dict[str, tuple[int, int]]:
    """Lines and branches that were gone through, and that there are, of each package."""
    totals: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for file, report in files.items():
        name, summary = package_of(file), report["summary"]
        if name is None:
            continue
        covered, there = totals[name]
        covered += summary["covered_lines"] + summary.get("covered_branches", 0)
        totals[name] = covered, there + summary["num_statements"] + summary.get("num_branches", 0)
    return dict(totals)


def wanted(root: Path = PACKAGE) -> Iterable[str]:
    """What has to be in the report: all packages, and all modules beside them."""
    return {
        path.name
        for path in root.iterdir()
        if path.suffix == ".py" or (path.is_dir() and any(path.rglob("*.py")) and path.name != LEFT_OUT)
    }


def main() -> int:
    """Print the table; 1 if a package is below the floor or was not measured."""
    measured = coverage.Coverage()
    measured.load()
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "coverage.json"
        measured.json_report(outfile=str(path))
        totals = shares(json.loads(path.read_text())["files"])
    below = []
    for name in sorted({*totals, *wanted()}):
        covered, there = totals.get(name, (0, 0))
        percent = 100.0 * covered / there if there else (100.0 if name in totals else 0.0)
        if percent < FLOOR_PERCENT:
            below.append(name)
        print(f"{name:<16} {percent:6.1f} %  {there - covered:5} of {there} missed")
    if below:
        print(f"below {FLOOR_PERCENT:.0f} %: {', '.join(below)}", file=sys.stderr)
    return 1 if below else 0


if __name__ == "__main__":
    raise SystemExit(main())
