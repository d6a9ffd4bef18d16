"""From the notes of one part to a file of exactly eight bars: instruments, effects, stereo, wrapping, formats."""

from __future__ import annotations

import pathlib
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass, field

import fluid
import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray
from parts import Note
from scipy import signal as sps
from songs import N_BEATS
from voices import RATE, Samples, drum, tone, with_effects

from render import FONTS, KITS, PROGRAMS, VOICES

TAIL_S = 2.0
GM_KINDS = {36: "kick", 37: "click", 38: "snare", 39: "clap", 42: "hat", 44: "hat", 46: "open", 43: "tom", 45: "tom", 47: "tom",
            49: "cymbal", 51: "cymbal"}  # fmt: skip
DRUM_LEVELS = {
    "kick": 1.0,
    "snare": 0.8,
    "clap": 0.7,
    "tom": 0.7,
    "open": 0.35,
    "hat": 0.3,
    "cymbal": 0.35,
    "click": 0.5,
}
FORMATS = (("wav", "PCM_16"), ("wav", "PCM_24"), ("flac", "PCM_16"), ("ogg", "VORBIS"))


@dataclass(frozen=True)
class Sound:
    """What a part is played with and how its file is made; drawn once, kept when the part is moved."""

    font: int | None  # None: synthesised
    program: int
    voice: str
    shape: NDArray[np.float64] = field(repr=False)
    seed: int
    effects: float
    is_stereo: bool
    is_wrapped: bool
    peak: float
    sample_rate: int
    format: tuple[str, str]

    @property
    def made(self) -> dict[str, object]:
        font = None if self.font is None else pathlib.Path(FONTS[self.font]).stem
        return {"font": font, "program": self.program if font else None, "voice": None if font else self.voice,
                "wrapped": self.is_wrapped, "stereo": self.is_stereo}  # fmt: skip


def draw_sound(role: str, rng: np.random.Generator) -> Sound:
    return Sound(
        font=None if rng.random() < 0.35 else int(rng.integers(len(FONTS))),
        program=int(rng.choice(KITS if role == "drums" else PROGRAMS[role])),
        voice="kit" if role == "drums" else str(rng.choice(VOICES[role])),
        shape=rng.uniform(size=8),
        seed=int(rng.integers(2**31)),
        effects=0.6,
        is_stereo=bool(rng.random() < 0.5),
        is_wrapped=bool(rng.random() < 0.6),
        peak=float(10 ** rng.uniform(-0.6, -0.02)),
        sample_rate=int(rng.choice([44_100, 48_000])),
        format=FORMATS[int(rng.integers(len(FORMATS)))],
    )


class Studio:
    """Both fonts, loaded once."""

    def __init__(self) -> None:
        self._synths = [fluid.FluidSynth(path, RATE) for path in FONTS]

    def play(
        self, role: str, notes: Sequence[Note], sound: Sound, *, tempo_bpm: float, shift: int
    ) -> NDArray[np.float32]:
        """(channels, n) at ``sound.sample_rate``, exactly eight bars long."""
        beat_s = 60.0 / tempo_bpm
        moved = 0 if role == "drums" else shift
        timed = [
            fluid.Note(n.at * beat_s, (n.at + n.length) * beat_s, n.pitch + moved, n.velocity, role) for n in notes
        ]
        duration_s = N_BEATS * beat_s
        rng = np.random.default_rng(sound.seed)
        if sound.font is not None:
            dry = self._synths[sound.font].render(
                timed, programs={role: sound.program}, duration_s=duration_s + TAIL_S, reverb=bool(rng.random() < 0.3)
            )
        elif role == "drums":
            dry = _synthesised_drums(timed, duration_s, rng)
        else:
            dry = _synthesised_notes(timed, sound, duration_s, rng)
        wet = with_effects(dry, rng, amount=sound.effects)
        exact = N_BEATS * beat_s * sound.sample_rate
        return _cut(_channels(wet, sound, rng), sound, round(exact))


def _synthesised_notes(
    notes: Sequence[fluid.Note], sound: Sound, duration_s: float, rng: np.random.Generator
) -> Samples:
    out = np.zeros(int((duration_s + TAIL_S) * RATE), np.float32)
    cache: dict[tuple[int, int], Samples] = {}
    for note in notes:
        key = note.midi, round((note.end_s - note.start_s) * 50)
        if key not in cache:
            cache[key] = tone(
                sound.voice, 440.0 * 2 ** ((note.midi - 69) / 12), max(0.05, key[1] / 50), rng, sound.shape
            )
        start = int(note.start_s * RATE)
        heard = cache[key][: len(out) - start]
        out[start : start + len(heard)] += note.velocity / 127 * heard
    return out


def _synthesised_drums(notes: Sequence[fluid.Note], duration_s: float, rng: np.random.Generator) -> Samples:
    out = np.zeros(int((duration_s + TAIL_S) * RATE), np.float32)
    kit = {kind: drum(kind, rng) for kind in sorted(set(GM_KINDS.values()))}
    for note in notes:
        kind = GM_KINDS.get(note.midi, "conga")
        if kind not in kit:
            kit[kind] = drum(kind, rng)
        start = int(note.start_s * RATE)
        heard = kit[kind][: len(out) - start]
        out[start : start + len(heard)] += DRUM_LEVELS.get(kind, 0.5) * (note.velocity / 127) ** 1.5 * heard
    return out


def _channels(mono: Samples, sound: Sound, rng: np.random.Generator) -> NDArray[np.float32]:
    """(channels, n) at the rate of the file; stereo has a place and a short room that differs per side."""
    raised = soxr.resample(mono, RATE, sound.sample_rate)
    if not sound.is_stereo:
        return np.asarray(raised[None], np.float32)
    n = int(0.25 * sound.sample_rate)
    decay = np.exp(-7.0 * np.arange(n) / n)
    place, wet = rng.uniform(-0.4, 0.4), rng.uniform(0.02, 0.12)
    sides = []
    for gain in (1.0 - max(0.0, place), 1.0 + min(0.0, place)):
        room = rng.standard_normal(n) * decay
        echo = sps.fftconvolve(raised, room / np.sqrt(np.sum(room**2)))[: len(raised)]
        sides.append(gain * (raised + wet * echo))
    return np.asarray(sides, np.float32)


def _cut(samples: NDArray[np.float32], sound: Sound, n: int) -> NDArray[np.float32]:
    """Cut at the bar line; a wrapped loop begins with the tail of its end."""
    out = np.pad(samples, ((0, 0), (0, max(0, n - samples.shape[1]))))[:, :n].copy()
    if sound.is_wrapped:
        tail = samples[:, n : 2 * n]
        out[:, : tail.shape[1]] += tail
    return np.asarray(out / (np.abs(out).max() + 1e-9) * sound.peak, np.float32)


def write(path: pathlib.Path, samples: NDArray[np.float32], sound: Sound) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    with soundfile.SoundFile(
        path, "w", samplerate=sound.sample_rate, channels=len(samples), subtype=sound.format[1]
    ) as file:
        # libsndfile's Vorbis encoder overflows its stack on long single writes.
        for start in range(0, samples.shape[1], 65_536):
            file.write(samples[:, start : start + 65_536].T)


def moved_audio(samples: NDArray[np.float32], sound: Sound, *, n: int, ratio: float, shift: int) -> NDArray[np.float32]:
    """The same sound, transposed and stretched by FFmpeg's Rubber Band filter to ``n`` samples."""
    pitch = 2 ** (shift / 12)
    command = ["ffmpeg", "-nostdin", "-loglevel", "error", "-f", "f32le", "-ar", str(sound.sample_rate), "-ac", str(len(samples)), "-i", "-",
               "-af", f"rubberband=tempo={ratio:.6f}:pitch={pitch:.8f}", "-f", "f32le", "-"]  # fmt: skip
    raw = subprocess.run(command, input=samples.T.tobytes(), capture_output=True, check=True).stdout
    out = np.frombuffer(raw, np.float32).reshape(-1, len(samples)).T
    out = np.pad(out, ((0, 0), (0, max(0, n - out.shape[1]))))[:, :n]
    return np.asarray(out / (np.abs(out).max() + 1e-9) * sound.peak, np.float32)
