"""Melodies over the chords that were written under them: excerpts of the development songs, as beats of pitch classes.

Nothing is heard here. What the truth of the corpus says about eight bars becomes what a perfect ear would find in a
melody, a pad and a bass of these bars.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

N_BEATS, LEAST_NOTES = 32, 14
NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")
TONES = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10), "7": (0, 4, 7, 10),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7), "dim": (0, 3, 6), "dim7": (0, 3, 6, 9), "hdim7": (0, 3, 6, 10),
    "aug": (0, 4, 8), "maj6": (0, 4, 7, 9), "min6": (0, 3, 7, 9), "minmaj7": (0, 3, 7, 11),
}  # fmt: skip
# Semitones over the root of the bass note after a slash.
DEGREES = {"b3": 3, "3": 4, "5": 7, "b7": 10, "7": 11, "2": 2, "4": 5, "6": 9, "b5": 6, "#5": 8, "b2": 1, "b6": 8}
Rows = NDArray[np.float64]


def paper_pairs(corpus: Path) -> dict[str, tuple[Rows, Rows]]:
    """Rows (n, 32, 12) of both parts, per pair of parts in the order of ``profiles.ORDER``; one excerpt a song."""
    excerpts = []
    for path, truth in json.loads((corpus / "manifest.json").read_text())["files"].items():
        if path.startswith("songs/") and truth["meter"] == "4/4" and truth["melody"]:
            found = _excerpts(truth)
            # Excerpts of one song share their key and much of their harmony: only one may stand among the others.
            excerpts += found[len(found) // 2 : len(found) // 2 + 1]
    bass, harmony, melody = (np.stack(each) for each in zip(*excerpts, strict=True))
    return {"bass melody": (bass, melody), "harmony melody": (harmony, melody), "bass harmony": (bass, harmony)}


def _excerpts(truth: dict[str, list]) -> list[tuple[Rows, Rows, Rows]]:
    beats = np.array(truth["beats"])
    edges = np.append(beats, 2 * beats[-1] - beats[-2])
    first = int(np.argmin(np.abs(beats - truth["downbeats"][0])))
    found = []
    for start in range(first, len(beats) - N_BEATS + 1, N_BEATS):
        span = edges[start : start + N_BEATS + 1]
        bass, harmony, melody = (np.zeros((N_BEATS, 12)) for _ in range(3))
        for begin, end, label in truth["chords"]:
            if label == "N":
                continue
            name, _, rest = label.partition(":")
            quality, _, degree = rest.partition("/")
            root = NAMES.index(name)
            tones = TONES.get(quality) or TONES["min" if quality.startswith("min") else "maj"]
            share = _overlap(span, begin, end)
            for tone in tones:
                harmony[:, (root + tone) % 12] += share
            bass[:, (root + DEGREES.get(degree, 0)) % 12] += share
        inside = [note for note in truth["melody"] if span[0] - 0.05 <= note[0] < span[-1]]
        for begin, end, pitch in inside:
            melody[:, int(pitch) % 12] += _overlap(span, begin, end)
        if len(inside) >= LEAST_NOTES:
            found.append((bass, harmony, melody))
    return found


def _overlap(span: Rows, begin: float, end: float) -> Rows:
    """Share of each beat that lies between two moments, shape (32,)."""
    shared = np.minimum(end, span[1:]) - np.maximum(begin, span[:-1])
    return np.maximum(shared, 0.0) / np.diff(span)
