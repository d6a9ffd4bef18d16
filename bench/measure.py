"""One measured number, and how numbers are printed, kept and compared."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Measure:
    """``goal`` is a least value, or with ``lower_is_better`` a greatest one; ``low``/``high`` a 95 % interval."""

    name: str
    value: float | None
    unit: str = ""
    goal: float | None = None
    lower_is_better: bool = False
    low: float | None = None
    high: float | None = None
    note: str = ""

    @property
    def is_reached(self) -> bool | None:
        if self.goal is None:
            return None
        if self.value is None:
            return False
        return self.value <= self.goal if self.lower_is_better else self.value >= self.goal


def mean_with_interval(name: str, values: Sequence[float], goal: float | None = None) -> Measure:
    """Mean with a bootstrap interval over the values."""
    random = np.random.default_rng(0)
    drawn = np.array(values)[random.integers(0, len(values), (1000, len(values)))].mean(axis=1)
    low, high = np.percentile(drawn, [2.5, 97.5])
    return Measure(name, float(np.mean(values)), "", goal, low=float(low), high=float(high))


def print_measures(measures: Iterable[Measure], kept: Mapping[str, Any]) -> None:
    """A table: value, interval, goal, and the last kept value."""
    print(f"{'measure':52} {'value':>10} {'unit':6} {'95 %':>17} {'goal':>9}  {'kept':>10}  note")
    for each in measures:
        interval = "" if each.low is None else f"[{each.low:.3f}, {each.high:.3f}]"
        goal = "" if each.goal is None else f"{'<=' if each.lower_is_better else '>='} {each.goal:.4g}"
        mark = {None: " ", True: "+", False: "-"}[each.is_reached]
        before = kept.get(each.name, {}).get("value")
        print(
            f"{each.name:52} {_text(each.value):>10} {each.unit:6} {interval:>17} {goal:>9} {mark} {_text(before):>9}  {each.note}"
        )


def _text(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"


def load(path: Path) -> dict[str, Any]:
    """Measures of a kept run by name; empty if there is none."""
    return json.loads(path.read_text())["measures"] if path.exists() else {}


def save(path: Path, measures: Iterable[Measure], machine: Mapping[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    by_name = {each.name: asdict(each) for each in measures}
    path.write_text(json.dumps({"machine": machine, "measures": by_name}, indent=1) + "\n")
