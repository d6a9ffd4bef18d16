"""Energy curves: how lively a set shall be at each point of its length."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoteca.errors import RequestError
from sonoteca.sequence.tracks import FloatColumn

# Points (share of the set, share of the library's range of energy), joined by straight lines.
NAMED: dict[str, tuple[tuple[float, float], ...]] = {
    "warmup": ((0.0, 0.1), (1.0, 0.7)),
    "peak": ((0.0, 0.45), (0.7, 1.0), (0.85, 1.0), (1.0, 0.75)),
    "closing": ((0.0, 0.8), (0.25, 0.9), (1.0, 0.05)),
}
# The range of a library's energy leaves out the odd track at either end.
_PERCENTILES = (5.0, 95.0)


def energy_curves() -> tuple[str, ...]:
    """The names of the energy curves that need no file."""
    return tuple(NAMED)


@dataclass(frozen=True, slots=True)
class EnergyPlan:
    """``name`` for people; ``points`` (share of the set 0..1, energy 0..1), rising shares."""

    name: str
    points: tuple[tuple[float, float], ...]

    def at(self, share: float | NDArray[np.float64]) -> NDArray[np.float64]:
        """Energy 0..1 wished at a share 0..1 of the set."""
        shares, levels = zip(*self.points, strict=True)
        return np.asarray(np.interp(share, shares, levels))


def energy_plan(name: str, levels: FloatColumn, *, may_be_file: bool = True) -> EnergyPlan:
    """The curve that ``name`` means: one of ``NAMED``, or the path of a file of levels.

    Parameters
    ----------
    name : str
        A named curve is relative to the library it is for: 0 is how calm the calmest of its tracks are,
        1 how lively the liveliest. A file has levels 1..10, as many as wanted, separated by spaces,
        commas or lines; they are spread evenly over the set and mean what ``energy_level`` means.
    levels : float32 (n,)
        Energy 0..1 of the tracks that may be chosen; NaN where unknown.
    may_be_file : bool
        Whether it may be a file at all.

    Raises
    ------
    RequestError
        The file cannot be read, or holds anything but levels; or no track has a known energy.
    """
    known = levels[~np.isnan(levels)]
    if not len(known):
        raise RequestError(
            "No track that may be chosen has a known energy, so no curve can be followed.",
            "Ask for a set without a curve.",
            field="curve",
        )
    if name in NAMED:
        low, high = np.percentile(known, _PERCENTILES)
        return EnergyPlan(name, tuple((share, float(low + level * (high - low))) for share, level in NAMED[name]))
    if not may_be_file:
        raise RequestError(f"{name!r} is no curve.", f"A curve is one of {', '.join(NAMED)}.", field="curve")
    try:
        text = Path(name).read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as error:
        raise RequestError(
            f"{name} is neither {', '.join(NAMED)} nor a file that can be read ({error}).",
            "A file of a curve has levels from 1 to 10, for example 3 4 6 8 9 7.",
            field="curve",
        ) from error
    return EnergyPlan(name, _points_of(text, name))


def _points_of(text: str, name: str) -> tuple[tuple[float, float], ...]:
    lines = (line.partition("#")[0] for line in text.splitlines())
    words = [word for line in lines for word in re.split(r"[\s,;]+", line) if word]
    levels = []
    for word in words:
        try:
            level = float(word)
        except ValueError:
            level = -1.0
        if not 1.0 <= level <= 10.0:
            raise RequestError(
                f"{word!r} in {name} is not a level from 1 to 10.", "Write for example 3 4 6 8 9 7.", field="curve"
            )
        levels.append((level - 1.0) / 9.0)
    if not levels:
        raise RequestError(f"{name} holds no levels.", "Write for example 3 4 6 8 9 7.", field="curve")
    shares = np.linspace(0.0, 1.0, len(levels)) if len(levels) > 1 else np.zeros(1)
    return tuple(zip(shares.tolist(), levels, strict=True))


def fit_to_plan(levels: FloatColumn, wished: NDArray[np.float64], half_off_curve: float) -> FloatColumn:
    """How near energies are to those wished, 0..1; NaN where unknown. The arguments broadcast."""
    return np.asarray(np.exp2(-np.square((levels - wished) / half_off_curve)), np.float32)
