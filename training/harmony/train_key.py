"""Trains the key and the tonality network on the same examples.

usage: python train_key.py DATA_FOLDER FOLDER [--symbolic SYMBOLIC.npz]

FOLDER holds notes.npz and chords.npz; key.npz and tonality.npz are written there, and the
examples (examples.npz), which --reuse reads instead of DATA_FOLDER.
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from mlp import initial, train
from rolled import averaged, prefixed, train_rolled
from train_notes import note_network, pieces_of

from sonoteca.analysis.harmony.chord_steps import chord_inputs, step_times
from sonoteca.analysis.harmony.key_inputs import key_inputs
from sonoteca.analysis.harmony.pitch_classes import harmonic_frames, mean_between
from sonoteca.analysis.harmony.tonality import KEY_INPUTS, N_TONALITY_INPUTS, key_clarity, tonality_inputs
from sonoteca.models.files import manifest, network_of
from sonoteca.models.network import Network, softmax

FRAME_RATE = 22_050 / 2048
SEED = 17
UNKNOWN_KEY = np.full(24, 1 / 24, np.float32)


def example(rows: np.ndarray, duration_s: float, notes: Network, chords: Network):  # type: ignore[no-untyped-def]
    """Key groups and plain inputs, and tonality inputs (their two of the key not yet known)."""
    frames = harmonic_frames(rows, notes)
    times = step_times(0.0, duration_s, None)
    posteriors = softmax(chords.per_root(*chord_inputs(mean_between(frames, FRAME_RATE, times))))
    groups, plain = key_inputs(frames, FRAME_RATE, posteriors)
    tonal = tonality_inputs(rows, frames, FRAME_RATE, UNKNOWN_KEY, float(posteriors[:, -1].mean()))
    return groups, plain, tonal


def examples_of(folder: pathlib.Path, notes: Network, chords: Network) -> dict[str, np.ndarray]:
    gs, ps, ts, xs = [], [], [], []
    for piece in pieces_of(folder):
        groups, plain, tonal = example(piece["features"].astype(np.float32), piece["duration_s"], notes, chords)
        target = np.zeros((1, 24), np.float32)
        if piece["tonic"] is not None:
            target[0, 2 * piece["tonic"] + (piece["mode"] == "minor")] = 1
        gs.append(groups.astype(np.float16)), ps.append(plain), ts.append(target), xs.append(tonal)
    return {"G": np.concatenate(gs), "P": np.concatenate(ps), "T": np.concatenate(ts), "X": np.stack(xs)}


def train_tonality(X: np.ndarray, has_key: np.ndarray, *, hidden: int = 16, epochs: int = 40) -> dict[str, np.ndarray]:
    mean, scale = X.mean(axis=0), 1 / (X.std(axis=0) + 1e-3)
    Z = np.clip((X - mean) * scale, -4, 4).astype(np.float32)
    Y = has_key.astype(np.float32)[:, None]
    rng = np.random.default_rng(SEED)
    parameters = initial([N_TONALITY_INPUTS, hidden, 1], rng)
    # Balanced: as many chances to be wrong on either side.
    w = np.where(Y > 0, 0.5 / Y.mean(), 0.5 / (1 - Y.mean())).astype(np.float32)

    def loss(logits, chosen):  # type: ignore[no-untyped-def]
        p, y = 1 / (1 + np.exp(-logits)), Y[chosen]
        value = -np.mean(w[chosen] * (y * np.log(p + 1e-7) + (1 - y) * np.log(1 - p + 1e-7)))
        return float(value), w[chosen] * (p - y) / len(chosen)

    train(
        parameters, lambda i: Z[i] + 0.05 * rng.standard_normal(Z[i].shape, dtype=np.float32), loss, len(Z),
        epochs=epochs, batch_size=64, rate=3e-3, decay=1e-2, rng=rng,
        report=lambda e, v: print("tonality", e, round(v, 4)) if e % 10 == 9 else None,
    )  # fmt: skip
    names = ("hidden_weights", "hidden_bias", "output_weights", "output_bias")
    return {"mean": mean, "scale": scale, **dict(zip(names, parameters, strict=True))}


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    ap.add_argument("data", type=pathlib.Path)
    ap.add_argument("folder", type=pathlib.Path)
    ap.add_argument("--symbolic", type=pathlib.Path, nargs="*", default=[])
    ap.add_argument("--more", type=pathlib.Path, nargs="*", default=[], help="examples for the tonality network only")
    ap.add_argument("--reuse", action="store_true")
    ap.add_argument("--keep-key", action="store_true", help="train only the tonality network")
    ap.add_argument("--hidden", type=int, nargs="*", default=[48])
    ap.add_argument("--networks", type=int, default=3)
    ap.add_argument("--epochs", type=int, default=7)
    ap.add_argument("--rendered-weight", type=float, default=1.5)
    a = ap.parse_args()
    notes = note_network(a.folder / "notes.npz")
    chords = network_of(manifest()["harmony.npz"].networks["chord"], np.load(a.folder / "chords.npz"))
    stored = a.folder / "examples.npz"
    if not a.reuse:
        np.savez(stored, **examples_of(a.data, notes, chords))
    examples = dict(np.load(stored))
    if not a.keep_key:
        train_key(a, examples)
    network = network_of(manifest()["harmony.npz"].networks["key"], np.load(a.folder / "key.npz"))
    everything = [examples, *(dict(np.load(path)) for path in a.more)]
    X = np.concatenate([with_key_clarity(part, network) for part in everything])
    has_key = np.concatenate([part["T"].sum(axis=1) > 0 for part in everything])
    np.savez(a.folder / "tonality.npz", **train_tonality(X, has_key))


def train_key(a: argparse.Namespace, examples: dict[str, np.ndarray]) -> None:
    """The mean of several networks, on rendered and unplayed examples; writes key.npz."""
    keyed = examples["T"].sum(axis=1) > 0
    G, P, T = [examples["G"][keyed]], [examples["P"][keyed]], [examples["T"][keyed]]
    W = [np.full(int(keyed.sum()), a.rendered_weight, np.float32)]
    for path in a.symbolic:
        with np.load(path) as more:
            G.append(more["G"]), P.append(more["P"]), T.append(more["T"])
            W.append(np.ones(len(more["G"]), np.float32))
    material = [np.concatenate(v) for v in (G, P, T, W)]
    key = averaged([
        train_rolled(*material, outputs=2, with_none=False, hidden=a.hidden, epochs=a.epochs,
                     batch_size=64, dropout=0.15, decay=3e-2, seed=SEED + i)
        for i in range(a.networks)
    ])  # fmt: skip
    np.savez(a.folder / "key.npz", **prefixed(key, "key"))


def with_key_clarity(examples: dict[str, np.ndarray], network: Network) -> np.ndarray:
    """Tonality inputs of the examples, the two that tell of the key filled in."""
    X = examples["X"].copy()
    for i in range(0, len(X), 500):
        chances = softmax(network.per_root(examples["G"][i : i + 500].astype(np.float32), examples["P"][i : i + 500]))
        X[i : i + 500, KEY_INPUTS] = np.array([key_clarity(p) for p in chances], np.float32)
    return X


if __name__ == "__main__":
    main()
