"""Which sounds of the library are the same recording: as one of them, or as any other."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from pydantic import Field

from sonoteca.catalogue.heard.same_recording import all_copies, copies_of
from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows, counted
from sonoteca.domain.request import Request
from sonoteca.errors import about
from sonoteca.search.result_row import Copy, RegionFacts, ResultRow, region_facts

MODE = "copies"


class CopiesRequest(Request):
    """Of which sound copies are wanted.

    Attributes
    ----------
    sound : str, optional
        An id, a unique prefix of one, a path, ``external:ID``. Left out, of every recording that the library has more
        than once.
    limit : int in 0..1000
        At most so many rows.
    offset : int >= 0
        So many are left out first.
    """

    sound: str | None = None
    limit: int = Field(default=100, ge=0, le=1000)
    offset: int = Field(default=0, ge=0, le=2**53)


@dataclass(frozen=True, slots=True, repr=False)
class CopiesAnswer(Rows):
    """Of one sound: the others that are the same recording, the most alike first; ``sound`` is its public id.

    Of the whole library: a row for each recording that is there more than once, of which there are most first: the
    sound that stands for the others, which are its ``copies``; the score is of the one that is least alike. ``total`` is
    how many rows there are without ``limit`` and ``offset``.
    """

    request: CopiesRequest
    rows: tuple[ResultRow, ...]
    sound: str | None
    total: int

    def as_json(self) -> dict[str, Any]:
        query = {"mode": MODE, **self.request.as_json(), "sound": self.sound}
        return {"query": query, "results": self.as_rows(), "total": self.total}


def find_copies(library: Library, request: CopiesRequest = CopiesRequest()) -> CopiesAnswer:
    """Find the other sounds of a library that are the same recording as one of them, or all recordings that are there twice.

    A copy was encoded again, at another rate or level; of music from half a minute on also an edit of one
    tempo, at most twice as long. Two hits of one drum, two takes, loops of one pack are none. What is not
    analysed is a copy of nothing. Every search that leaves out copies asks the same.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    """
    page = slice(request.offset, request.offset + request.limit)
    with library.read() as connection:
        if request.sound is None:
            recordings = all_copies(connection)
            shown = recordings[page]
            name = None
        else:
            with about("sound"):
                sound = resolve_sound(connection, request.sound)
            recordings = [{sound_id: likeness} for sound_id, likeness in copies_of(connection, sound.id).items()]
            shown = recordings[page]
            name = sound.public_id
        wholes = whole_regions(connection, [sound_id for each in shown for sound_id in each])
        facts = region_facts(connection, list(wholes.values()))
    told = {sound_id: facts[region_id] for sound_id, region_id in wholes.items() if region_id in facts}
    rows = tuple(_row(each, told) for each in shown if next(iter(each)) in told)
    return CopiesAnswer(request, rows, name, len(recordings))


def _row(recording: Mapping[int, float], told: Mapping[int, RegionFacts]) -> ResultRow:
    """The first sound of a recording as a row, which stands for the others; one alone is a copy itself."""
    first, *others = recording
    likeness = min(1.0, max(0.0, min(recording.values())))
    fact = told[first]
    row = ResultRow.of(
        fact,
        start_s=fact.start_s,
        end_s=fact.end_s,
        score=likeness,
        mode=MODE,
        parts={"likeness": likeness},
        reasons=("the same recording" if not others else f"{counted(len(recording), 'sound')} are this recording",),
    )
    copies = tuple(Copy(told[each].id, told[each].path) for each in others if each in told)
    return replace(row, copies=copies)
