"""Making an arrangement is two steps: it is composed of the library's loops, and kept in the library."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonoteca.arrange.choose.compose import compose_arrangement
from sonoteca.arrange.keep.answer import ArrangeAnswer
from sonoteca.arrange.keep.arrangements import keep_arrangement
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.catalogue.store.library import Library

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


def make_arrangement(library: Library, request: ArrangeRequest, *, listener: Listener | None = None) -> ArrangeAnswer:
    """Compose an arrangement of the library's loops, and keep it under an id.

    Parameters
    ----------
    library : Library
        Opened for writing.
    request : ArrangeRequest
    listener : Listener, optional
        As of ``open_arrangement``.

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
    return keep_arrangement(library, compose_arrangement(library, request), request, listener=listener)
