"""What workers are told to make sound of: passes, and how they are mixed. Plain values, equal ones give equal bytes.

A *pass* is the span of a clip, stretched and shifted. A *voice* is what is measured and may be written by
itself: a role of an arrangement, a side of a preview. Where files lie is no part of an order, so that an order
also names what was made of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import xxhash

from sonoteca.audio.stretch_range import Material
from sonoteca.errors import RequestError

# Formats whose bytes depend on the samples alone; the encoders of others draw random numbers.
AudioFormat = Literal["flac", "wav", "mp3"]
FORMATS = (".wav", ".flac", ".mp3")
MEDIA_TYPES: Mapping[str, str] = {"flac": "audio/flac", "wav": "audio/wav", "mp3": "audio/mpeg"}


@dataclass(frozen=True, slots=True)
class PassOrder:
    """An order says what a pass is; equal orders give equal samples.

    ``n_samples`` is its exact length at ``sample_rate``; ``loops`` joins its end to its start.
    ``anchors`` (seconds of the sound, seconds of the pass), between its start and its end, lead it
    along another grid; a loop has none.
    """

    content_hash: str
    start_s: float
    end_s: float
    tempo_ratio: float
    semitones: float
    n_samples: int
    sample_rate: int
    material: Material = "tonal"
    loops: bool = True
    anchors: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class PlacedPass:
    """A pass on the time line.

    Attributes
    ----------
    order : PassOrder
    begins : tuple of int [samples]
        Where each repetition begins, and where the last would end; increasing.
    stop : int [samples]
        Where it ends.
    gain_db : float
    fades : (int, int) or None [samples]
        Lengths of its fades; None: as it meets what plays before and after it in its voice.
    """

    order: PassOrder
    begins: tuple[int, ...]
    stop: int
    gain_db: float = 0.0
    fades: tuple[int, int] | None = None

    @property
    def start(self) -> int:
        return self.begins[0]


Voices = Mapping[str, Sequence[PlacedPass]]


@dataclass(frozen=True, slots=True)
class PassFile:
    """A pass that was made: float32 little-endian, left channel then right, ``n_samples`` each."""

    path: str
    n_samples: int


@dataclass(frozen=True, slots=True)
class MixOrder:
    """A mix of passes that were made, to be written.

    Attributes
    ----------
    voices : mapping of name to PlacedPass, in time order
    passes : mapping of PassOrder to PassFile
    n_samples : int [samples]
        Of every file.
    suffix : str
        The format, one of ``FORMATS``.
    path : str
        Where the mix is written, whatever that is called.
    stems : mapping of voice to path
        Voices without passes become silence.
    """

    voices: Voices
    passes: Mapping[PassOrder, PassFile]
    n_samples: int
    sample_rate: int
    suffix: str
    path: str
    stems: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class MixDown:
    """What was measured of a mix.

    ``gain_db`` is 0 or less: what the sum was turned down by. The others are of the mix as written; None is silence.
    """

    gain_db: float
    true_peak_dbtp: float | None
    loudness_lufs: float | None


@dataclass(frozen=True, slots=True)
class Mixed:
    """A mix that was written: its measures, its size, and a hash over all its bytes."""

    down: MixDown
    n_bytes: int
    bytes_hash: str


def check_format(path: Path) -> None:
    """Raise RequestError unless sound can be rendered into a file of this name."""
    if path.suffix.lower() not in FORMATS:
        remedy = f"End it with one of {', '.join(FORMATS)}."
        raise RequestError(f"{path.name} is not a name for a render.", remedy, field="output")
    if path.is_dir() or not path.parent.is_dir():
        raise RequestError(f"{path} cannot be written.", "Name a file in a folder that exists.", field="output")


def name_of(voices: Voices, n_samples: int, sample_rate: int) -> str:
    """A name for what is heard of these voices: another for everything that sounds otherwise."""
    told = repr((sorted((name, tuple(some)) for name, some in voices.items()), n_samples, sample_rate))
    return xxhash.xxh3_128_hexdigest(told.encode())
