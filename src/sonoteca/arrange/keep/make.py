"""Making an arrangement is two steps: it is composed of the library's loops, and kept in the library."""

from __future__ import annotations

from sonoteca.arrange.choose.compose import compose_arrangement
from sonoteca.arrange.keep.answer import ArrangeAnswer
from sonoteca.arrange.keep.arrangements import keep_arrangement
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.catalogue.store.library import Library


def make_arrangement(library: Library, request: ArrangeRequest) -> ArrangeAnswer:
    """Compose an arrangement of the library's loops, and keep it under an id.

    Parameters
    ----------
    library : Library
        Opened for writing.
    request : ArrangeRequest

    Returns
    -------
    ArrangeAnswer
        The same choice for the same request, sounds and weights of the match; every call keeps another arrangement.

    Raises
    ------
    ConstraintsConflict
        The wishes exclude each other in this library; the remedy names the one to loosen. Nothing is kept.
    SoundNotFound, AmbiguousSound
        From a name.
    """
    return keep_arrangement(library, compose_arrangement(library, request), request)
