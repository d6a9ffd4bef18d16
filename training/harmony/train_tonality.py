"""Trains the tonality network. usage: python train_tonality.py DATA NOTES.npz CHORDS.npz KEY.npz OUT.npz"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from mlp import initial, train
from train_notes import pieces_of

from sonoteca.analysis.harmony.chord_steps import chord_inputs, step_times
from sonoteca.analysis.harmony.key_inputs import key_inputs
from sonoteca.analysis.harmony.pitch_classes import harmonic_frames, mean_between
from sonoteca.analysis.harmony.rolled_network import RolledNetwork, softmax
from sonoteca.analysis.harmony.salience import NoteNetwork
from sonoteca.analysis.harmony.tonality import N_TONALITY_INPUTS, tonality_inputs

FRAME_RATE = 22_050 / 2048
SEED = 29


def tonality_example(rows, duration_s, notes, chords, key):  # type: ignore[no-untyped-def]
    frames = harmonic_frames(rows, notes)
    times = step_times(0.0, duration_s, None)
    posteriors = softmax(chords(*chord_inputs(mean_between(frames, FRAME_RATE, times))))
    keys = softmax(key(*key_inputs(frames, FRAME_RATE, posteriors)))[0]
    return tonality_inputs(rows, frames, FRAME_RATE, keys, float(posteriors[:, -1].mean()))


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    for name in ("data", "notes", "chords", "key", "out"):
        ap.add_argument(name, type=pathlib.Path)
    ap.add_argument("--hidden", type=int, default=16)
    ap.add_argument("--epochs", type=int, default=40)
    a = ap.parse_args()
    notes, chords = NoteNetwork(**np.load(a.notes)), RolledNetwork.load(np.load(a.chords), "chord")
    key = RolledNetwork.load(np.load(a.key), "key")
    xs, ys = [], []
    for piece in pieces_of(a.data):
        xs.append(tonality_example(piece["features"].astype(np.float32), piece["duration_s"], notes, chords, key))
        ys.append(piece["tonic"] is not None)
    X, Y = np.stack(xs), np.array(ys, np.float32)[:, None]
    print(X.shape, Y.mean())
    mean, scale = X.mean(axis=0), 1 / (X.std(axis=0) + 1e-3)
    Z = np.clip((X - mean) * scale, -4, 4).astype(np.float32)
    rng = np.random.default_rng(SEED)
    parameters = initial([N_TONALITY_INPUTS, a.hidden, 1], rng)
    # Balanced: as many chances to be wrong on either side.
    w = np.where(Y > 0, 0.5 / Y.mean(), 0.5 / (1 - Y.mean())).astype(np.float32)

    def loss(logits, chosen):  # type: ignore[no-untyped-def]
        p, y = 1 / (1 + np.exp(-logits)), Y[chosen]
        value = -np.mean(w[chosen] * (y * np.log(p + 1e-7) + (1 - y) * np.log(1 - p + 1e-7)))
        return float(value), w[chosen] * (p - y) / len(chosen)

    train(parameters, lambda i: Z[i] + 0.05 * rng.standard_normal(Z[i].shape, dtype=np.float32), loss, len(Z),
          epochs=a.epochs, batch_size=64, rate=3e-3, decay=1e-2, rng=rng,
          report=lambda e, v: print(e, round(v, 4)) if e % 10 == 9 else None)  # fmt: skip
    names = ("hidden_weights", "hidden_bias", "output_weights", "output_bias")
    np.savez(a.out, mean=mean, scale=scale, **dict(zip(names, parameters, strict=True)))


if __name__ == "__main__":
    main()
