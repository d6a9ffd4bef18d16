"""A preview is asked for with one request: two sounds, how they are put together, and a file for the result."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from pydantic import ConfigDict, Field, field_validator

from sonoteca.arrange.arrangement import WIDEST_SHIFT
from sonoteca.arrange.preview.mode import PreviewMode
from sonoteca.arrange.sound.orders import AudioFormat
from sonoteca.audio.stretch_range import MAX_RATIO, MIN_RATIO
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError

DEFAULT_BARS, MAX_BARS = 8, 64


@dataclass(frozen=True, slots=True)
class At:
    """A moment: in seconds, or a bar counted from 1. ``parse_at`` reads one."""

    seconds: float | None = None
    bar: int | None = None


def parse_at(text: str) -> At:
    """Read ``"95.5"``, ``"1:35.5"`` or ``"bar:17"``.

    >>> parse_at("1:35.5").seconds, parse_at("bar:17").bar
    (95.5, 17)

    Raises
    ------
    RequestError
        For anything else.
    """
    if match := re.fullmatch(r"(?:(\d+):)?(\d+(?:\.\d+)?)", text.strip()):
        return At(seconds=60.0 * int(match[1] or 0) + float(match[2]))
    if (match := re.fullmatch(r"bar:(\d{1,6})", text.strip())) and int(match[1]) > 0:
        return At(bar=int(match[1]))
    remedy = "Write seconds as 95.5 or 1:35.5, or a bar as bar:17."
    raise RequestError(f"{text!r} is no moment.", remedy, field="at")


def check_preview(bars: int, tempo_ratio: float | None, semitones: int | None) -> None:
    """Raise RequestError for what cannot be previewed: too many bars, or B moved too far."""
    if not 1 <= bars <= MAX_BARS:
        raise RequestError(f"{bars} bars cannot be previewed.", f"Ask for 1 to {MAX_BARS}.", field="bars")
    if tempo_ratio is not None and not MIN_RATIO <= tempo_ratio <= MAX_RATIO:
        sentence = f"A tempo cannot be multiplied by {tempo_ratio:g}."
        raise RequestError(sentence, f"Use {MIN_RATIO} to {MAX_RATIO}.", field="tempo_ratio")
    if semitones is not None and abs(semitones) > WIDEST_SHIFT:
        raise RequestError(f"{semitones} semitones are too far.", f"Use at most {WIDEST_SHIFT}.", field="semitones")


class PairRequest(Request):
    """Two sounds as they would play together; what is None is chosen.

    Attributes
    ----------
    a, b : str
        Ids, unique prefixes of one, paths, ``external:ID``; or files, where a listener is at hand. A stays
        as it is; B is stretched and shifted to it.
    b_region : int >= 0
        Which region of B is heard, as rows of a match tell it; 0 is the whole.
    mode : PreviewMode or None
        JSON calls it ``as``. None: a transition for two whole pieces, else a match.
    at : str or None
        Where in A B begins: seconds (``95.5``, ``1:35.5``) or a bar (``bar:17``). None: match, the first bar;
        transition, A's outro, else its last bars.
    bars : int in 1..64, or None
        Match: how long both are heard. Transition: how long it takes. None: 8.
    tempo_ratio : float or None
        B's tempo is multiplied by it. None: what the match finds.
    semitones : int in -12..12, or None
        B is shifted by it. None: what the match finds; 0 in a transition.
    """

    model_config = ConfigDict(populate_by_name=True)

    a: str
    b: str
    b_region: int = Field(default=0, ge=0)
    mode: PreviewMode | None = Field(default=None, alias="as")
    at: str | None = None
    bars: int | None = None
    tempo_ratio: float | None = None
    semitones: int | None = None

    @field_validator("at")
    @classmethod
    def _is_moment(cls, text: str | None) -> str | None:
        if text is not None:
            parse_at(text)
        return text

    @field_validator("bars")
    @classmethod
    def _are_bars(cls, bars: int | None) -> int | None:
        check_preview(DEFAULT_BARS if bars is None else bars, None, None)
        return bars

    @field_validator("tempo_ratio")
    @classmethod
    def _is_ratio(cls, ratio: float | None) -> float | None:
        check_preview(DEFAULT_BARS, ratio, None)
        return ratio

    @field_validator("semitones")
    @classmethod
    def _is_shift(cls, semitones: int | None) -> int | None:
        check_preview(DEFAULT_BARS, None, semitones)
        return semitones

    @property
    def moment(self) -> At:
        """Where in A B begins; empty where it is left open."""
        return At() if self.at is None else parse_at(self.at)

    def as_json(self) -> dict[str, Any]:
        return self.model_dump(mode="json", by_alias=True)


class PreviewRequest(PairRequest):
    """Two sounds as they would play together, in a file of a name.

    Attributes
    ----------
    output : str
        The file; its suffix is the format: ``.wav``, ``.flac`` or ``.mp3``. Replaced if it exists, unless it
        is a sound of the library.
    """

    output: str


class PreviewAudioRequest(PairRequest):
    """Two sounds of the library as they would play together, in a file that is kept for who asks again.

    Attributes
    ----------
    format : "flac", "wav" or "mp3"
        FLAC and WAV hold 24 bits, at 44,100 Hz.
    """

    format: AudioFormat = "flac"
