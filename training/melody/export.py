"""Stores trained weights as the tracker reads them: float16, both networks, with means and scales."""

from __future__ import annotations

from pathlib import Path

import numpy as np

TARGET = Path(__file__).resolve().parents[2] / "src" / "sonoteca" / "models" / "weights" / "melody.npz"

Standardised = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]


def export(alone: Standardised, among: Standardised, target: Path = TARGET) -> None:
    arrays: dict[str, np.ndarray] = {}
    for name, (mean, deviation, weights) in (("alone", alone), ("among", among)):
        arrays[f"{name}_mean"] = mean.astype(np.float32)
        arrays[f"{name}_scale"] = (1.0 / deviation).astype(np.float32)
        for key, value in weights.items():
            arrays[f"{name}_{key}"] = value.astype(np.float16)
    np.savez_compressed(target, **arrays)
