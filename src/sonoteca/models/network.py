"""A small trained network, evaluated in NumPy: standardised inputs, layers with rectifiers between them.

Conventions of all of them: arrays are float32; rows of inputs are ``(..., n_inputs)``; what a network
answers are *logits* until ``softmax`` or ``sigmoid`` makes chances of them. The names of a network's
inputs, in their order, stand as a tuple in the module that makes them.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]


@dataclass(frozen=True, slots=True, eq=False)
class Layer:
    """``x @ weights + bias``.

    ``weights`` has shape (n_in, n_out), or (n_in,) for a single output without an axis of its own, or
    (n_members, n_in, n_out) for a layer of an ensemble; ``bias`` has it without ``n_in``, or is None.
    """

    weights: Array
    bias: Array | None = None

    def __call__(self, rows: Array) -> Array:
        values: Array = np.matmul(rows, self.weights)
        if self.bias is None:
            return values
        return np.asarray(values + (self.bias[:, None, :] if self.weights.ndim == 3 else self.bias), np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Standard:
    """Inputs less their mean in training, in units of their spread.

    Attributes
    ----------
    mean : float32 (n_inputs,)
    scale : float32 (n_inputs,)
        What the difference is divided by, or multiplied by where ``multiplies``.
    limit : float, optional
        Values further out are outliers that training never saw, and count as this.
    unknown_is_mean : bool
        NaN counts as the mean.
    """

    mean: Array
    scale: Array
    multiplies: bool = False
    limit: float | None = None
    unknown_is_mean: bool = False

    def __call__(self, rows: Array) -> Array:
        away = rows - self.mean
        values = away * self.scale if self.multiplies else away / self.scale
        if self.unknown_is_mean:
            values = np.nan_to_num(values, nan=0.0)
        if self.limit is not None:
            values = np.clip(values, -self.limit, self.limit)
        return np.asarray(values, np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Network:
    """A perceptron with the options that ours have.

    Attributes
    ----------
    layers : tuple of Layer
        A rectifier stands between each and the next. Ensembles have a first axis of members, whose
        logits are averaged.
    standard : Standard, optional
        None for inputs that are taken as they are.
    straight : float32 (n_inputs, n_out), optional
        A linear map beside the layers; both are added.
    labels : tuple of str
        Names of the outputs, where they have some.
    temperature : float
        Divides the logits, so that the largest chance is right as often as it says (Guo et al., "On
        Calibration of Modern Neural Networks", ICML 2017).
    has_none : bool
        Of a network that judges each root (``per_root``): its last output answers "none of them".
    """

    layers: tuple[Layer, ...]
    standard: Standard | None = None
    straight: Array | None = None
    labels: tuple[str, ...] = ()
    temperature: float = 1.0
    has_none: bool = False

    @property
    def n_inputs(self) -> int:
        weights = self.layers[0].weights
        return int(weights.shape[0] if weights.ndim == 1 else weights.shape[-2])

    @property
    def n_outputs(self) -> int:
        weights = self.layers[-1].weights
        return 1 if weights.ndim == 1 else int(weights.shape[-1])

    def __call__(self, rows: Array) -> Array:
        """Logits, shape (..., n_out) for rows (..., n_inputs), or (...,) for a network with one output without axis.

        Raises
        ------
        ValueError
            If the rows have another width than the network was trained on.
        """
        if rows.ndim == 0 or rows.shape[-1] != self.n_inputs:
            raise ValueError(f"inputs must be (..., {self.n_inputs}), got {rows.shape}")
        values = rows if self.standard is None else self.standard(rows)
        is_ensemble = self.layers[0].weights.ndim == 3
        hidden = np.broadcast_to(values, (len(self.layers[0].weights), *values.shape)) if is_ensemble else values
        for number, layer in enumerate(self.layers):
            hidden = layer(hidden if number == 0 else np.maximum(hidden, np.float32(0.0)))
        if is_ensemble:
            hidden = hidden.mean(axis=0)
        if self.straight is not None:
            hidden = values @ self.straight + hidden
        return hidden if self.temperature == 1.0 else np.asarray(hidden / self.temperature, np.float32)

    def probabilities(self, rows: Array) -> Array:
        """Chances that sum to 1 along the last axis."""
        return softmax(self(rows))

    def on_columns(self, columns: Array) -> Array:
        """Logits (n_out, n) of inputs that stand in columns (n_inputs, n); for networks without standard and members."""
        hidden = columns
        for number, layer in enumerate(self.layers):
            if number:
                np.maximum(hidden, np.float32(0.0), out=hidden)
            hidden = layer.weights.T @ hidden
            if layer.bias is not None:
                hidden += layer.bias[:, None]
        return hidden

    def per_root(self, groups: Array, plain: Array | None = None) -> Array:
        """Logits of every pitch class as root, by the same weights: transposing the sound transposes the answer.

        Parameters
        ----------
        groups : float32 (n, n_groups * 12)
            Chroma, each group from C; seen from each root in turn.
        plain : float32 (n, n_plain), optional
            What does not depend on a root.

        Returns
        -------
        float32 (n, 12 * n_out), or (n, 12 * (n_out - 1) + 1) where ``has_none``
            Root by root from C; "none", averaged over the roots, last.
        """
        rows = rolled(groups)
        if plain is not None:
            rows = np.concatenate([rows, np.broadcast_to(plain[:, None, :], (len(rows), 12, plain.shape[1]))], axis=-1)
        logits = self(rows)
        if not self.has_none:
            return logits.reshape(len(logits), -1)
        of_roots = logits[:, :, :-1].reshape(len(logits), -1)
        return np.concatenate([of_roots, logits[:, :, -1].mean(axis=1)[:, None]], axis=1)


def softmax(logits: Array) -> Array:
    """Chances that sum to 1 along the last axis.

    >>> softmax(np.zeros(4, np.float32)).tolist()
    [0.25, 0.25, 0.25, 0.25]
    """
    shifted = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=-1, keepdims=True), np.float32)


def sigmoid(logits: Array) -> Array:
    """The chance of each logit by itself.

    >>> sigmoid(np.zeros(2, np.float32)).tolist()
    [0.5, 0.5]
    """
    return np.asarray(1.0 / (1.0 + np.exp(-logits)), np.float32)


def rolled(groups: NDArray[np.float32]) -> Array:
    """Chroma groups seen from each pitch class: (..., n_groups * 12) to (..., 12, n_groups * 12).

    Row ``r`` of the result starts every group at pitch class ``r``.
    """
    lead = groups.shape[:-1]
    grouped = groups.reshape(*lead, -1, 12)
    index = (np.arange(12)[:, None] + np.arange(12)[None, :]) % 12
    # (..., group, root, interval) -> (..., root, group, interval)
    return np.ascontiguousarray(np.moveaxis(grouped[..., index], -2, -3)).reshape(*lead, 12, -1)
