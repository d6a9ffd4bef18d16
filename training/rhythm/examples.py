"""Hypotheses with their truth, from rendered material or from a corpus: what the bar model learns from."""

from __future__ import annotations

import json
import pathlib
from dataclasses import dataclass

import numpy as np

from sonoteca.analysis.rhythm.drift import straighten
from sonoteca.analysis.rhythm.evidence import RhythmEvidence, count_onsets, gather_evidence
from sonoteca.analysis.rhythm.hypotheses import METERS, bar_features, view_pulses
from sonoteca.analysis.rhythm.pulse import Pulse, candidate_pulses
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.onset import BandMagnitude
from sonoteca.features.onset_harmony import HarmonyTrail

RATE = 22_050
FEATURES = (BandMagnitude(), HarmonyTrail())


@dataclass
class Example:
    """``rows[m]`` float16 (n_views, m, n_features), ``right[m]`` bool (n_views, m), ``pulse_right`` bool (n_views,)."""

    name: str
    kind: str
    truth: dict
    rows: dict[int, np.ndarray]
    right: dict[int, np.ndarray]
    pulse_right: np.ndarray
    period_s: np.ndarray
    phase_s: np.ndarray
    raw: np.ndarray


def evidence_of(samples: np.ndarray) -> RhythmEvidence | None:
    frames = compute_features(
        lambda a, n: samples[a : a + n], n_samples=len(samples), sample_rate=RATE, features=FEATURES
    )
    return gather_evidence(frames[FEATURES[0]], frames[FEATURES[1]], len(samples) / RATE)


def pulse_is_right(pulse: Pulse, beat_s: np.ndarray, truth: dict) -> bool:
    if not truth["tempo"]:
        return False
    period = 60.0 / truth["tempo"]
    if abs(pulse.period_s / period - 1) > 0.02:
        return False
    middle = beat_s[len(beat_s) // 2]
    off = (middle - min(truth["beats"], key=lambda b: abs(b - middle))) / period
    return abs(off - round(off)) < 0.12 and abs(off - round(off)) * period < 0.06


def make_example(name: str, samples: np.ndarray, truth: dict) -> Example | None:
    evidence = evidence_of(samples)
    if evidence is not None:
        evidence, bent = straighten(evidence)
        if bent is not None and truth["tempo"]:
            beats = bent.to_straight(np.array(truth["beats"]))
            truth = {
                **truth, "beats": list(beats), "downbeats": list(bent.to_straight(np.array(truth["downbeats"]))),
                "tempo": 60.0 / float(np.median(np.diff(beats))),
            }  # fmt: skip
    views = view_pulses(evidence, candidate_pulses(evidence)) if evidence is not None else None
    if evidence is None or views is None:
        return None
    beats = [views.beats_of(v) for v in range(len(views.pulses))]
    pulse_right = np.array([pulse_is_right(p, b, truth) for p, b in zip(views.pulses, beats, strict=True)])
    rows, right = {}, {}
    for meter in METERS:
        rows[meter] = bar_features(evidence, views, meter).astype(np.float16)
        right[meter] = np.zeros((len(views.pulses), meter), bool)
        if truth["tempo"] and truth["beats_per_bar"] == meter and truth["downbeats"]:
            bar = meter * 60.0 / truth["tempo"]
            for i in np.flatnonzero(pulse_right):
                for d in range(meter):
                    # Compared in the middle of the sound, where an error of the period counts least.
                    n = d + meter * max(0, (len(beats[i]) // 2 - d) // meter)
                    at = beats[i][0] + n * views.pulses[i].period_s
                    off = (at - min(truth["downbeats"], key=lambda b: abs(b - at))) / bar
                    right[meter][i, d] = abs(off - round(off)) * meter < 0.3
    raw = np.array([evidence.raw_flux_mean, evidence.duration_s, count_onsets(evidence)])
    return Example(
        name, truth["kind"], truth, rows, right, pulse_right,
        np.array([p.period_s for p in views.pulses]), np.array([p.phase_s for p in views.pulses]), raw,
    )  # fmt: skip


def rendered(folder: pathlib.Path):
    """(name, float32 samples, truth) of everything ``make_material.py`` wrote."""
    for name, truth in json.loads((folder / "truth.json").read_text()).items():
        yield name, np.load(folder / f"{name}.npy").astype(np.float32) / 32768.0, truth


def corpus(manifest: pathlib.Path, decoded: pathlib.Path, parts: tuple[str, ...]):
    """The same of a corpus manifest whose files were decoded to ``decoded/PATH.npy`` (22,050 Hz mono)."""
    kinds = {"pop909": "song", "loops": "loop", "loose": "loose"}
    for name, truth in json.loads(manifest.read_text())["files"].items():
        path = decoded / f"{name}.npy"
        if truth.get("corpus") in parts and path.exists():
            kind = kinds[truth["corpus"]] if truth.get("tempo") else "none"
            yield (
                name,
                np.load(path),
                {
                    "compound": False,
                    "tempo": None,
                    "beats_per_bar": None,
                    **truth,
                    "kind": kind,
                    "downbeats": truth.get("downbeats") or [],
                    "beats": truth.get("beats") or [],
                },
            )
