"""Fits the chance that the first of a hum ranking is right: ``python calibrate.py QUERIES``.

QUERIES holds what queries.py made. Every query is asked twice: of all melodies, and of all
but the right one, where the true answer is that nothing fits. Prints the logistic's
coefficients for search/hum/answer.py, cross-validated error of calibration and reliability.
"""

from __future__ import annotations

import gzip
import json
import sys
from pathlib import Path

import numpy as np
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from sonoteca.audio.signal import AudioSignal
from sonoteca.search.hum import melody_index
from sonoteca.search.hum.melody import Melody
from sonoteca.search.hum.query_pitch import query_notes

CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def main() -> None:
    songs = json.loads(gzip.decompress((CORPUS / "melodies.json.gz").read_bytes()))["songs"]
    melodies = [Melody.from_rows(int(k), [(a / 1e3, (a + b) / 1e3, c) for a, b, c in v]) for k, v in songs.items()]
    index = melody_index.MelodyIndex.build(melodies)
    held = [int(key) for key in index.keys()]  # noqa: SIM118
    seen: list[tuple[float, float, int]] = []
    plain = melody_index.chance_of_first

    def remember(best: float, second: float, n_notes: int) -> float:
        seen.append((best, second, n_notes))
        return plain(best, second, n_notes)

    melody_index.chance_of_first = remember
    right, groups, reciprocal = [], [], []
    for number, path in enumerate(sorted(Path(sys.argv[1]).glob("*.npy"))):
        key = int(json.loads(path.with_suffix(".json").read_text())["song"])
        notes = query_notes(AudioSignal(np.load(path)[None], 22_050))
        for where in (None, [k for k in held if k != key]):
            before = len(seen)
            answer = index.search(notes, 10, where=where)
            if len(seen) > before:
                right.append(bool(answer.ranking and answer.ranking[0] == key))
                groups.append(number)
            if where is None:
                reciprocal.append(1 / (answer.ranking.index(key) + 1) if key in answer.ranking else 0.0)
    table = np.array(seen)
    x = np.stack(
        [table[:, 0] / table[:, 2], np.minimum(table[:, 0] - table[:, 1], 12.0), np.minimum(table[:, 2], 30)], axis=1
    )
    model = LogisticRegression(C=10.0)
    chance = cross_val_predict(model, x, right, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
    model.fit(x, right)
    print("MRR", np.mean(reciprocal), "intercept", model.intercept_, "per note, lead, notes", model.coef_)
    error = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1 + (low > 0.85))
        if inside.any():
            share = float(np.mean(np.array(right)[inside]))
            error += inside.mean() * abs(share - float(chance[inside].mean()))
            print(f"{low:.1f} n={inside.sum()} said {chance[inside].mean():.2f} right {share:.2f}")
    print("expected calibration error, cross-validated", round(error, 3))


if __name__ == "__main__":
    main()
