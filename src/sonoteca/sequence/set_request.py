"""What a person asks of a set, in their words: how long, what is locked where, what is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.sequence.weights import GivenWeights

_POSITION = re.compile(r"(?P<name>.+)@(?P<position>[0-9]+)")
_TIME = re.compile(r"(?:(?P<h>\d+(?:\.\d+)?)h)?(?:(?P<m>\d+(?:\.\d+)?)m(?:in)?)?(?:(?P<s>\d+(?:\.\d+)?)s)?")


@dataclass(frozen=True, slots=True)
class SetLength:
    """Either so many tracks, or so much time."""

    n_tracks: int | None = None
    duration_s: float | None = None


@dataclass(frozen=True, slots=True)
class Must:
    """A sound that has to be in the set; ``position`` (from 1) None: anywhere."""

    name: str
    position: int | None = None


def parse_length(text: str) -> SetLength:
    """``20`` is 20 tracks; ``60m``, ``1h30m``, ``90s`` is time.

    >>> parse_length("20"), parse_length("1h30m").duration_s
    (SetLength(n_tracks=20, duration_s=None), 5400.0)

    Raises
    ------
    RequestError
        It is neither, or nothing.
    """
    word = text.strip().lower().replace(" ", "")
    if word.isdecimal() and int(word) > 0:
        return SetLength(n_tracks=int(word))
    match = _TIME.fullmatch(word)
    if match is not None and any(match.groups()):
        hours, minutes, seconds = (float(match[unit] or 0.0) for unit in "hms")
        duration_s = 3600.0 * hours + 60.0 * minutes + seconds
        if duration_s > 0:
            return SetLength(duration_s=duration_s)
    raise RequestError(
        f"{text!r} is not a length of a set.", "Write a number of tracks (20) or a time (60m, 1h30m).", field="length"
    )


def parse_must(text: str) -> Must:
    """``SOUND`` anywhere, ``SOUND@5`` at position 5.

    >>> parse_must("k3f@5"), parse_must("external:LP-1")
    (Must(name='k3f', position=5), Must(name='external:LP-1', position=None))

    Raises
    ------
    RequestError
        The position is 0.
    """
    match = _POSITION.fullmatch(text)
    if match is None:
        return Must(text)
    if int(match["position"]) < 1:
        raise RequestError(f"{text!r}: positions count from 1.", "Write SOUND@1 for the first place.", field="must")
    return Must(match["name"], int(match["position"]))


def _readable_length(given: object) -> object:
    if isinstance(given, int) and not isinstance(given, bool):
        given = str(given)
    if isinstance(given, str):
        parse_length(given)
    return given


def _readable_must(text: str) -> str:
    parse_must(text)
    return text


class SetRequest(Request):
    """A set as it is asked for.

    Attributes
    ----------
    length : str
        So many tracks (``20``), or so much time (``60m``, ``1h30m``).
    start, end : str or None
        Sounds by any of their names, locked to the first and the last position.
    must : tuple of str
        Sounds that have to be in it (``SOUND``), or at a position from 1 (``SOUND@5``).
    curve : str or None
        A named energy curve (``warmup``, ``peak``, ``closing``) or a file of levels; None: energy only has to flow.
    filter : str or None
        A query that chosen tracks satisfy; locked ones need not.
    avoid : tuple of str
        Queries of tracks that are not chosen.
    include_missing : bool
        Whether tracks may be chosen whose files are missing, or on a disk that is not there; locked ones may in any case.
    alternatives : int in 1..20
        How many different sets.
    seed : int >= 0
        Another number, another taste; 0 has none.
    tempo_pct : float >= 0, or None
        No stretch beyond so many percent.
    doubletime : bool
        Whether half and double tempo fit too.
    key_lock : bool
        Whether a stretch keeps the pitch, as DJ programs do.
    weights : mapping or None
        Numbers of ``sequence.weights`` that replace the shipped ones; ``key=0,tempo.half_pct=3`` is read too.
    """

    length: Annotated[str, BeforeValidator(_readable_length, json_schema_input_type=str | int)]
    start: str | None = None
    end: str | None = None
    must: tuple[Annotated[str, AfterValidator(_readable_must)], ...] = ()
    curve: str | None = None
    filter: str | None = None
    avoid: tuple[str, ...] = ()
    include_missing: bool = False
    alternatives: int = Field(default=3, ge=1, le=20)
    seed: int = Field(default=0, ge=0)
    tempo_pct: float | None = Field(default=None, ge=0.0)
    doubletime: bool = True
    key_lock: bool = True
    weights: GivenWeights = None

    @property
    def wished_length(self) -> SetLength:
        """``length`` in tracks or in seconds."""
        return parse_length(self.length)

    @property
    def musts(self) -> tuple[Must, ...]:
        """``must`` as names and positions."""
        return tuple(parse_must(each) for each in self.must)
