"""Ensembles of small perceptrons, trained in NumPy: Adam, dropout, label smoothing, mixed examples."""

from __future__ import annotations

import pathlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from sonoteca.models.network import Layer, Network, Standard

Array = NDArray[np.float32]
# Standardised inputs beyond this many deviations are outliers: ``limit`` of these networks in MANIFEST.toml.
CLIP = 4.0


@dataclass(frozen=True)
class Recipe:
    hidden: tuple[int, ...] = (96, 48)
    n_members: int = 4
    n_steps: int = 2500
    batch: int = 128
    rate: float = 2e-3
    dropout: float = 0.3
    input_noise: float = 0.15
    input_dropout: float = 0.1
    decay: float = 1e-3
    smoothing: float = 0.05
    mixing: float = 0.2


def fit(x: Array, y: NDArray[np.str_], weight: Array | None = None, *, labels: tuple[str, ...] | None = None, recipe: Recipe | None = None,
        seed: int = 0, prior: Mapping[str, float] | None = None) -> Network:  # fmt: skip
    """Train on rows ``x`` with labels ``y``; classes count equally or as ``prior`` says, rows in a class by ``weight``."""
    recipe = recipe or Recipe()
    labels = labels or tuple(sorted(set(y.tolist())))
    target = np.array([labels.index(v) for v in y])
    each = np.ones(len(x)) if weight is None else weight.astype(float)
    for k in range(len(labels)):
        inside = target == k
        if inside.any():
            each[inside] *= (prior or {}).get(labels[k], 1.0) / each[inside].sum()
    weight = each / each.sum()
    mean = np.average(x, axis=0, weights=weight).astype(np.float32)
    scale = (np.sqrt(np.average((x - mean) ** 2, axis=0, weights=weight)) + 1e-3).astype(np.float32)
    z = np.clip((x - mean) / scale, -CLIP, CLIP).astype(np.float32)
    rng = np.random.default_rng(seed)
    sizes = (x.shape[1], *recipe.hidden, len(labels))
    m = recipe.n_members
    parameters: list[Array] = []
    for a, b in pairwise(sizes):
        parameters += [
            (rng.standard_normal((m, a, b)) * np.sqrt(2 / a)).astype(np.float32),
            np.zeros((m, 1, b), np.float32),
        ]
    first = [np.zeros_like(p) for p in parameters]
    second = [np.zeros_like(p) for p in parameters]
    onehot = np.eye(len(labels), dtype=np.float32)[target] * (1 - recipe.smoothing) + recipe.smoothing / len(labels)
    for step in range(recipe.n_steps):
        rows = rng.choice(len(x), (m, recipe.batch), p=weight)
        inputs, truth = z[rows], onehot[rows]
        if recipe.mixing:
            share = rng.beta(recipe.mixing, recipe.mixing, (m, recipe.batch, 1)).astype(np.float32)
            order = rng.permutation(recipe.batch)
            inputs = share * inputs + (1 - share) * inputs[:, order]
            truth = share * truth + (1 - share) * truth[:, order]
        inputs = inputs + recipe.input_noise * rng.standard_normal(inputs.shape, dtype=np.float32)
        if recipe.input_dropout:
            inputs = inputs * (rng.random(inputs.shape, dtype=np.float32) > recipe.input_dropout)
        activations, masks = [inputs], []
        h = inputs
        n_layers = len(parameters) // 2
        for i in range(n_layers):
            h = np.matmul(h, parameters[2 * i]) + parameters[2 * i + 1]
            if i + 1 < n_layers:
                mask = (
                    (h > 0) * (rng.random(h.shape, dtype=np.float32) > recipe.dropout) / np.float32(1 - recipe.dropout)
                )
                h = (h * mask).astype(np.float32)
                masks.append(mask)
                activations.append(h)
        p = np.exp(h - h.max(axis=-1, keepdims=True))
        p /= p.sum(axis=-1, keepdims=True)
        delta = ((p - truth) / recipe.batch).astype(np.float32)
        gradients: list[Array] = [np.empty(0, np.float32)] * len(parameters)
        for i in reversed(range(n_layers)):
            gradients[2 * i] = np.matmul(activations[i].transpose(0, 2, 1), delta)
            gradients[2 * i + 1] = delta.sum(axis=1, keepdims=True)
            if i:
                delta = (np.matmul(delta, parameters[2 * i].transpose(0, 2, 1)) * masks[i - 1]).astype(np.float32)
        rate = recipe.rate * 0.5 * (1 + np.cos(np.pi * step / recipe.n_steps)) * min(1.0, (step + 1) / 100)
        for i, g in enumerate(gradients):
            first[i] = (0.9 * first[i] + 0.1 * g).astype(np.float32)
            second[i] = (0.999 * second[i] + 0.001 * g * g).astype(np.float32)
            move = first[i] / (1 - 0.9 ** (step + 1)) / (np.sqrt(second[i] / (1 - 0.999 ** (step + 1))) + 1e-8)
            parameters[i] = (
                parameters[i] - rate * (move + (recipe.decay * parameters[i] * 10 if i % 2 == 0 else 0))
            ).astype(np.float32)
    layers = tuple(Layer(parameters[2 * i], parameters[2 * i + 1][:, 0]) for i in range(len(parameters) // 2))
    return Network(layers, Standard(mean, scale, limit=CLIP), labels=labels)


def with_temperature(network: Network, temperature: float) -> Network:
    return replace(network, temperature=temperature)


def best_temperature(probabilities: Array, y: NDArray[np.str_], labels: tuple[str, ...]) -> float:
    """Temperature that minimises the log loss of held-out predictions made at temperature 1."""
    logits = np.log(np.maximum(probabilities, 1e-9))
    target = np.array([labels.index(v) for v in y])
    losses = {}
    for temperature in np.geomspace(0.3, 4.0, 60):
        scaled = logits / temperature
        scaled -= scaled.max(axis=1, keepdims=True)
        losses[temperature] = -(scaled[np.arange(len(y)), target] - np.log(np.exp(scaled).sum(axis=1))).mean()
    return float(min(losses, key=losses.__getitem__))


def calibration_error(confidence: Array, right: NDArray[np.bool_], n_bins: int = 10) -> float:
    """Expected calibration error over equally wide bins."""
    bins = np.minimum((confidence * n_bins).astype(int), n_bins - 1)
    return float(
        sum(
            abs(confidence[bins == b].mean() - right[bins == b].mean()) * (bins == b).mean()
            for b in range(n_bins)
            if (bins == b).any()
        )
    )


def save(path: pathlib.Path, network: Network) -> None:
    """Weights as float16: half the size, and the answers change in the third digit."""
    assert network.standard is not None
    stored: dict[str, np.ndarray] = {
        "labels": np.array(network.labels), "mean": network.standard.mean, "scale": network.standard.scale,
        "temperature": np.array(network.temperature), "n_layers": np.array(len(network.layers)),
    }  # fmt: skip
    for i, layer in enumerate(network.layers):
        assert layer.bias is not None
        stored[f"weights{i}"], stored[f"bias{i}"] = layer.weights.astype(np.float16), layer.bias.astype(np.float16)
    np.savez_compressed(path, **stored)
