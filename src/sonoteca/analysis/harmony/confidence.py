"""From a network's own certainty to the chance of being right, fitted on the development set.

``harmony_confidence.json`` holds a slope and an offset for each: written by
``training/harmony/calibrate.py``, which also tells the error on files left out.
"""

from __future__ import annotations

import math
from functools import cache

from sonoteca.analysis.harmony.weights import CONFIDENCE_FILE
from sonoteca.models.files import load_document


def log_odds(chance: float) -> float:
    """``ln(p / (1 - p))``, with p kept 0.001 away from 0 and 1."""
    chance = min(max(chance, 1e-3), 1.0 - 1e-3)
    return math.log(chance / (1.0 - chance))


def calibrated(what: str, chance: float) -> float:
    """The chance that ``what`` ("key" or "chords") is right when the network gives it ``chance``."""
    slope, offset = _fitted()[what]
    return 1.0 / (1.0 + math.exp(-(slope * log_odds(chance) + offset)))


@cache
def _fitted() -> dict[str, tuple[float, float]]:
    fitted = load_document(CONFIDENCE_FILE)
    return {name: (float(slope), float(offset)) for name, (slope, offset) in fitted.items()}
