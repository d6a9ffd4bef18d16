"""Composes, renders and analyses the training material: features and truth per piece, as one pickle per part.

usage: python make_data.py OUT_FOLDER --part 0 --pieces 400 [--seed 1]
"""

from __future__ import annotations

import argparse
import pathlib
import pickle
import time

import numpy as np
from compose import Piece, add_bass, add_harmony, add_melody, chord_track
from fluid import Note
from voices import RATE, drum, with_effects

from render import Studio
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.feature_pass import compute_features

FEATURE = PitchSpectrum()


def features_of(samples: np.ndarray) -> np.ndarray:
    samples = np.ascontiguousarray(samples, dtype=np.float32)
    series = compute_features(
        lambda first, n: samples[first : first + n], n_samples=len(samples), sample_rate=RATE, features=(FEATURE,)
    )
    return series[FEATURE].values


def compose_loop(rng: np.random.Generator, role: str) -> Piece:
    mode = "minor" if rng.uniform() < 0.55 else "major"
    n_bars = int(rng.choice([2, 4, 8], p=[0.35, 0.4, 0.25]))
    beats_per_bar = int(rng.choice([4, 3], p=[0.93, 0.07]))
    beat_s = 60.0 / rng.uniform(70, 180)
    piece = Piece(n_bars * beats_per_bar * beat_s, beat_s, beats_per_bar, role, int(rng.integers(12)), mode)
    chord_track(rng, piece, n_bars, is_song=False)
    layers = {
        "mix": [layer for layer in ("bass", "harmony", "melody") if rng.uniform() < 0.6] or ["bass", "harmony"]
    }.get(role, [role])
    if "harmony" in layers:
        add_harmony(rng, piece)
    if "bass" in layers:
        add_bass(rng, piece)
    if "melody" in layers:
        add_melody(rng, piece)
    return piece


def compose_song(rng: np.random.Generator, *, longest_s: float = 50.0) -> Piece:
    mode = "minor" if rng.uniform() < 0.42 else "major"
    beats_per_bar = int(rng.choice([4, 3], p=[0.8, 0.2]))
    beat_s = 60.0 / rng.uniform(60, 150)
    n_bars = max(8, int(rng.uniform(28, longest_s) / (beat_s * beats_per_bar)))
    piece = Piece(n_bars * beats_per_bar * beat_s, beat_s, beats_per_bar, "song", int(rng.integers(12)), mode)
    chord_track(rng, piece, n_bars, is_song=True)
    add_harmony(rng, piece, is_song=True)
    if rng.uniform() < 0.4:
        add_harmony(rng, piece, is_song=True, part="accompaniment")
    if rng.uniform() < 0.75:
        add_bass(rng, piece)
    if rng.uniform() < 0.85:
        add_melody(rng, piece)
    return piece


def loosened(rng: np.random.Generator, piece: Piece, y: np.ndarray) -> tuple[np.ndarray, float]:
    """The loop with a quiet lead-in or tail, cut short, or begun in its middle and run round.

    Returns samples and when the piece begins in them; for a loop run round the truth is rotated.
    """
    kind = str(rng.choice(["lead", "tail", "cut", "run"]))

    def hiss(seconds: float) -> np.ndarray:
        level = rng.choice([0.0, 1e-4, 1e-3])
        return (level * rng.standard_normal(int(seconds * RATE))).astype(np.float32)

    if kind == "lead":
        lead = rng.uniform(0.03, 0.8)
        return np.concatenate([hiss(lead), y]), lead
    if kind == "tail":
        return np.concatenate([y, hiss(rng.uniform(0.1, 2.5))]), 0.0
    if kind == "cut":
        return y[: int(len(y) * rng.uniform(0.6, 0.98))], 0.0
    at = int(rng.integers(len(y)))
    shift, once_s = at / RATE, piece.duration_s
    turns = int(rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]))
    chords = _rotated(piece.chords, shift, once_s)
    notes = _rotated([tuple_of(note) for note in piece.notes], shift, once_s)
    piece.chords = [(s + i * once_s, e + i * once_s, *rest) for i in range(turns) for s, e, *rest in chords]
    piece.notes = [Note(s + i * once_s, e + i * once_s, *rest) for i in range(turns) for s, e, *rest in notes]
    piece.first_beat_s, piece.duration_s = (-shift) % piece.beat_s, turns * once_s
    length = int(turns * len(y) * rng.uniform(0.7, 1.0))
    return np.tile(np.concatenate([y[at:], y[:at]]), turns)[:length], 0.0


def tuple_of(note: Note) -> tuple[float, float, int, int, str]:
    return (note.start_s, note.end_s, note.midi, note.velocity, note.part)


def _rotated(spans: list, shift: float, total: float) -> list:  # type: ignore[type-arg]
    """Spans (start, end, ...) of a loop that now begins at ``shift``; one across the seam becomes two."""
    result = []
    for start, end, *rest in spans:
        start, end = start - shift, end - shift
        for moved in (0.0, total):
            low, high = max(start + moved, 0.0), min(end + moved, total)
            if high - low > 1e-3:
                result.append((low, high, *rest))
    return sorted(result)


def atonal(rng: np.random.Generator, studio: Studio) -> tuple[np.ndarray, str]:
    """Drum loops and hits, noises: what has no key."""
    kind = str(rng.choice(["drum_loop", "hit", "noise"], p=[0.62, 0.28, 0.1]))
    if kind == "drum_loop":
        beat_s = 60.0 / rng.uniform(70, 180)
        piece = Piece(float(rng.choice([2, 4, 8])) * 4 * beat_s, beat_s, 4, "drums", None, None)
        piece.duration_s = min(piece.duration_s, 20.0)
        return with_effects(studio.drums(rng, piece), rng), kind
    if kind == "hit":
        names = ("kick", "snare", "hat", "open", "clap", "tom", "cymbal", "cowbell", "conga", "click")
        y = np.concatenate([drum(str(rng.choice(names)), rng), np.zeros(int(rng.uniform(0, 0.3) * RATE), np.float32)])
        return with_effects(y, rng), kind
    n = int(rng.uniform(1, 15) * RATE)
    spectrum = np.fft.rfft(rng.standard_normal(n))
    spectrum *= np.maximum(np.arange(len(spectrum)), 1) ** (-rng.uniform(0, 1.2))
    y = np.fft.irfft(spectrum, n)
    if rng.uniform() < 0.4:
        y *= rng.uniform(size=n) < 0.002 * 10 ** rng.uniform(0, 2)
    return with_effects(y.astype(np.float32), rng), kind


def make_piece(
    rng: np.random.Generator, studio: Studio, *, synth_chance: float = 0.35, roles: tuple[str, ...] = ()
) -> dict[str, object]:
    """A piece of any sort; with ``roles``, or with more synthetic voices than usual, a loop."""
    draw = rng.uniform() if synth_chance < 0.5 and not roles else 1.0
    if draw < 0.1:
        y, kind = atonal(rng, studio)
        return {"features": features_of(y).astype(np.float16), "role": kind, "tonic": None, "duration_s": len(y) / RATE}
    if draw < 0.36:
        piece = compose_song(rng)
    elif roles:
        piece = compose_loop(rng, str(rng.choice(roles)))
    else:
        piece = compose_loop(rng, str(rng.choice(["bass", "harmony", "melody", "mix"], p=[0.26, 0.22, 0.29, 0.23])))
    tuning = float(rng.uniform(-30, 30)) if rng.uniform() < 0.35 else 0.0
    y = studio.render(
        rng, piece, with_drums=piece.role in ("song", "mix") and rng.uniform() < 0.7, tuning_cents=tuning,
        synth_chance=0.08 if piece.role == "song" else synth_chance,
    )  # fmt: skip
    lead = 0.0
    if piece.role != "song" and rng.uniform() < 0.2:
        y, lead = loosened(rng, piece, y)
    return {
        "features": features_of(y).astype(np.float16), "role": piece.role, "tonic": piece.tonic, "mode": piece.mode,
        "duration_s": len(y) / RATE, "lead_s": lead, "beats_s": piece.beats_s + lead, "tuning_cents": tuning,
        "beats_per_bar": piece.beats_per_bar,
        "chords": [(s + lead, e + lead, r, q) for s, e, r, q in piece.chords],
        "notes": [(n.start_s + lead, n.end_s + lead, n.midi, n.part) for n in piece.notes],
    }  # fmt: skip


def main() -> None:
    ap = argparse.ArgumentParser(description=__doc__)
    ap.add_argument("out", type=pathlib.Path)
    ap.add_argument("--part", type=int, default=0)
    ap.add_argument("--pieces", type=int, default=400)
    ap.add_argument("--seed", type=int, default=1)
    ap.add_argument("--roles", nargs="*", default=[], help="loops of these roles only")
    ap.add_argument("--synth-chance", type=float, default=0.35)
    a = ap.parse_args()
    a.out.mkdir(parents=True, exist_ok=True)
    studio, began = Studio(), time.time()
    pieces = []
    for i in range(a.pieces):
        pieces.append(
            make_piece(
                np.random.default_rng((a.seed, a.part, i)), studio, synth_chance=a.synth_chance, roles=tuple(a.roles)
            )
        )
    with open(a.out / f"part{a.part:03d}.pkl", "wb") as sink:
        pickle.dump(pieces, sink, protocol=5)
    seconds = sum(float(p["duration_s"]) for p in pieces)  # type: ignore[arg-type]
    print(f"part {a.part}: {len(pieces)} pieces, {seconds / 60:.0f} min of sound in {time.time() - began:.0f} s")


if __name__ == "__main__":
    main()
