"""More sounds without a key: speech (espeak-ng), weather, machines, drum hits. usage: python make_atonal.py OUT.pkl"""

from __future__ import annotations

import argparse
import pathlib
import pickle
import subprocess
import tempfile

import numpy as np
import soundfile
import soxr
from fluid import Note
from make_data import features_of
from scipy import signal as sps
from voices import RATE, Samples, with_effects

from render import KITS, Studio

LANGUAGES = ("en-gb", "en-us", "de", "fr-fr", "es", "it", "pt", "nl", "pl", "ru", "sv", "tr")
WORDS = [
    "the",
    "quick",
    "brown",
    "sound",
    "of",
    "rain",
    "against",
    "window",
    "panes",
    "tells",
    "nobody",
    "where",
    "we",
    "went",
    "after",
    "the",
    "long",
    "evening",
    "train",
    "had",
    "left",
    "platform",
    "seven",
    "and",
    "yet",
    "all",
    "voices",
    "rise",
    "and",
    "fall",
    "with",
    "questions",
    "do",
    "you",
    "hear",
    "them",
    "no",
    "perhaps",
    "music",
    "starts",
    "when",
    "people",
    "stop",
    "explaining",
    "numbers",
    "two",
    "three",
    "nine",
    "hundred",
    "forty",
    "streets",
    "lamps",
    "and",
    "harbours",
]


def speech(rng: np.random.Generator) -> Samples:
    text = " ".join(rng.choice(WORDS, int(rng.integers(4, 40))))
    with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
        variant = str(rng.choice(["", "+m1", "+m3", "+m7", "+f1", "+f2", "+f4", "+croak", "+whisper"]))
        subprocess.run(
            ["espeak-ng", "-v", str(rng.choice(LANGUAGES)) + variant, "-s", str(rng.integers(110, 210)), "-p",
             str(rng.integers(10, 90)), "-w", wav.name, text],
            check=True, capture_output=True,
        )  # fmt: skip
        samples, rate = soundfile.read(wav.name, dtype="float32")
    return np.asarray(soxr.resample(samples, rate, RATE), np.float32)


def weather(rng: np.random.Generator) -> Samples:
    """Rain, wind, sea, crackle: noise in slowly moving bands, with drops."""
    n = int(rng.uniform(2, 20) * RATE)
    y = np.zeros(n)
    for _ in range(int(rng.integers(1, 4))):
        low = 10 ** rng.uniform(1.5, 3.3)
        band = sps.butter(2, [low, min(low * rng.uniform(1.5, 20), 10_500)], "band", fs=RATE, output="sos")
        swell = np.interp(np.arange(n), np.linspace(0, n, 20), rng.uniform(0.1, 1, 20))
        y += swell * sps.sosfilt(band, rng.standard_normal(n))
    drops = (rng.uniform(size=n) < 10 ** rng.uniform(-4.5, -2.5)) * rng.standard_normal(n)
    ring = np.exp(-np.arange(400) / rng.uniform(10, 80)) * np.sin(np.arange(400) * rng.uniform(0.3, 2.0))
    y = y / (np.abs(y).max() + 1e-9) + rng.uniform(0, 2) * sps.fftconvolve(drops, ring)[:n]
    return y.astype(np.float32)


def machine(rng: np.random.Generator) -> Samples:
    """An engine or fan: harmonics of a wandering frequency under noise."""
    n = int(rng.uniform(2, 12) * RATE)
    hz = rng.uniform(20, 140) * np.interp(
        np.arange(n), np.linspace(0, n, 12), 1 + 0.25 * rng.standard_normal(12).cumsum() / 3
    )
    phase = 2 * np.pi * np.cumsum(np.clip(hz, 10, 400)) / RATE
    y = sum(rng.uniform() / k * np.sin(k * phase + rng.uniform(0, 6)) for k in range(1, 15))
    return (y + rng.uniform(0.3, 2) * rng.standard_normal(n)).astype(np.float32)


def font_hit(rng: np.random.Generator, studio: Studio) -> Samples:
    """One percussion sound of a General MIDI kit, rarely rolled."""
    midi = int(rng.integers(35, 82))
    n_hits = 1 if rng.uniform() < 0.8 else int(rng.integers(2, 8))
    step = rng.uniform(0.08, 0.4)
    notes = [Note(i * step, i * step + 0.3, midi, int(rng.integers(70, 127)), "drums") for i in range(n_hits)]
    duration_s = n_hits * step + rng.uniform(0.3, 1.5)
    font = studio._synths[int(rng.integers(2))]
    return font.render(notes, programs={"drums": int(rng.choice(KITS))}, duration_s=duration_s)


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--each", type=int, default=150)
    ap.add_argument("--seed", type=int, default=23)
    a = ap.parse_args()
    studio, pieces = Studio(), []
    makers = {"speech": speech, "weather": weather, "machine": machine, "font_hit": lambda rng: font_hit(rng, studio)}
    for number, (kind, make) in enumerate(makers.items()):
        for i in range(a.each):
            rng = np.random.default_rng((a.seed, number, i))
            y = make(rng)
            if np.abs(y).max() < 1e-4:
                continue
            y = with_effects(y, rng, amount=0.7)
            pieces.append(
                {
                    "features": features_of(y).astype(np.float16),
                    "role": kind,
                    "tonic": None,
                    "duration_s": len(y) / RATE,
                }
            )
        print(kind, len(pieces), flush=True)
    with open(a.out, "wb") as sink:
        pickle.dump(pieces, sink, protocol=5)


if __name__ == "__main__":
    main()
