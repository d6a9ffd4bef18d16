"""Trains the chord network. usage: python train_chords.py DATA_FOLDER NOTES.npz OUT.npz"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from rolled import prefixed, train_rolled
from train_notes import note_network, pieces_of

from sonoteca.analysis.harmony.chord_steps import QUALITIES, chord_inputs, step_times
from sonoteca.analysis.harmony.pitch_classes import harmonic_frames, mean_between

FRAME_RATE = 22_050 / 2048
FOLDED = {"maj6": "maj", "maj9": "maj7", "min6": "min", "hdim7": "dim"}
SEED = 11


def step_targets(chords: list, times: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Target distribution (n_steps, 97) and weight: purity of the step; unusable qualities weigh nothing."""
    n, k = len(times) - 1, len(QUALITIES)
    targets, weights = np.zeros((n, 12 * k + 1), np.float32), np.zeros(n, np.float32)
    overlap = np.zeros((n, 12 * k + 2))
    for start, end, root, quality in chords:
        share = np.clip(np.minimum(times[1:], end) - np.maximum(times[:-1], start), 0, None)
        quality = FOLDED.get(quality, quality)
        column = 12 * k + 1 if quality not in QUALITIES else root * k + QUALITIES.index(quality)
        overlap[:, column] += share
    width = np.diff(times)
    overlap[:, 12 * k] = np.maximum(width - overlap.sum(axis=1), 0)
    best = overlap.argmax(axis=1)
    usable = best != 12 * k + 1
    targets[np.flatnonzero(usable), best[usable]] = 1.0
    weights[:] = usable * np.clip(2 * overlap.max(axis=1) / width - 1, 0, 1)
    return targets, weights


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("data", type=pathlib.Path)
    ap.add_argument("notes", type=pathlib.Path)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--hidden", type=int, nargs="*", default=[64])
    ap.add_argument("--epochs", type=int, default=6)
    ap.add_argument("--limit", type=int, default=10**9)
    a = ap.parse_args()
    rng = np.random.default_rng(SEED)
    network = note_network(a.notes)
    gs, ps, ts, ws = [], [], [], []
    for i, piece in enumerate(pieces_of(a.data)):
        if i >= a.limit:
            break
        if piece["tonic"] is None:
            if rng.uniform() < 0.7:
                continue
            chords, beats = [], None
        else:
            chords, beats = piece["chords"], piece["beats_s"]
            parts = {note[3] for note in piece["notes"]}
            if not parts & {"harmony", "accompaniment"}:
                continue
        draw = rng.uniform()
        if draw < 0.2:
            beats = None
        elif beats is not None:
            beats = beats + rng.normal(0, 0.015)
        times = step_times(0.0, piece["duration_s"], beats)
        frames = harmonic_frames(piece["features"].astype(np.float32), network)
        groups, plain = chord_inputs(mean_between(frames, FRAME_RATE, times))
        target, weight = step_targets(chords, times)
        keep = weight > 0.05
        gs.append(groups[keep].astype(np.float16))
        ps.append(plain[keep])
        ts.append(target[keep])
        ws.append(weight[keep])
    G, P, T, W = (np.concatenate(v) for v in (gs, ps, ts, ws))
    print(G.shape, "none:", T[:, -1].mean())
    arrays = train_rolled(
        G, P, T, W, outputs=len(QUALITIES), with_none=True, hidden=a.hidden, epochs=a.epochs, dropout=0.05, seed=SEED
    )
    np.savez(a.out, **prefixed(arrays, "chord"))


if __name__ == "__main__":
    main()
