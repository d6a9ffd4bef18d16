"""Vectors and the spaces they live in."""

from __future__ import annotations

import functools
import hashlib
import json
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True)
class SpacePart:
    """A named slice ``[start, stop)`` of a vector that can be weighted on its own."""

    name: str
    start: int
    stop: int


@dataclass(frozen=True, slots=True)
class Space:
    """Everything that makes vectors comparable. Another setting is another space.

    ``window_s``/``hop_s`` describe the windows beside the whole-region vector.
    ``preprocessing`` is any text that says what else shaped the vectors.
    """

    model: str
    version: int
    dimensions: int
    window_s: float
    hop_s: float
    pooling: str
    preprocessing: str
    parts: tuple[SpacePart, ...] = ()

    @property
    def aspects(self) -> tuple[SpacePart, ...]:
        """The parts, or the whole vector as one where a space has none."""
        return self.parts or (SpacePart("sound", 0, self.dimensions),)

    @property
    def digest(self) -> str:
        """16 hex digits over all fields."""
        return _digest(self)

    @property
    def id(self) -> str:
        return f"{self.model}.v{self.version}.{self.digest}"


@functools.cache
def _digest(space: Space) -> str:
    # Asked for with every question, of very few spaces.
    text = json.dumps(asdict(space), sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


@dataclass(frozen=True, slots=True, eq=False)
class Embedding:
    """A vector (float32, shape (dimensions,), unit length) of the span ``[start_s, end_s)``.

    ``is_window`` is False for the one vector that stands for the whole region.
    """

    vector: NDArray[np.float32]
    space_id: str
    start_s: float
    end_s: float
    is_window: bool
