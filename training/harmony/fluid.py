"""A thin ctypes door to libfluidsynth: notes in, float samples out, fonts loaded once."""

from __future__ import annotations

import ctypes
import ctypes.util
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRUM_CHANNEL = 9


@dataclass(frozen=True, slots=True)
class Note:
    """One sounding note of a part; ``midi`` is an instrument number on the drum channel."""

    start_s: float
    end_s: float
    midi: int
    velocity: int
    part: str


class FluidSynth:
    """Renders notes of up to 15 parts with one sound font."""

    def __init__(self, font_path: str, sample_rate: int) -> None:
        name = ctypes.util.find_library("fluidsynth")
        if name is None:
            raise RuntimeError("libfluidsynth is not installed")
        self._lib = ctypes.CDLL(name)
        for function in ("new_fluid_settings", "new_fluid_synth"):
            getattr(self._lib, function).restype = ctypes.c_void_p
        settings = ctypes.c_void_p(self._lib.new_fluid_settings())
        self._lib.fluid_settings_setnum(settings, b"synth.sample-rate", ctypes.c_double(sample_rate))
        self._lib.fluid_settings_setnum(settings, b"synth.gain", ctypes.c_double(0.35))
        self._synth = ctypes.c_void_p(self._lib.new_fluid_synth(settings))
        self._font = self._lib.fluid_synth_sfload(self._synth, font_path.encode(), 1)
        if self._font < 0:
            raise RuntimeError(f"cannot load {font_path}")
        self._sample_rate = sample_rate

    def render(
        self,
        notes: Sequence[Note],
        *,
        programs: dict[str, int],
        duration_s: float,
        tuning_cents: float = 0.0,
        reverb: bool = False,
        volumes: dict[str, int] | None = None,
    ) -> NDArray[np.float32]:
        """Mono samples of ``duration_s``; a part named ``drums`` plays kit ``programs["drums"]``."""
        lib, synth = self._lib, self._synth
        lib.fluid_synth_system_reset(synth)
        lib.fluid_synth_set_reverb_on(synth, int(reverb))
        lib.fluid_synth_set_chorus_on(synth, 0)
        channels: dict[str, int] = {}
        free = [channel for channel in range(16) if channel != DRUM_CHANNEL]
        for part, program in programs.items():
            channel = DRUM_CHANNEL if part == "drums" else free.pop(0)
            channels[part] = channel
            bank = 128 if part == "drums" else 0
            if lib.fluid_synth_program_select(synth, channel, self._font, bank, program) != 0:
                lib.fluid_synth_program_select(synth, channel, self._font, bank, 0)
            if part != "drums":
                lib.fluid_synth_pitch_bend(synth, channel, round(8192 + tuning_cents / 200.0 * 8192))
            lib.fluid_synth_cc(synth, channel, 7, (volumes or {}).get(part, 100))
        events: list[tuple[int, int, int, int, int]] = []
        for note in notes:
            channel = channels[note.part]
            on, off = int(note.start_s * self._sample_rate), int(note.end_s * self._sample_rate)
            events.append((on, 1, channel, note.midi, note.velocity))
            events.append((max(off, on + 200), 0, channel, note.midi, 0))
        events.sort()
        total = int(duration_s * self._sample_rate)
        left, right = np.zeros(total, np.float32), np.zeros(total, np.float32)
        now = 0
        for at, is_on, channel, midi, velocity in [*events, (total, 0, -1, 0, 0)]:
            at = min(at, total)
            if at > now:
                self._write(left, right, now, at - now)
                now = at
            if channel < 0 or now >= total:
                continue
            if is_on:
                lib.fluid_synth_noteon(synth, channel, midi, velocity)
            else:
                lib.fluid_synth_noteoff(synth, channel, midi)
        return 0.5 * (left + right)

    def _write(self, left: NDArray[np.float32], right: NDArray[np.float32], start: int, count: int) -> None:
        self._lib.fluid_synth_write_float(
            self._synth, count, left.ctypes.data_as(ctypes.c_void_p), start, 1,
            right.ctypes.data_as(ctypes.c_void_p), start, 1,
        )  # fmt: skip
