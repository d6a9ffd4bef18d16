"""Fits confidences on the development corpus and tells how well they hold on songs and loops left out.

usage: python calibrate.py CORPUS DECODED [--write]

DECODED holds every corpus file as mono 22,050 Hz float32 ``<relative path>.npy``. A key's
confidence is the chance that it is exactly right, a logistic function of the network's
log-odds; a chord list's is the share of time that is right, likewise of the mean posterior.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import warnings

import mir_eval
import numpy as np

import sonoteca.models as package
from sonoteca.analysis.analyzer import RegionView
from sonoteca.analysis.harmony.analyzers import KeyOfRegion, chord_spans, mean_posterior
from sonoteca.analysis.harmony.chord_decoding import ChordSpan
from sonoteca.analysis.harmony.confidence import log_odds
from sonoteca.analysis.harmony.hearing import FEATURE, hear
from sonoteca.analysis.harmony.weights import CONFIDENCE_FILE
from sonoteca.audio.memory import MemoryRecording
from sonoteca.audio.signal import ANALYSIS_RATE, AudioSignal
from sonoteca.domain.descriptor import BEATS
from sonoteca.domain.music import Key
from sonoteca.domain.observation import Observation
from sonoteca.domain.region import Region
from sonoteca.features.feature_pass import compute_features

N_FOLDS = 10


def logistic(x: np.ndarray, y: np.ndarray, steps: int = 200) -> np.ndarray:
    """Slope and offset by Newton's method, with a weak pull to slope 1, offset 0."""
    A = np.stack([x, np.ones_like(x)], axis=1)
    w = np.array([1.0, 0.0])
    for _ in range(steps):
        p = 1 / (1 + np.exp(-A @ w))
        gradient = A.T @ (p - y) + 0.5 * (w - [1.0, 0.0])
        hessian = (A * (p * (1 - p))[:, None]).T @ A + 0.5 * np.eye(2)
        w = w - np.linalg.solve(hessian, gradient)
    return w


def calibration_error(p: np.ndarray, y: np.ndarray, n_bins: int = 8) -> float:
    """Expected calibration error over bins of equal count."""
    order = np.array_split(np.argsort(p), n_bins)
    return float(sum(len(i) * abs(p[i].mean() - y[i].mean()) for i in order) / len(p))


def majmin_accuracy(truth: list[list], found: list[ChordSpan]) -> float:  # type: ignore[type-arg]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        spans = [c for c in truth if c[1] - c[0] > 1e-3]
        score = mir_eval.chord.evaluate(
            np.array([[c[0], c[1]] for c in spans]),
            [c[2] for c in spans],
            np.array([[c.start_s, c.end_s] for c in found]),
            [c.label for c in found],
        )
    return float(score["majmin"])


def observed(corpus: pathlib.Path, decoded: pathlib.Path):  # type: ignore[no-untyped-def]
    """(group, key log-odds, key right) and (group, chord log-odds, share right) per file."""
    files = json.loads((corpus / "manifest.json").read_text())["files"]
    keys, chords = [], []
    for name, truth in files.items():
        if truth.get("corpus") == "hum" or not truth.get("key"):
            continue
        samples = np.load(decoded / f"{name}.npy")
        recording = MemoryRecording.from_samples(AudioSignal(samples[None], ANALYSIS_RATE))
        features = compute_features(
            recording.read, n_samples=recording.n_samples, sample_rate=ANALYSIS_RATE, features=(FEATURE,)
        )
        view = RegionView(Region(0, 0.0, recording.info.duration_s), recording, features)
        group = str(truth["made"].get("of") or name.rsplit("/", 1)[-1]).split(".")[0]
        hearing = hear(view)
        key = Key.parse(truth["key"])
        for observation in KeyOfRegion().analyze(view, {}):
            if observation.descriptor.name == "key":
                right = (observation.value["tonic"], observation.value["mode"]) == (key.tonic, key.mode)  # type: ignore[index,call-overload]
                keys.append((group, log_odds(float(hearing.keys.max())), float(right)))
        if truth.get("chords"):
            beats = Observation(BEATS, [float(b) for b in truth["beats"]])
            spans = chord_spans(hearing, beats, 0.0, recording.info.duration_s)
            chords.append((group, log_odds(mean_posterior(spans)), majmin_accuracy(truth["chords"], spans)))
        recording.close()
    return keys, chords


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("corpus", type=pathlib.Path)
    ap.add_argument("decoded", type=pathlib.Path)
    ap.add_argument("--write", action="store_true")
    a = ap.parse_args()
    fitted = {}
    for name, rows in zip(("key", "chords"), observed(a.corpus, a.decoded), strict=True):
        groups = np.array([sum(map(ord, row[0])) * 7919 % N_FOLDS for row in rows])
        x, y = np.array([row[1] for row in rows]), np.array([row[2] for row in rows])
        p = np.empty_like(x)
        for fold in range(N_FOLDS):
            held = groups == fold
            w = logistic(x[~held], y[~held])
            p[held] = 1 / (1 + np.exp(-(w[0] * x[held] + w[1])))
        fitted[name] = [round(float(v), 4) for v in logistic(x, y)]
        raw = 1 / (1 + np.exp(-x))
        print(f"{name}: {len(x)} files, right {y.mean():.3f}, error uncalibrated {calibration_error(raw, y):.3f}, "
              f"cross-validated {calibration_error(p, y):.3f}, slope and offset {fitted[name]}")  # fmt: skip
    if a.write:
        out = pathlib.Path(package.__file__).parent / "weights" / CONFIDENCE_FILE
        out.write_text(json.dumps(fitted) + "\n")
        print(out)


if __name__ == "__main__":
    main()
