"""Vectors of the stems that `../stems/make_material.py` made: parts of songs, plain and moved, and mixes."""

from __future__ import annotations

import argparse
import json
import pathlib
from collections import defaultdict
from collections.abc import Iterator

import numpy as np
from effects import Samples
from loops import summary_of

from one_shots import load
from sonoteca.domain.vocabulary import Kind, Role

MIXES_PER_SONG = 2


def stems_of(folder: pathlib.Path, rng: np.random.Generator) -> Iterator[tuple[Samples, str, str]]:
    """Samples, role and song of every file of a folder, and of mixes of the parts that are as they were written."""
    parts: dict[str, list[Samples]] = defaultdict(list)
    for entry in json.loads((folder / "truth.json").read_text())["files"]:
        samples = load(folder / entry["path"])
        yield samples, entry["role"], entry["song"]
        if entry["shift"] == 0 and entry["ratio"] == 1:
            parts[entry["song"]].append(samples)
    for song, sounds in parts.items():
        for _ in range(MIXES_PER_SONG if len(sounds) > 1 else 0):
            chosen = rng.choice(len(sounds), int(rng.integers(2, len(sounds) + 1)), replace=False)
            yield mixed([sounds[i] for i in chosen], rng), Role.MIX.value, song


def mixed(sounds: list[Samples], rng: np.random.Generator) -> Samples:
    """The sounds together, each within 6 dB of one loudness."""
    mix = np.zeros(min(map(len, sounds)), np.float32)
    for sound in sounds:
        level = np.sqrt(np.mean(np.square(sound))) + 1e-6
        mix += sound[: len(mix)] * np.float32(0.1 / level * 10 ** rng.uniform(-0.3, 0.3))
    return mix


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("stems", type=pathlib.Path, help="songs to fit on: folders with a truth.json each")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed)
    rows: list[tuple[np.ndarray, str, str]] = []
    for truth in sorted(arguments.stems.glob("*/truth.json")):
        for samples, role, song in stems_of(truth.parent, rng):
            vector = summary_of(samples)
            if vector is not None:
                rows.append((vector, role, song))
        print(truth.parent.name, len(rows), flush=True)
    # All parts of one song, plain, moved and mixed, share its name and with that a fold.
    x, role, source = (np.array(column) for column in zip(*rows, strict=True))
    np.savez(arguments.out, x=x.astype(np.float32), role=role, kind=np.full(len(rows), Kind.LOOP.value), source=source)


if __name__ == "__main__":
    main()
