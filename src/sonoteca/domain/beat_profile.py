"""What sounds in each beat: pitch classes and onsets on the bar grid, small enough to keep for every loop.

Conventions:

- beats are felt beats; row ``b`` is the beat ``[start_s + b * beat_s, start_s + (b + 1) * beat_s)``, and row 0
  is the first beat of a bar;
- pitch classes count from C at the concert pitch of the sound itself: a sound tuned 40 cents sharp has the
  same rows as one that is in tune;
- steps divide a beat evenly; ``STEPS_PER_BEAT`` holds sixteenths, triplets and swung eighths alike.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Groups of twelve pitch classes: all notes, the lowest note sounding, the melody.
NOTE_GROUPS = ("all", "lowest", "melody")
N_NOTES = 12 * len(NOTE_GROUPS)
# Kick and bass below 320 Hz, body of snare, chords and voices to 1 kHz, presence and hats above.
REGISTERS = ("low", "mid", "high")
STEPS_PER_BEAT = 12
N_ONSETS = STEPS_PER_BEAT * len(REGISTERS)
# 32 bars of 4/4: what is longer is told by its first bars.
MOST_BEATS = 128
# Steps of one byte: notes are shares of sounding time up to 2 (octaves add up), onsets nepers of rise up to 2.5.
_NOTE_SCALE = 127.5
_ONSET_SCALE = 102.0


@dataclass(frozen=True, slots=True, eq=False)
class BeatProfile:
    """A region on its bar grid.

    Attributes
    ----------
    start_s : float [s]
        First beat, in seconds of the sound.
    beat_s : float > 0 [s]
        Mean length of a beat.
    beats_per_bar : int >= 1
    fills : bool
        Whether the beats fill the region to the sample, as those of a well cut loop do.
    notes : float32 (n_beats, ``N_NOTES``)
        Share of the beat in which each pitch class sounds, group after group.
    onsets : float32 (n_beats, ``N_ONSETS``)
        Mean onset strength in nepers per step, register after register.
    """

    start_s: float
    beat_s: float
    beats_per_bar: int
    fills: bool
    notes: NDArray[np.float32]
    onsets: NDArray[np.float32]

    def __post_init__(self) -> None:
        n_beats = len(self.notes)
        if self.notes.shape != (n_beats, N_NOTES) or self.onsets.shape != (n_beats, N_ONSETS):
            raise ValueError(f"notes {self.notes.shape} and onsets {self.onsets.shape} are of no common beats")
        if not 1 <= n_beats <= MOST_BEATS or self.beat_s <= 0 or self.beats_per_bar < 1:
            raise ValueError(f"not a profile: {n_beats} beats of {self.beat_s} s, {self.beats_per_bar} to the bar")

    @property
    def n_beats(self) -> int:
        return len(self.notes)

    def as_json(self) -> dict[str, Any]:
        """The descriptor's value: two byte arrays in base64, a row per beat."""
        return {
            "start_s": round(self.start_s, 4),
            "beat_s": round(self.beat_s, 6),
            "beats_per_bar": self.beats_per_bar,
            "fills": self.fills,
            "n_beats": self.n_beats,
            "notes": _packed(self.notes, _NOTE_SCALE),
            "onsets": _packed(self.onsets, _ONSET_SCALE),
        }


def notes_of_bytes(stored: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Shares of sounding time that stored bytes stand for, same shape."""
    return np.asarray(stored, np.float32) / np.float32(_NOTE_SCALE)


def onsets_of_bytes(stored: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Onset strengths in nepers that stored bytes stand for, same shape."""
    return np.asarray(stored, np.float32) / np.float32(_ONSET_SCALE)


def bytes_of_json(value: dict[str, Any]) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    """Stored notes (n_beats, ``N_NOTES``) and onsets (n_beats, ``N_ONSETS``); ValueError for anything else."""
    notes = np.frombuffer(base64.b64decode(value["notes"]), np.uint8)
    onsets = np.frombuffer(base64.b64decode(value["onsets"]), np.uint8)
    n_beats = value["n_beats"]
    return notes.reshape(n_beats, N_NOTES), onsets.reshape(n_beats, N_ONSETS)


def bytes_end_to_end(packed: Sequence[str], n_beats: NDArray[np.int64], width: int) -> NDArray[np.uint8]:
    """Stored notes or onsets of many profiles, (sum of ``n_beats``, width); ValueError for anything else.

    A row is a multiple of three bytes, so that texts in base64 can be put end to end before they are decoded.
    """
    rows = np.frombuffer(base64.b64decode("".join(packed)), np.uint8).reshape(-1, width)
    if [len(text) for text in packed] != (n_beats * (width // 3 * 4)).tolist():
        raise ValueError(f"{len(rows)} rows are not those of {len(packed)} profiles of {int(n_beats.sum())} beats")
    return rows


def profile_of_json(value: dict[str, Any]) -> BeatProfile:
    """The profile whose ``as_json`` this is, to the precision of a byte."""
    notes, onsets = bytes_of_json(value)
    return BeatProfile(
        value["start_s"],
        value["beat_s"],
        value["beats_per_bar"],
        value["fills"],
        notes_of_bytes(notes),
        onsets_of_bytes(onsets),
    )


def halved_profile(value: dict[str, Any]) -> dict[str, Any] | None:
    """The value at half the tempo: two beats become one; None where there are no two."""
    notes, onsets = bytes_of_json(value)
    n_beats = len(notes) // 2
    if not n_beats:
        return None
    pairs = notes[: 2 * n_beats].reshape(n_beats, 2, N_NOTES)
    # Register after register: the steps of two beats, and of every two of them the mean.
    steps = onsets[: 2 * n_beats].reshape(n_beats, 2, len(REGISTERS), STEPS_PER_BEAT).swapaxes(1, 2)
    steps = steps.reshape(n_beats, len(REGISTERS), STEPS_PER_BEAT, 2)
    return _at_level(value, 2.0, pairs.mean(axis=1), steps.mean(axis=-1), fills=len(notes) == 2 * n_beats)


def twice_profile(value: dict[str, Any]) -> dict[str, Any]:
    """The value at twice the tempo: a beat becomes two, the first ``MOST_BEATS`` of them."""
    notes, onsets = bytes_of_json(value)
    steps = onsets.reshape(-1, len(REGISTERS), 2, STEPS_PER_BEAT // 2).swapaxes(1, 2)
    return _at_level(value, 0.5, notes.repeat(2, axis=0), steps.repeat(2, axis=-1), fills=2 * len(notes) <= MOST_BEATS)


def _at_level(
    value: dict[str, Any], length: float, notes: NDArray[Any], onsets: NDArray[Any], *, fills: bool
) -> dict[str, Any]:
    n_beats = min(len(notes), MOST_BEATS)
    return value | {
        "beat_s": round(value["beat_s"] * length, 6),
        "fills": bool(value["fills"]) and fills,
        "n_beats": n_beats,
        "notes": _packed(notes[:n_beats].reshape(n_beats, N_NOTES), 1.0),
        "onsets": _packed(onsets[:n_beats].reshape(n_beats, N_ONSETS), 1.0),
    }


def _packed(values: NDArray[Any], scale: float) -> str:
    stored = np.clip(np.rint(values * np.float32(scale)), 0, 255).astype(np.uint8)
    return base64.b64encode(stored.tobytes()).decode("ascii")
