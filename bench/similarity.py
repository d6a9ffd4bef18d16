"""Retrieval: does what sounds alike come first? Ours, 20 MFCC means and deviations, and chance.

Mean average precision for one-shots of one class, loops of one instrument, excerpts of one track, scenes and
recordings of one kind of environment; and the falls of 1 - mAP against the baseline.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.environments import recorded_environments
from bench.measure import Measure
from bench.one_shots import other_folder_scores, recorded_one_shots
from bench.scenes import write_scenes
from sonoteca.audio.decode import open_recording
from sonoteca.audio.signal import ANALYSIS_RATE
from sonoteca.domain.region import Region
from sonoteca.embedding.builtin import builtin_embedders
from sonoteca.embedding.spans import batches_for
from sonoteca.errors import SonotecaError
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.mel import LogMel, cepstrum

EXCERPT_S = 10.0


def run(work: Path, corpus: Path) -> list[Measure]:
    manifest_file = corpus / "corpus" / "manifest.json"
    if not manifest_file.exists():
        print(f"no corpus at {corpus}: similarity is not measured")
        return []
    truth = json.loads(manifest_file.read_text())["files"]
    folder = corpus / "corpus"
    tasks: dict[str, list[tuple[str, Any, Any]]] = {
        "one-shots of one class": [(n, t["class"], None) for n, t in truth.items() if t.get("class")],
        "loops of one instrument": _instruments(truth),
        "excerpts of one track": [
            (n, n, part) for n, t in truth.items() if t["corpus"] == "pop909" for part in (0.0, 0.5, 0.85)
        ],
        "made scenes of one kind": [(str(path), kind, None) for path, kind in write_scenes(work / "scenes")],
    }
    if environments := recorded_environments():
        tasks["recorded environments of one kind"] = [(str(path), kind, None) for path, kind in environments]
    else:
        print("recorded environments are not measured: see bench/environments.py")
    measures, falls = [], []
    for task, items in tasks.items():
        ours, baseline = zip(*(vectors_of(folder / name, part) for name, _, part in items), strict=True)
        labels = [label for _, label, _ in items]
        scaled = np.stack(baseline)
        scaled = (scaled - scaled.mean(axis=0)) / (scaled.std(axis=0) + 1e-9)
        scores = {
            "ours": mean_average_precision(np.stack(ours), labels, lambda v, q: -(v @ q)),
            "MFCC": mean_average_precision(scaled, labels, lambda v, q: np.linalg.norm(v - q, axis=1)),
            "chance": _chance(labels),
        }
        falls.append(1 - (1 - scores["ours"]) / (1 - scores["MFCC"]))
        measures += [Measure(f"{task}: mAP, {who}", score) for who, score in scores.items()]
    measures.append(Measure("fall of 1 - mAP against MFCC, mean", float(np.mean(falls)), goal=0.30))
    measures.append(Measure("fall of 1 - mAP against MFCC, least", float(np.min(falls)), goal=0.0))
    return measures + _one_shots_of_other_folders()


def _one_shots_of_other_folders() -> list[Measure]:
    """Recorded one-shots, own folder left out: whose nearest are of their class."""
    found = []
    for path, label in recorded_one_shots():
        try:
            found.append((path.parent, label, *vectors_of(path, None)))
        except (SonotecaError, IndexError):  # LMMS ships one WAV that calls itself Ogg; some hits are silent
            continue
    if len({folder for folder, *_ in found}) < 2:
        print("recorded one-shots are not measured: see bench/one_shots.py")
        return []
    folders, labels, ours, baseline = zip(*found, strict=True)
    scaled = np.stack(baseline)
    scaled = (scaled - scaled.mean(axis=0)) / (scaled.std(axis=0) + 1e-9)
    squares = np.square(scaled).sum(axis=1)
    nearness = {"ours": np.stack(ours) @ np.stack(ours).T, "MFCC": 2 * scaled @ scaled.T - squares[:, None] - squares}
    measures = []
    for who, near in nearness.items():
        first, ten, precision, most = other_folder_scores(near, labels, folders)
        name = f"one-shots of another folder, {who}"
        measures += [Measure(f"{name}: P@1", first), Measure(f"{name}: mAP", precision)]
        measures.append(Measure(f"{name}: P@10", ten, note=f"at most {most:.3f}"))
    return measures


def _instruments(truth: dict[str, dict]) -> list[tuple[str, str, None]]:  # type: ignore[type-arg]
    """Loops of one layer whose font and program (or kit) occur at least twice."""
    found = []
    for name, facts in truth.items():
        layers = facts.get("made", {}).get("layers") if facts["corpus"] == "loops" else None
        if layers and len(layers) == 1 and facts["type"] == "loop":
            (layer,) = layers.values()
            if layer.get("font") is None:  # synthesised: which instrument it is, the manifest does not say
                continue
            found.append((name, f"{layer.get('font')}/{layer.get('program', layer.get('kit'))}", None))
    counts = Counter(label for _, label, _ in found)
    return [item for item in found if counts[item[1]] > 1]


def vectors_of(path: Path, part: float | None) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Ours, and the MFCC baseline: of the whole sound, or of an excerpt that begins at this share of it."""
    (embedder,) = builtin_embedders()
    with open_recording(path) as recording:
        features = compute_features(
            recording.read,
            n_samples=recording.n_samples,
            sample_rate=ANALYSIS_RATE,
            features=[*embedder.features, LogMel()],
        )
        length_s = recording.info.duration_s
        start_s = 0.0 if part is None else part * (length_s - EXCERPT_S)
        end_s = length_s if part is None else start_s + EXCERPT_S
        batches = batches_for(embedder, recording, features, [Region(0, start_s, end_s)])
        (vector,) = [
            vector
            for batch in batches
            for span, vector in zip(batch, embedder.embed(batch), strict=True)
            if not span.is_window
        ]
        frames = cepstrum(np.ascontiguousarray(features[LogMel()].between(start_s, end_s).values), 20)
    assert vector is not None
    return vector, np.concatenate([frames.mean(axis=1), frames.std(axis=1)])


def mean_average_precision(
    vectors: NDArray[np.float32],
    labels: list[str],
    distances: Callable[[NDArray[np.float32], NDArray[np.float32]], NDArray[np.float32]],
) -> float:
    """Mean over items of the average precision of the others, nearest first, by equal label."""
    names = np.array(labels)
    precisions = []
    for row, vector in enumerate(vectors):
        order = np.argsort(distances(vectors, vector), kind="stable")
        order = order[order != row]
        hits = (names[order] == names[row]).astype(float)
        if hits.any():
            precisions.append(float((hits * np.cumsum(hits) / np.arange(1, len(hits) + 1)).sum() / hits.sum()))
    return float(np.mean(precisions))


def _chance(labels: list[str]) -> float:
    random = np.random.default_rng(0)
    return float(
        np.mean(
            [
                mean_average_precision(
                    random.standard_normal((len(labels), 8)).astype(np.float32), labels, lambda v, q: -(v @ q)
                )
                for _ in range(5)
            ]
        )
    )
