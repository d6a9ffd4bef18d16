"""Render training music with known beats: ``make_material.py OUT --loops N --songs N --negatives N --seed S``.

Needs ``fluidsynth`` and General MIDI fonts (Debian: fluidsynth, fluid-soundfont-gm,
timgm6mb-soundfont), espeak-ng for speech. Writes ``OUT/NAME.npy`` (mono int16, 22,050 Hz)
and ``OUT/truth.json``: per name ``kind`` (loop, loose, song, none), tempo, beats, downbeats,
beats_per_bar (felt), duration. Everything is drawn from the seed.
"""

from __future__ import annotations

import argparse
import json
import pathlib
import struct
import subprocess
import tempfile

import numpy as np
import scipy.signal
import soundfile
from patterns import (
    CLAP,
    DRUMS_3_4,
    DRUMS_4_4,
    HAT,
    KICK,
    OPEN,
    PEDAL,
    SNARE,
    STICK,
    Score,
    add_bass,
    add_chords,
    add_drums,
    add_melody,
    add_motif,
    make_harmony,
)  # fmt: skip

RATE = 22_050
FONTS = ("/usr/share/sounds/sf2/FluidR3_GM.sf2", "/usr/share/sounds/sf2/TimGM6mb.sf2")
GAP_S = 2.5
TICKS_PER_S = 5000
BASS_PROGRAMS = (32, 33, 34, 35, 36, 37, 38, 39, 43, 58, 87)
CHORD_PROGRAMS = (0, 1, 2, 4, 5, 6, 7, 16, 17, 18, 24, 25, 26, 27, 46, 48, 50, 51, 62, 63, 88, 89, 90, 91, 92, 94)
LEAD_PROGRAMS = (
    0,
    4,
    11,
    12,
    13,
    22,
    24,
    26,
    40,
    52,
    53,
    54,
    56,
    64,
    65,
    66,
    68,
    71,
    73,
    75,
    80,
    81,
    82,
    84,
    85,
    104,
    107,
)
KITS = (0, 8, 16, 24, 25, 32, 40)


# --- scores -------------------------------------------------------------------------------------


def loop_tempo(rng):
    tempo = rng.uniform(70, 178) if rng.random() < 0.92 else rng.uniform(58, 195)
    return float(round(tempo)) if rng.random() < 0.7 else round(float(tempo), 2)


def draw_meter(rng):
    """(felt beats per bar, compound)."""
    u = rng.random()
    if u < 0.06:
        return 3, False
    if u < 0.08:
        return 5, False
    if u < 0.10:
        return 7, False
    if u < 0.125:
        return 2, True
    if u < 0.14:
        return 4, True
    return 4, False


def loop_score(rng):
    beats, compound = draw_meter(rng)
    tempo = loop_tempo(rng)
    if compound:
        tempo = float(rng.uniform(45, 125))
    if beats == 7:
        tempo = float(rng.uniform(140, 240))
    swing = 0.0 if compound or rng.random() < 0.6 else float(rng.choice((0.15, 0.3, rng.uniform(0.1, 0.6))))
    score = Score(beats, int(rng.choice((1, 2, 4, 8, 16), p=(0.03, 0.38, 0.36, 0.22, 0.01))), tempo, compound, swing)
    role = str(rng.choice(("drums", "bass", "harmony", "melody", "mix"), p=(0.3, 0.2, 0.17, 0.17, 0.16)))
    layers = {role}
    if role == "melody" and beats == 7:
        layers = {"melody", "drums"}
    if role == "mix":
        size = int(rng.integers(2, 5))
        layers = set(rng.choice(("drums", "bass", "harmony", "melody"), size, replace=False, p=(0.3, 0.3, 0.25, 0.15)))
    harmony = make_harmony(score, rng)
    if "drums" in layers:
        styles = [*DRUMS_3_4] if beats == 3 else [*DRUMS_4_4, "perc", "break", "rock", "funk"]
        add_drums(score, str(rng.choice([*styles, "perc"])), rng)
    if "bass" in layers:
        add_bass(
            score,
            harmony,
            str(
                rng.choice(
                    ("long", "octave", "octave", "offbeat", "offbeat", "root8", "synco", "synco", "walk", "dotted")
                )
            ),
            rng,
        )
    if "harmony" in layers:
        add_chords(
            score,
            harmony,
            str(rng.choice(("arp", "sustain", "stab", "strum", "quarters"), p=(0.36, 0.34, 0.17, 0.08, 0.05))),
            rng,
        )
    if "melody" in layers:
        (add_motif if rng.random() < 0.75 else add_melody)(score, harmony, rng)
    draw_programs(score, rng)
    return score, role


def song_score(rng):
    u = rng.random()
    beats, compound = (
        (3, False)
        if u < 0.17
        else (2, True)
        if u < 0.2
        else (4, True)
        if u < 0.23
        else (5, False)
        if u < 0.245
        else (7, False)
        if u < 0.26
        else (4, False)
    )
    tempo = float(np.clip(np.exp(rng.normal(np.log(86), 0.29)), 55, 190))
    if compound:
        tempo = float(rng.uniform(42, 100))
    if beats == 7:
        tempo = float(rng.uniform(150, 240))
    swing = float(rng.choice((0.0, 0.25, 0.4), p=(0.6, 0.26, 0.14)))
    length_s = float(rng.uniform(38, 60))
    score = Score(beats, max(6, round(length_s * tempo / 60 / beats)), tempo, compound, 0.0 if compound else swing)
    fast = float(np.clip((86 - tempo) / 26, 0.04, 0.85))
    harmony = make_harmony(score, rng, restless=True)
    chords = ["arp", "piano", "piano", "strum", "quarters", "sustain", "stab", *(["waltz"] * 3 if beats == 3 else [])]
    add_chords(score, harmony, str(rng.choice(chords)), rng, fast=fast)
    if rng.random() < 0.5:
        add_chords(score, harmony, str(rng.choice(("sustain", "sustain", "arp", "strum"))), rng, channel=4, fast=fast)
    add_melody(score, harmony, rng, fast=fast)
    if rng.random() < 0.8:
        add_bass(
            score,
            harmony,
            str(
                rng.choice(
                    ("long", "root2", "dotted", "root8", "octave", "synco", "walk"),
                    p=(0.25, 0.2, 0.2, 0.15, 0.05, 0.05, 0.1),
                )
            ),
            rng,
        )
    if rng.random() < 0.8:
        styles = (
            ["waltz", "waltz", "waltz2", "waltz2", "rock3", "hats3"]
            if beats == 3
            else ["pop16", "half", "four", "rock8", "ballad", "latin", "train", "funk", "rock", "motown"]
        )
        start = int(rng.choice((0, 0, 0, 2, 4, 8))) if score.n_bars > 14 else 0
        add_drums(score, str(rng.choice(styles)), rng, first_bar=start)
    if rng.random() < 0.2:
        # A break without bass and drums.
        first = int(rng.integers(4, score.n_bars)) * beats
        score.notes = [n for n in score.notes if n.channel not in (1, 9) or not first <= n.at < first + 4 * beats]
    draw_programs(score, rng)
    return score


def draw_programs(score, rng):
    score.programs = {
        1: int(rng.choice(BASS_PROGRAMS)), 2: int(rng.choice(CHORD_PROGRAMS)), 3: int(rng.choice(LEAD_PROGRAMS)),
        4: int(rng.choice((48, 49, 50, 51, 52, 88, 89, 90, 91, 95))), 9: int(rng.choice(KITS)),
    }  # fmt: skip


def to_seconds(score, at):
    """Beats to seconds, with the second half of every eighth pair delayed by the swing."""
    whole = np.floor(at + 1e-9)
    part = at - whole
    if score.swing:
        half = 0.5 + score.swing / 6
        part = part / 0.5 * half if part < 0.5 else half + (part - 0.5) / 0.5 * (1 - half)
    return float((whole + part) * 60.0 / score.tempo_bpm)


# --- rendering ----------------------------------------------------------------------------------


def midi_events(score, start_s, rng, *, skip_drums):
    events = [
        (start_s - 0.05 if start_s else 0.0, bytes((0xC0 | ch, program))) for ch, program in score.programs.items()
    ]
    end_s = start_s + score.n_bars * score.beats_per_bar * 60.0 / score.tempo_bpm
    human_s = float(rng.choice((0.0, 0.0, 0.003, 0.008)))
    for note in score.notes:
        if skip_drums and note.channel == 9:
            continue
        on = start_s + max(0.0, to_seconds(score, note.at) + (rng.normal(0, human_s) if human_s else 0.0))
        if on >= end_s - 0.01:
            continue
        off = max(on + 0.03, start_s + to_seconds(score, note.at + note.length))
        velocity = int(np.clip(note.velocity, 1, 127))
        pitch = int(np.clip(note.pitch, 0, 127))
        events += [(on, bytes((0x90 | note.channel, pitch, velocity))), (off, bytes((0x80 | note.channel, pitch, 0)))]
    return events, end_s


def midi_file(events):
    events = sorted(events, key=lambda e: (round(e[0] * TICKS_PER_S), e[1][0] & 0xF0 == 0x90))
    track = bytearray(b"\x00\xff\x51\x03\x0f\x42\x40")
    clock = 0
    for at, message in events:
        tick = max(clock, round(at * TICKS_PER_S))
        track += variable_length(tick - clock) + message
        clock = tick
    track += b"\x00\xff\x2f\x00"
    return b"MThd" + struct.pack(">IHHH", 6, 0, 1, TICKS_PER_S) + b"MTrk" + struct.pack(">I", len(track)) + bytes(track)


def variable_length(number):
    out = [number & 0x7F]
    while number := number >> 7:
        out.append(number & 0x7F | 0x80)
    return bytes(reversed(out))


def render(events, font, *, reverb):
    with tempfile.TemporaryDirectory() as folder:
        midi, wav = pathlib.Path(folder, "a.mid"), pathlib.Path(folder, "a.wav")
        midi.write_bytes(midi_file(events))
        subprocess.run(
            ["fluidsynth", "-ni", "-q", "-r", str(RATE), "-g", "0.5", "-R", str(int(reverb)), "-C", "0", "-F", wav, font, midi],
            check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        samples, rate = soundfile.read(wav, dtype="float32", always_2d=True)
    if rate != RATE:
        raise RuntimeError(f"fluidsynth wrote {rate} Hz")
    return samples.mean(axis=1)


def drum_voice(key, rng):
    """One synthesised drum hit."""
    t = np.arange(int(0.5 * RATE)) / RATE
    noise = rng.standard_normal(len(t))
    if key == KICK:
        low, high, fall = rng.uniform(42, 60), rng.uniform(90, 250), rng.uniform(0.02, 0.06)
        hz = low + high * np.exp(-t / fall)
        return np.sin(2 * np.pi * np.cumsum(hz) / RATE) * np.exp(-t / rng.uniform(0.06, 0.2)) + 0.1 * noise * np.exp(
            -t / 0.004
        )
    if key in (SNARE, CLAP, STICK):
        body = np.sin(2 * np.pi * rng.uniform(160, 240) * t) * np.exp(-t / 0.06) * (key == SNARE)
        return 0.5 * body + 0.6 * noise * np.exp(-t / rng.uniform(0.04, 0.12))
    if key in (HAT, PEDAL, OPEN, 51):
        high = scipy.signal.lfilter([1, -1], [1, 0.3], noise)
        return 0.35 * high * np.exp(-t / (rng.uniform(0.12, 0.25) if key in (OPEN, 51) else rng.uniform(0.015, 0.05)))
    hz = rng.uniform(90, 900)
    return 0.7 * np.sin(2 * np.pi * hz * t) * np.exp(-t / rng.uniform(0.03, 0.2))


def synth_drums(score, n_samples, rng):
    voices = {}
    out = np.zeros(n_samples + RATE, np.float64)
    for note in score.notes:
        if note.channel != 9:
            continue
        if note.pitch not in voices:
            voices[note.pitch] = drum_voice(note.pitch, rng)
        start = int(to_seconds(score, note.at) * RATE)
        voice = voices[note.pitch]
        if start < n_samples:
            out[start : start + len(voice)] += voice * (note.velocity / 110.0) ** 1.5
    return (0.25 * out).astype(np.float32)


def effects(x, rng):
    """A random chain such as a sample pack's loops went through."""
    if rng.random() < 0.25:
        wet = np.exp(
            -np.arange(int(rng.uniform(0.3, 1.6) * RATE)) / RATE / rng.uniform(0.1, 0.5)
        ) * rng.standard_normal(1)
        wet = wet * rng.standard_normal(len(wet))
        wet[: int(0.003 * RATE)] = 0
        wet = scipy.signal.fftconvolve(x, wet)[: len(x)]
        x = x + rng.uniform(0.1, 0.6) * wet * (np.abs(x).max() / (np.abs(wet).max() + 1e-9))
    if rng.random() < 0.22:
        sos = scipy.signal.butter(2, rng.uniform(500, 6000), "low", fs=RATE, output="sos")
        x = scipy.signal.sosfilt(sos, x)
    elif rng.random() < 0.1:
        sos = scipy.signal.butter(2, rng.uniform(100, 900), "high", fs=RATE, output="sos")
        x = scipy.signal.sosfilt(sos, x)
    if rng.random() < 0.18:
        x = np.tanh(x / (np.abs(x).max() + 1e-9) * rng.uniform(2, 12))
    if rng.random() < 0.25:
        envelope = scipy.signal.lfilter([0.002], [1, -0.998], np.abs(x)) + 1e-4
        x = x / envelope ** rng.uniform(0.2, 0.6)
    if rng.random() < 0.06:
        delay = int(rng.uniform(0.1, 0.4) * RATE)
        y = x.copy()
        y[delay:] += 0.4 * x[:-delay]
        x = y
    if rng.random() < 0.07:
        x = np.round(x / (np.abs(x).max() + 1e-9) * 24) / 24
    return x


def finish(x, rng):
    x = x / (np.abs(x).max() + 1e-9) * rng.uniform(0.2, 0.98)
    return np.round(x * 32767).astype(np.int16)


def truth_of(score, kind, duration_s, *, offset_s=0.0, role=None, boundary=None):
    period = 60.0 / score.tempo_bpm
    first = int(np.ceil(-offset_s / period - 1e-9)) if offset_s < 0 else 0
    index = np.arange(first, 2000)
    times = offset_s + index * period
    keep = (times >= -1e-6) & (times < duration_s - 0.02)
    # A loop that was run round may begin anywhere in its bars, and a lead-in has no beats.
    index, times = index[keep], np.maximum(times[keep], 0.0)
    downbeats = times[index % score.beats_per_bar == 0]
    return {
        "kind": kind, "role": role, "boundary": boundary, "tempo": score.tempo_bpm, "duration": duration_s,
        "beats": [round(float(t), 4) for t in times], "downbeats": [round(float(t), 4) for t in downbeats],
        "beats_per_bar": score.beats_per_bar, "compound": score.compound, "bars": score.n_bars if kind == "loop" else None,
    }  # fmt: skip


def loosen(x, score, rng):
    """A loop whose length no longer tells: -> (samples, offset of the first bar in s, name of what was done)."""
    n = len(x)
    what = str(rng.choice(("tail", "lead", "cut", "run")))
    period = 60.0 / score.tempo_bpm
    if what == "tail":
        tail = int(rng.uniform(0.3, 2.5) * RATE)
        decay = x[: min(n, tail)] * np.exp(-np.arange(min(n, tail)) / RATE / rng.uniform(0.02, 0.3))
        end = np.zeros(tail)
        if rng.random() < 0.6:
            end[: len(decay)] = decay
        return np.concatenate([x, end]), 0.0, what
    if what == "lead":
        lead = rng.uniform(0.1, 0.45)
        before = np.zeros(int(lead * RATE)) if rng.random() < 0.6 else 0.5 * x[n - int(lead * RATE) :]
        return np.concatenate([before, x]), lead, what
    if what == "cut":
        beats = score.n_bars * score.beats_per_bar
        stop = rng.uniform(0.55, 0.98) if rng.random() < 0.5 else 1 - rng.uniform(0.2, 0.9) / beats
        return x[: int(n * stop)], 0.0, what
    shift = int(rng.uniform(0, n))
    total = int(n * rng.uniform(1.1, 2.6))
    ring = np.resize(np.roll(x, -shift), total)
    bar = score.beats_per_bar * period
    offset = (-shift / RATE) % bar
    return ring, offset - bar if offset > 0 else 0.0, what


def make_loops(count, rng, out, truth, prefix="loop"):
    done = 0
    while done < count:
        batch, events, clock = [], [], 0.1
        font, reverb = FONTS[int(rng.random() < 0.5)], rng.random() < 0.4
        for _ in range(min(30, count - done)):
            score, role = loop_score(rng)
            synth = rng.random() < 0.4
            more, end_s = midi_events(score, clock, rng, skip_drums=synth)
            events += more
            batch.append((score, role, synth, clock))
            clock = end_s + GAP_S
        samples = render(events, font, reverb=reverb)
        samples = np.concatenate([samples, np.zeros(RATE)])
        for score, role, synth, start_s in batch:
            exact_s = score.n_bars * score.beats_per_bar * 60.0 / score.tempo_bpm
            n = round(exact_s * RATE)
            first = round(start_s * RATE)
            long = samples[first : first + n + int((GAP_S - 0.2) * RATE)].astype(np.float64)
            if synth:
                drums = synth_drums(score, n, rng)
                long[: len(drums)] += (
                    drums[: len(long)]
                    if len(drums) > len(long)
                    else np.pad(drums, (0, len(long) - len(drums)))[: len(drums)]
                )
            long = effects(long, rng)
            boundary = "wrapped" if rng.random() < 0.7 else "cut"
            x = long[:n].copy()
            if boundary == "wrapped":
                rest = long[n : 2 * n]
                x[: len(rest)] += rest
            if np.abs(x).max() < 1e-4:
                continue
            name = f"{prefix}{done:05d}"
            if rng.random() < 0.3:
                y, offset, what = loosen(x, score, rng)
                truth[name] = truth_of(score, "loose", len(y) / RATE, offset_s=offset, role=role, boundary=what)
            else:
                y = x
                if rng.random() < 0.12:
                    # Codecs pad or swallow some milliseconds.
                    pad = int(rng.normal(0, 0.012) * RATE)
                    y = np.concatenate([x, np.zeros(pad)]) if pad > 0 else x[: len(x) + pad]
                truth[name] = truth_of(score, "loop", len(y) / RATE, role=role, boundary=boundary)
            np.save(out / f"{name}.npy", finish(y, rng))
            done += 1
        print(prefix, done, flush=True)


def make_songs(count, rng, out, truth):
    done = 0
    while done < count:
        batch, events, clock = [], [], 0.1
        font = FONTS[int(rng.random() < 0.5)]
        for _ in range(min(8, count - done)):
            score = song_score(rng)
            more, end_s = midi_events(score, clock, rng, skip_drums=False)
            events += more
            batch.append((score, clock, end_s))
            clock = end_s + GAP_S
        samples = np.concatenate([render(events, font, reverb=rng.random() < 0.6), np.zeros(RATE)])
        for score, start_s, end_s in batch:
            # Some excerpts start between the beats.
            skip = 0.0 if rng.random() < 0.65 else float(rng.uniform(0.1, 8.0))
            x = samples[round((start_s + skip) * RATE) : round((end_s + 1.0) * RATE)].astype(np.float64)
            if rng.random() < 0.3:
                x = effects(x, rng)
            name = f"song{done:05d}"
            truth[name] = truth_of(score, "song", len(x) / RATE, offset_s=-skip)
            np.save(out / f"{name}.npy", finish(x, rng))
            done += 1
        print("song", done, flush=True)


def make_negatives(count, rng, out, truth):
    """Sounds without a tempo: one-shots, speech, rain, noise, hum, thunder, drones."""
    words = [
        "the",
        "quick",
        "brown",
        "fox",
        "jumps",
        "over",
        "a",
        "lazy",
        "dog",
        "while",
        "seven",
        "old",
        "ships",
        "sail",
        "slowly",
        "past",
        "some",
        "quiet",
        "northern",
        "harbour",
    ]
    for i in range(count):
        kind = str(rng.choice(("oneshot", "oneshot", "speech", "rain", "noise", "drone", "sweep", "clatter")))
        seconds = (
            float(np.exp(rng.uniform(np.log(0.3), np.log(20)))) if kind != "oneshot" else float(rng.uniform(0.1, 3.5))
        )
        n = int(seconds * RATE)
        t = np.arange(n) / RATE
        if kind == "oneshot":
            voice = drum_voice(int(rng.choice((KICK, SNARE, HAT, OPEN, 45, 60, 70))), rng)
            x = np.zeros(n)
            x[: len(voice)] = voice[:n]
            if rng.random() < 0.5:
                f = rng.uniform(50, 900)
                x += sum(np.sin(2 * np.pi * f * k * t) / k for k in range(1, 6)) * np.exp(-t / rng.uniform(0.1, 2))
            if rng.random() < 0.25:
                x *= 1 + 0.6 * np.sin(2 * np.pi * rng.uniform(3, 8) * t)
        elif kind == "speech":
            text = " ".join(rng.choice(words, int(rng.integers(3, 50))))
            with tempfile.NamedTemporaryFile(suffix=".wav") as wav:
                subprocess.run(
                    [
                        "espeak-ng",
                        "-s",
                        str(rng.integers(120, 200)),
                        "-p",
                        str(rng.integers(20, 80)),
                        "-w",
                        wav.name,
                        text,
                    ],
                    check=True,
                )
                y, rate = soundfile.read(wav.name)
            x = scipy.signal.resample_poly(y, 1, max(1, round(rate / RATE))) if rate != RATE else y
        elif kind == "rain":
            x = 0.1 * rng.standard_normal(n)
            for at in rng.integers(0, n, int(seconds * rng.uniform(5, 300))):
                drop = rng.standard_normal(min(300, n - at)) * np.exp(
                    -np.arange(min(300, n - at)) / rng.uniform(20, 90)
                )
                x[at : at + len(drop)] += drop * rng.uniform(0.1, 1)
        elif kind == "noise":
            x = scipy.signal.lfilter([1], [1, -rng.uniform(0, 0.99)], rng.standard_normal(n))
            x *= 1 + rng.uniform(0, 0.8) * np.interp(t, np.sort(rng.uniform(0, seconds, 8)), rng.uniform(-1, 1, 8))
        elif kind == "drone":
            f = rng.uniform(40, 300)
            x = sum(
                np.sin(2 * np.pi * f * k * (1 + 0.003 * rng.normal()) * t + rng.uniform(0, 6)) / k for k in range(1, 9)
            )
            x = x + rng.uniform(0, 0.5) * rng.standard_normal(n)
        elif kind == "sweep":
            x = np.sin(
                2 * np.pi * np.cumsum(np.geomspace(*rng.uniform(60, 6000, 2), n)) / RATE
            ) + 0.2 * rng.standard_normal(n)
        else:
            x = 0.003 * rng.standard_normal(n)
            for at in np.sort(rng.integers(0, n, rng.integers(2, max(3, int(3 * seconds))))):
                voice = drum_voice(int(rng.choice((SNARE, HAT, OPEN, 45, 60))), rng)[: n - at]
                x[at : at + len(voice)] += voice * rng.uniform(0.1, 1)
        name = f"none{i:05d}"
        truth[name] = {
            "kind": "none",
            "role": kind,
            "tempo": None,
            "duration": len(x) / RATE,
            "beats": [],
            "downbeats": [],
            "beats_per_bar": None,
        }
        np.save(out / f"{name}.npy", finish(x, rng))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--loops", type=int, default=1800)
    parser.add_argument("--songs", type=int, default=240)
    parser.add_argument("--negatives", type=int, default=400)
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    truth: dict[str, dict] = {}
    streams = np.random.default_rng(arguments.seed).spawn(3)
    for make, count, rng in zip(
        (make_negatives, make_loops, make_songs),
        (arguments.negatives, arguments.loops, arguments.songs),
        streams,
        strict=True,
    ):
        make(count, rng, arguments.out, truth)
        (arguments.out / "truth.json").write_text(json.dumps(truth))


if __name__ == "__main__":
    main()
