"""Trains the note network on composed material. usage: python train_notes.py DATA_FOLDER OUT.npz"""

from __future__ import annotations

import argparse
import pathlib
import pickle

import numpy as np
from mlp import initial, train

from sonoteca.analysis.harmony.salience import N_NOTE_INPUTS, note_inputs, reference_level, semitones, tuning_of
from sonoteca.features.chroma_spectrum import LOWEST_MIDI, N_SEMITONES
from sonoteca.models.files import manifest, network_of
from sonoteca.models.network import Network

FRAME_RATE = 22_050 / 2048
SEED = 5


def note_network(path: pathlib.Path) -> Network:
    """The note network that this script wrote."""
    with np.load(path) as stored:
        arrays = {f"notes_{name}": stored[name] for name in stored.files}
    return network_of(manifest()["harmony.npz"].networks["notes"], arrays)


def pieces_of(folder: pathlib.Path):  # type: ignore[no-untyped-def]
    for path in sorted(folder.glob("part*.pkl")):
        with open(path, "rb") as source:
            yield from pickle.load(source)


def note_truth(piece: dict, n_frames: int) -> np.ndarray:
    """(3, N_SEMITONES, n_frames): any note, bass note, melody note on, at the frames' centres."""
    truth = np.zeros((3, N_SEMITONES, n_frames), bool)
    for start, end, midi, part in piece.get("notes", ()):
        row = midi - LOWEST_MIDI
        if 0 <= row < N_SEMITONES:
            first, last = int(np.ceil(start * FRAME_RATE)), max(int(end * FRAME_RATE), int(np.ceil(start * FRAME_RATE)))
            truth[0, row, first : last + 1] = True
            if part in ("bass", "melody"):
                truth[1 + (part == "melody"), row, first : last + 1] = True
    return truth


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("data", type=pathlib.Path)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--frames", type=int, default=16)
    ap.add_argument("--hidden", type=int, default=24)
    ap.add_argument("--epochs", type=int, default=5)
    a = ap.parse_args()
    rng = np.random.default_rng(SEED)
    xs, ys = [], []
    for piece in pieces_of(a.data):
        rows = piece["features"].astype(np.float32)
        pitch = semitones(rows, tuning_of(rows)[0])
        reference = reference_level(pitch)
        if reference <= 0:
            continue
        # Low octaves get more of the sample; above C7 there are few notes.
        chosen = np.sort(rng.choice(pitch.shape[1], min(a.frames, pitch.shape[1]), replace=False))
        inputs = note_inputs(pitch, reference)[:, :76, chosen]
        truth = note_truth(piece, pitch.shape[1])[:, :76, chosen]
        x, y = inputs.reshape(N_NOTE_INPUTS, -1).T, truth.reshape(3, -1).T
        # A silent semitone teaches nothing: keep one in eight of those.
        keep = (x[:, 13] > 0.02) | y[:, 0] | (rng.uniform(size=len(x)) < 0.12)
        xs.append(x[keep].astype(np.float16))
        ys.append(y[keep])
    X, Y = np.concatenate(xs), np.concatenate(ys).astype(np.float32)
    print(X.shape, Y.mean(axis=0))
    parameters = initial([N_NOTE_INPUTS, a.hidden, 3], rng)

    def loss(logits, chosen):  # type: ignore[no-untyped-def]
        p = 1 / (1 + np.exp(-logits))
        y = Y[chosen]
        value = -np.mean(y * np.log(p + 1e-7) + (1 - y) * np.log(1 - p + 1e-7))
        return float(value), (p - y) / len(chosen)

    train(parameters, lambda i: X[i].astype(np.float32), loss, len(X), epochs=a.epochs, batch_size=2048, rate=3e-3,
          decay=1e-4, rng=rng, report=lambda e, v: print(e, round(v, 4), flush=True))  # fmt: skip
    np.savez(a.out, hidden_weights=parameters[0], hidden_bias=parameters[1], output_weights=parameters[2],
             output_bias=parameters[3])  # fmt: skip


if __name__ == "__main__":
    main()
