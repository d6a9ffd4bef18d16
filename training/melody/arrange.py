"""Makes songs whose melody is known: a POP909 melody over an accompaniment invented here.

Chords are guessed from the melody with a small hidden Markov model over half bars, then
played as arpeggios, blocks, strums or figures by random General MIDI instruments, with
bass, pads, drums and a second voice in the melody's rests. Nothing of it is stored: the
seed and the song's number give the same song again.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

MELODY_PROGRAMS = (0, 1, 4, 5, 11, 12, 21, 22, 22, 24, 25, 26, 27, 40, 40, 41, 42, 52, 53, 53, 54, 54, 56, 56, 57, 60, 64, 64,
                   65, 65, 66, 66, 68, 71, 71, 73, 73, 74, 75, 75, 78, 79, 80, 80, 81, 81, 85, 85, 87)  # fmt: skip
ACCOMPANIMENT_PROGRAMS = (0, 0, 1, 2, 3, 4, 4, 5, 6, 6, 7, 11, 16, 16, 17, 17, 18, 24, 25, 26, 26, 27, 27, 28, 46, 46, 48,
                          49, 50, 50, 51, 62, 62, 88, 89)  # fmt: skip
PAD_PROGRAMS = (48, 49, 50, 51, 52, 88, 89, 90, 91, 94, 95)
BASS_PROGRAMS = (32, 33, 34, 35, 36, 37, 38, 39)
_CHORDS = [(root, quality) for root in range(12) for quality in ("maj", "min")]
_TONES = {"maj": (0, 4, 7), "min": (0, 3, 7)}


@dataclass
class Arrangement:
    """Notes per channel as rows (start_s, end_s, midi, velocity), and what was drawn."""

    programs: dict[int, int] = field(default_factory=dict)
    volumes: dict[int, int] = field(default_factory=dict)
    notes: dict[int, list[tuple[float, float, int, int]]] = field(default_factory=dict)
    melody: list[tuple[float, float, int]] = field(default_factory=list)
    duration_s: float = 0.0

    def add(self, channel: int, start: float, end: float, midi: int, velocity: float) -> None:
        if 0 <= midi < 128 and end > start:
            row = (start, end, midi, int(np.clip(velocity, 8, 127)))
            self.notes.setdefault(channel, []).append(row)


def grid_period_s(onsets_s: np.ndarray) -> tuple[float, float]:
    """Sixteenth-note period and phase that melody onsets follow best."""
    periods = np.geomspace(0.09, 0.24, 800)
    first = onsets_s[onsets_s < onsets_s[0] + 40.0]
    spins = np.exp(2j * np.pi * first[:, None] / periods)
    strength = np.abs(spins.mean(axis=0)) - 0.02 * (0.15 / periods)
    best = int(np.argmax(strength))
    phase = float(np.angle(spins[:, best].mean()) / (2 * np.pi) * periods[best])
    return float(periods[best]), phase


def guess_chords(melody: np.ndarray, half_bar_s: float, start_s: float, n: int, rng: np.random.Generator) -> list[int]:
    """Chord number per half bar by Viterbi over the melody's weighted pitch classes."""
    weights = np.full((n, 12), 0.02)
    for onset, duration, midi in melody:
        k = int((onset - start_s) / half_bar_s)
        if 0 <= k < n:
            weights[k, int(midi) % 12] += min(duration, 1.0) + 0.05
    key_profile = weights.sum(axis=0)
    scale = np.array([1, 0, 1, 0, 1, 1, 0, 1, 0, 1, 0, 1], float)
    tonic = int(np.argmax([np.roll(scale, k) @ key_profile for k in range(12)]))
    diatonic = {
        (tonic + d) % 12: q for d, q in ((0, "maj"), (2, "min"), (4, "min"), (5, "maj"), (7, "maj"), (9, "min"))
    }
    template = np.zeros((24, 12))
    bonus = np.zeros(24)
    for i, (root, quality) in enumerate(_CHORDS):
        template[i, [(root + t) % 12 for t in _TONES[quality]]] = 1.0
        bonus[i] = 0.0 if diatonic.get(root) == quality else -1.5
    emission = 2.0 * (weights / weights.sum(axis=1, keepdims=True)) @ template.T + bonus + rng.gumbel(0, 0.35, (n, 24))
    stay = np.where(np.eye(24, dtype=bool), 0.25, 0.0)
    score, back = emission[0], np.zeros((n, 24), int)
    for k in range(1, n):
        total = score[:, None] + stay * (1.0 if k % 2 else -1.0)
        back[k] = total.argmax(axis=0)
        score = total.max(axis=0) + emission[k]
    path = [int(score.argmax())]
    for k in range(n - 1, 0, -1):
        path.append(int(back[k, path[-1]]))
    return path[::-1]


def arrange(song: list[list[int]], *, seed: int, duration_s: float = 50.0, whole: bool = False) -> Arrangement:
    """One excerpt; ``song`` rows are [onset ms, duration ms, MIDI pitch].

    With ``whole`` all of the song, from two seconds before its first note, never without melody or accompaniment.
    """
    rng = np.random.default_rng(seed)
    raw = np.array(song, dtype=float)
    raw[:, :2] /= 1000.0 * rng.uniform(0.86, 1.15)
    if whole:
        duration_s = float((raw[:, 0] + raw[:, 1]).max() - raw[0, 0] + 4.0)
    sixteenth, phase = grid_period_s(raw[:, 0])
    half_bar = sixteenth * 8
    latest = max(raw[-1, 0] - duration_s, 0.0)
    start = rng.uniform(max(0.0, raw[0, 0] - 16.0), latest + 0.01) if latest > raw[0, 0] - 16.0 else raw[0, 0] - 2.0
    if whole:
        start = raw[0, 0] - 2.0
    start = phase + np.round((start - phase) / half_bar) * half_bar - rng.uniform(0, 0.3)
    keep = raw[(raw[:, 0] >= start) & (raw[:, 0] < start + duration_s - 0.3)]
    out = Arrangement(duration_s=duration_s)
    transpose = int(rng.integers(-6, 7)) + int(rng.choice([0, 0, 0, 12, 12, -12], p=[0.3, 0.2, 0.2, 0.15, 0.1, 0.05]))
    alone = rng.uniform(0.25, 1.0) if whole else rng.random()
    if alone > 0.1:
        _play_melody(out, keep, start, transpose, rng)
    first = phase + np.ceil((start - phase) / half_bar) * half_bar - start
    n = int((duration_s - first) / half_bar)
    around = raw[(raw[:, 0] >= start) & (raw[:, 0] < start + duration_s)].copy()
    around[:, 0] -= start
    chords = guess_chords(around, half_bar, first, max(n, 1), rng)
    chords = [(c // 2 + transpose) % 12 * 2 + c % 2 for c in chords]
    if 0.1 < alone < 0.25:  # the melody by itself, over drums at most
        if rng.random() < 0.3:
            _play_drums(out, n, first, half_bar, rng)
        return out
    if alone < 0.03:  # nothing to follow: drums and perhaps a pad
        _play_drums(out, n, first, half_bar, rng)
        if rng.random() < 0.4:
            _play_pad(out, chords, first, half_bar, rng)
        return out
    _play_accompaniment(out, chords, first, half_bar, rng)
    if rng.random() < 0.8:
        _play_bass(out, chords, first, half_bar, rng)
    if rng.random() < 0.35:
        _play_pad(out, chords, first, half_bar, rng)
    if rng.random() < 0.75:
        _play_second_voice(out, chords, first, half_bar, rng)
    if rng.random() < 0.8:
        _play_drums(out, n, first, half_bar, rng)
    return out


def _play_melody(out: Arrangement, notes: np.ndarray, start: float, transpose: int, rng: np.random.Generator) -> None:
    out.programs[0] = int(rng.choice(MELODY_PROGRAMS))
    velocity = rng.uniform(75, 115)
    out.volumes[0] = int(rng.integers(85, 125))
    mean = notes[:, 2].mean() + transpose if len(notes) else 66
    if mean > 84:
        transpose -= 12
    if mean < 54:
        transpose += 12
    for onset, duration, midi in notes:
        begin = onset - start
        note = int(midi) + transpose
        out.add(0, begin, begin + duration, note, velocity + rng.normal(0, 7))
        out.melody.append((begin, begin + duration, note))


def _voicing(chord: int, centre: float) -> list[int]:
    root, quality = _CHORDS[chord]
    tones = [(root + t) % 12 for t in _TONES[quality]]
    return sorted(int(t + 12 * np.round((centre - t) / 12)) for t in tones)


def _play_accompaniment(
    out: Arrangement, chords: list[int], first: float, half_bar: float, rng: np.random.Generator
) -> None:
    out.programs[1] = int(rng.choice(ACCOMPANIMENT_PROGRAMS))
    out.volumes[1] = int(rng.integers(60, 125))
    base, centre = rng.uniform(50, 100), rng.uniform(53, 68)
    sixteenth = half_bar / 8
    style = ""
    for k, chord in enumerate(chords):
        if k % 16 == 0 or not style:
            style = str(rng.choice(["arpeggio", "arpeggio16", "block", "strum", "ballad", "figure", "broken"]))
            pattern = rng.random(8) < rng.uniform(0.3, 0.7)
            pattern[0] = True
            spread = int(rng.integers(0, 3))
        t = first + k * half_bar
        notes = _voicing(chord, centre)
        low = notes[0] - 12 if rng.random() < 0.6 else notes[0] - 24
        notes = notes + [notes[0] + 12] * (spread > 0) + [notes[1] + 12] * (spread > 1)
        v = lambda: base + rng.normal(0, 8)  # noqa: E731
        if style in ("arpeggio", "arpeggio16", "broken"):
            step = 1 if style == "arpeggio16" else 2
            order = list(notes) + notes[-2:0:-1]
            if style == "broken":
                order = [low, notes[0], notes[2], notes[1]]
            for i in range(0, 8, step):
                end = t + half_bar if rng.random() < 0.5 else t + (i + step) * sixteenth * 0.95
                out.add(1, t + i * sixteenth, end, order[(i // step) % len(order)], v())
            if rng.random() < 0.7:
                out.add(1, t, t + half_bar * 0.97, low, v())
        elif style == "block":
            times = np.flatnonzero(pattern)
            for i, j in zip(times, [*times[1:], 8], strict=True):
                for note in notes:
                    out.add(1, t + i * sixteenth, t + j * sixteenth - 0.02, note, v())
        elif style == "strum":
            times = np.flatnonzero(pattern)
            for i, j in zip(times, [*times[1:], 8], strict=True):
                for place, note in enumerate([low, *notes]):
                    out.add(1, t + i * sixteenth + 0.012 * place, t + j * sixteenth - 0.02, note, v())
        elif style == "ballad":
            out.add(1, t, t + half_bar * 0.97, low, v())
            for note in notes:
                out.add(1, t + (0 if rng.random() < 0.5 else 4) * sixteenth, t + half_bar * 0.97, note, v())
        else:
            current = 0.0
            while current < 8:
                length = float(rng.choice([1, 2, 2, 3, 4]))
                for note in rng.choice(notes, size=int(rng.integers(1, 3)), replace=False):
                    at = t + current * sixteenth
                    out.add(1, at, at + length * sixteenth * rng.uniform(0.7, 1.0), int(note), v())
                current += length


def _play_bass(out: Arrangement, chords: list[int], first: float, half_bar: float, rng: np.random.Generator) -> None:
    out.programs[2] = int(rng.choice(BASS_PROGRAMS))
    out.volumes[2] = int(rng.integers(75, 120))
    base = rng.uniform(70, 105)
    hits = [[0], [0, 4], [0, 3, 6], [0, 2, 4, 6], [0, 6]][int(rng.integers(0, 5))]
    for k, chord in enumerate(chords):
        root = 36 + (_CHORDS[chord][0] - 4) % 12 - 8 + 0
        for i, j in zip(hits, [*hits[1:], 8], strict=True):
            note = root + (7 if rng.random() < 0.12 else 0) + (12 if rng.random() < 0.1 else 0)
            at = first + k * half_bar
            out.add(2, at + i * half_bar / 8, at + j * half_bar / 8 - 0.02, note, base + rng.normal(0, 6))


def _play_pad(out: Arrangement, chords: list[int], first: float, half_bar: float, rng: np.random.Generator) -> None:
    out.programs[3] = int(rng.choice(PAD_PROGRAMS))
    out.volumes[3] = int(rng.integers(40, 90))
    centre = rng.uniform(55, 72)
    for k, chord in enumerate(chords):
        for note in _voicing(chord, centre):
            out.add(3, first + k * half_bar, first + (k + 1) * half_bar, note, 60 + rng.normal(0, 5))


def _play_second_voice(
    out: Arrangement, chords: list[int], first: float, half_bar: float, rng: np.random.Generator
) -> None:
    """Fills in the melody's rests, played by the accompanist: what a melody tracker must not take."""
    same = rng.random() < 0.75
    channel = 1 if same else 4
    if not same:
        out.programs[4] = int(rng.choice(ACCOMPANIMENT_PROGRAMS + PAD_PROGRAMS))
        out.volumes[4] = int(rng.integers(60, 110))
    base, centre = rng.uniform(55, 100), rng.uniform(62, 84)
    sung = np.array([(s, e) for s, e, _ in out.melody]).reshape(-1, 2)
    density, always = rng.uniform(0.3, 0.9), rng.random() < 0.25
    octaves = rng.random() < 0.3
    note = centre
    for k, chord in enumerate(chords):
        t = first + k * half_bar
        busy = len(sung) and bool(np.any((sung[:, 0] < t + half_bar) & (sung[:, 1] > t)))
        if (busy and not always) or rng.random() > density:
            continue
        root, quality = _CHORDS[chord]
        pool = [p for p in range(50, 96) if (p - root) % 12 in (*_TONES[quality], 2, 9)]
        current = 0.0
        while current < 8:
            length = float(rng.choice([1, 2, 2, 2, 4]))
            note = pool[int(np.argmin(np.abs(np.array(pool) - (note * 0.8 + centre * 0.2 + rng.normal(0, 4)))))]
            at = t + current * half_bar / 8
            out.add(channel, at, at + length * half_bar / 8 * 0.95, int(note), base + rng.normal(0, 8))
            if octaves:
                out.add(channel, at, at + length * half_bar / 8 * 0.95, int(note) + 12, base + rng.normal(0, 8))
            current += length


def _play_drums(out: Arrangement, n: int, first: float, half_bar: float, rng: np.random.Generator) -> None:
    out.volumes[9] = int(rng.integers(60, 120))
    out.programs[9] = int(rng.choice([0, 8, 16, 24, 25, 32, 40]))
    step = int(rng.choice([1, 2, 2]))
    kick = [0, *rng.choice([2, 3, 4, 5, 6], size=int(rng.integers(0, 3)), replace=False)]
    hat = int(rng.choice([42, 42, 44, 46, 51, 70]))
    for k in range(n):
        t = first + k * half_bar
        for i in range(0, 8, step):
            out.add(9, t + i * half_bar / 8, t + i * half_bar / 8 + 0.1, hat, rng.uniform(45, 90))
        for i in kick:
            out.add(9, t + i * half_bar / 8, t + i * half_bar / 8 + 0.1, 36, rng.uniform(80, 115))
        out.add(9, t + half_bar / 2, t + half_bar / 2 + 0.1, 38, rng.uniform(70, 115))
        if k % 8 == 0:
            out.add(9, t, t + 0.5, 49, rng.uniform(60, 100))


def write_midi(arrangement: Arrangement, path: Path) -> None:
    """A type 0 file whose ticks are milliseconds."""
    events: list[tuple[int, int, bytes]] = []
    for channel, program in arrangement.programs.items():
        events.append((0, 0, bytes([0xC0 | channel, program])))
        events.append((0, 0, bytes([0xB0 | channel, 7, arrangement.volumes.get(channel, 100)])))
    for channel, notes in arrangement.notes.items():
        for start, end, midi, velocity in notes:
            begin = max(0, round(start * 1000))
            events.append((begin, 2, bytes([0x90 | channel, midi, velocity])))
            events.append((max(begin + 20, round(end * 1000)), 1, bytes([0x80 | channel, midi, 0])))
    events.sort(key=lambda event: event[:2])
    track, now = bytearray(), 0
    for at, _, message in events:
        track += _variable_length(at - now) + message
        now = at
    track += b"\x00\xff\x2f\x00"
    tempo = b"\x00\xff\x51\x03" + (500_000).to_bytes(3, "big")
    body = tempo + bytes(track)
    header = b"MThd" + struct.pack(">IHHH", 6, 0, 1, 500)
    path.write_bytes(header + b"MTrk" + struct.pack(">I", len(body)) + body)


def _variable_length(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | (value & 0x7F))
    return bytes(out[::-1])
