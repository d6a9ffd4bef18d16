"""Of valid files, how many end as analysed: every codec at many lengths and rates, and real sample packages.

The packages are Debian's ``sonic-pi-samples``, ``hydrogen-drumkits`` and ``lmms-common`` where they are installed. Each file that
does not end as analysed is printed with its reason. ``SONOTECA_BENCH_FILES`` sets how many files are written (5,000).
"""

from __future__ import annotations

import os
import time
from collections import Counter
from itertools import islice
from pathlib import Path

import sonoteca
from bench.every_codec import write_files
from bench.measure import Measure
from sonoteca.ingest.walk import AUDIO_EXTENSIONS

FILES = int(os.environ.get("SONOTECA_BENCH_FILES", "5000"))
GOAL = 0.999
PACKAGES = ("/usr/share/sonic-pi/samples", "/usr/share/hydrogen/data/drumkits", "/usr/share/lmms/samples")


def run(work: Path, corpus: Path) -> list[Measure]:
    del corpus
    made = work / "made"
    began = time.monotonic()
    written = list(islice(write_files(made, FILES), FILES))
    print(
        f"{len(written):,} files of {len(Counter(path.parent for path in written))} codecs written in {time.monotonic() - began:.0f} s"
    )
    packages = [Path(name) for name in PACKAGES if Path(name).is_dir()]
    print(f"packages: {', '.join(map(str, packages)) or 'none installed'}")
    valid = [*written, *_sounds_below(packages)]
    with sonoteca.open_library(work / "success.sonoteca", mode="create") as library:
        answer = sonoteca.add(library, sonoteca.AddRequest(paths=[made, *packages]))
    failures = [failure for failure in answer.failures if failure.state in ("failed", "left_out")]
    for failure in failures:
        code = "" if failure.error is None else f"[{failure.error.code}] {failure.error.message}"
        print(f"  {failure.path}: {code}")
    print(answer.sentence())
    good = len(valid) - len({failure.path for failure in failures}) - answer.still_pending
    low, high = wilson(good, len(valid))
    return [
        Measure("valid files that end as analysed", good / len(valid), "", GOAL, low=low, high=high,
                note=f"{good:,} of {len(valid):,}"),
    ]  # fmt: skip


def _sounds_below(folders: list[Path]) -> list[Path]:
    return [
        path
        for folder in folders
        for path in sorted(folder.rglob("*"))
        if path.suffix.lower().lstrip(".") in AUDIO_EXTENSIONS and path.is_file()
    ]


def wilson(good: int, total: int) -> tuple[float, float]:
    """The 95 % interval of a rate (Wilson 1927), which holds near 0 and 1 too."""
    z = 1.96
    centre = (good + z * z / 2) / (total + z * z)
    half = z / (total + z * z) * (good * (total - good) / total + z * z / 4) ** 0.5
    return centre - half, centre + half
