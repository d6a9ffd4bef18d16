"""Fit presence (is there a beat?) and the confidences of tempo, beats, bar and meter.

    calibrate.py --rendered FOLDER ... --negatives FOLDER ... --manifest M --decoded D --real DIR --out calibration.json

Runs the shipped bar model; prints cross-validated error rates and expected calibration errors, grouped by sound.
"""

from __future__ import annotations

import argparse
import json
import pathlib

import mir_eval
import numpy as np
from examples import corpus, evidence_of, rendered
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import KFold, cross_val_predict

from sonoteca.analysis.rhythm.bar_model import choose_bar
from sonoteca.analysis.rhythm.drift import straighten
from sonoteca.analysis.rhythm.hypotheses import view_pulses
from sonoteca.analysis.rhythm.presence import confidence_features, presence_features
from sonoteca.analysis.rhythm.pulse import candidate_pulses
from sonoteca.analysis.rhythm.rhythm import answer

RATE = 22_050
SIZES = {"presence": 14, "tempo": 4, "beats": 4, "bar": 4, "meter": 4}


def look(name, samples, truth):
    """Everything the fits need of one sound; None when nothing is ever said about it."""
    evidence = evidence_of(samples.astype(np.float32))
    if evidence is None:
        return None
    straight, bent = straighten(evidence)
    views = view_pulses(straight, candidate_pulses(straight))
    if views is None:
        return None
    choice = choose_bar(straight, views)
    said = answer(evidence.duration_s, straight, bent, choice)
    row = {"name": name, "kind": truth["kind"], "presence": presence_features(straight, choice)}
    shares = {
        "tempo": choice.tempo_share,
        "beats": choice.pulse_share,
        "bar": choice.tempo_share * choice.bar_share,
        "meter": choice.meter_share,
    }
    row["features"] = {k: confidence_features(straight, choice, v) for k, v in shares.items()}
    if truth["tempo"] and said is not None:
        beats = mir_eval.beat.f_measure(np.array(truth["beats"]), said.beat_s) if len(truth["beats"]) else 0.0
        downs = (
            mir_eval.beat.f_measure(np.array(truth["downbeats"]), said.downbeat_s)
            if len(truth["downbeats"]) and len(said.downbeat_s)
            else 0.0
        )
        row["right"] = {
            "tempo": abs(said.tempo_bpm / truth["tempo"] - 1) <= 0.04, "beats": beats > 0.85,
            "bar": downs > 0.85, "meter": said.beats_per_bar == truth["beats_per_bar"],
        }  # fmt: skip
        row["scores"] = {"beats": beats, "downbeats": downs, "bpm": said.tempo_bpm}
    return row


def fit(x, y, *, c=1.0, weight=None):
    mean, spread = x.mean(0), x.std(0) + 1e-6
    model = LogisticRegression(C=c, max_iter=2000, class_weight=weight).fit((x - mean) / spread, y)
    return {
        "mean": mean.round(5).tolist(),
        "spread": spread.round(5).tolist(),
        "weights": model.coef_[0].round(5).tolist(),
        "bias": round(float(model.intercept_[0]), 5),
    }


def held_out(x, y, c=1.0, weight=None):
    x = (x - x.mean(0)) / (x.std(0) + 1e-6)
    return cross_val_predict(
        LogisticRegression(C=c, max_iter=2000, class_weight=weight),
        x,
        y,
        cv=KFold(5, shuffle=True, random_state=0),
        method="predict_proba",
    )[:, 1]


def calibration_error(p, y, bins=10):
    place = np.minimum((p * bins).astype(int), bins - 1)
    return sum(
        abs(p[place == b].mean() - y[place == b].mean()) * (place == b).mean()
        for b in range(bins)
        if np.any(place == b)
    )


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rendered", nargs="*", type=pathlib.Path, default=[])
    parser.add_argument(
        "--negatives",
        nargs="*",
        type=pathlib.Path,
        default=[],
        help="rendered folders of which only the sounds without tempo are used",
    )
    parser.add_argument(
        "--real", nargs="*", type=pathlib.Path, default=[], help="folders of NAME.npy of real one-shots and noises"
    )
    parser.add_argument("--manifest", type=pathlib.Path)
    parser.add_argument("--decoded", type=pathlib.Path)
    parser.add_argument("--out", type=pathlib.Path, required=True)
    a = parser.parse_args()
    if not a.out.exists():
        # The answers that are looked at carry confidences, so there has to be some table first.
        neutral = {
            k: {"mean": [0.0] * n, "spread": [1.0] * n, "weights": [0.0] * n, "bias": 1.0} for k, n in SIZES.items()
        }
        a.out.write_text(json.dumps(neutral))
    rows = []
    for folder in a.rendered:
        rows += [look(*item) for item in rendered(folder)]
    for folder in a.negatives:
        rows += [look(*item) for item in rendered(folder) if item[2]["kind"] == "none"]
    none = {"kind": "none", "tempo": None, "beats": [], "downbeats": [], "beats_per_bar": None}
    for folder in a.real:
        rows += [look(p.stem, np.load(p).astype(np.float32), none) for p in sorted(folder.glob("*.npy"))]
    n_own = len(rows)
    if a.manifest:
        rows += [look(*item) for item in corpus(a.manifest, a.decoded, ("pop909", "loops", "loose"))]
    is_dev = np.array([i >= n_own for i, r in enumerate(rows) if r is not None])
    rows = [r for r in rows if r is not None]
    x = np.stack([r["presence"] for r in rows])
    y = np.array([r["kind"] != "none" for r in rows])
    p = held_out(x, y, 0.3)
    print(
        f"presence: {y.sum()} with, {(~y).sum()} without; missed {np.mean(p[y] < 0.5):.3f}, wrongly found {np.mean(p[~y] >= 0.5):.3f}; on the corpus missed {np.mean(p[y & is_dev] < 0.5):.3f}, wrongly {np.mean(p[~y & is_dev] >= 0.5):.3f}"
    )
    for r, q in zip(rows, p, strict=True):
        if (q < 0.5) != (r["kind"] == "none"):
            print("   ", r["name"], r["kind"], round(float(q), 2))
    out = {"presence": fit(x, y, c=0.3)}
    answered = [r for r in rows if "right" in r]
    for what in ("tempo", "beats", "bar", "meter"):
        use = [r for r in answered if what != "bar" or r["kind"] != "loose"]
        fx = np.stack([r["features"][what] for r in use])
        fy = np.array([r["right"][what] for r in use])
        fp = held_out(fx, fy)
        print(
            f"{what}: right {fy.mean():.3f} of {len(fy)}, calibration error {calibration_error(fp, fy):.3f}, mean {fp.mean():.3f}"
        )
        out[what] = fit(fx, fy)
    a.out.write_text(json.dumps(out, indent=1) + "\n")


if __name__ == "__main__":
    main()
