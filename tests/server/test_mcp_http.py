"""Assistants over HTTP: the same tools behind what guards every route, and nothing kept between two requests."""

from __future__ import annotations

import json
import re
import shutil
import signal
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, TypeVar

import anyio
import pytest
from starlette.types import Receive, Scope, Send

pytest.importorskip("mcp", reason="the extra mcp is not installed")

import httpx
import httpx2
from fastapi import FastAPI
from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

from assistant_samples import N_TRACKS, make_library, noisy_plugin
from server_processes import running
from server_samples import asking
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.ingest.listener import Listener
from sonoteca.server.app import create_app
from sonoteca.server.mcp import http
from sonoteca.settings import ServerSettings, load_server_settings
from sonoteca.workers.in_process import InProcessExecutor

T = TypeVar("T")
URL = "http://127.0.0.1/mcp"
KEYS = {"api_keys": "read:reading-key-1234,write:writing-key-1234"}
CALL = {
    "jsonrpc": "2.0",
    "id": 1,
    "method": "tools/call",
    "params": {"name": "list", "arguments": {"limit": 1}},
}
HEADERS = {"Accept": "application/json, text/event-stream", "Content-Type": "application/json"}


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("assistant") / "library.sonoteca")


@pytest.fixture
def library(made: Path, tmp_path: Path) -> Iterator[Library]:
    with open_library(Path(shutil.copy(made, tmp_path / "library.sonoteca"))) as opened:
        yield opened


class Restarting:
    """Stands where a server stands: behind one address runs one application after the other."""

    def __init__(self, library: Library, settings: ServerSettings) -> None:
        self._library = library
        self._settings = settings
        self.app: FastAPI | None = None

    @asynccontextmanager
    async def started(self) -> AsyncIterator[None]:
        self.app = create_app(self._library, Listener(executor=InProcessExecutor()), self._settings)
        async with self.app.router.lifespan_context(self.app):
            yield

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self.app is not None
        await self.app(scope, receive, send)


def ask(server: Restarting, work: Callable[[Client], Awaitable[T]], *, key: str | None = None, mode: str = "auto") -> T:
    """What ``work`` finds out over HTTP."""

    async def run() -> T:
        headers = {} if key is None else {"Authorization": f"Bearer {key}"}
        async with (
            server.started(),
            httpx2.AsyncClient(transport=httpx2.ASGITransport(server), headers=headers, timeout=60.0) as http_client,
            Client(streamable_http_client(URL, http_client=http_client), mode=mode) as client,
        ):
            return await work(client)

    return anyio.run(run)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
def test_the_tools_answer_over_http(library: Library, mode: str) -> None:
    server = Restarting(library, ServerSettings())
    told = ask(server, lambda client: client.call_tool("list", {"limit": 2}), mode=mode)
    assert told.structured_content["total"] == N_TRACKS


def test_a_restart_between_two_calls_is_not_noticed(library: Library) -> None:
    server = Restarting(library, ServerSettings())

    async def run() -> list[str | None]:
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(server), timeout=60.0) as http_client:
            async with server.started():
                connection = Client(streamable_http_client(URL, http_client=http_client))
                client = await connection.__aenter__()
                first = (await client.call_tool("list", {})).structured_content
            async with server.started():
                second = (await client.call_tool("list", {"cursor": first["cursor"]})).structured_content
                await connection.__aexit__(None, None, None)
        return [row["title"] for answer in (first, second) for row in answer["rows"]]

    assert len(set(anyio.run(run))) == 40


@pytest.mark.parametrize(
    ("key", "allow_edits", "may"),
    [
        ("writing-key-1234", True, True),
        ("writing-key-1234", False, False),
        ("reading-key-1234", True, False),
    ],
)
def test_edits_need_a_key_that_writes_and_leave(library: Library, key: str, allow_edits: bool, may: bool) -> None:
    server = Restarting(library, load_server_settings(**KEYS, allow_edits=allow_edits))

    async def work(client: Client) -> tuple[set[str], Any]:
        offered = {tool.name for tool in (await client.list_tools()).tools}
        return offered, await client.call_tool("edit", {"query": "t01.wav", "bpm": "99"})

    offered, edited = ask(server, work, key=key)
    assert ("edit" in offered) == may == (not edited.is_error)


def test_without_keys_nobody_edits_over_http(library: Library) -> None:
    server = Restarting(library, load_server_settings(allow_edits=True))
    edited = ask(server, lambda client: client.call_tool("edit", {"query": "t01.wav", "bpm": "99"}))
    assert edited.structured_content["error"]["code"] == "edits_refused"


def test_what_guards_every_route_stands_before_it(library: Library) -> None:
    with asking(library) as client:
        assert client.post("/mcp", json=CALL, headers=HEADERS).status_code == 200
        for headers, status in (
            ({"Host": "evil.example"}, 421),
            ({"Origin": "http://evil.example"}, 403),
            ({"Origin": "null"}, 403),
        ):
            refused = client.post("/mcp", json=CALL, headers=HEADERS | headers)
            assert (refused.status_code, refused.headers["content-type"]) == (status, "application/problem+json")
    with asking(library, load_server_settings(**KEYS)) as client:
        assert client.post("/mcp", json=CALL, headers=HEADERS).status_code == 401
        assert client.post("/mcp", json=CALL, headers=HEADERS | {"X-API-Key": "reading-key-1234"}).status_code == 200


@pytest.mark.parametrize("method", ["GET", "DELETE", "HEAD"])
def test_there_is_no_stream_to_hold_open(library: Library, method: str) -> None:
    with asking(library) as client:
        refused = client.request(method, "/mcp", headers=HEADERS)
        assert (refused.status_code, refused.headers["allow"]) == (405, "POST")


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"jsonrpc": "2.0"}', b"\xff\xfe", json.dumps([CALL] * 3).encode()]
)
def test_what_is_no_message_is_refused(library: Library, body: bytes) -> None:
    with asking(library) as client:
        assert 400 <= client.post("/mcp", content=body, headers=HEADERS).status_code < 500


def test_without_the_kit_it_says_which_extra_is_missing(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "has_kit", lambda: False)
    with asking(library) as client:
        missing = client.post("/mcp", json=CALL, headers=HEADERS)
    assert (missing.status_code, missing.json()["code"]) == (501, "not_there_yet")
    assert "sonoteca[mcp]" in missing.json()["remedy"]


@pytest.mark.slow
def test_a_server_ends_within_five_seconds_in_the_middle_of_a_call(made: Path, tmp_path: Path) -> None:
    environment = noisy_plugin(tmp_path) | {"NOISY_SLEEP_S": "120"}
    with running(made, tmp_path, **environment) as server, ThreadPoolExecutor() as pool:

        def call(tool: str, **arguments: Any) -> str:
            asked = CALL | {"params": {"name": tool, "arguments": arguments}}
            answer = httpx.post(f"{server.url}/mcp", json=asked, headers=HEADERS, timeout=60.0)
            return answer.text

        # The plugin sleeps by then.
        task = re.search(r"task-[\w-]+", call("audit"))
        assert task is not None
        waiting = pool.submit(call, "task", task=task[0])
        time.sleep(0.5)
        assert server.stop(signal.SIGINT) < 5.0
        assert server.process.returncode == 0
        assert waiting.exception() is not None or "running" in waiting.result()
