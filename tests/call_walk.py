"""Walks a command while it runs, from the function that was called to the rows it answers with, and notes every climb.

Layers are those that import-linter holds the sources to (pyproject.toml), the command line on top. A chain
of calls goes down through them and *climbs back* in two ways:

- a function of a lower layer calls one of a higher layer. Imports cannot do that: it is something that was
  handed down and is called from below, a callback, a listener, a method of an object that a higher layer made;
- the voice itself, after a call that went down to one layer, goes on with a call to a higher one: it strings
  together what one function of the higher layer could have done by itself.

How calls are seen and counted:

- a profile function sees every Python function that is entered; the caller is the nearest frame of ours
  below it on the stack, so that what SQLAlchemy, NumPy or ``sorted`` call for us counts as called by us;
- a generator that is resumed was called where it was made: only that counts;
- what runs while a module is imported is not a call of the program;
- climbs of the first way are counted by the two modules, not by how often: a progress bar that is told of a
  thousand files is one climb, and so are all validators of a request that the base class of requests calls;
- for the second way the walk ends when the answer is asked for its JSON; closing what was opened, and the
  words that all layers share (``domain``, ``errors``), lead nowhere and do not count;
- ``__init__.py`` of the package, the front, is no layer: it hands over what others define.
"""

from __future__ import annotations

import inspect
import sys
import threading
import tomllib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from types import FrameType
from typing import Any

import sonoteca

SHARED = ("domain", "errors", "whole_file")
CLOSING = ("__exit__", "close")
PACKAGE = Path(sonoteca.__file__).parent
ROOT = Path(__file__).parents[1]


def layers() -> dict[str, int]:
    """Height of each package of ours by the contract of import-linter; 0 is the lowest."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    (flow,) = [each for each in contracts if each["name"] == "Data flows one way"]
    rows = [[name.strip(" ()") for name in row.split("|")] for row in reversed(flow["layers"])]
    rows[-1].sort(key=lambda name: name == "server")  # they stand side by side; here the command line is the voice
    return {name: height for height, row in enumerate(rows) for name in row}


@dataclass(frozen=True, slots=True, order=True)
class Climb:
    """A module of a lower layer from which one of a higher layer was called."""

    caller: str
    callee: str


@dataclass(slots=True)
class Walk:
    """What was seen: packages in the order in which they were first entered, and which functions each climb called."""

    entered: dict[str, None] = field(default_factory=dict)
    calls: dict[Climb, set[str]] = field(default_factory=dict)
    # Layer and function of each call that the voice made, in order, until the answer was asked for its JSON.
    steps: list[tuple[str, str]] = field(default_factory=list)

    @property
    def climbs(self) -> set[Climb]:
        return set(self.calls)

    def climbs_of_the_voice(self, heights: dict[str, int]) -> list[str]:
        """Where the voice, having called a lower layer, went on with a higher one."""
        return [
            f"{before} -> {after}"
            for (low, before), (high, after) in pairwise(self.steps)
            if heights[high] > heights[low]
        ]

    def told(self) -> list[str]:
        """Each climb in a line, with the functions that were called."""
        return [
            f"{climb.caller} -> {climb.callee}: {', '.join(sorted(names))}"
            for climb, names in sorted(self.calls.items())
        ]


@contextmanager
def walked(package: Path = PACKAGE, heights: dict[str, int] | None = None) -> Iterator[Walk]:
    """Note the calls made in this thread until the block ends."""
    walk = Walk()
    seen = _observer(walk, package, heights or layers())
    before = sys.getprofile()
    sys.setprofile(seen)
    try:
        yield walk
    finally:
        sys.setprofile(before)


def _observer(walk: Walk, package: Path, heights: dict[str, int]) -> Callable[[FrameType, str, Any], None]:
    prefix = f"{package}/"
    names: dict[str, tuple[str, str] | None] = {}
    thread = threading.get_ident()
    voice = max(heights, key=heights.__getitem__)
    ended: list[bool] = []

    def place(frame: FrameType) -> tuple[str, str] | None:
        """Layer and dotted module of a frame of ours that belongs to a layer."""
        file = frame.f_code.co_filename
        if file not in names:
            inside = file.removeprefix(prefix) if file.startswith(prefix) else ""
            layer = inside.split("/")[0].removesuffix(".py")
            names[file] = (layer, inside.removesuffix(".py").replace("/", ".")) if layer in heights else None
        return names[file]

    def seen(frame: FrameType, event: str, _: Any) -> None:
        if event != "call" or threading.get_ident() != thread:
            return
        to = place(frame)
        if to is None or frame.f_code.co_name == "<module>":
            return
        if frame.f_code.co_flags & inspect.CO_GENERATOR:
            # The first entry of a generator is its first resumption: whoever made it called it.
            return
        walk.entered.setdefault(to[0])
        caller, last = frame.f_back, None
        while caller is not None:
            if caller.f_code.co_name == "<module>" and place(caller) is not None:
                return
            if last is None and place(caller) is not None:
                last = caller
            caller = caller.f_back
        if last is None:
            return
        by = place(last)
        if by is not None and by[0] == voice and to[0] not in (voice, *SHARED):
            name = frame.f_code.co_name
            if name == "as_json":
                ended.append(True)
            elif name not in CLOSING and not ended:
                walk.steps.append((to[0], f"{to[1]}.{frame.f_code.co_qualname}"))
        if by is not None and heights[to[0]] > heights[by[0]]:
            walk.calls.setdefault(Climb(by[1], to[1]), set()).add(frame.f_code.co_qualname)

    return seen
