"""From raw statistics to a unit vector: a learned map per part, and which parts are there.

Fitted by ``training/embedding/fit.py``; how, on what, and how well is in the README beside it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from sonoteca.embedding.spectral_statistics import RawAspects

# A statistic further from its mean than so many deviations says no more than that.
CLIP = 5.0


@dataclass(frozen=True, slots=True, eq=False)
class PartMetric:
    """``x @ axes + max(0, x @ hidden + bias) @ out`` of ``x = clip((raw - mean) / scale)``; all float32.

    ``mean`` and ``scale`` (n_raw,), ``axes`` (n_raw, dimensions), ``hidden`` (n_raw, n_hidden), ``bias`` (n_hidden,),
    ``out`` (n_hidden, dimensions); ``n_hidden`` is 0 where the map is linear.
    """

    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    axes: NDArray[np.float32]
    hidden: NDArray[np.float32]
    bias: NDArray[np.float32]
    out: NDArray[np.float32]

    def apply(self, raw: NDArray[np.float32]) -> NDArray[np.float32]:
        values = np.clip((raw - self.mean) / self.scale, -CLIP, CLIP)
        excited = np.maximum(values @ self.hidden + self.bias, np.float32(0.0))
        return np.asarray(values @ self.axes + excited @ self.out, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Gate:
    """Whether a sound has a harmony: ``weights @ traits + bias > 0``."""

    weights: NDArray[np.float32]
    bias: float

    def is_open(self, raw: RawAspects) -> bool:
        return raw.harmony is not None and float(self.weights @ raw.tonal_traits) + self.bias > 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """All parts, in the order in which they stand in a vector."""

    parts: Mapping[str, PartMetric]
    gate: Gate

    def vector(self, raw: RawAspects, shares: Mapping[str, float]) -> NDArray[np.float32]:
        """Unit vector float32 (dimensions,); a part is zero where the sound lacks it, and its share goes to the others.

        Parameters
        ----------
        raw : RawAspects
        shares : mapping
            Part to its share of the squared length, > 0.
        """
        pieces = []
        for name, part in self.parts.items():
            values = getattr(raw, name)
            if values is None or (name == "harmony" and not self.gate.is_open(raw)):
                pieces.append(np.zeros(part.axes.shape[1], np.float32))
                continue
            projected = part.apply(values)
            length = float(np.linalg.norm(projected))
            pieces.append(projected * np.float32(np.sqrt(shares[name]) / max(length, 1e-9)))
        vector = np.concatenate(pieces)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)

    def save(self, path: Path) -> None:
        arrays = {f"{name}_{field}": getattr(part, field) for name, part in self.parts.items() for field in _FIELDS}
        gate = np.append(self.gate.weights, np.float32(self.gate.bias)).astype(np.float32)
        np.savez(path, allow_pickle=False, harmony_gate=gate, **arrays)


_FIELDS = ("mean", "scale", "axes", "hidden", "bias", "out")


@lru_cache(maxsize=1)
def shipped_metric(parts: tuple[str, ...]) -> tuple[Metric, str]:
    """The metric of ``weights/spectral.npz`` for these parts, and the digest of the file."""
    resource = files("sonoteca.embedding") / "weights" / "spectral.npz"
    digest = hashlib.sha256(resource.read_bytes()).hexdigest()[:12]
    with resource.open("rb") as stream, np.load(stream, allow_pickle=False) as arrays:
        metrics = {part: PartMetric(*(arrays[f"{part}_{field}"] for field in _FIELDS)) for part in parts}
        gate = Gate(arrays["harmony_gate"][:-1], float(arrays["harmony_gate"][-1]))
    return Metric(metrics, gate), digest
