"""A multilayer perceptron with Adam in NumPy: small enough to read, fast enough for these sizes."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float32]
# (logits (rows, outputs), indices of the batch) -> (loss, d loss / d logits)
Loss = Callable[[Array, NDArray[np.intp]], tuple[float, Array]]


def initial(sizes: list[int], rng: np.random.Generator) -> list[Array]:
    """He-initialised weights and zero biases, alternating."""
    parameters: list[Array] = []
    for n_in, n_out in itertools.pairwise(sizes):
        parameters.append((rng.standard_normal((n_in, n_out)) * np.sqrt(2.0 / n_in)).astype(np.float32))
        parameters.append(np.zeros(n_out, np.float32))
    return parameters


def forward(parameters: list[Array], x: Array) -> tuple[Array, list[Array]]:
    """Logits and the inputs of every layer."""
    inputs = [x]
    for i in range(0, len(parameters) - 2, 2):
        x = np.maximum(x @ parameters[i] + parameters[i + 1], 0.0)
        inputs.append(x)
    return x @ parameters[-2] + parameters[-1], inputs


def backward(parameters: list[Array], inputs: list[Array], gradient: Array) -> list[Array]:
    gradients: list[Array] = []
    for i in range(len(parameters) - 2, -1, -2):
        layer_input = inputs[i // 2]
        gradients[:0] = [layer_input.T @ gradient, gradient.sum(axis=0)]
        if i:
            gradient = (gradient @ parameters[i].T) * (layer_input > 0)
    return gradients


def train(
    parameters: list[Array],
    batch: Callable[[NDArray[np.intp]], Array],
    loss: Loss,
    n_items: int,
    *,
    epochs: int,
    batch_size: int,
    rate: float,
    decay: float,
    rng: np.random.Generator,
    report: Callable[[int, float], None] | None = None,
) -> list[Array]:
    """Adam with weight decay and a cosine schedule; ``batch`` gives the input rows of some items."""
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    n_steps = epochs * (-(-n_items // batch_size))
    step = 0
    for epoch in range(epochs):
        total = 0.0
        order = rng.permutation(n_items)
        for start in range(0, n_items, batch_size):
            chosen = order[start : start + batch_size]
            logits, inputs = forward(parameters, batch(chosen))
            value, gradient = loss(logits, chosen)
            total += value * len(chosen)
            gradients = backward(parameters, inputs, gradient.astype(np.float32))
            step += 1
            now = rate * 0.5 * (1 + np.cos(np.pi * step / n_steps)) + 1e-6
            for p, g, m, v in zip(parameters, gradients, first, second, strict=True):
                m += 0.1 * (g - m)
                v += 0.001 * (g * g - v)
                if p.ndim == 2:
                    p -= np.float32(now * decay) * p
                p -= np.float32(now) * (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.999**step)) + 1e-8)
        if report is not None:
            report(epoch, total / n_items)
    return parameters
