"""Trains the key network. usage: python train_key.py DATA_FOLDER NOTES.npz CHORDS.npz OUT.npz"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from rolled import prefixed, train_rolled
from train_notes import pieces_of

from sonoteca.analysis.harmony.chord_steps import chord_inputs, step_times
from sonoteca.analysis.harmony.key_inputs import key_inputs
from sonoteca.analysis.harmony.pitch_classes import harmonic_frames, mean_between
from sonoteca.analysis.harmony.rolled_network import RolledNetwork, softmax
from sonoteca.analysis.harmony.salience import NoteNetwork

FRAME_RATE = 22_050 / 2048
SEED = 17


def key_example(rows: np.ndarray, duration_s: float, notes: NoteNetwork, chords: RolledNetwork):  # type: ignore[no-untyped-def]
    frames = harmonic_frames(rows, notes)
    times = step_times(0.0, duration_s, None)
    groups, plain = chord_inputs(mean_between(frames, FRAME_RATE, times))
    return key_inputs(frames, FRAME_RATE, softmax(chords(groups, plain)))


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("data", type=pathlib.Path)
    ap.add_argument("notes", type=pathlib.Path)
    ap.add_argument("chords", type=pathlib.Path)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--hidden", type=int, nargs="*", default=[32])
    ap.add_argument("--epochs", type=int, default=30)
    a = ap.parse_args()
    notes, chords = NoteNetwork(**np.load(a.notes)), RolledNetwork.load(np.load(a.chords), "chord")
    gs, ps, ts = [], [], []
    for piece in pieces_of(a.data):
        if piece["tonic"] is None:
            continue
        groups, plain = key_example(piece["features"].astype(np.float32), piece["duration_s"], notes, chords)
        target = np.zeros((1, 24), np.float32)
        target[0, 2 * piece["tonic"] + (piece["mode"] == "minor")] = 1
        gs.append(groups), ps.append(plain), ts.append(target)
    G, P, T = (np.concatenate(v) for v in (gs, ps, ts))
    np.savez(str(a.out).replace(".npz", "-data.npz"), G=G, P=P, T=T)
    arrays = train_rolled(G, P, T, np.ones(len(G), np.float32), outputs=2, with_none=False, hidden=a.hidden,
                          epochs=a.epochs, batch_size=64, dropout=0.1, decay=3e-2, seed=SEED)  # fmt: skip
    np.savez(a.out, **prefixed(arrays, "key"))


if __name__ == "__main__":
    main()
