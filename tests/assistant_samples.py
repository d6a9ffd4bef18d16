"""The library that tests of the tools for assistants ask, and a client that asks it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any, TypeVar

import anyio
from mcp.client import Client
from mcp.shared.exceptions import MCPError

from plugin_samples import plugin
from sequence_samples import Made, store
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.ingest.listener import Listener
from sonoteca.server.mcp.protocol import make_server
from sonoteca.workers.in_process import InProcessExecutor

N_TRACKS = 45
T = TypeVar("T")


def fill(library: Library, music: Path) -> dict[str, str]:
    """Tracks ``t00`` ... by nine artists, in a folder that is there; returns the public id per name."""
    music.mkdir(parents=True, exist_ok=True)
    made = {
        f"t{n:02d}": Made(
            bpm=120.0 + n / 10,
            key=f"{n % 12 + 1}A",
            energy=1.0 + n % 10,
            artist=f"Artist {n % 9}",
            sound=(1.0, n / 40, 0.0, 0.0),
        )
        for n in range(N_TRACKS)
    }
    for name in made:
        (music / f"{name}.wav").write_bytes(b"no sound")
    with library.write() as connection:
        return store(connection, made, folder=str(music))


def make_library(path: Path) -> Path:
    """A library with tracks beside the folder ``music`` that holds them."""
    with open_library(path, mode="create") as opened:
        fill(opened, path.parent / "music")
    return path


def noisy_plugin(folder: Path) -> dict[str, str]:
    """The environment of a process that has a plugin whose analyzers print, from ``folder``."""
    return plugin(folder, Path(__file__).parent / "server" / "noisy_analyzers.py")


class Assistant:
    """Asks the tools of a library as a client of the protocol does, without a process between them."""

    def __init__(self, library: Library, *, allow_edits: bool = False, mode: str = "auto") -> None:
        self.library = library
        self._mode = mode
        self.server = make_server(library, Listener(executor=InProcessExecutor()), may_edit=lambda asked: allow_edits)

    def ask(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """What ``work`` finds out with a client of its own."""

        async def run() -> T:
            async with Client(self.server, mode=self._mode) as client:
                return await work(client)

        return anyio.run(run)

    def refusal(self, work: Callable[[Client], Awaitable[object]]) -> MCPError:
        """What the protocol refuses ``work`` with."""

        async def refused(client: Client) -> MCPError:
            try:
                await work(client)
            except MCPError as error:
                return error
            raise AssertionError("nothing was refused")

        return self.ask(refused)

    def call(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """What a tool answers; AssertionError if it is an error."""
        result = self.ask(lambda client: client.call_tool(tool, arguments))
        assert not result.is_error, result.structured_content
        told: dict[str, Any] = result.structured_content
        return told

    def error(self, tool: str, **arguments: Any) -> dict[str, Any]:
        """The error that a tool answers; AssertionError if it is none."""
        result = self.ask(lambda client: client.call_tool(tool, arguments))
        assert result.is_error, result.structured_content
        error: dict[str, Any] = result.structured_content["error"]
        return error
