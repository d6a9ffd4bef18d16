"""Training of networks that roll chroma over the twelve roots."""

from __future__ import annotations

import numpy as np
from mlp import initial, train

from sonoteca.models.network import rolled


def standardiser(groups: np.ndarray, plain: np.ndarray | None) -> tuple[np.ndarray, np.ndarray]:
    """Mean and 1 / deviation: one pair per group of twelve, one per plain input."""
    grouped = groups.reshape(len(groups), -1, 12).astype(np.float64)
    mean = np.repeat(grouped.mean(axis=(0, 2)), 12)
    scale = np.repeat(1.0 / (grouped.std(axis=(0, 2)) + 1e-3), 12)
    if plain is not None:
        mean = np.concatenate([mean, plain.mean(axis=0)])
        scale = np.concatenate([scale, 1.0 / (plain.std(axis=0) + 1e-3)])
    return mean.astype(np.float32), scale.astype(np.float32)


def train_rolled(
    groups: np.ndarray,
    plain: np.ndarray | None,
    targets: np.ndarray,
    weights: np.ndarray,
    *,
    outputs: int,
    with_none: bool,
    hidden: list[int],
    epochs: int,
    batch_size: int = 256,
    rate: float = 2e-3,
    decay: float = 1e-3,
    dropout: float = 0.0,
    noise: float = 0.0,
    seed: int = 0,
    quiet: bool = False,
) -> dict[str, np.ndarray]:
    """Softmax over all roots (and none) against target distributions (n, 12 * outputs [+ 1]).

    ``targets`` may be soft. ``dropout`` zeroes inputs, ``noise`` adds Gaussian noise to standardised inputs.
    """
    rng = np.random.default_rng(seed)
    mean, scale = standardiser(groups, plain)
    n_inputs = len(mean)
    parameters = initial([n_inputs, *hidden, outputs + int(with_none)], rng)

    def batch(chosen: np.ndarray) -> np.ndarray:
        x = rolled(groups[chosen].astype(np.float32))
        if plain is not None:
            shape = (len(chosen), 12, plain.shape[1])
            x = np.concatenate([x, np.broadcast_to(plain[chosen][:, None, :], shape)], axis=-1)
        x = (x - mean) * scale
        if dropout:
            x *= rng.uniform(size=(len(chosen), 1, n_inputs)) >= dropout
        if noise:
            x += np.float32(noise) * rng.standard_normal(x.shape, dtype=np.float32)
        return x.reshape(-1, n_inputs).astype(np.float32)

    def loss(logits: np.ndarray, chosen: np.ndarray) -> tuple[float, np.ndarray]:
        n = len(chosen)
        z = logits.reshape(n, 12, -1)
        flat = z[:, :, :outputs].reshape(n, -1)
        if with_none:
            flat = np.concatenate([flat, z[:, :, -1].mean(axis=1)[:, None]], axis=1)
        p = np.exp(flat - flat.max(axis=1, keepdims=True))
        p /= p.sum(axis=1, keepdims=True)
        y, w = targets[chosen], weights[chosen][:, None]
        value = float(-(w * y * np.log(p + 1e-8)).sum() / n)
        g = w * (p * y.sum(axis=1, keepdims=True) - y) / n
        gradient = np.zeros_like(z)
        gradient[:, :, :outputs] = g[:, : 12 * outputs].reshape(n, 12, outputs)
        if with_none:
            gradient[:, :, -1] = g[:, -1:] / 12.0
        return value, gradient.reshape(n * 12, -1)

    train(parameters, batch, loss, len(groups), epochs=epochs, batch_size=batch_size, rate=rate, decay=decay, rng=rng,
          report=None if quiet else lambda e, v: print(e, round(v, 4), flush=True))  # fmt: skip
    arrays = {str(i): p for i, p in enumerate(parameters)}
    return {**arrays, "mean": mean, "scale": scale, "none": np.array(with_none)}


def averaged(networks: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """One network that answers with the mean of several with one hidden layer (trained on the same examples)."""
    n = np.float32(len(networks))
    return {
        "0": np.concatenate([net["0"] for net in networks], axis=1),
        "1": np.concatenate([net["1"] for net in networks]),
        "2": np.concatenate([net["2"] for net in networks]) / n,
        "3": sum(net["3"] for net in networks) / n,
        "mean": networks[0]["mean"],
        "scale": networks[0]["scale"],
        "none": networks[0]["none"],
    }


def prefixed(arrays: dict[str, np.ndarray], prefix: str) -> dict[str, np.ndarray]:
    return {f"{prefix}_{name}": value for name, value in arrays.items()}
