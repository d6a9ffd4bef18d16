"""Small trained networks, evaluated in NumPy.

``weights/NAME.npz`` holds an ensemble of perceptrons with one or two hidden layers that
``training/labels`` trained; this file only multiplies. Nothing is unpickled.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from importlib.resources import files

import numpy as np
from numpy.typing import NDArray

# Standardised inputs beyond this many deviations are outliers that training never saw.
CLIP = 4.0


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """An ensemble of perceptrons over standardised inputs.

    ``layers`` holds (weights (n_members, n_in, n_out), bias (n_members, n_out)) per layer;
    ``temperature`` divides the mean logits, so that the largest probability is right as
    often as it says (Guo et al., "On Calibration of Modern Neural Networks", ICML 2017).
    """

    labels: tuple[str, ...]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]
    layers: tuple[tuple[NDArray[np.float32], NDArray[np.float32]], ...]
    temperature: float

    @property
    def n_inputs(self) -> int:
        return len(self.mean)

    def probabilities(self, inputs: NDArray[np.float32]) -> NDArray[np.float32]:
        """Rows of probabilities, shape (n, n_labels), that sum to 1.

        Parameters
        ----------
        inputs : float32, shape (n, n_inputs)

        Raises
        ------
        ValueError
            If the inputs have another width than the network was trained on.
        """
        if inputs.ndim != 2 or inputs.shape[1] != self.n_inputs:
            raise ValueError(f"inputs must be (n, {self.n_inputs}), got {inputs.shape}")
        values = np.clip((inputs - self.mean) / self.scale, -CLIP, CLIP).astype(np.float32)
        hidden: NDArray[np.float32] = np.broadcast_to(values, (self.layers[0][0].shape[0], *values.shape))
        for number, (weights, bias) in enumerate(self.layers):
            hidden = np.matmul(hidden, weights) + bias[:, None, :]
            if number + 1 < len(self.layers):
                hidden = np.maximum(hidden, 0.0)
        logits = hidden.mean(axis=0) / self.temperature
        exponents = np.exp(logits - logits.max(axis=1, keepdims=True))
        return np.asarray(exponents / exponents.sum(axis=1, keepdims=True), np.float32)


@lru_cache(maxsize=16)
def load_network(name: str) -> Network:
    """The trained network ``weights/NAME.npz`` of this package."""
    with (files("sonoteca.analysis.labels") / "weights" / f"{name}.npz").open("rb") as file, np.load(file) as stored:
        n_layers = int(stored["n_layers"])
        layers = tuple(
            (stored[f"weights{i}"].astype(np.float32), stored[f"bias{i}"].astype(np.float32)) for i in range(n_layers)
        )
        return Network(
            labels=tuple(str(label) for label in stored["labels"]),
            mean=stored["mean"].astype(np.float32),
            scale=stored["scale"].astype(np.float32),
            layers=layers,
            temperature=float(stored["temperature"]),
        )
