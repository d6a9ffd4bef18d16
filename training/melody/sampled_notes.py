"""Notes of General MIDI instruments, each rendered once by fluidsynth and mixed as often as songs need them.

A song of four minutes has thousands of notes but only some hundred different ones. Mixing
kept notes with NumPy costs a twentieth of rendering every song with fluidsynth, so that all
909 songs are minutes of work. What is given up: a note's release is one fade for all
instruments, and velocities between two rendered ones differ in level only.
"""

from __future__ import annotations

import subprocess
import tempfile
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import scipy.signal
import soundfile

from arrange import Arrangement, write_midi

RATE = 22_050
DRUMS = 9
# Velocities that are rendered; a General MIDI synthesiser's gain goes with the square of velocity and volume.
VELOCITIES = (64, 104)
HELD_S, APART_S = 2.6, 3.4
_RELEASE = np.exp(-np.arange(0.0, 0.3, 1.0 / RATE) / 0.07).astype(np.float32)

Note = tuple[str, int, int, int, int]


class SampledNotes:
    """Kept notes by (font, program or kit, is drum, MIDI pitch, rendered velocity)."""

    def __init__(self) -> None:
        self._kept: dict[Note, np.ndarray] = {}

    def mix(self, arrangement: Arrangement, font: str, rng: np.random.Generator) -> np.ndarray:
        """The arrangement as mono float32 at ``RATE``; ``rng`` decides the room."""
        rows = [
            (_kept_as(font, arrangement, channel, midi, velocity), arrangement.volumes.get(channel, 100), row)
            for channel, notes in arrangement.notes.items()
            for row in notes
            for _, _, midi, velocity in [row]
        ]
        self._render_missing({key for key, _, _ in rows})
        total = np.zeros(int((arrangement.duration_s + 1.0) * RATE), np.float32)
        for key, volume, (start_s, end_s, _, velocity) in rows:
            begin = max(int(start_s * RATE), 0)
            sound = self._kept[key]
            if not key[2]:
                sound = _released(sound, max(end_s - start_s, 0.02))
            sound = sound[: len(total) - begin]
            gain = (velocity / key[4]) ** 2 * (volume / 100.0) ** 2 / 32_768.0
            total[begin : begin + len(sound)] += np.float32(gain) * sound
        if rng.random() < 0.6:
            total += _room(total, seconds=float(rng.uniform(0.3, 1.0)), level=float(rng.uniform(0.1, 0.35)), rng=rng)
        return total[: int(arrangement.duration_s * RATE)]

    def _render_missing(self, keys: Iterable[Note]) -> None:
        """One fluidsynth run per instrument that lacks notes."""
        missing: dict[tuple[str, int, int], list[Note]] = {}
        for key in sorted(set(keys) - self._kept.keys()):
            missing.setdefault(key[:3], []).append(key)
        for (font, program, is_drum), wanted in missing.items():
            channel = DRUMS if is_drum else 0
            alone = Arrangement(programs={channel: program}, volumes={channel: 100})
            for place, (_, _, _, midi, velocity) in enumerate(wanted):
                alone.add(channel, place * APART_S, place * APART_S + HELD_S, midi, velocity)
            with tempfile.TemporaryDirectory() as folder:
                score, wav = Path(folder) / "a.mid", Path(folder) / "a.wav"
                write_midi(alone, score)
                # Of a font of 150 MB only the instrument in question is read.
                settings = ["-R", "0", "-C", "0", "-g", "0.5", "-r", str(RATE), "-o", "synth.dynamic-sample-loading=1"]
                command = ["fluidsynth", "-niq", *settings, "-F", str(wav), font, str(score)]
                subprocess.run(command, check=True, capture_output=True)
                heard = soundfile.read(wav, dtype="int16", always_2d=True)[0].mean(axis=1)
            for place, key in enumerate(wanted):
                begin = int(place * APART_S * RATE)
                note = heard[begin : begin + int(HELD_S * RATE)]
                self._kept[key] = np.pad(note, (0, max(int(0.1 * RATE) - len(note), 0))).astype(np.int16)


def _kept_as(font: str, arrangement: Arrangement, channel: int, midi: int, velocity: int) -> Note:
    nearest = min(VELOCITIES, key=lambda one: abs(one - velocity))
    return font, arrangement.programs.get(channel, 0), int(channel == DRUMS), midi, nearest


def _released(sound: np.ndarray, held_s: float) -> np.ndarray:
    held = min(int(held_s * RATE), len(sound) - 1)
    out = sound[: held + len(_RELEASE)].astype(np.float32)
    out[held:] *= _RELEASE[: len(out) - held]
    return out


def _room(dry: np.ndarray, *, seconds: float, level: float, rng: np.random.Generator) -> np.ndarray:
    """What a room adds: exponentially decaying noise as its response."""
    times = np.arange(int(seconds * RATE)) / RATE
    response = rng.standard_normal(len(times)) * np.exp(-6.9 * times / seconds) * (times > 0.01)
    response *= level / np.sqrt(np.sum(response**2))
    return np.asarray(scipy.signal.oaconvolve(dry, response.astype(np.float32))[: len(dry)], np.float32)
