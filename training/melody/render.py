"""Renders training songs: ``python render.py OUT N [SEED]`` writes OUT/NNNN.npy (22,050 Hz float32) and .json (truth).

Needs fluidsynth and the Debian fonts fluid-soundfont-gm and timgm6mb-soundfont. Songs whose
numbers are in the development corpus are left out, so that it stays a validation set.
"""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import soundfile

from arrange import Arrangement, arrange, write_midi

FONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2")
CORPUS = Path(__file__).resolve().parents[3] / "shared" / "corpus"


def development_songs() -> set[str]:
    files = json.loads((CORPUS / "manifest.json").read_text())["files"]
    return {entry["made"]["song"] for path, entry in files.items() if path.startswith("songs/")}


def load_melodies() -> dict[str, list[list[int]]]:
    songs: dict[str, list[list[int]]] = json.loads(gzip.decompress((CORPUS / "melodies.json.gz").read_bytes()))["songs"]
    return songs


def render(arrangement: Arrangement, rng: np.random.Generator) -> np.ndarray:
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = Path(folder) / "a.mid", Path(folder) / "a.wav"
        write_midi(arrangement, midi)
        reverb, chorus = str(int(rng.random() < 0.6)), str(int(rng.random() < 0.3))
        font = FONTS[int(rng.integers(0, 2))]
        subprocess.run(
            [
                *("fluidsynth", "-niq", "-R", reverb, "-C", chorus, "-g", "0.5", "-r", "22050"),
                *("-F", str(wav), font, str(midi)),
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        samples, _ = soundfile.read(wav, dtype="float32", always_2d=True)
    mono = samples.mean(axis=1)[: int(arrangement.duration_s * 22_050)]
    if rng.random() < 0.15:
        level = float(np.sqrt(np.mean(mono**2))) * 10 ** (-rng.uniform(10, 30) / 20)
        mono = mono + level * rng.standard_normal(len(mono))
    return (mono * (0.5 / max(float(np.abs(mono).max()), 1e-3))).astype(np.float32)


def main() -> None:
    out, n = Path(sys.argv[1]), int(sys.argv[2])
    seed = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    out.mkdir(parents=True, exist_ok=True)
    melodies = load_melodies()
    names = sorted(set(melodies) - development_songs())
    order = np.random.default_rng(seed).permutation(len(names))
    for i in range(n):
        target = out / f"{seed + i:06d}.npy"
        if target.exists():
            continue
        name = names[order[i % len(names)]]
        arrangement = arrange(melodies[name], seed=seed + i)
        if 0 < len(arrangement.melody) < 15:
            continue
        samples = render(arrangement, np.random.default_rng(seed + i + 10**6))
        target.with_suffix(".json").write_text(
            json.dumps({"song": name, "melody": arrangement.melody, "programs": arrangement.programs})
        )
        np.save(target, samples)


if __name__ == "__main__":
    main()
