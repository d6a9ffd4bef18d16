"""Renders whole songs: ``python render_whole.py OUT [--part 1/2]`` writes OUT/ID.flac and ID.json for all 909 melodies.

The songs that development queries ask for come first, so that a part of the folder is of use
already. Running it again goes on where it stopped; seeds are those of no training song.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import numpy as np
import soundfile
from sampled_notes import RATE, SampledNotes

from arrange import arrange
from render import CORPUS, FONTS, load_melodies

# Training songs have seeds below 20,000 (README.md).
FIRST_SEED = 900_000


def asked_songs() -> set[str]:
    """Songs that a query of the development corpus hums."""
    files = json.loads((CORPUS / "manifest.json").read_text())["files"]
    return {entry["song"] for entry in files.values() if entry.get("corpus") == "hum"}


def render_whole(name: str, rows: list[list[int]], kept: SampledNotes, folder: Path) -> None:
    """Write one song and its truth: ``melody`` rows [start_s, end_s, midi] in seconds of the FLAC file."""
    truth, sound = folder / f"{name}.json", folder / f"{name}.flac"
    if truth.exists():
        return
    seed = FIRST_SEED + int(name)
    arrangement = arrange(rows, seed=seed, whole=True)
    rng = np.random.default_rng(seed + 10**6)
    samples = kept.mix(arrangement, FONTS[int(rng.integers(0, 2))], rng)
    if rng.random() < 0.15:
        level = float(np.sqrt(np.mean(samples**2))) * 10 ** (-rng.uniform(10, 30) / 20)
        samples = samples + level * rng.standard_normal(len(samples))
    samples = samples * (0.5 / max(float(np.abs(samples).max()), 1e-3))
    soundfile.write(sound, samples.astype(np.float32), RATE, subtype="PCM_16", compression_level=0.0)
    # The truth is written last: a song that has it is complete.
    aside = truth.with_suffix(".part")
    aside.write_text(json.dumps({"song": name, "melody": arrangement.melody, "programs": arrangement.programs}))
    aside.replace(truth)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=Path)
    parser.add_argument("--part", default="1/1", help="2/3 is every third song from the second on")
    chosen = parser.parse_args()
    part, n_parts = map(int, chosen.part.split("/"))
    chosen.out.mkdir(parents=True, exist_ok=True)
    melodies, first = load_melodies(), asked_songs()
    kept = SampledNotes()
    for name in sorted(melodies, key=lambda name: (name not in first, name))[part - 1 :: n_parts]:
        render_whole(name, melodies[name], kept, chosen.out)


if __name__ == "__main__":
    main()
