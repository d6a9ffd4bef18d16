"""Standard MIDI files written and rendered with fluidsynth: notes in seconds in, sound out."""

from __future__ import annotations

import pathlib
import subprocess
import tempfile
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from effects import RATE, Samples

TICKS_PER_S = 960  # 480 per quarter at 120 bpm


@dataclass(frozen=True)
class MidiNote:
    start_s: float
    end_s: float
    pitch: int
    velocity: int
    channel: int = 0


@dataclass(frozen=True)
class MidiProgram:
    at_s: float
    program: int
    channel: int = 0


def _length(value: int) -> bytes:
    out = [value & 0x7F]
    while value := value >> 7:
        out.append(0x80 | (value & 0x7F))
    return bytes(reversed(out))


def write_midi(path: pathlib.Path, notes: list[MidiNote], programs: list[MidiProgram]) -> None:
    events: list[tuple[int, int, bytes]] = []
    for p in programs:
        events.append((round(p.at_s * TICKS_PER_S), 1, bytes([0xC0 | p.channel, p.program])))
    for n in notes:
        start = round(n.start_s * TICKS_PER_S)
        end = max(round(n.end_s * TICKS_PER_S), start + 1)
        events.append((start, 2, bytes([0x90 | n.channel, n.pitch, n.velocity])))
        events.append((end, 0, bytes([0x80 | n.channel, n.pitch, 0])))
    body, now = b"", 0
    parts = []
    for tick, _, data in sorted(events):
        parts.append(_length(tick - now) + data)
        now = tick
    body = b"".join(parts) + b"\x00\xff\x2f\x00"
    header = b"MThd" + (6).to_bytes(4, "big") + b"\x00\x00\x00\x01" + (480).to_bytes(2, "big")
    path.write_bytes(header + b"MTrk" + len(body).to_bytes(4, "big") + body)


def render(
    notes: list[MidiNote], programs: list[MidiProgram], font: str, *, duration_s: float, dry: bool = True
) -> Samples:
    """Play on a General MIDI font; mono at 22,050 Hz, exactly ``duration_s`` long."""
    with tempfile.TemporaryDirectory() as folder:
        song, sound = pathlib.Path(folder, "a.mid"), pathlib.Path(folder, "a.wav")
        write_midi(song, [*notes, MidiNote(duration_s, duration_s + 0.5, 0, 1, 15)], programs)
        rooms = ["-R", "0", "-C", "0"] if dry else ["-R", "1", "-C", "1"]
        subprocess.run(["fluidsynth", "-ni", *rooms, "-g", "0.6", "-r", "44100", "-F", sound, font, song], check=True,
                       stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)  # fmt: skip
        x, rate = soundfile.read(sound, dtype="float32", always_2d=True)
    x = soxr.resample(x.mean(axis=1), rate, RATE)
    n = int(duration_s * RATE)
    return np.pad(x, (0, max(0, n - len(x))))[:n].astype(np.float32)
