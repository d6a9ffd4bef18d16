"""Fits ``spectral.npz``: a metric per part and the tonality gate of the spectral embedder.

``python fit.py MATERIAL --out ../../src/sonoteca/models/weights/spectral.npz`` fits on all material that
``make_material.py`` wrote; ``--validate`` fits on three quarters of the sources instead, prints mean average precision on the rest
(raw statistics, start and refined metric) for several shares of the parts, and writes nothing.
"""

from __future__ import annotations

import argparse
import pathlib
import pickle
import zlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from metric import Array, Task, discriminant, mean_average_precision, refine, together
from numpy.typing import NDArray

from sonoteca.embedding.spectral import PART_DIMENSIONS, PART_SHARES, PARTS
from sonoteca.embedding.spectral_metric import Metric, is_harmonic
from sonoteca.embedding.spectral_statistics import RawAspects, raw_aspects
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import cepstrum
from sonoteca.models.network import Layer, Network, Standard

RATE = 22_050
# A statistic further from its mean than so many deviations says no more: ``limit`` of the parts in MANIFEST.toml.
CLIP = 5.0
STRIKES = ("recorded_strikes", "generated_strikes", "played_strikes")
PITCHED = ("bass", "chord", "stab", "note")
DRUMS = ("kick", "snare", "hat", "cymbal", "clap", "percussion")
MUSIC = ("song_excerpts", "recorded_music")
LOOPS = ("instrument_loops",)
PLACES = ("places",)
NOTES = ("instrument_notes",)
# Of what each part is made to be alike: (name, material, field, weight, alike within one source too).
ALIKE: dict[str, tuple[tuple[str, tuple[str, ...], str, float, bool], ...]] = {
    "timbre": (
        ("class", STRIKES, "label", 2.0, False),
        ("same sound", STRIKES, "content", 0.5, True),
        ("instrument", LOOPS, "label", 1.5, True),
        ("instrument at any pitch", NOTES, "label", 1.0, True),
        ("piece", MUSIC, "label", 1.3, True),
        ("place", PLACES, "label", 0.7, False),
    ),
    "rhythm": (("content", LOOPS, "content", 1.0, True), ("piece", MUSIC, "label", 1.0, True)),
    "harmony": (("content", LOOPS, "content", 1.0, True), ("piece", MUSIC, "label", 1.0, True)),
    "dynamics": (
        ("class", STRIKES, "label", 2.0, False),
        ("same sound", STRIKES, "content", 1.0, True),
        ("content", LOOPS, "content", 0.5, True),
        ("instrument", LOOPS, "label", 0.5, True),
        ("piece", MUSIC, "label", 1.0, True),
        ("place", PLACES, "label", 0.5, False),
    ),
}
# Columns of the layer beside the linear map, and steps of descent.
N_HIDDEN = {"timbre": 192, "rhythm": 0, "harmony": 0, "dynamics": 48}
N_STEPS = {"timbre": 3000, "rhythm": 600, "harmony": 600, "dynamics": 1200}
# Descents that are made one map.
N_MAPS = 3
# What is measured with --validate: name, material, field, sources kept apart.
RETRIEVAL = (
    ("class", ("recorded_strikes",), "label", True),
    ("class, generated", ("generated_strikes", "played_strikes"), "label", True),
    ("same sound", STRIKES, "content", False),
    ("instrument", LOOPS, "label", False),
    ("instrument at any pitch", NOTES, "label", False),
    ("content", LOOPS, "content", False),
    ("piece", MUSIC, "label", False),
    ("place", PLACES, "label", True),
)
SHARES = (
    PART_SHARES,
    {"timbre": 0.5, "rhythm": 0.17, "harmony": 0.13, "dynamics": 0.2},
    {"timbre": 0.7, "rhythm": 0.1, "harmony": 0.08, "dynamics": 0.12},
    {"timbre": 0.78, "rhythm": 0.07, "harmony": 0.06, "dynamics": 0.09},
    {"timbre": 0.85, "rhythm": 0.05, "harmony": 0.04, "dynamics": 0.06},
)


@dataclass(frozen=True)
class Example:
    """Raw statistics of a clip, and the fields of `make_material.Clip` that say what it is."""

    material: str
    label: str
    source: str
    content: str
    raw: RawAspects
    baseline: Array  # 20 MFCC means and deviations


def examples(folders: Sequence[pathlib.Path]) -> list[Example]:
    """Of all folders; what a seed made up is another thing in another folder, what it took from files is not."""
    found = []
    for folder in folders:
        for path in sorted(folder.glob("*.pkl")):
            with path.open("rb") as stream:
                clips = pickle.load(stream)
            for clip in clips:
                mel, pitch, traits = (
                    FrameSeries(clip[name].astype(np.float32), RATE, hop)
                    for name, hop in (("log_mel", 512), ("pitch", 2048), ("traits", 512))
                )
                raw = raw_aspects(mel, pitch, traits, clip["duration_s"])
                if raw is None:
                    continue
                label, source = (
                    f"{folder.name}:{name}"
                    if name.startswith("synth-") or (path.stem in PLACES and name != clip["label"])
                    else name
                    for name in (clip["label"], clip["source"])
                )
                frames = cepstrum(np.ascontiguousarray(mel.values), 20)
                baseline = np.concatenate([frames.mean(axis=1), frames.std(axis=1)])
                found.append(Example(path.stem, label, source, f"{folder.name}:{clip['content']}", raw, baseline))
    return found


def is_pitched(example: Example) -> bool | None:
    """Whether it has a harmony by the way it was made; None where that does not say."""
    if example.material in STRIKES:
        return True if example.label in PITCHED else False if example.label in DRUMS else None
    if example.material in LOOPS:
        return not example.label.startswith("drums")
    if example.material in (*MUSIC, *NOTES):
        return True
    return False if example.label in ("rain", "wind", "thunder", "clatter") else None


def fit_gate(known: Sequence[Example]) -> Network:
    """Logistic regression on the tonal traits, each kind of material of equal weight."""
    chosen = [(e, pitched) for e in known if (pitched := is_pitched(e)) is not None]
    values = np.stack([e.raw.tonal_traits for e, _ in chosen]).astype(np.float64)
    truth = np.array([pitched for _, pitched in chosen], float)
    groups = [f"{e.material in STRIKES}-{pitched}" for e, pitched in chosen]
    count = Counter(groups)
    weight = np.array([1.0 / count[group] for group in groups])
    weight /= weight.sum()
    mean, scale = values.mean(axis=0), values.std(axis=0) + 1e-6
    table = np.column_stack([(values - mean) / scale, np.ones(len(values))])
    solution = np.zeros(table.shape[1])
    for _ in range(50):  # Newton's method
        chance = 1.0 / (1.0 + np.exp(-table @ solution))
        gradient = table.T @ (weight * (chance - truth)) + 1e-3 * solution
        curvature = (table * (weight * chance * (1 - chance))[:, None]).T @ table + 1e-3 * np.eye(len(solution))
        solution -= np.linalg.solve(curvature, gradient)
    print(f"gate: right on {float(((table @ solution > 0) == (truth > 0)).mean()):.3f} of {len(truth)}")
    weights = solution[:-1] / scale
    bias = np.asarray(solution[-1] - weights @ mean, np.float32)
    return Network((Layer(weights.astype(np.float32), bias),))


def table_of(known: Sequence[Example], part: str, gate: Network) -> tuple[Array, NDArray[np.bool_]]:
    """Raw values (zeros where absent), and where they are there."""
    values = [None if part == "harmony" and not is_harmonic(gate, e.raw) else getattr(e.raw, part) for e in known]
    n = next(len(v) for v in values if v is not None)
    return np.stack([np.zeros(n) if v is None else v for v in values]).astype(np.float64), np.array(
        [v is not None for v in values]
    )


def numbers(names: Sequence[str]) -> NDArray[np.int64]:
    return np.unique(np.array(names), return_inverse=True)[1].astype(np.int64)


def fit_part(known: Sequence[Example], part: str, gate: Network, seed: int, *, is_refined: bool = True) -> Network:
    values, there = table_of(known, part, gate)
    mean, scale = values[there].mean(axis=0), values[there].std(axis=0) + 1e-6
    if part == "harmony":
        # No pitch class is special: one mean and one scale for the bass, one for the rest.
        mean, scale = (np.repeat([v[:12].mean(), v[12:].mean()], 12) for v in (mean, scale))
    table = np.clip((values - mean) / scale, -CLIP, CLIP)
    sources = numbers([e.source for e in known])
    tasks = []
    for name, material, field, weight, within_source in ALIKE[part]:
        groups = numbers([getattr(e, field) for e in known])
        rows = np.flatnonzero(there & np.isin([e.material for e in known], material))
        rows = rows[np.bincount(groups[rows])[groups[rows]] > 1] if len(rows) else rows
        if len(rows):
            tasks.append(Task(name, rows, groups[rows], sources[rows], weight, within_source))
    axes = discriminant(table, tasks, PART_DIMENSIONS[part])
    maps = [
        refine(
            table,
            tasks,
            axes,
            rng=np.random.default_rng(seed + number),
            n_hidden=N_HIDDEN[part] if is_refined else 0,
            steps=N_STEPS[part] if is_refined else 0,
            roll=part == "harmony",
        )
        for number in range(N_MAPS if is_refined else 1)
    ]
    found = together(table[there], maps, PART_DIMENSIONS[part])
    print(f"{part}: {', '.join(f'{task.name} {len(task.rows)}' for task in tasks)}", flush=True)
    mean, scale, axes, hidden, bias, out = (np.asarray(v, np.float32) for v in (mean, scale, *found.arrays()))
    return Network((Layer(hidden, bias), Layer(out)), Standard(mean, scale, limit=CLIP), straight=axes)


def fit(known: Sequence[Example], seed: int, *, is_refined: bool = True) -> Metric:
    gate = fit_gate(known)
    return Metric({part: fit_part(known, part, gate, seed, is_refined=is_refined) for part in PARTS}, gate)


def save(metric: Metric, path: pathlib.Path) -> None:
    """The arrays as MANIFEST.toml names them."""
    arrays: dict[str, Array] = {}
    for name, network in metric.parts.items():
        hidden, out = network.layers
        assert network.standard is not None
        assert network.straight is not None
        assert hidden.bias is not None
        arrays |= {
            f"{name}_mean": network.standard.mean, f"{name}_scale": network.standard.scale, f"{name}_axes": network.straight,
            f"{name}_hidden": hidden.weights, f"{name}_bias": hidden.bias, f"{name}_out": out.weights,
        }  # fmt: skip
    (gate,) = metric.has_harmony.layers
    assert gate.bias is not None
    np.savez(path, allow_pickle=False, harmony_gate=np.append(gate.weights, gate.bias).astype(np.float32), **arrays)


def similarity_of(metric: Metric, held: Sequence[Example], shares: Mapping[str, float]) -> Array:
    vectors = np.stack([metric.vector(e.raw, shares) for e in held])
    return np.asarray(vectors @ vectors.T)


def report(held: Sequence[Example], similarity: Array | None) -> str:
    """Mean average precision per task; ``similarity`` None is the baseline, standardised within each task."""
    sources = numbers([e.source for e in held])
    scores = []
    for name, material, field, apart in RETRIEVAL:
        rows = np.flatnonzero(np.isin([e.material for e in held], material))
        if not len(rows):
            continue
        if similarity is None:
            values = np.stack([held[row].baseline for row in rows.tolist()])
            values = (values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9)
            squares = np.square(values).sum(axis=1)
            near = 2 * values @ values.T - squares[:, None] - squares
        else:
            near = similarity[np.ix_(rows, rows)]
        groups = numbers([getattr(e, field) for e in held])[rows]
        scores.append(f"{name} {mean_average_precision(near, groups, sources[rows] if apart else None):.3f}")
    return " | ".join(scores)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "material", type=pathlib.Path, nargs="+", help="folders written by make_material.py, one per seed"
    )
    parser.add_argument("--out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--validate", action="store_true")
    arguments = parser.parse_args()
    known = examples(arguments.material)
    print(sorted(Counter(e.material for e in known).items()), flush=True)
    if arguments.validate:
        # Contents are shared by instruments, so loops are held out by content and measured by both.
        is_held = np.array(
            [zlib.crc32((e.content if e.material in LOOPS else e.source).encode()) % 4 == 0 for e in known]
        )
        fitted = [e for e, out in zip(known, is_held, strict=True) if not out]
        held = [e for e, out in zip(known, is_held, strict=True) if out]
        print("baseline:", report(held, None))
        for is_refined in (False, True):
            metric = fit(fitted, arguments.seed, is_refined=is_refined)
            print("refined" if is_refined else "discriminant")
            for shares in SHARES:
                print(list(shares.values()), report(held, similarity_of(metric, held, shares)), flush=True)
        return
    metric = fit(known, arguments.seed)
    save(metric, arguments.out)


if __name__ == "__main__":
    main()
