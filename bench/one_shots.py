"""Recorded one-shots that Debian's music programs bring along, classed by what their names say they are.

Measured where sonic-pi-samples, lmms-common, hydrogen-data or hydrogen-drumkits are installed. Hydrogen's kits are among
what the metric was fitted to; Sonic Pi's and LMMS' samples are not.
"""

from __future__ import annotations

import importlib
import re
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

SHARE = Path("/usr/share")
_FOLDERS = ("sonic-pi/samples", "lmms/samples", "hydrogen/data/drumkits")
_NO_ONE_SHOT = re.compile(r"loop|beats?|latin|waveforms|shapes|rumpf", re.IGNORECASE)
_LABELS = Path(__file__).parent.parent / "training" / "labels"


def recorded_one_shots(share: Path = SHARE) -> list[tuple[Path, str]]:
    """Files of the installed packages whose names say what they are, with their classes."""
    sys.path.insert(0, str(_LABELS))
    try:
        label_from_name = importlib.import_module("one_shots").label_from_name
    finally:
        sys.path.remove(str(_LABELS))
    return [
        (path, label)
        for folder in _FOLDERS
        for path in sorted((share / folder).rglob("*"))
        if path.suffix.lower() in (".wav", ".ogg", ".flac")
        and not _NO_ONE_SHOT.search(str(path.relative_to(share / folder)))
        and (label := label_from_name(path.stem)) is not None
    ]


def other_folder_scores(
    near: NDArray[np.floating], labels: Sequence[str], folders: Sequence[Path]
) -> tuple[float, float, float, float]:
    """P@1, P@10 and mean average precision with the own folder left out, and the greatest P@10 that there can be.

    ``near`` (n, n) is higher for what is nearer. As ``eval_similarity.py --other-folder`` counts: a query that has none of
    its class in another folder counts as wrong, and ten places are always ten.
    """
    names, places = np.array(labels), np.array([str(folder) for folder in folders])
    scores = []
    for row in range(len(names)):
        order = np.argsort(-near[row], kind="stable")
        hits = (names[order] == names[row])[places[order] != places[row]]
        ranks = np.flatnonzero(hits) + 1
        precision = float((np.arange(1, len(ranks) + 1) / ranks).mean()) if len(ranks) else 0.0
        scores.append((float(hits[:1].sum()), hits[:10].sum() / 10, precision, min(10, len(ranks)) / 10))
    first, ten, precision, most = np.mean(scores, axis=0).tolist()
    return first, ten, precision, most
