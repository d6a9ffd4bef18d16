"""Vectors of the development corpus, from files decoded to .npy (mono, 22,050 Hz)."""

from __future__ import annotations

import argparse
import json
import pathlib

import numpy as np
from effects import RATE
from loops import family_of, summary_of

from sonoteca.analysis.labels.strike import describe

KINDS = {"songs": "track", "loops": "loop", "loose": "loop", "oneshots": "one_shot"}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("manifest", type=pathlib.Path)
    parser.add_argument("cache", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path, help="folder for dev.npz and dev_one_shots.npz")
    arguments = parser.parse_args()
    truth = json.loads(arguments.manifest.read_text())["files"]
    rows: list[tuple[np.ndarray, str, str, str, float, str]] = []
    strikes: list[tuple[np.ndarray, str]] = []
    for name, entry in truth.items():
        x = np.load(arguments.cache / f"{name}.npy")
        folder = name.split("/")[0]
        vector = summary_of(x)
        if vector is None:
            continue
        role = entry.get("role") or ("mix" if folder == "songs" else "")
        layers = (entry.get("made") or {}).get("layers") or {}
        family = family_of(role, layers[role].get("program")) if folder == "loops" and role in layers else ""
        rows.append((vector, name, role if folder != "oneshots" else "", KINDS.get(folder, ""), len(x) / RATE, family))
        if folder == "oneshots":
            described = describe(x, RATE)
            if described is not None:
                strikes.append((described, entry["class"]))
    x, name, role, kind, duration, family = (np.array(column) for column in zip(*rows, strict=True))
    np.savez(arguments.out / "dev.npz", x=x, name=name, role=role, kind=kind, duration=duration, family=family)
    np.savez(
        arguments.out / "dev_one_shots.npz", x=np.array([s for s, _ in strikes]), y=np.array([c for _, c in strikes])
    )


if __name__ == "__main__":
    main()
