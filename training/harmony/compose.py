"""Invents loops, song excerpts and drum patterns, with their key, chords and notes as truth."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from fluid import Note

QUALITIES: dict[str, tuple[int, ...]] = {
    "maj": (0, 4, 7), "min": (0, 3, 7), "maj7": (0, 4, 7, 11), "min7": (0, 3, 7, 10), "7": (0, 4, 7, 10),
    "sus2": (0, 2, 7), "sus4": (0, 5, 7), "dim": (0, 3, 6), "maj6": (0, 4, 7, 9), "min6": (0, 3, 7, 9),
    "hdim7": (0, 3, 6, 10), "aug": (0, 4, 8), "maj9": (0, 2, 4, 7, 11), "5": (0, 7),
}  # fmt: skip
MAJOR_SCALE, MINOR_SCALE = (0, 2, 4, 5, 7, 9, 11), (0, 2, 3, 5, 7, 8, 10)
DIATONIC = {
    "major": {0: "maj", 2: "min", 4: "min", 5: "maj", 7: "maj", 9: "min", 11: "dim"},
    "minor": {0: "min", 2: "dim", 3: "maj", 5: "min", 7: "min", 8: "maj", 10: "maj"},
}
# Loops of pop, rock, house and film practice, as semitones over the tonic; the first of
# each line are the most usual and drawn more often.
LOOPS = {
    "major": ((0, 7, 9, 5), (0, 5, 7, 5), (0, 5, 0, 7), (0, 7, 5, 0), (0, 2, 7, 0), (0, 9, 5, 7), (0, 5, 7, 0),
              (0, 7, 5, 5), (0, 4, 5, 7), (0, 9, 2, 7), (0, 5, 9, 7), (0, 0, 5, 7), (9, 5, 0, 7), (5, 7, 0, 9),
              (0, 10, 5, 0), (2, 7, 0, 9), (5, 0, 7, 9), (0, 4, 9, 5)),
    "minor": ((0, 8, 3, 10), (0, 10, 8, 10), (0, 5, 7, 0), (0, 8, 10, 0), (0, 10, 0, 8), (0, 5, 10, 0), (0, 8, 5, 7),
              (0, 0, 8, 10), (0, 7, 8, 5), (0, 3, 10, 5), (0, 5, 8, 7), (0, 10, 8, 7), (8, 10, 0, 0), (8, 3, 10, 0),
              (5, 0, 8, 10), (0, 3, 8, 10), (0, 2, 7, 0)),
}  # fmt: skip
# Chances of the next root in songs, by function: from (row) tonic, predominant, dominant, other.
SONG_WEIGHTS = {
    "major": {0: 2.8, 5: 1.7, 7: 2.4, 9: 1.5, 2: 1.1, 4: 1.0},
    "minor": {0: 3.0, 8: 1.7, 10: 1.7, 5: 1.5, 7: 1.6, 3: 1.4},
}


@dataclass
class Piece:
    """What was composed; times in seconds from the start."""

    duration_s: float
    beat_s: float
    beats_per_bar: int
    role: str
    tonic: int | None
    mode: str | None
    chords: list[tuple[float, float, int, str]] = field(default_factory=list)
    notes: list[Note] = field(default_factory=list)
    first_beat_s: float = 0.0

    @property
    def beats_s(self) -> np.ndarray:
        return np.arange(self.first_beat_s, self.duration_s - 1e-6, self.beat_s)


def progression(rng: np.random.Generator, mode: str, n_chords: int, *, is_song: bool) -> list[tuple[int, str]]:
    """Roots relative to the tonic, and qualities."""
    with_sevenths = rng.uniform(0, 0.6) if rng.uniform() < 0.6 else 0.0
    table = DIATONIC[mode]
    if not is_song:
        lines = LOOPS[mode]
        weights = 1.0 / (3.0 + np.arange(len(lines)))
        line = lines[rng.choice(len(lines), p=weights / weights.sum())]
        if n_chords < len(line) and line[0] != 0 and rng.uniform() < 0.8:
            line = lines[0]
        roots = [line[i % len(line)] for i in range(n_chords)]
    else:
        roots = _song_roots(rng, mode, n_chords)
    chords = []
    raised_dominant = rng.uniform() < (0.5 if is_song else 0.1)
    colour = rng.uniform(0, 0.15) if is_song else 0.02
    for root in roots:
        quality = table.get(root, "maj")
        if mode == "minor" and root == 7 and raised_dominant and rng.uniform() < 0.7:
            quality = "maj"
        if mode == "minor" and root == 2 and rng.uniform() < 0.3:
            quality = "min"
        if is_song and rng.uniform() < 0.05:
            root, quality = _borrowed(rng, mode)
        if rng.uniform() < with_sevenths:
            if quality == "maj":
                quality = "7" if (root, mode) in ((7, "major"), (10, "minor"), (7, "minor")) else "maj7"
            elif quality == "min":
                quality = "min7"
            elif quality == "dim":
                quality = "hdim7"
        elif rng.uniform() < colour:
            quality = str(rng.choice(["sus2", "sus4", "maj6" if quality == "maj" else "min6", "5"]))
        chords.append((root, quality))
    return chords


def _song_roots(rng: np.random.Generator, mode: str, n_chords: int) -> list[int]:
    """Phrases: a four- or eight-chord line, repeated and varied; other phrases follow."""
    degrees = list(SONG_WEIGHTS[mode])
    weights = np.array([SONG_WEIGHTS[mode][d] for d in degrees])
    weights = weights * rng.gamma(1.3, 0.8, len(weights)) + 0.05
    phrases = []
    for _ in range(int(rng.integers(1, 4))):
        length = int(rng.choice([4, 4, 4, 8]))
        if rng.uniform() < 0.4:
            lines = LOOPS[mode]
            line = list(lines[int(rng.integers(len(lines)))])
            turn = int(rng.integers(4)) if rng.uniform() < 0.6 else 0
            phrase = (line[turn:] + line[:turn]) * (length // 4)
        else:
            phrase = []
            for _ in range(length):
                p = weights.copy()
                if phrase:
                    p[degrees.index(phrase[-1])] *= 0.1
                    if phrase[-1] == 7:
                        p[degrees.index(0)] *= 2.5
                phrase.append(degrees[rng.choice(len(degrees), p=p / p.sum())])
            if rng.uniform() < 0.4:
                phrase[-1] = 0
            if rng.uniform() < 0.3:
                phrase[0] = 0
        phrases.append(phrase)
    roots: list[int] = []
    # An excerpt begins anywhere in a phrase.
    skipped = int(rng.integers(8))
    while len(roots) < n_chords + skipped:
        phrase = list(phrases[int(rng.integers(len(phrases)))])
        if rng.uniform() < 0.25:
            phrase[int(rng.integers(len(phrase)))] = degrees[rng.choice(len(degrees), p=weights / weights.sum())]
        roots += phrase
    return roots[skipped : skipped + n_chords]


def _borrowed(rng: np.random.Generator, mode: str) -> tuple[int, str]:
    pairs = {
        "major": ((5, "min"), (2, "maj"), (4, "maj"), (9, "maj"), (10, "maj"), (8, "maj"), (3, "maj")),
        "minor": ((5, "maj"), (1, "maj"), (2, "min"), (0, "maj"), (3, "maj")),
    }[mode]
    return pairs[int(rng.integers(len(pairs)))]


def chord_track(rng: np.random.Generator, piece: Piece, n_bars: int, *, is_song: bool) -> None:
    """Fill ``piece.chords`` from bar 0 to ``n_bars``."""
    bar_s = piece.beat_s * piece.beats_per_bar
    per_bar = 1.0
    if n_bars <= 2 and rng.uniform() < 0.4:
        per_bar = 2.0
    elif is_song:
        per_bar = float(rng.choice([0.5, 1.0, 1.0, 2.0]))
    elif n_bars >= 8 and rng.uniform() < 0.4:
        per_bar = 0.5
    n_chords = max(1, round(n_bars * per_bar))
    line = progression(rng, str(piece.mode), n_chords, is_song=is_song)
    if not is_song and n_chords >= 8 and rng.uniform() < 0.7:
        # Most eight-bar loops hold each chord for two bars or repeat four.
        half = line[: n_chords // 2]
        line = [c for c in half for _ in range(2)] if rng.uniform() < 0.5 else half + half
    step_s = bar_s / per_bar
    at = 0.0
    for root, quality in line:
        stretch = step_s
        if is_song and rng.uniform() < 0.15:
            stretch = step_s / 2
        piece.chords.append((at, at + stretch, (int(piece.tonic or 0) + root) % 12, quality))
        at += stretch
        if is_song and stretch < step_s:
            other = line[int(rng.integers(len(line)))]
            piece.chords.append((at, at + stretch, (int(piece.tonic or 0) + other[0]) % 12, other[1]))
            at += stretch


def add_harmony(rng: np.random.Generator, piece: Piece, *, is_song: bool = False, part: str = "harmony") -> None:
    style = str(
        rng.choice(["sustain", "stab", "strum", "arp", "alberti", "pulse"], p=[0.28, 0.18, 0.12, 0.25, 0.1, 0.07])
    )
    low = int(rng.integers(43, 62)) if rng.uniform() < 0.9 else int(rng.integers(62, 70))
    with_bass_note = rng.uniform() < (0.5 if is_song else 0.3)
    inversion_chance = rng.uniform(0, 0.3) if is_song else 0.0
    pattern = rng.uniform(size=16) < 0.35
    pattern[0] = True
    arp_step = float(rng.choice([0.25, 0.5, 0.5, 0.5, 1.0]))
    arp_order = str(rng.choice(["up", "down", "updown", "random"]))
    velocity = int(rng.integers(60, 115))
    full = rng.uniform(0.4, 1.0)
    smooth = rng.uniform() < 0.6
    double = rng.uniform() < 0.4
    for start, end, root, quality in piece.chords:
        if quality == "N":
            continue
        classes = QUALITIES[quality]
        if smooth:
            pitches = sorted(low + (root + c - low) % 12 for c in classes)
        else:
            base = low + (root - low) % 12
            pitches = [base + c for c in classes]
        if double:
            pitches.append(pitches[0] + 12)
        if with_bass_note:
            bass_class = classes[int(rng.integers(1, 3)) % len(classes)] if rng.uniform() < inversion_chance else 0
            bass = 36 + (root + bass_class - 36) % 12
            pitches = [bass if bass < pitches[0] else bass - 12, *pitches]
        _play_chord(rng, piece, pitches, start, end, style, part, velocity, pattern, arp_step, arp_order, full)


def _play_chord(rng, piece, pitches, start, end, style, part, velocity, pattern, arp_step, arp_order, full):  # type: ignore[no-untyped-def]
    beat = piece.beat_s

    def put(at: float, until: float, pitch: int) -> None:
        if at < piece.duration_s:
            strength = int(np.clip(velocity + rng.integers(-12, 12), 30, 127))
            piece.notes.append(Note(at, min(until, piece.duration_s), int(pitch), strength, part))

    if style == "sustain":
        for pitch in pitches:
            put(start, start + (end - start) * (0.9 + 0.1 * full), pitch)
    elif style in ("stab", "strum", "pulse"):
        step = beat / (2 if style == "stab" else 1)
        position = 0
        while start + position * step < end - 1e-6:
            if style != "stab" or pattern[position % 16]:
                for i, pitch in enumerate(pitches):
                    late = 0.012 * i if style == "strum" else 0.0
                    put(
                        start + position * step + late,
                        start + (position + full * (0.5 if style == "stab" else 1)) * step,
                        pitch,
                    )
            position += 1
    else:
        order = list(range(len(pitches)))
        if style == "alberti":
            order = [0, len(pitches) - 1, 1, len(pitches) - 1]
        elif arp_order == "down":
            order = order[::-1]
        elif arp_order == "updown":
            order = order + order[-2:0:-1]
        step, position = beat * arp_step, 0
        while start + position * step < end - 1e-6:
            i = (
                int(rng.integers(len(pitches)))
                if arp_order == "random" and style == "arp"
                else order[position % len(order)]
            )
            hold = 1.0 if rng.uniform() < 0.8 else 2.0
            put(start + position * step, start + (position + full * hold) * step, pitches[i])
            position += 1


def add_bass(rng: np.random.Generator, piece: Piece, *, part: str = "bass") -> None:
    style = str(rng.choice(["long", "root8", "octave", "offbeat", "synco", "walk"]))
    lowest = int(rng.integers(26, 37))
    velocity = int(rng.integers(75, 120))
    pattern = rng.uniform(size=16) < 0.4
    pattern[0] = rng.uniform() < 0.92
    full = rng.uniform(0.4, 1.0)
    fifth_chance = rng.uniform(0, 0.3)
    scale = [((piece.tonic or 0) + s) % 12 for s in (MAJOR_SCALE if piece.mode == "major" else MINOR_SCALE)]
    for start, end, root, quality in piece.chords:
        if quality == "N":
            continue
        base = lowest + (root - lowest) % 12
        classes = QUALITIES[quality]
        step = {"long": end - start, "root8": piece.beat_s / 2, "octave": piece.beat_s / 2, "offbeat": piece.beat_s / 2,
                "synco": piece.beat_s / 4, "walk": piece.beat_s}[style]  # fmt: skip
        position = 0
        while start + position * step < end - 1e-6:
            pitch = base
            plays = True
            if style == "octave":
                pitch = base + 12 * (position % 2)
            elif style == "offbeat":
                plays = position % 2 == 1
            elif style == "synco":
                plays = bool(pattern[position % 16])
                if position and rng.uniform() < fifth_chance:
                    pitch = base + int(rng.choice([7, 12, 10 if quality in ("7", "min7", "min") else 7]))
            elif style == "walk" and position:
                pitch = base + (int(rng.choice(classes)) if rng.uniform() < 0.6 else int(rng.integers(-3, 13)))
                while pitch % 12 not in scale and rng.uniform() < 0.9:
                    pitch += 1
            at = start + position * step
            if plays and at < piece.duration_s:
                strength = int(np.clip(velocity + rng.integers(-10, 10), 30, 127))
                piece.notes.append(Note(at, min(at + step * full, piece.duration_s), pitch, strength, part))
            position += 1


# How long melodies stay on the degrees of the scale (semitones over the tonic), in the mean.
DEGREE_WEIGHTS = {
    "major": {0: 0.25, 2: 0.16, 4: 0.19, 5: 0.05, 7: 0.18, 9: 0.12, 11: 0.06},
    "minor": {0: 0.28, 2: 0.08, 3: 0.14, 5: 0.14, 7: 0.2, 8: 0.04, 10: 0.12},
}


def add_melody(rng: np.random.Generator, piece: Piece, *, part: str = "melody") -> None:
    """A walk over the scale: the tonic attracts, strong beats like chord notes, the end likes the tonic."""
    tonic = int(piece.tonic or 0)
    degrees = dict(DEGREE_WEIGHTS[str(piece.mode)])
    if rng.uniform() < 0.3:
        for missing in (5, 11) if piece.mode == "major" else (2, 8):
            degrees[missing] = 0.003
    gravity = rng.uniform(0.6, 1.6) if piece.role == "song" else rng.uniform(0.3, 1.2)
    lowest = int(rng.integers(55, 72))
    ladder = [p for p in range(lowest, lowest + int(rng.integers(12, 22))) if (p - tonic) % 12 in degrees]
    pull = np.array([degrees[(p - tonic) % 12] for p in ladder]) ** gravity
    is_song = piece.role == "song"
    triad = {(tonic + c) % 12 for c in ((0, 4, 7) if piece.mode == "major" else (0, 3, 7))}
    density, rest_chance, chord_pull = rng.uniform(0.2, 1.0), rng.uniform(0, 0.2), rng.uniform(0, 2.5)
    width, velocity, full = rng.uniform(1.0, 2.5), int(rng.integers(75, 120)), rng.uniform(0.5, 1.0)
    ends_home = rng.uniform() < (0.4 if is_song else 0.8)
    starts_home = rng.uniform() < 0.85
    at, chord_index, now = 0.0, 0, int(rng.integers(len(ladder)))
    lengths = np.array([0.25, 0.5, 0.5, 1.0, 1.0, 1.5, 2.0])
    chances = np.exp(-lengths * (2.5 * density - 1.0))
    chances /= chances.sum()
    phrase = 0.0
    while at < piece.duration_s - 1e-3:
        length = float(rng.choice(lengths, p=chances)) * piece.beat_s
        phrase += length
        if phrase > 8 * piece.beat_s and rng.uniform() < 0.5:
            length, phrase = length + piece.beat_s * rng.choice([0.5, 1.0, 1.5]), 0.0
        while chord_index < len(piece.chords) - 1 and piece.chords[chord_index][1] <= at + 1e-6:
            chord_index += 1
        step = np.abs(np.arange(len(ladder)) - now)
        p = np.exp(-step / width) * pull * np.where(step == 0, 0.5, 1.0)
        is_strong = abs(at / piece.beat_s - round(at / piece.beat_s)) < 0.01
        if piece.chords and is_strong:
            _, _, root, quality = piece.chords[chord_index]
            classes = {(root + c) % 12 for c in QUALITIES.get(quality, (0, 4, 7))}
            p = p * np.exp(chord_pull * np.array([pitch % 12 in classes for pitch in ladder]))
        if at == 0.0 and starts_home:
            p = p * np.array([pitch % 12 in triad for pitch in ladder])
        is_last = at + length >= piece.duration_s - 1e-3
        if is_last and ends_home:
            p = p * np.array([pitch % 12 == tonic for pitch in ladder])
        if p.sum() <= 0:
            p = np.exp(-step / width)
        now = int(rng.choice(len(ladder), p=p / p.sum()))
        if rng.uniform() >= rest_chance or is_last:
            pitch = ladder[now] + int(rng.uniform() < 0.015)
            strength = int(np.clip(velocity + rng.integers(-15, 10), 30, 127))
            piece.notes.append(Note(at, min(at + length * full, piece.duration_s), pitch, strength, part))
        at += length


GM_HITS = {
    "kick": (35, 36),
    "snare": (38, 40, 37),
    "hat": (42, 44),
    "open": (46,),
    "clap": (39,),
    "tom": (41, 43, 45, 47, 48, 50),
    "cymbal": (49, 51, 57, 59),
    "cowbell": (56, 67, 68, 76, 77),
    "conga": (60, 61, 62, 63, 64, 65, 66),
    "click": (54, 69, 70, 75, 81),
}


def drum_hits(rng: np.random.Generator, piece: Piece) -> list[tuple[float, str, int, float]]:
    """(time, kind, GM instrument, gain) of a random pattern, repeated every bar with fills."""
    kinds = ["kick", "snare", "hat"]
    choice = rng.uniform()
    if choice < 0.15:
        kinds = ["hat", "open"]
    elif choice < 0.35:
        kinds = [str(k) for k in rng.choice(["conga", "cowbell", "click", "clap", "tom"], 3)]
    elif choice < 0.7:
        kinds += [str(k) for k in rng.choice(["open", "clap", "tom", "cymbal", "cowbell", "conga"], 2)]
    steps = piece.beats_per_bar * 4
    hits = []
    bar_s = piece.beat_s * piece.beats_per_bar
    for kind in kinds:
        chance = {"kick": 0.2, "snare": 0.12, "hat": 0.5, "open": 0.1, "clap": 0.12, "tom": 0.15}.get(kind, 0.2)
        grid = rng.uniform(size=steps) < chance * rng.uniform(0.5, 1.5)
        if kind == "kick":
            grid[0] = True
        if kind == "snare":
            grid[4::8] = True
        if kind == "hat" and rng.uniform() < 0.5:
            grid[:: int(rng.choice([1, 2]))] = True
        gm = int(rng.choice(GM_HITS[kind]))
        gain = rng.uniform(0.4, 1.0)
        for bar in range(int(np.ceil(piece.duration_s / bar_s - 1e-6))):
            for step in np.flatnonzero(grid):
                at = bar * bar_s + step * bar_s / steps
                if at < piece.duration_s and rng.uniform() < 0.96:
                    instrument = int(rng.choice(GM_HITS["tom"])) if kind == "tom" else gm
                    hits.append((at, kind, instrument, gain * rng.uniform(0.6, 1.0)))
    return hits
