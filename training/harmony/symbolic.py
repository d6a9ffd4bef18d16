"""Key examples without sound: harmonic frames as the note network would give them, errors included.

Rendering teaches what notes sound like; which notes make a key is cheaper taught from the
notes themselves, with their ghosts (partials taken for notes), misses and blur.
usage: python symbolic.py CHORDS.npz OUT.npz --pieces 20000
"""

from __future__ import annotations

import argparse
import pathlib

import numpy as np
from compose import Piece
from make_data import compose_loop, compose_song

from sonoteca.analysis.harmony import pitch_classes as pc
from sonoteca.analysis.harmony.chord_steps import chord_inputs, step_times
from sonoteca.analysis.harmony.key_inputs import key_inputs
from sonoteca.analysis.harmony.pitch_classes import mean_between
from sonoteca.features.chroma_spectrum import LOWEST_MIDI, N_SEMITONES
from sonoteca.models.files import manifest, network_of
from sonoteca.models.network import softmax

FRAME_RATE = 22_050 / 2048
# Partials that are sometimes heard as notes: interval and largest strength. Those of a bass
# alone are heard most: its fifth partial must not be taken for a major third.
GHOSTS = ((12, 0.6), (19, 0.5), (24, 0.35), (28, 0.5), (16, 0.15), (31, 0.2), (34, 0.2), (-12, 0.1))


def imagined_frames(rng: np.random.Generator, piece: Piece) -> np.ndarray:
    """Harmonic frames (N_HARMONIC_ROWS, n_frames) of a piece that was never played."""
    n = max(2, int(np.ceil(piece.duration_s * FRAME_RATE)))
    rolls = {part: np.zeros((N_SEMITONES, n), np.float32) for part in ("other", "bass", "melody")}
    ring = rng.uniform(0.0, 0.5) * (rng.uniform() < 0.5)
    fade = rng.uniform(0.3, 5.0)
    times = np.arange(n) / FRAME_RATE
    miss = {part: rng.uniform(0, 0.25) for part in ("bass", "melody", "harmony", "accompaniment")}
    for note in piece.notes:
        if rng.uniform() < miss[note.part] or not 0 <= note.midi - LOWEST_MIDI < N_SEMITONES:
            continue
        part = note.part if note.part in rolls else "other"
        first = min(int(note.start_s * FRAME_RATE + 0.5), n - 1)
        stop = min(int((note.end_s + ring) * FRAME_RATE + 0.5) + 1, n)
        shape = rng.uniform(0.5, 1.0) * np.exp(-(times[first:stop] - note.start_s) / fade)
        row = rolls[part][note.midi - LOWEST_MIDI]
        row[first:stop] = np.maximum(row[first:stop], shape)
    for roll in rolls.values():
        roll[:, 1:-1] = 0.2 * roll[:, :-2] + 0.6 * roll[:, 1:-1] + 0.2 * roll[:, 2:]
    every = np.maximum(np.maximum(rolls["other"], rolls["bass"]), rolls["melody"])
    heard = every.copy()
    alone = 1.0 if piece.role == "bass" else 0.6
    for interval, most in GHOSTS:
        strength = rng.uniform(0, most) * (rng.uniform() < alone)
        low, high = max(0, -interval), min(N_SEMITONES, N_SEMITONES - interval)
        heard[low + interval : high + interval] = np.maximum(
            heard[low + interval : high + interval], strength * every[low:high]
        )
    noise = rng.uniform(size=heard.shape) < rng.uniform(0, 0.004)
    heard = np.clip(heard + noise * rng.uniform(0, 0.7, heard.shape), 0, 1).astype(np.float32)
    wrong = rng.uniform(0, 0.2)
    bass = (1 - wrong) * rolls["bass"] + wrong * rng.uniform() * np.where(
        np.arange(N_SEMITONES)[:, None] < 30, heard, 0
    )
    melody = (1 - wrong) * rolls["melody"] + wrong * rng.uniform() * np.where(
        np.arange(N_SEMITONES)[:, None] > 40, heard, 0
    )
    frames = np.zeros((pc.N_HARMONIC_ROWS, n), np.float32)
    for group in (pc.LOW, pc.MIDDLE, pc.HIGH):
        frames[12 * group : 12 * group + 12] = pc._FOLDS[group] @ heard
    frames[12 * pc.BASS : 12 * pc.BASS + 12] = pc._FOLD_ALL @ bass.astype(np.float32)
    frames[12 * pc.MELODY : 12 * pc.MELODY + 12] = pc._FOLD_ALL @ melody.astype(np.float32)
    lowest = heard.copy()
    lowest[1:] *= np.cumprod(1.0 - heard, axis=0)[:-1]
    frames[12 * pc.LOWEST : 12 * pc.LOWEST + 12] = pc._FOLD_ALL @ lowest
    spectrum = every.copy()
    for interval, level in ((12, 0.6), (19, 0.45), (24, 0.35), (28, 0.25), (31, 0.2)):
        spectrum[interval:] += level * every[:-interval]
    frames[12 * pc.RAW : 12 * pc.RAW + 12] = pc._FOLDS[pc.RAW] @ spectrum
    frames[pc.LEVEL_ROW] = heard.max(axis=0) * rng.uniform(0.6, 1.0)
    frames[pc.POLYPHONY_ROW] = heard.sum(axis=0)
    frames[pc.STRONGEST_ROW] = heard.max(axis=0)
    frames[pc.NOVELTY_ROW, 1:] = np.abs(np.diff(heard, axis=1)).sum(axis=0)
    return frames


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("chords", type=pathlib.Path)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--pieces", type=int, default=12000)
    ap.add_argument("--seed", type=int, default=31)
    ap.add_argument("--songs", type=float, default=0.42, help="share of songs among the pieces")
    a = ap.parse_args()
    chords = network_of(manifest()["harmony.npz"].networks["chord"], np.load(a.chords))
    gs, ps, ts = [], [], []
    for i in range(a.pieces):
        rng = np.random.default_rng((a.seed, i))
        if rng.uniform() < a.songs:
            piece = compose_song(rng, longest_s=90.0)
        else:
            piece = compose_loop(rng, str(rng.choice(["bass", "harmony", "melody", "mix"], p=[0.27, 0.15, 0.33, 0.25])))
        if not piece.notes:
            continue
        frames = imagined_frames(rng, piece)
        if rng.uniform() < 0.2 and piece.role != "song":
            # Cut short or run round, as loose loops are.
            frames = np.roll(frames, int(rng.integers(frames.shape[1])), axis=1) if rng.uniform() < 0.5 else frames
            frames = frames[:, : max(4, int(frames.shape[1] * rng.uniform(0.6, 1.0)))]
        times = step_times(0.0, frames.shape[1] / FRAME_RATE, None)
        posteriors = softmax(chords.per_root(*chord_inputs(mean_between(frames, FRAME_RATE, times))))
        groups, plain = key_inputs(frames, FRAME_RATE, posteriors)
        target = np.zeros((1, 24), np.float32)
        target[0, 2 * int(piece.tonic or 0) + (piece.mode == "minor")] = 1
        gs.append(groups.astype(np.float16)), ps.append(plain), ts.append(target)
    np.savez(a.out, G=np.concatenate(gs), P=np.concatenate(ps), T=np.concatenate(ts))


if __name__ == "__main__":
    main()
