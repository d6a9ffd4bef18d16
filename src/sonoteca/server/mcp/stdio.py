"""The server of the protocol on the standard streams of this process."""

from __future__ import annotations

import anyio
from mcp.server.stdio import stdio_server

from sonoteca import Library, Listener
from sonoteca.server.mcp.protocol import make_server
from sonoteca.server.mcp.wire import Wire


def run(wire: Wire, library: Library, listener: Listener, *, allow_edits: bool) -> None:
    """Serve until the client goes."""
    server = make_server(library, listener, may_edit=lambda asked: allow_edits)

    async def serve() -> None:
        async with stdio_server(anyio.wrap_file(wire.incoming), anyio.wrap_file(wire.outgoing)) as (read, write):
            await server.run(read, write, server.create_initialization_options())

    try:
        anyio.run(serve)
    except* (BrokenPipeError, ConnectionResetError):
        # The client went without closing its end properly.
        pass
