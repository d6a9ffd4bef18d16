"""Requests on many connections at given times, and how long after its time each was answered.

Open loop: a request has a time at which it is due, and what it takes is counted from there, also where
the answer before came late; so a server that halts is charged with everything that waited
("coordinated omission"). It runs as a process of its own (``python -m bench.load``, a plan on stdin), so
that asking does not wait for whoever measures.
"""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

_BOUNDARY = "----sonoteca-bench"
# A connection that is closed or was never made, where a status would be.
_NO_ANSWER = 0
_PATIENCE_S = 120.0


@dataclass(frozen=True)
class Asked:
    """A GET, or with a ``file`` an upload of it."""

    path: str
    file: str | None = None
    name: str = "sound.wav"


@dataclass(frozen=True)
class Load:
    """What was asked, in order, and how it was answered.

    Attributes
    ----------
    seconds : list of float
        From the time at which a request was due to the end of its answer.
    statuses : mapping of HTTP status to how many; 0 is no answer
    wall_s : float
        From the first request to the last answer.
    """

    seconds: list[float] = field(default_factory=list)
    statuses: dict[int, int] = field(default_factory=dict)
    wall_s: float = 0.0

    @property
    def failed(self) -> int:
        """How many were not answered with a 2xx."""
        return sum(count for status, count in self.statuses.items() if not 200 <= status < 300)

    def percentile_ms(self, percent: float) -> float:
        """In milliseconds, between two answers where it falls between them."""
        ranked = sorted(self.seconds)
        place = percent / 100.0 * (len(ranked) - 1)
        below = int(place)
        above = min(below + 1, len(ranked) - 1)
        return 1000.0 * (ranked[below] + (place - below) * (ranked[above] - ranked[below]))


def drive(url: str, asked: Sequence[Asked], *, connections: int, every_s: float = 0.0) -> Load:
    """Ask in another process.

    Parameters
    ----------
    connections : int
        Request ``n`` is asked on connection ``n % connections``.
    every_s : float >= 0 [s]
        A request is due so long after the one before on its connection, and connections follow one another evenly.
        0: each connection asks as soon as it was answered.
    """
    address = urlsplit(url)
    plan = {
        "host": address.hostname,
        "port": address.port,
        "connections": connections,
        "every_s": every_s,
        "asked": [asdict(each) for each in asked],
    }
    command = [sys.executable, "-m", "bench.load"]
    done = subprocess.run(
        command, input=json.dumps(plan), capture_output=True, text=True, check=True, cwd=Path(__file__).parent.parent
    )
    found = json.loads(done.stdout)
    return Load(found["seconds"], {int(status): count for status, count in found["statuses"].items()}, found["wall_s"])


class _Connection:
    """One connection kept alive, opened anew where the server closed it."""

    def __init__(self, host: str, port: int) -> None:
        self._host, self._port = host, port
        self._streams: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def ask(self, asked: Asked) -> int:
        """Send a request and read all of its answer; the status."""
        try:
            async with asyncio.timeout(_PATIENCE_S):
                if self._streams is None:
                    self._streams = await asyncio.open_connection(self._host, self._port)
                reader, writer = self._streams
                writer.write(self._bytes_of(asked))
                await writer.drain()
                head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").lower()
                lines = dict(line.split(": ", 1) for line in head.split("\r\n")[1:] if ": " in line)
                await reader.readexactly(int(lines["content-length"]))
        except (OSError, EOFError, KeyError, TimeoutError, asyncio.LimitOverrunError):
            await self.close()
            return _NO_ANSWER
        if lines.get("connection") == "close":
            await self.close()
        return int(head.split(" ", 2)[1])

    async def close(self) -> None:
        if self._streams is not None:
            self._streams[1].close()
        self._streams = None

    def _bytes_of(self, asked: Asked) -> bytes:
        host = f"Host: {self._host}:{self._port}\r\n"
        if asked.file is None:
            return f"GET {asked.path} HTTP/1.1\r\n{host}\r\n".encode()
        part = f'--{_BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="{asked.name}"\r\n\r\n'
        body = part.encode() + Path(asked.file).read_bytes() + f"\r\n--{_BOUNDARY}--\r\n".encode()
        kind = f"Content-Type: multipart/form-data; boundary={_BOUNDARY}\r\nContent-Length: {len(body)}\r\n"
        return f"POST {asked.path} HTTP/1.1\r\n{host}{kind}\r\n".encode() + body


async def _drive(host: str, port: int, asked: Sequence[Asked], connections: int, every_s: float) -> Load:
    seconds = [0.0] * len(asked)
    statuses: Counter[int] = Counter()
    began = time.perf_counter()

    async def one(number: int) -> None:
        connection = _Connection(host, port)
        for place, at in enumerate(range(number, len(asked), connections)):
            due = time.perf_counter()
            if every_s:
                due = began + every_s * (place + number / connections)
                await asyncio.sleep(max(0.0, due - time.perf_counter()))
            statuses[await connection.ask(asked[at])] += 1
            seconds[at] = time.perf_counter() - due
        await connection.close()

    await asyncio.gather(*(one(number) for number in range(min(connections, len(asked)))))
    return Load(seconds, dict(statuses), time.perf_counter() - began)


def main() -> None:
    plan = json.load(sys.stdin)
    asked = [Asked(**each) for each in plan["asked"]]
    json.dump(
        asdict(asyncio.run(_drive(plan["host"], plan["port"], asked, plan["connections"], plan["every_s"]))), sys.stdout
    )


if __name__ == "__main__":
    main()
