"""A process that serves one client over its standard streams, and ends when the client goes."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, NoReturn

from sonoteca.errors import RequestError
from sonoteca.server.mcp.kit import REMEDY, SENTENCE, has_kit
from sonoteca.server.mcp.wire import take_wire

if TYPE_CHECKING:
    from sonoteca import Library, Listener

# The client is gone: what is under way has so long to end, before the process ends without it.
GRACE_S = 1.0


def serve_mcp(
    open_library: Callable[[], Library], open_listener: Callable[[], Listener], *, allow_edits: bool = False
) -> NoReturn:
    """Serve tools to the client at the other end of standard input and output, until it goes.

    Does not return: the process ends at most ``GRACE_S`` after its standard input, whatever is under way.

    Parameters
    ----------
    open_library : callable
        Opens the library; called once the streams are out of anybody's reach, because opening it may print.
    open_listener : callable
        Makes what hears files.
    allow_edits : bool
        Whether tools that change the library are there.

    Raises
    ------
    RequestError
        The software development kit of the protocol is not installed.
    LibraryError
        From opening the library.
    """
    wire = take_wire(_end_soon)
    if not has_kit():
        raise RequestError(SENTENCE, REMEDY)
    with open_library() as library, open_listener() as listener:
        library.names_files = False
        # It takes a while, so it comes after what may be refused.
        from sonoteca.server.mcp.stdio import run

        run(wire, library, listener, allow_edits=allow_edits)
        _end()


def _end_soon() -> None:
    """Let what is under way end, and the process with it; not every library lets itself be interrupted."""
    timer = threading.Timer(GRACE_S, _end)
    timer.daemon = True
    timer.start()


def _end() -> NoReturn:
    with contextlib.suppress(OSError, ValueError):
        sys.stderr.flush()
    # Threads that are still at work hold up no process that nobody listens to.
    os._exit(0)
