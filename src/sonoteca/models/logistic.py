"""A logistic regression over a handful of named numbers: from evidence to the chance that something is so."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True, slots=True, eq=False)
class Logistic:
    """``1 / (1 + exp(-(standardised values @ weights + bias)))``; all float64 (n,)."""

    mean: NDArray[np.float64]
    spread: NDArray[np.float64]
    weights: NDArray[np.float64]
    bias: float

    @classmethod
    def from_document(cls, document: Mapping[str, Any]) -> Logistic:
        """From ``{"mean": [...], "spread": [...], "weights": [...], "bias": number}``."""
        mean, spread, weights = (np.asarray(document[name], np.float64) for name in ("mean", "spread", "weights"))
        return cls(mean, spread, weights, float(document["bias"]))

    def probability(self, values: NDArray[np.float64]) -> float:
        """The chance, 0..1; ValueError for another count of values than it was fitted to."""
        if values.shape != self.weights.shape:
            raise ValueError(f"values must be {self.weights.shape}, got {values.shape}")
        logit = float((values - self.mean) / self.spread @ self.weights + self.bias)
        return float(1.0 / (1.0 + np.exp(-np.clip(logit, -30.0, 30.0))))
