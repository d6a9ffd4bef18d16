"""Fits the melody networks: ``python fit.py RENDERED EXPORT.npz [--extra FOLDER] [--epochs 8] [--seed 0]``.

RENDERED holds what render.py made: NAME.npy (22,050 Hz mono float32) and NAME.json with
``melody`` rows [start_s, end_s, midi]. The first network sees each possible onset alone. The
second also sees the first one's answers for the others, so in training these come from a
network that did not see the song (two halves). Of the wrong onsets a third is kept for the
first network, and its bias is corrected for it.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from export import Standardised, export
from network import Weights, forward, train

from sonoteca.analysis.melody.candidates import FAST, FINE, Candidates, find_candidates, relative_levels
from sonoteca.analysis.melody.describe import describe_alone, describe_among
from sonoteca.features.feature_pass import compute_features

RATE = 22_050
# An onset that is off by more is another note; the network learns to shift the rest.
FARTHEST_S = 0.11
SHIFT_UNIT_S = 0.05
SECOND_LOOK = -4.5
KEPT_WRONG = 0.33


@dataclass
class Song:
    """Candidates of one song, what they look like, and which are right."""

    candidates: Candidates
    alone: np.ndarray
    is_note: np.ndarray
    shift: np.ndarray


def read_song(samples: np.ndarray, melody: list[tuple[float, float, int]]) -> Song | None:
    frames = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=(FINE, FAST)
    )
    levels = relative_levels(frames[FINE], frames[FAST])
    if levels is None:
        return None
    candidates = find_candidates(levels)
    if not len(candidates):
        return None
    is_note, shift = np.zeros(len(candidates), np.float32), np.zeros(len(candidates), np.float32)
    times = candidates.frames / levels.frame_rate
    for start_s, _, midi in melody:
        same = np.flatnonzero(candidates.midi == midi)
        if len(same):
            late = times[same] - start_s
            nearest = int(np.abs(late).argmin())
            if abs(late[nearest]) < FARTHEST_S:
                is_note[same[nearest]] = 1.0
                shift[same[nearest]] = -late[nearest] / SHIFT_UNIT_S
    return Song(candidates, describe_alone(levels, candidates).astype(np.float16), is_note, shift)


def read_folder(folder: Path) -> list[Song]:
    songs = []
    for path in sorted(folder.glob("*.npy")):
        truth = json.loads(path.with_suffix(".json").read_text())
        song = read_song(np.load(path), truth["melody"])
        if song is not None:
            songs.append(song)
    return songs


def second_look(song: Song, score: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Kept candidates and their rows for the second network."""
    kept = np.flatnonzero(score > SECOND_LOOK)
    c = song.candidates
    chosen = Candidates(c.frames[kept], c.midi[kept], c.rise[kept])
    alone = song.alone[kept].astype(np.float32)
    return kept, np.concatenate([alone, describe_among(alone, chosen, score[kept])], axis=1)


def fit_alone(songs: list[Song], epochs: int, seed: int) -> Standardised:
    rng = np.random.default_rng(seed)
    rows, events, shifts = [], [], []
    for song in songs:
        keep = (song.is_note > 0) | (rng.random(len(song.is_note)) < KEPT_WRONG)
        rows.append(song.alone[keep].astype(np.float32))
        events.append(song.is_note[keep])
        shifts.append(song.shift[keep])
    x = np.concatenate(rows)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 0.02
    x -= mean
    x /= deviation
    weights = train(x, np.concatenate(events), np.concatenate(shifts), epochs=epochs, seed=seed)
    weights["b2"][0] += np.log(KEPT_WRONG)
    return mean, deviation, weights


def score_alone(song: Song, fitted: Standardised) -> np.ndarray:
    mean, deviation, weights = fitted
    return np.asarray(forward(weights, (song.alone.astype(np.float32) - mean) / deviation)[:, 0])


def fit_among(songs: list[Song], scores: list[np.ndarray], epochs: int, seed: int) -> Standardised:
    rows, events, shifts = [], [], []
    for song, score in zip(songs, scores, strict=True):
        kept, x = second_look(song, score)
        rows.append(x)
        events.append(song.is_note[kept])
        shifts.append(song.shift[kept])
    x = np.concatenate(rows)
    mean, deviation = x.mean(axis=0), x.std(axis=0) + 0.02
    weights: Weights = train(
        (x - mean) / deviation, np.concatenate(events), np.concatenate(shifts), epochs=epochs, seed=seed
    )
    return mean, deviation, weights


def fit(songs: list[Song], epochs: int, seed: int) -> tuple[Standardised, Standardised]:
    halves = [fit_alone(songs[part::2], epochs, seed + 1 + part) for part in (0, 1)]
    scores = [score_alone(song, halves[1 - i % 2]) for i, song in enumerate(songs)]
    print("halves fitted", flush=True)
    alone = fit_alone(songs, epochs, seed)
    print("first look fitted", flush=True)
    return alone, fit_among(songs, scores, epochs + 2, seed + 3)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("rendered", type=Path)
    parser.add_argument("target", type=Path)
    parser.add_argument("--extra", type=Path, help="more songs with the same kind of truth")
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args()
    songs = read_folder(chosen.rendered) + (read_folder(chosen.extra) if chosen.extra else [])
    print(len(songs), "songs", sum(len(s.candidates) for s in songs), "candidates", flush=True)
    alone, among = fit(songs, chosen.epochs, chosen.seed)
    export(alone, among, chosen.target)


if __name__ == "__main__":
    main()
