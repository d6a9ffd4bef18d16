"""What sounds like this: regions of the library ranked by how much they sound like examples."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BeforeValidator, Field
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.embedding import Space
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.errors import AmbiguousSound, RequestError, SoundNotFound, SpaceMismatch, about
from sonoteca.index.filter import Filter
from sonoteca.index.open_index import open_index
from sonoteca.search.examples import example_from_library, example_from_vectors
from sonoteca.search.likeness import MODE, Diversity, Example, rank_by_likeness
from sonoteca.search.result_row import ResultRow
from sonoteca.search.selection import region_selection

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.domain.file_analysis import FileAnalysis
    from sonoteca.ingest.listener import Listener


def read_aspects(text: object) -> object:
    """``"timbre=1,rhythm=0.5"`` as a mapping; a mapping stays as it is.

    >>> read_aspects("timbre=1, rhythm=0.5")
    {'timbre': 1.0, 'rhythm': 0.5}

    Raises
    ------
    RequestError
        A weight is no number.
    """
    if not isinstance(text, str):
        if isinstance(text, Mapping):
            _require_weights(text)
        return text
    weights: dict[str, float] = {}
    for item in text.split(","):
        name, _, number = item.strip().partition("=")
        try:
            weights[name] = float(number)
        except ValueError:
            raise _no_weight(item.strip()) from None
    _require_weights(weights)
    return weights


def _require_weights(weights: Mapping[str, object]) -> None:
    for name, weight in weights.items():
        # What is no number at all is refused with its type.
        if isinstance(weight, int | float) and not 0.0 <= weight < float("inf"):
            raise _no_weight(f"{name}={weight:g}")


class SimilarRequest(Request):
    """What sounds like these sounds, and unlike those.

    Attributes
    ----------
    sounds : tuple of str, at least one
        Ids, unique prefixes of one, paths, ``external:ID``; or files, where a listener is at hand.
    minus : tuple of str
        Sounds to be unlike.
    aspects : mapping of str to float >= 0, or None
        Weight of each aspect of the vectors (timbre, rhythm, harmony, dynamics); 1 where not named. A text
        ``timbre=1,rhythm=0.5`` is read too.
    filter : str or None
        Only sounds that this query finds.
    k : int in 1..1000
        How many answers.
    offset : int >= 0
        So many are left out first; ``next_offset`` of an answer is that of the next page.
    region : int >= 0
        The region of ``sounds`` that is compared; 0 is the whole sound.
    max_per_file, max_per_artist : int >= 1, or None
        At most so many answers from one sound, or by one artist.
    collapse : bool
        Sounds whose vectors are almost one answer once, whatever they are.
    copies : bool
        Other encodings of one recording answer each, those of ``sounds`` too. Without it they never do: the best
        stands for the others, and names them.
    """

    sounds: tuple[str, ...] = Field(min_length=1)
    minus: tuple[str, ...] = ()
    aspects: Annotated[dict[str, float] | None, BeforeValidator(read_aspects)] = None
    filter: str | None = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0
    region: int = Field(default=0, ge=0)
    max_per_file: int | None = Field(default=None, ge=1)
    max_per_artist: int | None = Field(default=None, ge=1)
    collapse: bool = False
    copies: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class SimilarAnswer(Rows):
    """Result rows, best first.

    Attributes
    ----------
    request : SimilarRequest
        As it was answered: ``aspects`` names all aspects once any was.
    space : str
        Id of the embedding space that was searched.
    exact : bool
        False where an approximate index answered.
    notes : tuple of str
        What the reader should know, as sentences.
    total, next_offset : int or None
        How many there are in all, and where the next page begins; see ``domain.page``.
    """

    request: SimilarRequest
    rows: tuple[ResultRow, ...]
    space: str
    exact: bool
    notes: tuple[str, ...] = ()
    total: int | None = None
    next_offset: int | None = None

    def as_json(self) -> dict[str, Any]:
        found = {"space": self.space, "exact": self.exact, "notes": list(self.notes)}
        found |= {"total": self.total, "next_offset": self.next_offset}
        return {
            "query": {"mode": MODE, **self.request.as_json(), **found},
            "results": self.as_rows(),
        }


def find_similar(library: Library, request: SimilarRequest, *, listener: Listener | None = None) -> SimilarAnswer:
    """Rank regions of a library by how much they sound like the examples, and say which moment does.

    Parameters
    ----------
    listener : Listener, optional
        Hears names that are files and no sounds of the library.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From a name.
    RequestError
        An example has no vector, or an aspect is none.
    SpaceMismatch
        Nothing was embedded yet, or not by today's embedder.
    """
    heard = _heard_anew(library, request, listener)
    with library.read() as connection:
        space, weights = _compared_by(connection, request)
        with about("sounds"):
            examples = [_example(connection, space, name, request.region, heard) for name in request.sounds]
        with about("minus"):
            unlike = [_example(connection, space, name, 0, heard) for name in request.minus]
        with about("filter"):
            where = Filter.of_regions(region_selection(connection, request.filter)) if request.filter else None
        likeness = rank_by_likeness(
            connection,
            space,
            open_index(library, space, connection),
            examples,
            minus=unlike,
            k=request.k,
            offset=request.offset,
            aspects=weights,
            where=where,
            diversity=Diversity(request.max_per_file, request.max_per_artist, request.collapse, request.copies),
        )
    answered = request.model_copy(update={"aspects": weights})
    return SimilarAnswer(
        answered,
        likeness.rows,
        space.space.id,
        likeness.exact,
        likeness.notes,
        likeness.total,
        likeness.next_offset,
    )


def aspect_weights(named: dict[str, float], space: Space) -> dict[str, float]:
    """A weight for each aspect of a space, 1 where none is named; RequestError for a name or number that is none."""
    names = [part.name for part in space.aspects]
    for name in named:
        if name not in names:
            raise RequestError(f"{name!r} is not an aspect.", f"Aspects are {', '.join(names)}.", field="aspects")
    weights = dict.fromkeys(names, 1.0) | named
    if not any(weights.values()):
        raise RequestError("All aspects have weight 0.", "Give one of them a weight above 0.", field="aspects")
    return weights


def _no_weight(item: str) -> RequestError:
    return RequestError(f"{item!r}: a weight is a number from 0 up.", "Write timbre=1,rhythm=0.5.", field="aspects")


def space_that_answers(connection: Connection) -> StoredSpace:
    """The space of the library's vectors that questions are answered by; SpaceMismatch where there is none."""
    space = answering_space(connection)
    if space is None:
        raise SpaceMismatch("No sound of this library was embedded yet.", "Add a folder of sounds.")
    return space


def _compared_by(connection: Connection, request: SimilarRequest) -> tuple[StoredSpace, dict[str, float] | None]:
    """The space of the vectors, and the weights of its aspects where any is named."""
    space = space_that_answers(connection)
    return space, None if request.aspects is None else aspect_weights(request.aspects, space.space)


def _heard_anew(library: Library, request: SimilarRequest, listener: Listener | None) -> dict[str, FileAnalysis]:
    """What is heard in the files among the names that are no sounds of the library.

    Before anything else is read: nobody should hold a state of the library for as long as listening takes.
    """
    heard: dict[str, FileAnalysis] = {}
    for field, names in (("sounds", request.sounds), ("minus", request.minus)):
        for name in names:
            if listener is not None and os.path.isfile(name) and _is_unknown(library, request, name):
                with about(field):
                    heard[name] = listener.analyze_file(name)
    return heard


def _is_unknown(library: Library, request: SimilarRequest, name: str) -> bool:
    with library.read() as connection:
        # What cannot be compared need not be heard.
        _compared_by(connection, request)
        try:
            resolve_sound(connection, name)
        except SoundNotFound:
            return True
        except AmbiguousSound:
            # Told when it is looked for.
            return False
    return False


def _example(
    connection: Connection, space: StoredSpace, name: str, region: int, heard: Mapping[str, FileAnalysis]
) -> Example:
    """A sound of the library by any of its names, or a file that was heard."""
    if name in heard:
        return example_from_analysis(space, name, heard[name], region=region)
    return example_from_library(connection, space, name, region_number=region)


def example_from_analysis(space: StoredSpace, name: str, heard: FileAnalysis, *, region: int = 0) -> Example:
    """What a file that was just heard is compared by; SpaceMismatch where the library has other vectors."""
    if space.space.id not in heard.embeddings:
        raise SpaceMismatch(
            f"The library's vectors ({space.space.id}) are not those that are made today.",
            "Add its folders again: what an older version embedded is embedded anew.",
        )
    return example_from_vectors(name, heard.embeddings[space.space.id], region_number=region)
