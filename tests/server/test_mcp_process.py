"""``sonoteca mcp`` as a process: its standard output is the protocol's alone, and it ends when its client goes."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest

pytest.importorskip("mcp", reason="the extra mcp is not installed")

import soundfile
from mcp.client import Client
from mcp.client.stdio import StdioServerParameters, stdio_client

import synth
from assistant_samples import N_TRACKS, make_library, noisy_plugin

# What the issue promises, and what a machine with other work to do may add to it.
ENDS_WITHIN_S = 2.0

# Analyzers are loaded by workers. This makes the process that speaks be noisy as well, in a thread of a library, from
# when the line is the protocol's.
NOISE = """
import sys, threading, time

def noise():
    while "mcp.server" not in sys.modules:
        time.sleep(0.01)
    import noisy_analyzers
    noisy_analyzers.analyzers()

if "mcp" in sys.orig_argv:
    threading.Thread(target=noise, daemon=True).start()
"""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_library(tmp_path_factory.mktemp("assistant") / "library.sonoteca")


@pytest.fixture(scope="module")
def plugin(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return noisy_plugin(tmp_path_factory.mktemp("plugin"))


class Process:
    """The program with a line to it, spoken by hand."""

    def __init__(self, library: Path, environment: dict[str, str]) -> None:
        self.lines: list[bytes] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "sonoteca.cli.main", "mcp", "--library", str(library)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | environment,
        )

    def send(self, method: str, number: int | None = None, **params: Any) -> None:
        message = {"jsonrpc": "2.0", "method": method, "params": params}
        assert self.process.stdin is not None
        self.process.stdin.write(json.dumps(message | ({} if number is None else {"id": number})).encode() + b"\n")
        self.process.stdin.flush()

    def answer(self, number: int) -> dict[str, Any]:
        """The answer of this number; all lines are kept."""
        assert self.process.stdout is not None
        while line := self.process.stdout.readline():
            self.lines.append(line)
            told: dict[str, Any] = json.loads(line)
            if told.get("id") == number:
                return told
        raise AssertionError(f"the process ended: {self.lines}")

    def hang_up(self) -> tuple[float, bytes, bytes]:
        """Go away: how long the process took to end, and what it still said."""
        assert self.process.stdin is not None
        begun = time.monotonic()
        self.process.stdin.close()
        self.process.stdin = None
        said, printed = self.process.communicate(timeout=30)
        return time.monotonic() - begun, said, printed


@contextmanager
def begun(library: Path, environment: dict[str, str]) -> Iterator[Process]:
    """A process that is gone at the end, and to which the client has said hello."""
    run = Process(library, environment)
    try:
        facts = {"protocolVersion": "2025-06-18", "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}}
        run.send("initialize", 1, **facts)
        assert run.answer(1)["result"]["serverInfo"]["name"] == "sonoteca"
        run.send("notifications/initialized")
        yield run
    finally:
        if run.process.poll() is None:
            run.process.kill()
        run.process.communicate()


@pytest.fixture
def noisy(library: Path, tmp_path: Path) -> Iterator[Process]:
    """Its plugin takes a minute, in workers and in the process itself."""
    environment = noisy_plugin(tmp_path) | {"NOISY_SLEEP_S": "60"}
    (tmp_path / "sitecustomize.py").write_text(NOISE)
    with begun(library, environment) as run:
        yield run


def test_every_line_is_of_the_protocol_and_the_process_ends_in_the_middle_of_a_tool(noisy: Process) -> None:
    noisy.send("tools/call", 2, name="list", arguments={"limit": 1})
    assert noisy.answer(2)["result"]["structuredContent"]["total"] == N_TRACKS
    # A worker loads the plugin, which prints and then sleeps for a minute.
    begun = time.monotonic()
    noisy.send("tools/call", 3, name="audit", arguments={})
    assert noisy.answer(3)["result"]["structuredContent"]["task"]["state"] == "running"
    assert time.monotonic() - begun < 5.0
    took_s, said, printed = noisy.hang_up()
    assert took_s < ENDS_WITHIN_S
    assert noisy.process.returncode == 0
    for line in (*noisy.lines, *said.splitlines()):
        assert json.loads(line)["jsonrpc"] == "2.0"
    told = {line for line in printed.decode().splitlines() if line.startswith("a ")}
    expected = {
        "a plugin prints when it is imported",
        "a plugin writes below Python",
        "a plugin prints when it is asked",
        "a plugin keeps the first stdout",
        "a plugin reads b''",
    }
    assert told == expected | ({"a library of a plugin prints in C"} if os.name == "posix" else set())


@pytest.mark.slow
def test_workers_neither_read_the_line_nor_write_to_it_and_end_with_the_process(
    library: Path, plugin: dict[str, str]
) -> None:
    path = library.parent / "music" / "heard.wav"
    soundfile.write(path, synth.drums(120.0, 2).samples.T, synth.RATE)
    with begun(library, plugin) as run:
        run.send("tools/call", 2, name="match", arguments={"sound": "heard.wav"})
        told = run.answer(2)["result"]["structuredContent"]
        number = 2
        # The answer may have come at once: the workers then wait for the next file.
        workers = psutil.Process(run.process.pid).children(recursive=True)
        while "task" in told:
            number += 1
            run.send("tools/call", number, name="task", arguments={"task": told["task"]["id"]})
            told = run.answer(number)["result"]["structuredContent"]
            workers = psutil.Process(run.process.pid).children(recursive=True) or workers
        if sys.platform == "linux":
            assert {os.readlink(f"/proc/{each.pid}/fd/0") for each in workers} <= {os.devnull}
        took_s, said, _ = run.hang_up()
    assert told["rows"] == []
    assert took_s < ENDS_WITHIN_S
    assert said == b""
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert workers
    assert not alive


@pytest.mark.slow
def test_a_client_of_the_kit_speaks_with_the_process(library: Path) -> None:
    server = StdioServerParameters(
        command=sys.executable,
        args=["-m", "sonoteca.cli.main", "mcp", "--library", str(library), "--allow-edits"],
        env=dict(os.environ),
    )

    async def ask() -> tuple[set[str], dict[str, Any], dict[str, Any]]:
        with open(os.devnull, "w") as nowhere:
            async with Client(stdio_client(server, errlog=nowhere)) as client:
                offered = {tool.name for tool in (await client.list_tools()).tools}
                edited = await client.call_tool("edit", {"query": "t01.wav", "bpm": "99"})
                undone = await client.call_tool("undo", {})
        return offered, edited.structured_content, undone.structured_content

    offered, edited, undone = anyio.run(ask)
    assert {"list", "edit", "undo"} <= offered
    assert (edited["changed"], undone["changed"]) == (1, 1)


def test_without_the_kit_it_says_which_extra_is_missing(library: Path) -> None:
    # A module that is None is one that is not there.
    program = "import sys; sys.modules['mcp'] = None; from sonoteca.cli.main import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", program, "mcp", "--library", str(library)],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert "lacks mcp" in done.stderr
    assert "sonoteca[mcp]" in done.stderr


def test_where_there_is_no_library_it_says_so_and_ends(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "sonoteca.cli.main", "mcp", "--library", str(tmp_path / "none.sonoteca")],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        env=dict(os.environ),
        timeout=60,
    )
    assert (done.returncode, done.stdout) == (3, "")
    assert "library_missing" in done.stderr
