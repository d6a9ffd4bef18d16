"""Eight bars of songs: chords, melody and key on a grid of beats, from three sources.

- pop: excerpts of the development corpus, whose chords, beats and melody are known (POP909);
- harmonised: POP909 melodies, over the four-bar line of pop practice that fits best or over
  chords found by a small hidden Markov model;
- composed: lines of pop practice with melodies drawn over them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from compose import DIATONIC, LOOPS, MAJOR_SCALE, MINOR_SCALE, QUALITIES, progression
from numpy.typing import NDArray
from patterns import Harmony, Score, add_melody, add_motif

from arrange import grid_period_s, guess_chords

N_BARS, BEATS_PER_BAR = 8, 4
N_BEATS = N_BARS * BEATS_PER_BAR
# A melody of fewer notes in eight bars tells too little of the song it is from.
LEAST_NOTES = 14
# Of the onsets of an excerpt: how well a grid of sixteenths explains them (1: exactly).
LEAST_GRID_STRENGTH = 0.7
NOTE_NAMES = ("C", "C#", "D", "D#", "E", "F", "F#", "G", "G#", "A", "A#", "B")


@dataclass(frozen=True)
class Chord:
    """From ``beat`` on for ``length`` beats; ``root`` is a pitch class."""

    beat: float
    length: float
    root: int
    quality: str

    @property
    def label(self) -> str:
        return f"{NOTE_NAMES[self.root]}:{self.quality}"

    @property
    def tones(self) -> tuple[int, ...]:
        """From the root up, in semitones over C."""
        return tuple(self.root + step for step in QUALITIES[self.quality])


@dataclass(frozen=True)
class Song:
    """Eight bars of 4/4. ``melody`` rows are (beat, length in beats, MIDI pitch)."""

    name: str
    source: str
    tonic: int
    mode: str
    chords: tuple[Chord, ...]
    melody: tuple[tuple[float, float, int], ...] = field(repr=False)

    def transposed(self, semitones: int) -> Song:
        chords = tuple(Chord(c.beat, c.length, (c.root + semitones) % 12, c.quality) for c in self.chords)
        melody = [(at, length, pitch + semitones) for at, length, pitch in self.melody]
        centre = float(np.mean([pitch for _, _, pitch in melody]))
        octave = 12 * round((69 - centre) / 12)
        moved = tuple((at, length, pitch + octave) for at, length, pitch in melody)
        return Song(self.name, self.source, (self.tonic + semitones) % 12, self.mode, chords, moved)

    def harmony(self) -> Harmony:
        """As the patterns of ``../rhythm`` read it."""
        scale = MAJOR_SCALE if self.mode == "major" else MINOR_SCALE
        spans = tuple((c.beat, c.length, c.root, c.tones) for c in self.chords)
        return Harmony(spans, tuple(self.tonic + step for step in scale))


def pop_songs(files: Mapping[str, Mapping[str, object]], rng: np.random.Generator) -> Iterator[Song]:
    """An excerpt of every development song in 4/4 that has eight whole bars with a melody."""
    for truth in files.values():
        if truth["corpus"] != "pop909" or truth["beats_per_bar"] != 4 or not truth["melody"]:
            continue
        song = _pop_song(truth, rng)
        if song is not None:
            yield song


def _pop_song(truth: Mapping[str, object], rng: np.random.Generator) -> Song | None:
    beats = np.array(truth["beats"])
    first, beat_s = float(truth["downbeats"][0]), float(np.median(np.diff(beats)))  # type: ignore[index]
    melody = np.array(truth["melody"], float)
    melody[:, :2] = (melody[:, :2] - first) / beat_s
    n_bars = len(truth["downbeats"]) - 1  # type: ignore[arg-type]
    counts = [
        int(np.sum((melody[:, 0] > 4 * bar - 0.1) & (melody[:, 0] < 4 * bar + N_BEATS - 0.1)))
        for bar in range(n_bars - N_BARS + 1)
    ]
    full = [bar for bar, count in enumerate(counts) if count >= LEAST_NOTES]
    if not full:
        return None
    start = 4.0 * int(rng.choice(full))
    notes = _excerpt(melody - np.array([start, start, 0.0]))
    chords = []
    for begin_s, end_s, label in truth["chords"]:  # type: ignore[attr-defined]
        begin, end = (begin_s - first) / beat_s - start, (end_s - first) / beat_s - start
        begin, end = max(0.0, round(2 * begin) / 2), min(float(N_BEATS), round(2 * end) / 2)
        name, _, rest = label.partition(":")
        quality = rest.split("/")[0].replace("minmaj7", "min").replace("dim7", "dim")
        if end > begin and label != "N":
            chords.append(Chord(begin, end - begin, NOTE_NAMES.index(name), quality.replace("hdim", "hdim7")))
    if sum(c.length for c in chords) < 0.8 * N_BEATS:
        return None
    tonic, mode = str(truth["key"]).split()
    name = f"pop-{truth['made']['song']}"  # type: ignore[index]
    return Song(name, "pop", NOTE_NAMES.index(tonic), mode, tuple(chords), notes)


def _excerpt(melody: NDArray[np.float64]) -> tuple[tuple[float, float, int], ...]:
    """Notes that begin within the eight bars, on a grid of 32nds."""
    kept = melody[(melody[:, 0] > -0.06) & (melody[:, 0] < N_BEATS - 0.1)]
    return tuple(
        (max(0.0, round(8 * begin) / 8), float(min(max(end - begin, 0.12), N_BEATS - max(begin, 0.0))), int(pitch))
        for begin, end, pitch in kept
    )


def harmonised_songs(melodies: Mapping[str, Sequence[Sequence[float]]], rng: np.random.Generator) -> Iterator[Song]:
    """Eight bars of every melody that keeps to a grid of sixteenths, with chords that fit it."""
    for name, rows in melodies.items():
        raw = np.array(rows, float)
        raw[:, :2] /= 1000.0
        at = int(rng.integers(0, max(1, len(raw) - 2 * LEAST_NOTES)))
        near = raw[(raw[:, 0] >= raw[at, 0] - 2.0) & (raw[:, 0] < raw[at, 0] + 30.0)]
        sixteenth, phase = grid_period_s(near[:, 0])
        strength = abs(np.exp(2j * np.pi * near[:, 0] / sixteenth).mean())
        if strength < LEAST_GRID_STRENGTH:
            continue
        beat_s = 4 * sixteenth
        # The half bar begins where most of the sounding time begins.
        places = np.round((near[:, 0] - phase) / sixteenth).astype(int)
        weights = [np.sum((near[:, 1])[places % 8 == shift]) for shift in range(8)]
        start = phase + (int(np.argmax(weights)) + 8 * round((raw[at, 0] - phase) / (8 * sixteenth))) * sixteenth
        timed = np.column_stack([(raw[:, 0] - start) / beat_s, (raw[:, 0] + raw[:, 1] - start) / beat_s, raw[:, 2]])
        notes = _excerpt(timed)
        if len(notes) < LEAST_NOTES:
            continue
        held = np.array([(begin, length, pitch) for begin, length, pitch in notes])
        tonic, mode, chords = _fitting_line(held, rng) if rng.random() < 0.5 else _decoded_chords(held, rng)
        yield Song(f"melody-{name}", "harmonised", tonic, mode, chords, notes)


def _fitting_line(notes: NDArray[np.float64], rng: np.random.Generator) -> tuple[int, str, tuple[Chord, ...]]:
    """The four-chord line, in the key, that holds most of the melody's sounding time; one chord per bar."""
    weights = np.full((N_BARS, 12), 0.02)
    for begin, length, pitch in notes:
        weights[min(int(begin // 4), N_BARS - 1), int(pitch) % 12] += min(length, 2.0)
    profile = weights.sum(axis=0)
    best: tuple[float, int, str, tuple[tuple[int, str], ...]] | None = None
    for mode, scale in (("major", MAJOR_SCALE), ("minor", MINOR_SCALE)):
        for tonic in range(12):
            inside = profile[[(tonic + step) % 12 for step in scale]].sum() / profile.sum()
            for line in LOOPS[mode]:
                chords = tuple(((tonic + root) % 12, DIATONIC[mode].get(root, "maj")) for root in line)
                held = sum(
                    weights[bar, [(root + step) % 12 for step in QUALITIES[quality]]].sum()
                    for bar, (root, quality) in enumerate(chords * (N_BARS // 4))
                )
                score = 3.0 * inside + held / profile.sum() + rng.gumbel(0, 0.03)
                if best is None or score > best[0]:
                    best = score, tonic, mode, chords
    if best is None:
        raise ValueError("no line of chords to choose from")
    _, tonic, mode, chords = best
    return (
        tonic,
        mode,
        tuple(Chord(4.0 * bar, 4.0, *chord) for bar, chord in enumerate(chords * (N_BARS // 4))),
    )


def _decoded_chords(notes: NDArray[np.float64], rng: np.random.Generator) -> tuple[int, str, tuple[Chord, ...]]:
    """Chords per half bar by the hidden Markov model of ``../melody``; the key is the one they are diatonic in."""
    numbers = guess_chords(notes, 2.0, 0.0, 2 * N_BARS, rng)
    chords: list[Chord] = []
    for half, number in enumerate(numbers):
        root, quality = number // 2, ("maj", "min")[number % 2]
        if chords and half % 4 and (chords[-1].root, chords[-1].quality) == (root, quality):
            chords[-1] = Chord(chords[-1].beat, chords[-1].length + 2.0, root, quality)
        else:
            chords.append(Chord(2.0 * half, 2.0, root, quality))
    best = max(
        (
            sum(
                chord.length * (1.0 + 0.6 * (chord.root == tonic))
                for chord in chords
                if DIATONIC[mode].get((chord.root - tonic) % 12) == chord.quality
            )
            + 3.0 * (chords[0].root == tonic)
            + 2.0 * (chords[-1].root == tonic),
            tonic,
            mode,
        )
        for tonic in range(12)
        for mode in ("major", "minor")
    )
    return best[1], best[2], tuple(chords)


def composed_song(number: int, rng: np.random.Generator) -> Song:
    """A line of pop practice with sevenths at times, one or two bars a chord, and a melody or a riff over it."""
    mode = "major" if rng.random() < 0.5 else "minor"
    n_chords = int(rng.choice([4, 4, 8]))
    line = progression(rng, mode, n_chords, is_song=False)
    if n_chords == 4:
        line = line * 2 if rng.random() < 0.6 else [chord for chord in line for _ in range(2)]
    chords = tuple(Chord(4.0 * bar, 4.0, root % 12, quality) for bar, (root, quality) in enumerate(line))
    bare = Song(f"composed-{number}", "composed", 0, mode, chords, ((0.0, 1.0, 60),))
    score = Score(BEATS_PER_BAR, N_BARS, 120.0)
    while len(score.notes) < LEAST_NOTES:
        score.notes.clear()
        (add_melody if rng.random() < 0.6 else add_motif)(score, bare.harmony(), rng)
    melody = tuple((n.at, n.length, n.pitch) for n in score.notes)
    return Song(bare.name, bare.source, bare.tonic, mode, chords, melody)
