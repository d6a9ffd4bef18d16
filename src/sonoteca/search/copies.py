"""Which sounds of the library are the same recording as one of them, encoded again or as another edit."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sonoteca.catalogue.heard.same_recording import copies_of
from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.errors import about
from sonoteca.search.result_row import ResultRow, region_facts

MODE = "copies"


class CopiesRequest(Request):
    """Of which sound copies are wanted.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``.
    """

    sound: str


@dataclass(frozen=True, slots=True, repr=False)
class CopiesAnswer(Rows):
    """The other sounds that are the same recording, the most alike first; ``sound`` is the public id of the one asked of."""

    request: CopiesRequest
    rows: tuple[ResultRow, ...]
    sound: str

    def as_json(self) -> dict[str, Any]:
        return {"query": {"mode": MODE, **self.request.as_json(), "sound": self.sound}, "results": self.as_rows()}


def find_copies(library: Library, request: CopiesRequest) -> CopiesAnswer:
    """Find the other sounds of a library that are the same recording as one of them.

    A copy was encoded again, at another rate or level; of music from half a minute on also an edit of one
    tempo, at most twice as long. Two hits of one drum, two takes, loops of one pack are none. What is not
    analysed is a copy of nothing. Every search that leaves out copies asks the same.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    """
    with library.read() as connection:
        with about("sound"):
            sound = resolve_sound(connection, request.sound)
        found = copies_of(connection, sound.id)
        wholes = whole_regions(connection, list(found))
        facts = region_facts(connection, list(wholes.values()))
    rows = tuple(
        ResultRow.of(
            fact,
            start_s=fact.start_s,
            end_s=fact.end_s,
            score=min(1.0, max(0.0, likeness)),
            mode=MODE,
            parts={"likeness": min(1.0, max(0.0, likeness))},
            reasons=("the same recording",),
        )
        for sound_id, likeness in found.items()
        if (fact := facts.get(wholes.get(sound_id, -1))) is not None
    )
    return CopiesAnswer(request, rows, sound.public_id)
