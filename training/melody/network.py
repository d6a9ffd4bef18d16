"""A small two-layer network trained with Adam in NumPy: log-odds of an event and where it is."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

Weights = dict[str, np.ndarray]


def initialise(n_in: int, hidden: tuple[int, int], n_out: int, rng: np.random.Generator) -> Weights:
    sizes = (n_in, *hidden, n_out)
    weights: Weights = {}
    for i, (a, b) in enumerate(pairwise(sizes)):
        weights[f"w{i}"] = (rng.normal(0, np.sqrt(2.0 / a), (a, b))).astype(np.float32)
        weights[f"b{i}"] = np.zeros(b, np.float32)
    return weights


def forward(weights: Weights, x: np.ndarray) -> np.ndarray:
    h0 = np.maximum(x @ weights["w0"] + weights["b0"], 0.0)
    h1 = np.maximum(h0 @ weights["w1"] + weights["b1"], 0.0)
    return h1 @ weights["w2"] + weights["b2"]


def train(
    x: np.ndarray,
    is_event: np.ndarray,
    shift: np.ndarray,
    *,
    hidden: tuple[int, int] = (64, 32),
    epochs: int = 12,
    batch: int = 1024,
    rate: float = 2e-3,
    decay: float = 1e-5,
    dropout: float = 0.1,
    seed: int = 0,
    sample_weight: np.ndarray | None = None,
) -> Weights:
    """``x`` standardised (n, d); ``shift`` (n,) is learnt where ``is_event``; output columns: log-odds, shift."""
    rng = np.random.default_rng(seed)
    weights = initialise(x.shape[1], hidden, 2, rng)
    average = {k: v.copy() for k, v in weights.items()}
    m = {k: np.zeros_like(v) for k, v in weights.items()}
    v = {k: np.zeros_like(w) for k, w in weights.items()}
    n, step = len(x), 0
    total = epochs * (n // batch)
    for _ in range(epochs):
        order = rng.permutation(n)
        for first in range(0, n - batch + 1, batch):
            rows = order[first : first + batch]
            xb = x[rows].astype(np.float32)
            keep = (rng.random(xb.shape, dtype=np.float32) > dropout) * np.float32(1 / (1 - dropout))
            xb = xb * keep
            a0 = xb @ weights["w0"] + weights["b0"]
            h0 = np.maximum(a0, 0)
            a1 = h0 @ weights["w1"] + weights["b1"]
            h1 = np.maximum(a1, 0)
            out = h1 @ weights["w2"] + weights["b2"]
            y = is_event[rows]
            grad = np.zeros_like(out)
            grad[:, 0] = 1 / (1 + np.exp(-out[:, 0])) - y
            grad[:, 1] = np.clip(out[:, 1] - shift[rows], -1, 1) * y
            if sample_weight is not None:
                grad *= sample_weight[rows, None]
            grad /= batch
            g: Weights = {"w2": h1.T @ grad, "b2": grad.sum(0)}
            d1 = (grad @ weights["w2"].T) * (a1 > 0)
            g["w1"], g["b1"] = h0.T @ d1, d1.sum(0)
            d0 = (d1 @ weights["w1"].T) * (a0 > 0)
            g["w0"], g["b0"] = xb.T @ d0, d0.sum(0)
            step += 1
            lr = rate * min(1.0, step / 200) * (0.5 + 0.5 * np.cos(np.pi * step / total))
            for k in weights:
                grad_k = g[k] + decay * weights[k] * (k[0] == "w") * 1.0
                m[k] = 0.9 * m[k] + 0.1 * grad_k
                v[k] = 0.999 * v[k] + 0.001 * grad_k**2
                weights[k] -= lr * (m[k] / (1 - 0.9**step)) / (np.sqrt(v[k] / (1 - 0.999**step)) + 1e-8)
                average[k] += 0.002 * (weights[k] - average[k])
    return average if step > 3000 else weights
