"""Training loops: drums, bass, harmony, melody, vocal, fx and mixes of them, with known truth.

Patterns are drawn per bar on a grid of sixteenths; sounds come from General MIDI fonts and
from `strikes`. Melodies are POP909 phrases where the file is at hand, else random walks.
"""

from __future__ import annotations

import argparse
import gzip
import json
import pathlib
from dataclasses import dataclass, field

import numpy as np
import strikes
from effects import RATE, Samples, echo, treat
from midi import MidiNote, MidiProgram, render

from one_shots import BASS_PROGRAMS, CHORD_PROGRAMS, NOTE_PROGRAMS
from sonoteca.analysis.labels.summary import summarise
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import SpectralTraits

FEATURES = (LogMel(), SpectralTraits(), SemitoneSpectrum())
SCALES = {"major": (0, 2, 4, 5, 7, 9, 11), "minor": (0, 2, 3, 5, 7, 8, 10)}
PROGRESSIONS = (
    (0, 4, 5, 3),
    (5, 3, 0, 4),
    (0, 5, 3, 4),
    (0, 3, 4, 3),
    (0, 0, 3, 4),
    (0, 6, 5, 6),
    (3, 4, 2, 5),
    (0, 2, 3, 3),
    (1, 4, 0, 0),
    (0, 0, 0, 0),
)
FONTS = {"fluid": "/usr/share/sounds/sf2/FluidR3_GM.sf2", "timgm": "/usr/share/sounds/sf2/TimGM6mb.sf2"}
MELODY_PROGRAMS = tuple(sorted({*NOTE_PROGRAMS, 52, 53, 54, 85, 83, 69, 78}))
TAIL_S = 2.0


@dataclass
class Part:
    """Notes of one layer in beats: (start, length, pitches, velocity); drums use GM note numbers."""

    role: str
    notes: list[tuple[float, float, tuple[int, ...], int]]
    font: str | None  # None: synthesised
    program: int
    sound: Samples = field(default_factory=lambda: np.zeros(0, np.float32))


@dataclass
class Plan:
    role: str
    tempo: float
    n_bars: int
    parts: list[Part]
    seed: int
    beats_per_bar: int = 4

    @property
    def duration_s(self) -> float:
        return self.n_bars * self.beats_per_bar * 60 / self.tempo


DRUM_STYLES = ("four", "rock", "funk", "break", "dnb", "trap", "hats", "perc", "kicks", "half")


def drum_notes(rng: np.random.Generator, n_bars: int) -> list[tuple[float, float, tuple[int, ...], int]]:
    style = str(rng.choice(DRUM_STYLES))
    kick, snare, hat = int(rng.choice([35, 36])), int(rng.choice([38, 38, 40, 39, 37])), 42
    kicks = {"four": [0, 4, 8, 12], "rock": [0, 8, 10], "funk": [0, 3, 6, 10], "break": [0, 2, 10, 11], "dnb": [0, 10], "trap": [0, 7, 10],
             "hats": [], "perc": [], "kicks": [0, 4, 8, 12], "half": [0, 6]}[style]  # fmt: skip
    snares = {"four": [4, 12], "rock": [4, 12], "funk": [4, 7, 9, 12], "break": [4, 7, 9, 12, 15], "dnb": [4, 12], "trap": [8], "hats": [],
              "perc": [], "kicks": [], "half": [8]}[style]  # fmt: skip
    every = int(rng.choice([1, 2, 2, 4]))
    out = []
    swing = rng.uniform(0, 0.12) if rng.random() < 0.3 else 0.0
    perc = rng.choice([54, 56, 60, 61, 62, 63, 64, 69, 70, 75, 76, 77], 3, replace=False)
    toms = rng.random() < 0.25
    extra = rng.random((3, 16)) < 0.2
    for bar in range(n_bars):
        for step in range(16):
            hits = []
            if step in kicks or (style in ("break", "funk", "trap") and rng.random() < 0.06):
                hits.append((kick, 115))
            if step in snares:
                hits.append((snare, 110))
            elif style in ("funk", "break") and rng.random() < 0.1:
                hits.append((snare, 45))
            if style not in ("perc", "kicks") and step % every == 0:
                hits.append((46 if step % 4 == 2 and rng.random() < 0.25 else hat, 70 + 25 * (step % 4 == 0)))
            if style == "trap" and rng.random() < 0.15:
                hits.append((hat, 60))
            if style == "perc":
                hits += [(int(p), int(rng.integers(60, 115))) for i, p in enumerate(perc) if extra[i, step]]
            if style == "four" and step % 4 == 2:
                hits.append((46, 85))
            if toms and bar == n_bars - 1 and step >= 12:
                hits.append((int(rng.choice([41, 45, 48, 50])), 105))
            if bar == 0 and step == 0 and rng.random() < 0.2:
                hits.append((49, 100))
            if style == "rock" and rng.random() < 0.02:
                hits.append((51, 80))
            at = bar * 4 + step / 4 + (swing if step % 2 else 0)
            out += [(at, 0.2, (pitch,), min(127, velocity + int(rng.integers(-12, 10)))) for pitch, velocity in hits]
    return out or [(0.0, 0.2, (36,), 110)]


@dataclass
class Harmony:
    tonic: int
    mode: str
    degrees: tuple[int, ...]

    def chord(self, bar: int, size: int = 3) -> tuple[int, ...]:
        scale = SCALES[self.mode]
        degree = self.degrees[bar % len(self.degrees)]
        return tuple(self.tonic + scale[(degree + 2 * i) % 7] + 12 * ((degree + 2 * i) // 7) for i in range(size))


def bass_notes(
    rng: np.random.Generator, n_bars: int, harmony: Harmony
) -> list[tuple[float, float, tuple[int, ...], int]]:
    style = str(rng.choice(["long", "octave", "offbeat", "root8", "synco", "walk", "sixteenth", "pedal"]))
    low = int(rng.integers(26, 36))
    out = []
    pattern = sorted(rng.choice(16, int(rng.integers(3, 8)), replace=False).tolist())
    for bar in range(n_bars):
        chord = harmony.chord(bar)
        root = low + (chord[0] - low) % 12
        steps: list[tuple[float, float, int]] = []
        if style == "long":
            steps = [(0, 3.9, root)]
        elif style == "octave":
            steps = [(i / 2, 0.4, root + 12 * (i % 2)) for i in range(8)]
        elif style == "offbeat":
            steps = [(i + 0.5, 0.45, root) for i in range(4)]
        elif style == "root8":
            steps = [(i / 2, 0.45, root) for i in range(8)]
        elif style == "synco":
            steps = [(s / 4, rng.uniform(0.15, 0.7), root + int(rng.choice([0, 0, 0, 7, 12, -2]))) for s in pattern]
        elif style == "walk":
            steps = [(i, 0.9, low + (chord[i % 3] - low) % 12) for i in range(4)]
        elif style == "sixteenth":
            steps = [(i / 4, 0.2, root + 12 * int(rng.random() < 0.15)) for i in range(16)]
        else:
            steps = [(0, 1.9, root), (2, 1.9, root)]
        out += [(bar * 4 + at, length, (pitch,), int(rng.integers(85, 120))) for at, length, pitch in steps]
    return out


def harmony_notes(
    rng: np.random.Generator, n_bars: int, harmony: Harmony
) -> list[tuple[float, float, tuple[int, ...], int]]:
    style = str(rng.choice(["sustain", "sustain", "arp", "arp", "stab", "strum", "offbeat"]))
    low = int(rng.integers(48, 62))
    size = int(rng.choice([3, 3, 4]))
    pattern = sorted(rng.choice(16, int(rng.integers(3, 7)), replace=False).tolist())
    step = float(rng.choice([0.25, 0.5, 0.5]))
    shape = str(rng.choice(["up", "down", "updown", "random"]))
    out = []
    for bar in range(n_bars):
        chord = tuple(sorted(low + (p - low) % 12 for p in harmony.chord(bar, size)))
        velocity = int(rng.integers(75, 105))
        if style == "sustain":
            out.append((bar * 4.0, 3.95, chord, velocity))
        elif style == "stab":
            out += [(bar * 4 + s / 4, 0.2, chord, velocity) for s in pattern]
        elif style == "offbeat":
            out += [(bar * 4 + i + 0.5, 0.3, chord, velocity) for i in range(4)]
        elif style == "strum":
            for s in (0, 1.5, 2, 3, 3.5)[: int(rng.integers(2, 6))]:
                out += [(bar * 4 + s + 0.03 * i, 0.7, (p,), velocity) for i, p in enumerate(chord)]
        else:
            ladder = [*chord, *(p + 12 for p in chord)]
            ladder = {
                "up": ladder,
                "down": ladder[::-1],
                "updown": ladder + ladder[-2:0:-1],
                "random": list(rng.permutation(ladder)),
            }[shape]
            out += [
                (bar * 4 + i * step, step * 1.2, (int(ladder[i % len(ladder)]),), velocity)
                for i in range(round(4 / step))
            ]
    return out


def melody_notes(
    rng: np.random.Generator, n_bars: int, harmony: Harmony, songs: list[list[list[float]]]
) -> list[tuple[float, float, tuple[int, ...], int]]:
    shift = int(rng.integers(-7, 12))
    if songs and rng.random() < 0.7:
        song = songs[int(rng.integers(len(songs)))]
        first = int(rng.integers(0, max(1, len(song) - 30)))
        beat_ms = rng.uniform(450, 750)
        origin = song[first][0]
        out = []
        for onset, length, pitch in song[first:]:
            at = round((onset - origin) / beat_ms * 4) / 4
            if at >= 4 * n_bars:
                break
            out.append((at, max(0.2, length / beat_ms), (int(pitch + shift),), int(rng.integers(80, 115))))
        if len(out) >= 3:
            return out
    scale = SCALES[harmony.mode]
    pitch, at, out = int(rng.integers(14, 28)), 0.0, []
    while at < 4 * n_bars:
        length = float(rng.choice([0.25, 0.5, 0.5, 1.0, 1.5]))
        if rng.random() > 0.15:
            out.append(
                (
                    at,
                    length * 0.95,
                    (36 + harmony.tonic % 12 + 12 * (pitch // 7) + scale[pitch % 7],),
                    int(rng.integers(80, 115)),
                )
            )
        pitch = int(np.clip(pitch + rng.integers(-3, 4), 10, 32))
        at += length
    return out


def draw_plan(role: str, seed: int, songs: list[list[list[float]]]) -> Plan:
    rng = np.random.default_rng([seed, *role.encode()])
    tempo = float(rng.uniform(65, 180))
    n_bars = (
        int(rng.choice([1, 2, 2, 4, 4, 8], p=[0.08, 0.23, 0.23, 0.18, 0.18, 0.1]))
        if tempo > 90
        else int(rng.choice([1, 2, 4]))
    )
    mode = str(rng.choice(["major", "minor"]))
    harmony = Harmony(int(rng.integers(0, 12)), mode, PROGRESSIONS[int(rng.integers(len(PROGRESSIONS)))])
    if role == "mix":
        combinations = (("drums", "bass"), ("drums", "harmony"), ("bass", "harmony"), ("harmony", "melody"), ("drums", "bass", "harmony"),
                        ("drums", "harmony", "melody"), ("drums", "bass", "harmony", "melody"), ("bass", "melody"), ("drums", "melody"),
                        ("drums", "vocal"), ("drums", "bass", "vocal"))  # fmt: skip
        roles = combinations[int(rng.integers(len(combinations)))]
    else:
        roles = (role,)
    parts = []
    for part_role in roles:
        if part_role == "drums":
            notes, programs = drum_notes(rng, n_bars), (0, 8, 16, 24, 25, 32, 40)
        elif part_role == "bass":
            notes, programs = bass_notes(rng, n_bars, harmony), BASS_PROGRAMS
        elif part_role == "harmony":
            notes, programs = harmony_notes(rng, n_bars, harmony), CHORD_PROGRAMS
        elif part_role in ("melody", "vocal"):
            notes, programs = melody_notes(rng, n_bars, harmony, songs), MELODY_PROGRAMS
        else:
            notes, programs = [], (0,)
        synthesised = part_role in ("vocal", "fx") or rng.random() < 0.4
        font = None if synthesised else str(rng.choice(list(FONTS)))
        parts.append(Part(part_role, notes, font, int(rng.choice(programs))))
    return Plan(role, tempo, n_bars, parts, seed)


# First program of each General MIDI family, and its name; programs 96 to 103 and from 112 have none.
FAMILIES = ((0, "piano"), (8, "mallet"), (16, "organ"), (24, "guitar"), (32, "bass"), (40, "strings"), (46, "guitar"), (47, "mallet"),
            (48, "strings"), (52, "voice"), (55, "strings"), (56, "brass"), (64, "woodwind"), (80, "synth"), (96, ""), (104, "guitar"),
            (109, "woodwind"), (110, "strings"), (111, "woodwind"), (112, ""), (114, "mallet"), (115, ""))  # fmt: skip


def family_of(role: str, program: int | None) -> str:
    """Instrument family of one layer; "" where it cannot be named. ``program`` None is synthesised."""
    if role in ("drums", "bass"):
        return role
    if role == "vocal":
        return "voice"
    if role in ("fx", "mix"):
        return ""
    if program is None:
        return "synth"
    return next(name for first, name in reversed(FAMILIES) if program >= first)


def place(out: Samples, x: Samples, at_s: float, gain: float) -> None:
    start = int(at_s * RATE)
    kept = min(len(x), len(out) - start)
    if kept > 0:
        out[start : start + kept] += gain * x[:kept]


KIT_MAKERS = {35: strikes.kick, 36: strikes.kick, 38: strikes.snare, 40: strikes.snare, 39: strikes.clap, 42: strikes.hat, 46: strikes.hat,
              49: strikes.cymbal, 51: strikes.cymbal}  # fmt: skip


def synthesise(part: Part, plan: Plan, rng: np.random.Generator) -> Samples:
    beat_s = 60 / plan.tempo
    out = np.zeros(int((plan.duration_s + TAIL_S) * RATE), np.float32)
    if part.role == "drums":
        kit: dict[int, Samples] = {}
        for at, _, pitches, velocity in part.notes:
            for pitch in pitches:
                if pitch not in kit:
                    maker = KIT_MAKERS.get(
                        pitch, strikes.tom if pitch in (41, 43, 45, 47, 48, 50) else strikes.percussion
                    )
                    x = np.asarray(maker(rng), np.float32)
                    kit[pitch] = x / (np.abs(x).max() + 1e-9) * (0.4 if pitch in (42, 46, 51) else 0.9)
                place(out, kit[pitch], at * beat_s, (velocity / 127) ** 1.5)
    elif part.role == "fx":
        at = 0.0
        while at < plan.duration_s:
            x = np.asarray(strikes.fx(rng), np.float32)
            place(out, x / (np.abs(x).max() + 1e-9), at, rng.uniform(0.4, 1))
            at += rng.uniform(0.2, 1.0) * max(len(x) / RATE, 0.4)
    else:
        state = int(rng.integers(2**31))
        shape = str(rng.choice(["sine", "tri", "saw", "square", "additive", "fm"]))
        attack = 10 ** rng.uniform(-3, -0.6 if part.role == "harmony" else -1.5)
        decay = None if rng.random() < 0.5 else rng.uniform(0.3, 3.0)
        cache: dict[tuple[int, int], Samples] = {}
        for at, length, pitches, velocity in part.notes:
            for pitch in pitches:
                seconds = max(0.08, length * beat_s)
                key = (pitch, round(seconds * 50))
                if key not in cache:
                    voice = np.random.default_rng(state)
                    if part.role == "vocal":
                        t = strikes.clock(seconds)
                        f = (
                            440
                            * 2 ** ((pitch - 12 - 69) / 12)
                            * (1 + 0.01 * np.sin(2 * np.pi * 5.5 * t))
                            * 2 ** (-0.1 * np.exp(-t / 0.04))
                        )
                        x = strikes.formant_voice(f.astype(np.float32), rng)
                        x = x * np.minimum(1, t / 0.03) * np.clip((seconds - t) / 0.05, 0, 1)
                        cache[key] = (x / (np.abs(x).max() + 1e-9)).astype(np.float32)
                    else:
                        cutoff = (1.2, 25.0) if part.role == "bass" else (1.5, 40.0)
                        cache[key] = strikes.tone(
                            pitch, seconds, voice, attack_s=attack, decay_s=decay, shape=shape, cutoff=cutoff
                        )
                place(out, cache[key], at * beat_s, velocity / 127)
    return out


def render_fonts(plans: list[Plan]) -> None:
    """Play every font part of every plan: one long MIDI file per font."""
    for name, font in FONTS.items():
        slots: list[tuple[Part, float, float]] = []
        notes: list[MidiNote] = []
        programs: list[MidiProgram] = []
        now = 0.0
        for plan in plans:
            for part in plan.parts:
                if part.font != name:
                    continue
                channel = 9 if part.role == "drums" else 0
                beat_s = 60 / plan.tempo
                programs.append(MidiProgram(now + 0.001, part.program, channel))
                for at, length, pitches, velocity in part.notes:
                    start = now + 0.02 + at * beat_s
                    stop = min(start + length * beat_s, now + plan.duration_s)
                    notes += [
                        MidiNote(start, stop, p, int(np.clip(velocity, 1, 127)), channel)
                        for p in pitches
                        if 0 < p < 127 and stop > start
                    ]
                slots.append((part, now + 0.02, plan.duration_s + TAIL_S))
                now += plan.duration_s + TAIL_S + 0.1
        if slots:
            sound = render(notes, programs, font, duration_s=now, dry=False)
            for part, start, length in slots:
                part.sound = sound[int(start * RATE) : int((start + length) * RATE)]


def finish(plan: Plan) -> Samples:
    """Mix the layers, treat the mix, and cut or wrap it to whole bars."""
    rng = np.random.default_rng([plan.seed, 99, *plan.role.encode()])
    n = int((plan.duration_s + TAIL_S) * RATE)
    mix = np.zeros(n, np.float32)
    for part in plan.parts:
        x = part.sound if part.font else synthesise(part, plan, rng)
        if len(plan.parts) > 1 and rng.random() < 0.3:
            x = treat(x, rng, 0.5)
        level = np.sqrt(np.mean(x**2)) + 1e-6
        gain = 0.1 / level * 10 ** rng.uniform(-0.3, 0.3)
        mix[: min(n, len(x))] += gain * x[:n]
    if rng.random() < 0.06:
        mix = echo(mix, rng)
    mix = treat(mix, rng, 0.8)
    length = int(plan.duration_s * RATE)
    out = mix[:length].copy()
    if rng.random() < 0.65:
        tail = mix[length : 2 * length]
        out[: len(tail)] += tail
    out = out / (np.abs(out).max() + 1e-9) * 10 ** rng.uniform(-1, 0)
    if rng.random() < 0.25:
        out = out + rng.standard_normal(len(out)).astype(np.float32) * np.float32(10 ** rng.uniform(-4.5, -3))
    return out.astype(np.float32)


def loosen(x: Samples, plan: Plan, rng: np.random.Generator) -> Samples:
    """A loop whose length tells nothing: with a tail, a lead-in, a cut, or run round."""
    kind = rng.integers(0, 4)
    if kind == 0:
        return np.concatenate(
            [
                x,
                x[-int(min(0.3, plan.duration_s / 4) * RATE) :] * 0.1,
                np.zeros(int(rng.uniform(0.1, 1.5) * RATE), np.float32),
            ]
        )
    if kind == 1:
        return np.concatenate([np.zeros(int(rng.uniform(0.05, 0.8) * RATE), np.float32), x])
    if kind == 2:
        return x[: int(len(x) * rng.uniform(0.6, 0.97))]
    return np.concatenate([x, x[: int(len(x) * rng.uniform(0.1, 0.9))]])


def summary_of(x: Samples) -> np.ndarray | None:
    frames = compute_features(
        lambda start, n: x[start : start + n], n_samples=len(x), sample_rate=RATE, features=FEATURES
    )
    mel, traits, semitones = (frames[f] for f in FEATURES)
    return summarise(mel.values, traits.values, semitones.values, frame_rate=mel.frame_rate, duration_s=len(x) / RATE)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--melodies", type=pathlib.Path, help="melodies.json.gz of the development corpus")
    parser.add_argument("--per-role", type=int, default=250)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    songs: list[list[list[float]]] = []
    if arguments.melodies:
        with gzip.open(arguments.melodies) as file:
            stored = json.load(file)
        songs = list(stored["songs"].values())
    vectors, labels, sources, families = [], [], [], []
    batch = 40
    for role, count in (
        ("drums", 1.0),
        ("bass", 1.0),
        ("harmony", 1.2),
        ("melody", 1.2),
        ("mix", 1.2),
        ("vocal", 0.3),
        ("fx", 0.3),
    ):
        for start in range(0, int(arguments.per_role * count), batch):
            plans = [draw_plan(role, arguments.seed * 100_000 + start + i, songs) for i in range(batch)]
            render_fonts(plans)
            for plan in plans:
                x = finish(plan)
                rng = np.random.default_rng([plan.seed, 7])
                if rng.random() < 0.15:
                    x = loosen(x, plan, rng)
                vector = summary_of(x)
                if vector is not None:
                    vectors.append(vector)
                    labels.append(role)
                    sources.append(f"loop-{role}-{plan.seed}")
                    families.append(family_of(role, plan.parts[0].program if plan.parts[0].font else None))
        print(role, len(vectors), flush=True)
    np.savez(
        arguments.out,
        x=np.array(vectors, np.float32),
        y=np.array(labels),
        source=np.array(sources),
        family=np.array(families),
    )


if __name__ == "__main__":
    main()
