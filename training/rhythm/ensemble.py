"""Average several trained bar models into one file: ``ensemble.py OUT.npz A.npz B.npz ...``.

The hidden layers stand side by side and the output weights are divided by their number, so
that scores are the mean of the members' scores; rare meters take two members, to save space. Members may have been standardised
differently; all are rewritten for the first one's standardisation.
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np

METERS = (4, 3, 2, 5, 7)
RARE = (5, 7)


def main() -> None:
    out, *members = map(pathlib.Path, sys.argv[1:])
    loaded = [{k: np.asarray(v, np.float64) for k, v in np.load(m).items()} for m in members]
    arrays = {}
    for m in METERS:
        mean, spread = loaded[0][f"mean{m}"], loaded[0][f"spread{m}"]
        weights, biases, outputs, constants = [], [], [], []
        used = loaded[:2] if m in RARE else loaded
        for one in used:
            weights.append(one[f"w{m}"] * (spread / one[f"spread{m}"])[:, None])
            biases.append(one[f"b{m}"] + ((mean - one[f"mean{m}"]) / one[f"spread{m}"]) @ one[f"w{m}"])
            outputs.append(one[f"v{m}"] / len(used))
            constants.append(one[f"c{m}"] / len(used))
        arrays[f"mean{m}"], arrays[f"spread{m}"] = mean.astype(np.float32), spread.astype(np.float32)
        arrays[f"w{m}"] = np.concatenate(weights, axis=1).astype(np.float16)
        arrays[f"b{m}"] = np.concatenate(biases).astype(np.float32)
        arrays[f"v{m}"] = np.concatenate(outputs).astype(np.float32)
        arrays[f"c{m}"] = np.sum(constants, axis=0).astype(np.float32)
    np.savez_compressed(out, **arrays)
    print(out, out.stat().st_size, "bytes")


if __name__ == "__main__":
    main()
