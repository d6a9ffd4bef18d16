"""A network that sees chroma from each of the twelve pitch classes in turn.

The same weights judge every root or tonic, so what is learned in C holds in F# as well:
transposing the sound transposes the answer, by construction.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.pitch_classes import rolled

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class RolledNetwork:
    """Weights and biases in turn; the last layer's extra column answers "none of them".

    ``mean`` and ``scale`` standardise the inputs, one pair per group of twelve (the same
    for all twelve, or equivariance were lost) and per plain input.
    """

    layers: tuple[Array, ...]
    mean: Array
    scale: Array
    with_none: bool

    @classmethod
    def load(cls, arrays: Mapping[str, NDArray[np.generic]], prefix: str) -> RolledNetwork:
        """From arrays named ``{prefix}_0``, ``_1`` ... (layers), ``_mean``, ``_scale`` and ``_none``."""
        layers: list[Array] = []
        while f"{prefix}_{len(layers)}" in arrays:
            layers.append(arrays[f"{prefix}_{len(layers)}"].astype(np.float32))
        return cls(
            tuple(layers),
            arrays[f"{prefix}_mean"].astype(np.float32),
            arrays[f"{prefix}_scale"].astype(np.float32),
            bool(arrays[f"{prefix}_none"]),
        )

    def __call__(self, groups: Array, plain: Array | None = None) -> Array:
        """Logits, shape (n, 12 * outputs [+ 1]), root-major, "none" last.

        ``groups`` float32 (n, n_groups * 12) are rolled; ``plain`` (n, n_plain) is what does
        not depend on a root.
        """
        x = rolled(groups)
        if plain is not None:
            x = np.concatenate([x, np.broadcast_to(plain[:, None, :], (len(x), 12, plain.shape[1]))], axis=-1)
        x = (x - self.mean) * self.scale
        for weights, bias in zip(self.layers[:-2:2], self.layers[1:-2:2], strict=True):
            x = np.maximum(x @ weights + bias, 0.0)
        logits = x @ self.layers[-2] + self.layers[-1]
        if not self.with_none:
            return np.asarray(logits.reshape(len(logits), -1), dtype=np.float32)
        per_root = logits[:, :, :-1].reshape(len(logits), -1)
        return np.asarray(np.concatenate([per_root, logits[:, :, -1].mean(axis=1)[:, None]], axis=1), dtype=np.float32)


def softmax(logits: Array) -> Array:
    """Along the last axis."""
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), dtype=np.float32)
