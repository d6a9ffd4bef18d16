"""A metric from what is alike: discriminant directions first, then the loss of retrieval itself.

`discriminant` is the start (Hatch, Kajarekar and Stolcke, "Within-class covariance normalization for SVM-based
speaker recognition", Interspeech 2006, with the directions of Fisher's discriminant); `refine` descends the
supervised contrastive loss (Khosla et al., "Supervised Contrastive Learning", NeurIPS 2020) of that linear map and of a small layer beside it;
`together` makes one map of several such descents.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import scipy.linalg
from numpy.typing import NDArray

Array = NDArray[np.floating]


@dataclass(frozen=True)
class Task:
    """Rows of the table, and which of them are alike.

    Rows of one ``label`` attract each other, all others repel; rows of one ``source`` say nothing about each other
    (they would be alike for reasons of their own), unless ``within_source``.
    """

    name: str
    rows: NDArray[np.int64]
    labels: NDArray[np.int64]
    sources: NDArray[np.int64]
    weight: float = 1.0
    within_source: bool = False


def discriminant(table: Array, tasks: Sequence[Task], dimensions: int) -> Array:
    """Directions (n_raw, dimensions) that part labels, scaled so that spread within labels is even in all."""
    within = np.zeros((table.shape[1],) * 2)
    between = np.zeros_like(within)
    total_weight = sum(task.weight for task in tasks)
    for task in tasks:
        values = table[task.rows]
        centred = values - values.mean(axis=0)
        means = np.zeros_like(centred)
        for label in np.unique(task.labels):
            of_label = task.labels == label
            means[of_label] = centred[of_label].mean(axis=0)
        share = task.weight / total_weight / len(values)
        within += share * (centred - means).T @ (centred - means)
        between += share * means.T @ means
    within += 0.1 * np.eye(len(within)) * np.trace(within) / len(within)
    strengths, directions = scipy.linalg.eigh(between, within)
    order = np.argsort(strengths)[::-1][:dimensions]
    strength = np.maximum(strengths[order], 1e-6)
    # A direction in which labels hardly differ adds noise to a cosine: weigh by how much they do.
    return np.asarray(directions[:, order] * np.sqrt(strength / (1.0 + strength)))


@dataclass(frozen=True)
class Map:
    """``x @ axes + max(0, x @ hidden + bias) @ out``; no hidden columns make it linear."""

    axes: Array
    hidden: Array
    bias: Array
    out: Array

    def arrays(self) -> list[Array]:
        return [self.axes, self.hidden, self.bias, self.out]


def refine(
    table: Array,
    tasks: Sequence[Task],
    axes: Array,
    *,
    rng: np.random.Generator,
    n_hidden: int = 0,
    steps: int = 1200,
    batch: int = 320,
    temperature: float = 0.1,
    rate: float = 6e-3,
    decay: float = 1e-2,
    noise: float = 0.3,
    roll: bool = False,
) -> Map:
    """The map after ``steps`` of Adam on the contrastive loss, begun at the linear one of ``axes``.

    ``roll`` turns pitch classes of a batch by one random number of semitones each step (columns: bass 12, treble 12).
    """
    table, axes = table.astype(np.float32), axes.astype(np.float32)
    n_raw, dimensions = axes.shape
    size = float(np.abs(axes).mean())
    hidden = rng.standard_normal((n_raw, n_hidden), dtype=np.float32) / np.float32(np.sqrt(n_raw))
    at = Map(axes, hidden, np.zeros(n_hidden, np.float32), np.zeros((n_hidden, dimensions), np.float32))
    # A step of the linear axes is a share of their size; those of the layer have a size of their own.
    rates = [rate * size, 0.5 * rate, 0.5 * rate, 2.0 * rate * size * np.sqrt(n_raw / max(n_hidden, 1))]
    first, second = ([np.zeros_like(a) for a in at.arrays()] for _ in range(2))
    chance = np.array([task.weight for task in tasks]) / sum(task.weight for task in tasks)
    for step in range(1, steps + 1):
        task = tasks[int(rng.choice(len(tasks), p=chance))]
        picked = _balanced(task, batch, rng)
        values = table[task.rows[picked]]
        values = values + noise * rng.standard_normal(values.shape, dtype=np.float32)
        if roll:
            by = int(rng.integers(12))
            values = np.concatenate([np.roll(values[:, :12], by, axis=1), np.roll(values[:, 12:], by, axis=1)], axis=1)
        slopes = _gradient(values, at, task.labels[picked], task.sources[picked], temperature, task.within_source)
        now = 0.5 * (1.0 + np.cos(np.pi * step / steps))
        moved = []
        for array, slope, m, v, each in zip(at.arrays(), slopes, first, second, rates, strict=True):
            m += 0.1 * (slope - m)
            v += 0.01 * (np.square(slope) - v)
            way = (m / (1 - 0.9**step)) / (np.sqrt(v / (1 - 0.99**step)) + 1e-12)
            moved.append((array - now * (each * way + decay * rate * array)).astype(np.float32))
        at = Map(*moved)
    return at


def together(table: Array, maps: Sequence[Map], dimensions: int) -> Map:
    """One map whose cosines are about the mean of the maps' cosines.

    Descents from other random numbers err elsewhere, so their mean errs less. Their unit vectors side by side would have that
    mean as cosine; turned to the principal axes of ``table`` (n, n_raw), ``dimensions`` of them keep most of it.
    """
    results = [_apply(each, table) for each in maps]
    lengths = [np.linalg.norm(result, axis=1, keepdims=True) for result in results]
    beside = np.concatenate([result / (length + 1e-9) for result, length in zip(results, lengths, strict=True)], axis=1)
    _, axes = np.linalg.eigh(beside.T @ beside)
    turns = np.split(axes[:, ::-1][:, :dimensions], np.cumsum([each.out.shape[1] for each in maps])[:-1])
    # A map's vectors are all about as long, so that one number does for their lengths.
    turns = [turn / length.mean() for turn, length in zip(turns, lengths, strict=True)]
    return Map(
        np.sum([each.axes @ turn for each, turn in zip(maps, turns, strict=True)], axis=0),
        np.concatenate([each.hidden for each in maps], axis=1),
        np.concatenate([each.bias for each in maps]),
        np.concatenate([each.out @ turn for each, turn in zip(maps, turns, strict=True)]),
    )


def _apply(at: Map, values: Array) -> Array:
    return np.asarray(values @ at.axes + np.maximum(values @ at.hidden + at.bias, 0.0) @ at.out)


def _balanced(task: Task, batch: int, rng: np.random.Generator) -> NDArray[np.int64]:
    """Rows of random labels, up to a share of the batch each, so that no label floods it."""
    names = rng.permutation(np.unique(task.labels))
    most = max(4, batch // min(len(names), 16))
    picked: list[int] = []
    for name in names:
        of_label = np.flatnonzero(task.labels == name)
        picked += rng.permutation(of_label)[:most].tolist()
        if len(picked) >= batch:
            break
    return np.array(picked[:batch])


def _gradient(
    values: Array,
    at: Map,
    labels: NDArray[np.int64],
    sources: NDArray[np.int64],
    temperature: float,
    within_source: bool,
) -> list[Array]:
    excited = np.maximum(values @ at.hidden + at.bias, 0.0)
    projected = values @ at.axes + excited @ at.out
    lengths = np.linalg.norm(projected, axis=1, keepdims=True) + 1e-9
    unit = projected / lengths
    ignored = np.eye(len(unit), dtype=bool)
    alike = labels[:, None] == labels[None]
    if not within_source:
        ignored |= alike & (sources[:, None] == sources[None])
    alike &= ~ignored
    logits = np.where(ignored, np.float32(-1e9), unit @ unit.T / temperature)
    share = np.exp(logits - logits.max(axis=1, keepdims=True))
    share /= share.sum(axis=1, keepdims=True)
    n_alike = alike.sum(axis=1, keepdims=True)
    wanted = alike / np.maximum(n_alike, 1).astype(np.float32)
    slope = np.where(n_alike > 0, share - wanted, np.float32(0.0)) / np.float32(max(int((n_alike > 0).sum()), 1))
    pushed = (slope + slope.T) @ unit / temperature
    pushed = (pushed - unit * (unit * pushed).sum(axis=1, keepdims=True)) / lengths
    back = (pushed @ at.out.T) * (excited > 0)
    return [values.T @ pushed, values.T @ back, back.sum(axis=0), excited.T @ pushed]


def mean_average_precision(
    similarity: Array, labels: NDArray[np.int64], sources: NDArray[np.int64] | None = None
) -> float:
    """Mean over rows of the average precision of the others, by equal label; rows of the same source left out."""
    precisions = []
    for row in range(len(labels)):
        kept = np.arange(len(labels)) != row
        if sources is not None:
            kept &= sources != sources[row]
        hits = (labels == labels[row])[kept][np.argsort(-similarity[row][kept], kind="stable")]
        if hits.any():
            ranks = np.flatnonzero(hits) + 1
            precisions.append(float((np.arange(1, len(ranks) + 1) / ranks).mean()))
    return float(np.mean(precisions)) if precisions else float("nan")
