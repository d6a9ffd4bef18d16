"""A server that does nothing: the same bytes for each path every time, from Starlette on uvicorn.

What the machine and the framework take is seen beside what we take (``python -m bench.bare_server FILE``,
a JSON object of paths with their bodies; it prints its port once it answers).
"""

from __future__ import annotations

import json
import socket
import sys
from pathlib import Path

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route


def application(bodies: dict[str, bytes]) -> Starlette:
    """Reads what is sent, and answers what stands for the path, from a thread as our routes do."""

    async def answer(request: Request) -> Response:
        await request.body()
        query = f"?{request.url.query}" if request.url.query else ""
        body = await run_in_threadpool(bodies.get, request.url.path + query)
        return Response(body, 404 if body is None else 200, media_type="application/json")

    return Starlette(routes=[Route("/{path:path}", answer, methods=["GET", "POST"])])


class _Server(uvicorn.Server):
    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        assert sockets is not None
        print(sockets[0].getsockname()[1], flush=True)


def main() -> None:
    told = json.loads(Path(sys.argv[1]).read_text())
    app = application({path: body.encode() for path, body in told.items()})
    listening = socket.create_server(("127.0.0.1", 0), backlog=2048)
    _Server(uvicorn.Config(app, log_config=None, access_log=False)).run(sockets=[listening])


if __name__ == "__main__":
    main()
