"""What a person asks of a set, in their words: how long, what is locked where, what is left out."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sonoteca.errors import RequestError

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


@dataclass(frozen=True, slots=True)
class SetRequest:
    """A set as it is asked for.

    Attributes
    ----------
    length : SetLength
    start, end : str or None
        Sounds by any of their names, locked to the first and the last position.
    must : sequence of Must
    curve : str or None
        A named energy curve or a file of one; None: energy only has to flow.
    only : str or None
        A query that chosen tracks satisfy; locked ones need not.
    avoid : sequence of str
        Queries of tracks that are not chosen.
    alternatives : int >= 1
    seed : int
    tempo_pct : float or None
        No stretch beyond this.
    double_time, key_lock : bool
        See ``axes``.
    """

    length: SetLength
    start: str | None = None
    end: str | None = None
    must: tuple[Must, ...] = ()
    curve: str | None = None
    only: str | None = None
    avoid: tuple[str, ...] = ()
    alternatives: int = 3
    seed: int = 0
    tempo_pct: float | None = None
    double_time: bool = True
    key_lock: bool = True


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
    raise RequestError(f"{text!r} is not a length of a set.", "Write a number of tracks (20) or a time (60m, 1h30m).")


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
        raise RequestError(f"{text!r}: positions count from 1.", "Write SOUND@1 for the first place.")
    return Must(match["name"], int(match["position"]))
