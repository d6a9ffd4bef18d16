"""Fits the chance that the first of a tap ranking is right: ``python training/rhythm/calibrate_taps.py``.

Drum loops and taps are those of ``bench/tapping.py``, of other seeds than the bench's, in libraries of 30, 100 and 300
loops. Every recording is asked twice: of all loops, and of all but the right one, where the true answer is that
nothing fits. Prints the logistic's coefficients for search/hum/tap_verdict.py, the cross-validated error of calibration and
how often which verdict is right.
"""

from __future__ import annotations

import numpy as np
from bench.tapping import _STEPS, _heard, _pattern, _played, _tapped
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GroupKFold, cross_val_predict

from sonoteca.search.hum.query_taps import find_taps
from sonoteca.search.hum.tap import Rhythm, RhythmIndex

_FIRST_SEED = 1_000_000
_SIZES, _QUERIES = (30, 100, 300), 100


def main() -> None:
    rows, right, groups = [], [], []
    loops = [_pattern(np.random.default_rng(_FIRST_SEED + key)) for key in range(max(_SIZES))]
    rhythms = []
    for key, (strokes, step_s) in enumerate(loops):
        onsets, accents = _heard(_played(strokes, step_s, np.random.default_rng(_FIRST_SEED + 10_000 + key)))
        rhythms.append(Rhythm(key, onsets, _STEPS * step_s, accents))
    for size in _SIZES:
        index = RhythmIndex(rhythms[:size])
        for parts in ((0, 1, 2), (0, 1)):
            for number in range(_QUERIES):
                random = np.random.default_rng(_FIRST_SEED + 20_000 + number)
                key = int(random.integers(size))
                strokes, step_s = loops[key]
                taps = find_taps(_tapped(strokes[list(parts)].max(axis=0), step_s, random))
                for where in (None, [other for other in range(size) if other != key]):
                    found = index.search(taps, 2, where=where)
                    if len(found) == 2:
                        rows.append([found[0].score, found[0].score - found[1].score, min(len(taps), 40)])
                        right.append(found[0].key == key)
                        groups.append(key)
    x, truth = np.array(rows), np.array(right)
    model = LogisticRegression(C=10.0)
    chance = cross_val_predict(model, x, truth, groups=groups, cv=GroupKFold(5), method="predict_proba")[:, 1]
    model.fit(x, truth)
    print("right", truth.mean(), "intercept", model.intercept_, "score, lead, taps", model.coef_)
    error = 0.0
    for low in np.arange(0, 1, 0.1):
        inside = (chance >= low) & (chance < low + 0.1 + (low > 0.85))
        if inside.any():
            error += inside.mean() * abs(float(truth[inside].mean()) - float(chance[inside].mean()))
            print(f"{low:.1f} n={inside.sum()} said {chance[inside].mean():.2f} right {truth[inside].mean():.2f}")
    print("expected calibration error, cross-validated", round(error, 3))


if __name__ == "__main__":
    main()
