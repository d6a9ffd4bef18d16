"""A server as a process of its own, on a port that is free, ended by its own pid."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx

BOUND_S = 60.0


@dataclass
class ServerProcess:
    """A running server: where it answers, how long it took, and what it wrote to stderr once it has ended."""

    process: subprocess.Popen[str]
    url: str
    ready_s: float
    errors: Path
    client: httpx.Client = field(init=False)

    def __post_init__(self) -> None:
        self.client = httpx.Client(base_url=self.url, timeout=BOUND_S)

    @property
    def log(self) -> str:
        return self.errors.read_text()

    def stop(self, number: int = signal.SIGTERM) -> float:
        """Send a signal and wait for the end; how long it took, in seconds."""
        began = time.monotonic()
        self.process.send_signal(number)
        self.process.wait(BOUND_S)
        return time.monotonic() - began


@contextmanager
def running(library: Path | str, folder: Path, *options: str, **environment: str) -> Iterator[ServerProcess]:
    """A server over ``library`` that answers; whatever happens it is gone at the end. ``folder`` takes its log."""
    words = ["serve", "--library", str(library), "--port", "0", "--json", *options]
    errors = folder / "server.log"
    began = time.monotonic()
    with errors.open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sonoteca.cli.main", *words],
            stdout=subprocess.PIPE,
            stderr=log,
            stdin=subprocess.DEVNULL,
            text=True,
            env={**os.environ, **environment},
        )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        assert line, errors.read_text()
        server = ServerProcess(process, json.loads(line)["url"], time.monotonic() - began, errors)
        with server.client:
            yield server
    finally:
        process.kill()
        process.wait(BOUND_S)
        process.stdout.close()
