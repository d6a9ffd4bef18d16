"""A recording of somebody humming or tapping, heard in a worker process: files of strangers are never decoded in ours."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from contextlib import AbstractContextManager
from typing import TYPE_CHECKING

from sonoteca.errors import SonotecaError
from sonoteca.ingest.listener import Listener

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from sonoteca.search.hum.query_notes import QueryNotes

_DEADLINE_S = 60.0


def notes_of_file(path: str) -> QueryNotes:
    """What is hummed in the first minute of a file; runs in a worker, which alone loads a decoder for it."""
    from sonoteca.audio.beginning import read_beginning
    from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S, query_notes

    return query_notes(read_beginning(path, LONGEST_QUERY_S))


def taps_of_file(path: str) -> NDArray[np.float32]:
    """When somebody taps in the first minute of a file; runs in a worker, which alone loads a decoder for it."""
    from sonoteca.audio.beginning import read_beginning
    from sonoteca.search.hum.query_pitch import LONGEST_QUERY_S
    from sonoteca.search.hum.tap import find_taps

    return find_taps(read_beginning(path, LONGEST_QUERY_S))


def hear_queries(listener: Listener, paths: Iterable[str | os.PathLike[str]]) -> Iterator[QueryNotes | SonotecaError]:
    """Notes of hummed files, in order, begun at once; a file that cannot be heard is its error."""
    return listener.ask_each(notes_of_file, paths, timeout_s=_DEADLINE_S)


def hear_taps(
    listener: Listener, paths: Iterable[str | os.PathLike[str]]
) -> Iterator[NDArray[np.float32] | SonotecaError]:
    """Tap times of tapped or beatboxed files, in order, begun at once; a file that cannot be heard is its error."""
    return listener.ask_each(taps_of_file, paths, timeout_s=_DEADLINE_S)


def open_ear(listener: Listener | None) -> AbstractContextManager[Listener]:
    """Give the listener handed in, which stays open, or one whose worker ends with the block."""
    return Listener() if listener is None else contextlib.nullcontext(listener)
