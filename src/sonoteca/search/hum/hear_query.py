"""A recording of somebody humming or tapping, heard in a worker process: files of strangers are never decoded in ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sonoteca.errors import SonotecaError
from sonoteca.ingest.listener import Listener
from sonoteca.workers.worker import Preparation

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonoteca.search.hum.query_notes import QueryNotes

_DEADLINE_S = 60.0
# What its worker has imported when its first file comes, of a hum or of taps.
_NEEDED = ("sonoteca.audio.beginning", "sonoteca.search.hum.query_pitch")


def notes_of_file(path: str) -> QueryNotes:
    """What is hummed in the first minute of a file; runs in a worker, which alone loads a decoder for it."""
    from sonoteca.audio.beginning import read_beginning
    from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S, query_notes

    return query_notes(read_beginning(path, LONGEST_QUERY_S))


def taps_of_file(path: str) -> NDArray[np.float32]:
    """When somebody taps in the first minute of a file; runs in a worker, which alone loads a decoder for it."""
    from sonoteca.audio.beginning import read_beginning
    from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S
    from sonoteca.search.hum.query_taps import find_taps

    return find_taps(read_beginning(path, LONGEST_QUERY_S))


def hear_queries(listener: Listener, paths: Iterable[str | os.PathLike[str]]) -> Iterator[QueryNotes | SonotecaError]:
    """Notes of hummed files, in order, begun at once; a file that cannot be heard is its error."""
    return listener.ask_each(notes_of_file, paths, timeout_s=_DEADLINE_S)


def hear_taps(
    listener: Listener, paths: Iterable[str | os.PathLike[str]]
) -> Iterator[NDArray[np.float32] | SonotecaError]:
    """Tap times of tapped or beatboxed files, in order, begun at once; a file that cannot be heard is its error."""
    return listener.ask_each(taps_of_file, paths, timeout_s=_DEADLINE_S)


def open_query_listener(listener: Listener | None = None) -> AbstractContextManager[Listener]:
    """Give the listener handed in, which stays open, or one for hums and taps whose worker starts now and ends with the block.

    Who opens it before the library has the worker ready when the library is.
    """
    if listener is not None:
        return contextlib.nullcontext(listener)
    own = Listener(start_method="spawn", preparation=Preparation(_NEEDED))
    own.start(wait=False)
    return own
