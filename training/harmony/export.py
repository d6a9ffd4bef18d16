"""Joins the trained networks into the package's weights file. usage: python export.py FOLDER

FOLDER holds notes.npz, chords.npz, key.npz, tonality.npz. Weights are kept as float16:
on the development set this changes no answer, and halves the file.
"""

from __future__ import annotations

import pathlib
import sys

import numpy as np

import sonoteca.models as package
from sonoteca.analysis.harmony.weights import WEIGHTS_FILE


def main() -> None:
    folder = pathlib.Path(sys.argv[1])
    arrays = {}
    for name, prefix in (("notes", "notes_"), ("tonality", "tonality_"), ("chords", ""), ("key", "")):
        with np.load(folder / f"{name}.npz") as archive:
            arrays |= {prefix + key: archive[key] for key in archive.files}
    half = {k: v.astype(np.float16) if v.dtype == np.float32 and v.ndim == 2 else v for k, v in arrays.items()}
    out = pathlib.Path(package.__file__).parent / "weights" / WEIGHTS_FILE
    np.savez_compressed(out, **half)
    print(out, out.stat().st_size)


if __name__ == "__main__":
    main()
