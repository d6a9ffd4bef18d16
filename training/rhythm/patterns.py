"""Patterns the training music is made of: drum grids, bass and chord figures, melodies.

Everything is drawn from a ``numpy.random.Generator``; a *grid* is a list of places in a bar,
in quarter-note beats from its start. Styles are common property of popular music: what is
learnt from them is how a bar looks, not a piece.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

KICK, STICK, SNARE, CLAP, HAT, PEDAL, OPEN, TOM, CRASH, RIDE = 36, 37, 38, 39, 42, 44, 46, 45, 49, 51
PERCUSSION = (54, 56, 60, 61, 62, 63, 64, 69, 70, 75, 76, 77)


@dataclass(frozen=True)
class Note:
    """``at`` and ``length`` in beats from the start of the piece; ``velocity`` 1..127."""

    channel: int
    at: float
    length: float
    pitch: int
    velocity: int


@dataclass
class Score:
    """Notes of a piece, and the program of each channel (9 is drums: the kit)."""

    beats_per_bar: int
    n_bars: int
    tempo_bpm: float
    # Length of one felt beat in quarters is always 1 here; a compound beat holds three thirds.
    compound: bool = False
    swing: float = 0.0
    notes: list[Note] = field(default_factory=list)
    programs: dict[int, int] = field(default_factory=dict)


# Sixteenth steps of 4/4 as (step, probability) per instrument.
DRUMS_4_4: dict[str, dict[int, list[tuple[float, float]]]] = {
    "rock": {KICK: [(0, 1), (8, 0.95), (10, 0.3), (7, 0.25), (6, 0.25), (14, 0.15), (3, 0.12)], SNARE: [(4, 1), (12, 1), (15, 0.05)], HAT: [(i, 0.9) for i in range(0, 16, 2)]},
    "rock8": {KICK: [(0, 1), (8, 0.9), (10, 0.7), (14, 0.1)], SNARE: [(4, 1), (12, 1)], HAT: [(i, 0.95) for i in range(0, 16, 2)]},
    "pop16": {KICK: [(0, 1), (8, 1), (3, 0.5), (11, 0.5), (10, 0.15)], SNARE: [(4, 1), (12, 1)], HAT: [(i, 0.9) for i in range(16)]},
    "four": {KICK: [(i, 1) for i in range(0, 16, 4)], SNARE: [(4, 0.8), (12, 0.8)], OPEN: [(i, 0.8) for i in range(2, 16, 4)], HAT: [(i, 0.45) for i in range(0, 16, 2)]},
    "break": {KICK: [(0, 1), (2, 0.45), (10, 0.95), (9, 0.3), (11, 0.3)], SNARE: [(4, 1), (12, 1), (7, 0.6), (9, 0.45), (15, 0.6), (14, 0.2)], HAT: [(i, 0.7) for i in range(0, 16, 2)]},
    "dnb": {KICK: [(0, 1), (10, 1), (2, 0.25)], SNARE: [(4, 1), (12, 1), (7, 0.45), (9, 0.45), (15, 0.45)], HAT: [(i, 0.75) for i in range(0, 16, 2)]},
    "funk": {KICK: [(0, 1), (3, 0.6), (6, 0.75), (10, 0.9), (13, 0.1)], SNARE: [(4, 1), (12, 1), (1, 0.3), (9, 0.4), (7, 0.25), (15, 0.2)], HAT: [(i, 0.55) for i in range(16)]},
    "trap": {KICK: [(0, 1), (6, 0.75), (10, 0.7), (7, 0.25), (3, 0.15)], SNARE: [(8, 1)], HAT: [(i, 0.9) for i in range(0, 16, 2)] + [(i, 0.2) for i in range(1, 16, 2)]},
    "half": {KICK: [(0, 1), (10, 0.7), (6, 0.15), (14, 0.1)], SNARE: [(8, 1)], HAT: [(i, 0.95) for i in range(0, 16, 2)]},
    "hats": {HAT: [(i, 0.85) for i in range(0, 16, 2)] + [(i, 0.2) for i in range(1, 16, 2)], OPEN: [(2, 0.2), (6, 0.2), (10, 0.2), (14, 0.25)]},
    "ballad": {KICK: [(0, 1), (8, 0.8), (10, 0.15)], STICK: [(4, 0.9), (12, 0.9)], HAT: [(i, 0.9) for i in range(0, 16, 4)] + [(i, 0.25) for i in range(2, 16, 4)]},
    "latin": {KICK: [(0, 0.9), (6, 0.8), (8, 0.9), (14, 0.8)], STICK: [(0, 0.8), (3, 0.8), (6, 0.8), (10, 0.8), (12, 0.8)], HAT: [(i, 0.85) for i in range(0, 16, 2)]},
    "train": {KICK: [(0, 1), (8, 1), (4, 0.2), (12, 0.2)], SNARE: [(i, 0.8) for i in range(2, 16, 4)] + [(4, 0.9), (12, 0.9)] + [(i, 0.25) for i in range(3, 16, 4)], HAT: [(i, 0.4) for i in range(0, 16, 2)]},
    "motown": {KICK: [(0, 1), (8, 0.9), (6, 0.4), (14, 0.4)], SNARE: [(i, 0.95) for i in range(0, 16, 4)], HAT: [(i, 0.8) for i in range(0, 16, 2)]},
}  # fmt: skip
DRUMS_3_4 = {
    "waltz": {KICK: [(0, 1), (10, 0.15)], SNARE: [(4, 0.85), (8, 0.85)], HAT: [(i, 0.9) for i in range(0, 12, 2)]},
    "waltz2": {KICK: [(0, 1), (8, 0.25)], STICK: [(4, 0.8), (8, 0.9)], RIDE: [(i, 0.9) for i in range(0, 12, 4)]},
    "rock3": {KICK: [(0, 1), (6, 0.25), (10, 0.2)], SNARE: [(8, 0.85), (4, 0.2)], HAT: [(i, 0.9) for i in range(0, 12, 2)]},
    "four3": {KICK: [(0, 1), (4, 0.5), (8, 0.5)], SNARE: [(4, 0.5), (8, 0.4)], OPEN: [(2, 0.6), (6, 0.6), (10, 0.6)]},
    "hats3": {HAT: [(i, 0.85) for i in range(0, 12, 2)]},
    "funk3": {KICK: [(0, 1), (6, 0.7), (10, 0.4)], SNARE: [(4, 1), (8, 0.3), (9, 0.3)], HAT: [(i, 0.6) for i in range(12)]},
}  # fmt: skip
# Accents inside odd bars, in beats.
ODD_GROUPS = {5: ((0, 3), (0, 2)), 7: ((0, 2, 4), (0, 3, 5), (0, 2, 5))}
PROGRESSIONS = (
    (0, 5, 3, 4), (0, 4, 5, 3), (5, 3, 0, 4), (0, 3, 4, 0), (0, 5, 1, 4), (3, 4, 2, 5), (0, 2, 3, 4), (5, 4, 3, 4),
    (0, 0, 3, 4), (0, 3, 0, 4), (5, 0, 3, 4), (1, 4, 0, 5), (0, 6, 3, 4), (5, 5, 3, 4),
)  # fmt: skip
MAJOR, MINOR = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)


def drum_bar(
    score: Score, grid: dict[int, list[tuple[float, float]]], rng: np.random.Generator
) -> list[tuple[float, int, int]]:
    """One bar of (beat, key, velocity); each place decided once, so bars repeat."""
    hits = []
    for key, places in grid.items():
        for step, probability in places:
            if rng.random() < probability:
                accent = 1.0 if step % 4 == 0 or (key in (SNARE, CLAP, KICK) and probability >= 0.8) else 0.72
                ghost = 0.5 if key == SNARE and probability < 0.65 else 1.0
                hits.append((step / 4, key, int(np.clip(105 * accent * ghost + rng.normal(0, 6), 20, 127))))
    return hits


def odd_grid(beats: int, rng: np.random.Generator) -> dict[int, list[tuple[float, float]]]:
    """A drum grid for 5/4 or 7/8 (steps are quarters of the beat)."""
    groups = ODD_GROUPS[beats][rng.integers(len(ODD_GROUPS[beats]))]
    back = [g + 1 for g in groups] if beats == 7 else [1, beats - 1] if groups[1] == 2 else [2, 4]
    return {
        KICK: [(4 * g, 1 if g == 0 else 0.7) for g in groups],
        SNARE: [(4 * b, 0.8) for b in back if b < beats],
        HAT: [(4 * i, 0.95) for i in range(beats)] + [(4 * i + 2, 0.6 if beats == 5 else 0.1) for i in range(beats)],
    }


def compound_grid(beats: int, rng: np.random.Generator) -> dict[int, list[tuple[float, float]]]:
    """A drum grid of triplets: 6/8 (2 felt beats) or 12/8 (4)."""
    back = [b for b in range(beats) if b % 2 == 1]
    third = 4 / 3
    return {
        KICK: [(0, 1)] + [(4 * b, 0.6) for b in range(2, beats, 2)] + [(4 * b + 2 * third, 0.25) for b in range(beats)],
        SNARE: [(4 * b, 0.95) for b in back],
        (RIDE if rng.random() < 0.3 else HAT): [(4 * b + i * third, 0.9) for b in range(beats) for i in range(3)],
    }


def add_drums(
    score: Score, style: str, rng: np.random.Generator, *, first_bar: int = 0, last_bar: int | None = None
) -> None:
    """Drums of one style, a second variant now and then, fills before every fourth or eighth bar."""
    beats = score.beats_per_bar
    if score.compound:
        grid = compound_grid(beats, rng)
    elif beats in ODD_GROUPS:
        grid = odd_grid(beats, rng)
    elif style == "perc":
        places = [(i, 0.85 if i == 0 else rng.random() * 0.6) for i in range(4 * beats)]
        keys = rng.choice(PERCUSSION, 3, replace=False)
        grid = {int(k): [(i, p * rng.random() * 1.3) for i, p in places] for k in keys}
        grid[int(keys[0])][0] = (0, 0.9)
    else:
        grid = (DRUMS_3_4 if beats == 3 else DRUMS_4_4)[style]
    if rng.random() < 0.2:
        grid = {(CLAP if k == SNARE else RIDE if k == HAT else k): v for k, v in grid.items()}
    one, two = drum_bar(score, grid, rng), drum_bar(score, grid, rng)
    fill_every = int(rng.choice((4, 8, 99)))
    stop = score.n_bars if last_bar is None else last_bar
    for bar in range(first_bar, stop):
        hits = two if rng.random() < 0.25 else one
        if (bar + 1 - first_bar) % fill_every == 0 and style not in ("hats", "perc", "hats3"):
            cut = beats - (1 if rng.random() < 0.6 else 2)
            hits = [h for h in hits if h[0] < cut]
            hits += [
                (cut + i / 4, int(rng.choice((SNARE, TOM, 47, 43))), int(rng.integers(70, 115)))
                for i in range(4 * (beats - cut))
                if rng.random() < 0.75
            ]
        for at, key, velocity in hits:
            score.notes.append(Note(9, bar * beats + at, 0.2, key, velocity))
        if (bar - first_bar) % 8 == 0 and bar > first_bar and rng.random() < 0.5:
            score.notes.append(Note(9, bar * beats, 0.5, CRASH, 100))


def chord_tones(degree: int, tonic: int, scale: tuple[int, ...], seventh: bool) -> list[int]:
    tones = [tonic + scale[(degree + i) % 7] + 12 * ((degree + i) // 7) for i in (0, 2, 4)]
    return [*tones, tonic + scale[(degree + 6) % 7] + 12 * ((degree + 6) // 7)] if seventh else tones


@dataclass(frozen=True)
class Harmony:
    """(first beat, beats, root, tones) of every chord of a piece, and the scale's notes."""

    spans: tuple[tuple[float, float, int, tuple[int, ...]], ...]
    scale_notes: tuple[int, ...]


def make_harmony(score: Score, rng: np.random.Generator, *, restless: bool = False) -> Harmony:
    """Chords: mostly one a bar, at times two a bar or one for two bars; ``restless`` ones change more often."""
    tonic = int(rng.integers(12))
    scale = MAJOR if rng.random() < 0.55 else MINOR
    spans = []
    beats = score.beats_per_bar
    rate = rng.choice(("bar", "half", "two", "mixed"), p=(0.3, 0.3, 0.06, 0.34) if restless else (0.7, 0.12, 0.08, 0.1))
    progression = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    other = PROGRESSIONS[rng.integers(len(PROGRESSIONS))]
    seventh = rng.random() < 0.3
    n = 0
    bar = 0
    while bar < score.n_bars:
        chords = progression if (bar // 8) % 2 == 0 else other
        halve = beats % 2 == 0 and (rate == "half" or (rate == "mixed" and rng.random() < 0.4))
        parts = (
            [beats / 2, beats / 2]
            if halve
            else [beats - 1, 1]
            if restless and rng.random() < 0.08
            else [2 * beats]
            if rate == "two"
            else [beats]
        )
        at = bar * beats
        for length in parts:
            degree = chords[n % 4]
            n += 1
            tones = chord_tones(degree, tonic, scale, seventh and rng.random() < 0.6)
            spans.append((float(at), float(min(length, score.n_bars * beats - at)), tones[0], tuple(tones)))
            at += length
        bar += max(1, int(sum(parts) // beats))
    return Harmony(tuple(spans), tuple(tonic + s for s in scale))


def add_bass(score: Score, harmony: Harmony, style: str, rng: np.random.Generator, *, channel: int = 1) -> None:
    unit = 1 / 3 if score.compound else 0.5
    low = int(rng.integers(28, 36))
    for at, length, root, tones in harmony.spans:
        pitch = low + (root - low) % 12
        fifth = pitch + 7 if rng.random() < 0.7 else pitch + 12
        if style == "long":
            places = [(0.0, length, pitch)]
        elif style == "root8":
            places = [(i * unit, unit * 0.9, pitch) for i in range(round(length / unit))]
        elif style == "octave":
            places = [(i * unit, unit * 0.9, pitch + 12 * (i % 2)) for i in range(round(length / unit))]
        elif style == "offbeat":
            places = [(b + unit, unit * 0.9, pitch) for b in np.arange(0, length)]
            places = [(0.0, unit * 0.9, pitch), *places] if rng.random() < 0.6 else places
        elif style == "synco":
            steps = (0, 0.75, 1.5, 2.5, 3.25) if length >= 4 else (0, 0.75, 1.5, 2.5)
            places = [(s, 0.5, pitch if s < 2 else fifth) for s in steps if s < length]
        elif style == "walk":
            walk = [pitch, pitch + 4 if len(tones) > 1 else pitch, fifth, pitch + 9]
            places = [(float(b), 0.9, walk[int(b) % 4]) for b in np.arange(0, length)]
        elif style == "dotted":
            places = [(0.0, 1.4, pitch), (1.5, 0.5, pitch), *([(2.0, 1.5, fifth)] if length > 2 else [])]
        elif style == "root2":
            places = [(0.0, min(2.0, length), pitch), *([(2.0, length - 2, fifth)] if length > 2 else [])]
        else:
            raise ValueError(f"unknown bass style {style!r}")
        for offset, duration, note in places:
            score.notes.append(Note(channel, at + offset, duration, int(note), int(rng.integers(80, 112))))


def add_chords(
    score: Score, harmony: Harmony, style: str, rng: np.random.Generator, *, channel: int = 2, fast: float = 0.35
) -> None:
    unit = 1 / 3 if score.compound else (0.25 if rng.random() < fast else 0.5)
    base = int(rng.integers(50, 62))
    shape = (
        rng.permutation(6)
        if rng.random() < 0.3
        else np.array((0, 1, 2, 3, 2, 1))
        if rng.random() < 0.6
        else np.array((0, 2, 1, 2))
    )
    stabs = sorted(
        set([0.0] + [float(s) for s in rng.choice((0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 2.75, 3.0, 3.5), 3, replace=False)])
    )
    if rng.random() < 0.4:
        stabs = [0.0, 1.5, 2.0, 3.0, 3.5]
    strum = [0.0, 1.0, 1.5, 2.5, 3.0, 3.5] if rng.random() < 0.5 else [0.0, 1.0, 2.0, 2.5, 3.0, 3.5]
    quick = rng.random() < fast
    held = {
        p
        for p, q in ((0.5, 0.1), (1.0, 0.4), (1.5, 0.25), (2.0, 0.4), (2.5, 0.3), (3.0, 0.4), (3.5, 0.15))
        if rng.random() < q
    }
    for at, length, _, tones in harmony.spans:
        notes = sorted(base + (t - base) % 12 for t in tones)
        if style == "sustain":
            for note in notes:
                score.notes.append(Note(channel, at, length * 0.98, note, 85))
        elif style == "arp":
            ladder = [*notes, *[n + 12 for n in notes]]
            for i in range(round(length / unit)):
                note = ladder[int(shape[i % len(shape)]) % len(ladder)]
                score.notes.append(Note(channel, at + i * unit, unit * 1.4, note, int(rng.integers(72, 100))))
        elif style == "piano":
            # A left hand that walks up the chord and a right hand in held chords.
            hand = unit if score.compound else (0.25 if quick else 0.5)
            score.notes.append(Note(channel, at, min(length, 2.0), notes[0] - 12, 92))
            for i in range(round(length / hand) - 1):
                if i < 4 or (quick and rng.random() < 0.7):
                    note = (notes[0] - 5, notes[0], notes[1], notes[0], notes[-1], notes[0])[i % 6]
                    score.notes.append(Note(channel, at + (i + 1) * hand, 0.6, note, int(rng.integers(60, 88))))
            for place in [0.0] + [p for p in (0.5, 1.0, 1.5, 2.0, 2.5, 3.0, 3.5) if p < length and p in held]:
                for note in notes:
                    score.notes.append(Note(channel, at + place, 1.0, note, int(rng.integers(60, 84))))
        elif style in ("stab", "strum", "quarters", "waltz"):
            whole = [float(beat) for beat in range(8)]
            places = {"stab": [*stabs], "strum": [*strum], "quarters": whole, "waltz": [1.0, 2.0]}[style]
            hold = {"stab": 0.25, "strum": 0.6, "quarters": 0.9, "waltz": 0.6}[style]
            if style == "waltz":
                score.notes.append(Note(channel, at, 0.9, notes[0] - 12, 95))
            for place in places:
                if place < length:
                    for i, note in enumerate(notes):
                        delay = 0.012 * i if style == "strum" else 0.0
                        score.notes.append(
                            Note(channel, at + float(place) + delay, hold, note, int(rng.integers(75, 105)))
                        )
        else:
            raise ValueError(f"unknown chord style {style!r}")


def add_melody(
    score: Score,
    harmony: Harmony,
    rng: np.random.Generator,
    *,
    channel: int = 3,
    busy: float | None = None,
    fast: float | None = None,
) -> None:
    """Phrases of two bars that come back; syncopation, rests, long last notes, pickups."""
    beats = score.beats_per_bar
    busy = float(rng.uniform(0.25, 0.8)) if busy is None else busy
    step = 1 / 3 if score.compound else 0.5
    # ``fast``: how likely sixteenths are; slow songs have them, quick ones hardly.
    sixteenths = rng.random() < (0.35 if fast is None else fast) and not score.compound
    fill = float(rng.uniform(0.15, 0.6))
    motifs = []
    for _ in range(2 if rng.random() < 0.7 else 3):
        places = []
        for i in range(round(2 * beats / step)):
            at = i * step
            on_beat = abs(at - round(at)) < 1e-6
            weight = busy * (1.25 if at % beats == 0 else 1.1 if on_beat else 0.8)
            if at > 2 * beats - 1.2 and rng.random() < 0.6:
                weight *= 0.3
            if rng.random() < weight:
                places.append(at)
            if sixteenths and rng.random() < fill * min(1.0, 1.2 * busy):
                places.append(at + 0.25)
        motifs.append(places or [0.0])
    order = [0, 0, 1, 0] if rng.random() < 0.5 else [0, 1, 0, 1]
    pool = sorted(12 * o + n % 12 for o in (5, 6) for n in harmony.scale_notes)
    position = int(rng.integers(4, len(pool) - 4))
    figures = [[int(rng.choice((-2, -1, -1, 0, 1, 1, 2, 3, -3))) for _ in m] for m in motifs]
    for phrase in range(-(-score.n_bars // 2)):
        which = order[phrase % 4] % len(motifs)
        places = motifs[which]
        if rng.random() < 0.08:
            continue
        for i, (at, move) in enumerate(zip(places, figures[which], strict=True)):
            start = phrase * 2 * beats + at
            if start >= score.n_bars * beats:
                break
            position = int(np.clip(position + move, 0, len(pool) - 1))
            pitch = pool[position]
            if abs(at - round(at)) < 1e-6:
                tones = next((s[3] for s in harmony.spans if s[0] <= start < s[0] + s[1]), harmony.scale_notes)
                near = [p for p in pool if p % 12 in {t % 12 for t in tones}]
                pitch = min(near, key=lambda p: abs(p - pitch)) if near else pitch
            following = places[i + 1] if i + 1 < len(places) else 2 * beats
            length = (following - at) * float(rng.uniform(0.6, 1.0))
            score.notes.append(Note(channel, start, length, int(pitch), int(rng.integers(85, 115))))


def add_motif(score: Score, harmony: Harmony, rng: np.random.Generator, *, channel: int = 3) -> None:
    """A riff: one motif of two bars (at times one or four) as a walk of note lengths, repeated with other endings."""
    beats = score.beats_per_bar
    lengths = np.array((1 / 3, 2 / 3, 1, 4 / 3, 2) if score.compound else (0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 3.0))
    weights = np.array((1, 1, 1, 1, 0.5)) if score.compound else np.array((0.14, 0.32, 0.13, 0.26, 0.16, 0.1, 0.02))
    weights = weights * rng.uniform(0.4, 1.6, len(weights))
    span = beats * int(rng.choice((2, 2, 2, 2, 1, 4)))
    places, at = [], 0.0 if rng.random() < 0.92 else float(rng.choice((0.5, 0.75, 1.0)))
    while at < span - 1e-6:
        length = float(rng.choice(lengths, p=weights / weights.sum()))
        if rng.random() < 0.9 or not places:
            places.append((at, min(length, span - at)))
        at += length
    pool = sorted(12 * o + n % 12 for o in (5, 6) for n in harmony.scale_notes)
    steps = rng.integers(-3, 4, len(places))
    home = int(rng.integers(4, len(pool) - 4))
    for start in np.arange(0, score.n_bars * beats, span):
        position = home
        varied = rng.random() < 0.25
        for (offset, length), step in zip(places, steps, strict=True):
            position = int(np.clip(position + step, 0, len(pool) - 1))
            if start + offset >= score.n_bars * beats or (varied and offset > 0.75 * span and rng.random() < 0.5):
                continue
            hold = length * float(rng.uniform(0.6, 1.0))
            score.notes.append(
                Note(channel, float(start + offset), hold, int(pool[position]), int(rng.integers(80, 115)))
            )
