"""From a composed piece to samples: sound fonts or NumPy voices per part, drums, effects."""

from __future__ import annotations

import numpy as np
from compose import Piece, drum_hits
from fluid import FluidSynth, Note
from voices import RATE, Samples, drum, tone, with_effects

VOICES = {
    "bass": ("sub", "fm", "acid", "reese", "pluck", "square"),
    "harmony": ("organ", "pad", "supersaw", "fm", "pluck", "square"),
    "melody": ("fm", "square", "supersaw", "vox", "pluck", "organ"),
    "accompaniment": ("organ", "pad", "supersaw", "fm", "pluck"),
}
PROGRAMS = {
    "bass": [*range(32, 40), 43, 58, 87],
    "harmony": [*range(9), 11, *range(12, 32), 46, *range(48, 56), *range(61, 64), *range(88, 96), 104, 107],
    "melody": [
        *range(8),
        *range(9, 14),
        *range(16, 32),
        40,
        41,
        42,
        46,
        *range(52, 55),
        *range(56, 88),
        104,
        105,
        107,
        108,
    ],
    "accompaniment": [*range(9), *range(16, 32), 46, *range(48, 52)],
}
KITS = (0, 8, 16, 24, 25, 32, 40, 48)
FONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2")


class Studio:
    """Both fonts, loaded once."""

    def __init__(self) -> None:
        self._synths = [FluidSynth(path, RATE) for path in FONTS]

    def render(
        self,
        rng: np.random.Generator,
        piece: Piece,
        *,
        with_drums: bool,
        tuning_cents: float,
        synth_chance: float = 0.35,
    ) -> Samples:
        """Dry parts with random levels, mixed, then effects."""
        n = round(piece.duration_s * RATE)
        mix = np.zeros(n, np.float32)
        font = self._synths[int(rng.integers(len(self._synths)))]
        reverb = bool(rng.uniform() < 0.4)
        for part in sorted({note.part for note in piece.notes}):
            notes = [note for note in piece.notes if note.part == part]
            gain = rng.uniform(0.6, 1.2) if part == "melody" else rng.uniform(0.45, 1.0)
            if rng.uniform() < synth_chance:
                y = _synth_part(rng, notes, part, n, tuning_cents)
            else:
                program = int(rng.choice(PROGRAMS[part]))
                y = font.render(
                    notes,
                    programs={part: program},
                    duration_s=piece.duration_s + 0.01,
                    tuning_cents=tuning_cents,
                    reverb=reverb,
                )[:n]
            peak = np.abs(y).max()
            if peak > 1e-5:
                mix[: len(y)] += gain / peak * y
        if with_drums:
            mix += rng.uniform(0.3, 1.3) * self.drums(rng, piece)
        amount = 0.5 if piece.role == "song" else 1.0
        return with_effects(mix, rng, amount=amount) if np.abs(mix).max() > 0 else mix

    def drums(self, rng: np.random.Generator, piece: Piece) -> Samples:
        n = round(piece.duration_s * RATE)
        hits = drum_hits(rng, piece)
        if rng.uniform() < 0.5:
            font = self._synths[int(rng.integers(len(self._synths)))]
            notes = [Note(at, at + 0.2, gm, int(50 + 70 * gain), "drums") for at, _, gm, gain in hits]
            y = font.render(notes, programs={"drums": int(rng.choice(KITS))}, duration_s=piece.duration_s + 0.01)[:n]
        else:
            kit = {kind: drum(kind, rng) for _, kind, _, _ in hits}
            y = np.zeros(n, np.float32)
            for at, kind, _, gain in hits:
                start = int(at * RATE)
                piece_of_hit = kit[kind][: n - start]
                y[start : start + len(piece_of_hit)] += gain * piece_of_hit
        return y / (np.abs(y).max() + 1e-9)


def _synth_part(rng: np.random.Generator, notes: list[Note], part: str, n: int, tuning_cents: float) -> Samples:
    voice = str(rng.choice(VOICES[part]))
    shape = rng.uniform(size=8)
    y = np.zeros(n + RATE * 2, np.float32)
    cache: dict[tuple[int, int], Samples] = {}
    for note in notes:
        key = (note.midi, int((note.end_s - note.start_s) * 50))
        if key not in cache:
            hz = 440.0 * 2 ** ((note.midi - 69 + tuning_cents / 100) / 12)
            cache[key] = tone(voice, hz, note.end_s - note.start_s, rng, shape)
        start = int(note.start_s * RATE)
        sound = cache[key][: len(y) - start]
        y[start : start + len(sound)] += note.velocity / 127 * sound
    return y[:n]
