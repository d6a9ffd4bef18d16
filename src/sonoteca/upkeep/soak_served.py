"""A server and a worker as processes of their own, and a round of what people ask of them, for the soak."""

from __future__ import annotations

import http.client
import json
import os
import shutil
import signal
import subprocess
import sys
import time
import uuid
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self
from urllib.parse import quote, urlsplit

import psutil
import sqlalchemy as sa

from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.ingest.add import add_files
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.requests import AddRequest
from sonoteca.upkeep.demo_sounds import write_demo_sounds
from sonoteca.upkeep.soak_files import SoakFile, write_files, write_tune

_HOST = "127.0.0.1"
_TIMEOUT_S = 120.0
_STOPS_WITHIN_S = 30.0
# Sounds of a round that every kind of question is asked about.
_ASKED_ABOUT = 3


class Served:
    """A served library; ``stop`` ends both processes and says what was not right about it.

    Parameters
    ----------
    library : Library
        Served by both processes; it is open here too.
    folder : Path
        Where the files of a round lie that are sent.
    workers : int
        Of the server and of the worker, each.
    """

    def __init__(self, library: Library, folder: Path, *, workers: int) -> None:
        self._library = library
        self._folder = folder
        self._workers = workers
        self._running: dict[str, subprocess.Popen[str]] = {}
        self._logs: list[IO[str]] = []
        self._address = ""
        self._stay: frozenset[int] = frozenset()

    def __enter__(self) -> Self:
        self._folder.mkdir()
        self._library_has_tunes_and_drums()
        try:
            server = self._begin("server", "serve", "--port", "0", "--no-queue", "--json")
            assert server.stdout is not None
            line = server.stdout.readline()
            if not line:
                raise RuntimeError(f"The server did not start: {self._log('server')}")
            self._address = urlsplit(json.loads(line)["url"]).netloc
            self._begin("queue", "worker", "--json")
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _library_has_tunes_and_drums(self) -> None:
        """Loops of the demo, for hums and taps to be looked for in; they stay for all rounds."""
        loops = self._folder.parent / "loops"
        for path in write_demo_sounds(loops):
            if path.parent.parent.name != "Loops" or not path.name.startswith(("drums", "lead")):
                path.unlink()
        with Listener(workers=self._workers) as listener:
            add_files(self._library, AddRequest(paths=(loops,)), listener=listener)
        with self._library.read() as connection:
            self._stay = frozenset(connection.execute(sa.select(sounds.c.id)).scalars())

    def _begin(self, name: str, *words: str) -> subprocess.Popen[str]:
        log = (self._folder.parent / f"{name}.log").open("w")
        self._logs.append(log)
        self._running[name] = subprocess.Popen(
            [
                *(sys.executable, "-m", "sonoteca.cli.main", *words),
                *("--library", str(self._library.location), "--workers", str(self._workers)),
            ],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if name == "server" else subprocess.DEVNULL,
            stderr=log,
            text=True,
            # The log of a day would fill a disk.
            env={**os.environ, "SONOTECA_LOG_LEVEL": "warning"},
        )
        return self._running[name]

    def _log(self, name: str) -> str:
        return (self._folder.parent / f"{name}.log").read_text(errors="replace")[-2000:]

    def stop(self) -> list[str]:
        """End both as a service manager would; what went wrong."""
        problems = []
        for name, process in self._running.items():
            below = _below(process.pid)
            if process.poll() is None:
                problems += self._end(name, process)
            else:
                problems.append(f"the process of the {name} ended with {process.returncode}: {self._log(name)}")
            _, alive = psutil.wait_procs(below, timeout=_STOPS_WITHIN_S)
            problems += [f"the process of the {name} left process {each.pid} behind" for each in alive]
            if process.stdout is not None:
                process.stdout.close()
        self._running.clear()
        for log in self._logs:
            log.close()
        self._logs.clear()
        return problems

    def _end(self, name: str, process: subprocess.Popen[str]) -> list[str]:
        process.send_signal(signal.SIGTERM)
        try:
            code = process.wait(_STOPS_WITHIN_S)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
            return [f"the process of the {name} did not end within {_STOPS_WITHIN_S:g} s"]
        return [] if code == 0 else [f"the process of the {name} ended with {code} when asked to: {self._log(name)}"]

    def sample(self) -> dict[str, float]:
        """How both processes stand, and what lies on the disk for them."""
        told: dict[str, float] = {}
        for name, process in self._running.items():
            one = psutil.Process(process.pid)
            told[f"{name}_mb"] = _mb(one)
            told[f"{name}_worker_mb"] = max(map(_mb, _below(process.pid)), default=0.0)
            told[f"{name}_threads"] = one.num_threads()
            told[f"{name}_open_files"] = one.num_fds() if hasattr(one, "num_fds") else len(one.open_files())
        told["staged_files"] = len(self._staged())
        told["event_listeners"] = self._gauge("sonoteca_event_listeners")
        return told

    def _staged(self) -> list[Path]:
        return [path for path in self._library.data_folder("staging").rglob("*") if path.is_file()]

    def _gauge(self, name: str) -> float:
        for line in self._ask("GET", "/metrics")[1].decode().splitlines():
            if line.startswith(f"{name} "):
                return float(line.split()[1])
        raise RuntimeError(f"The server does not say {name}.")

    # --- a round --------------------------------------------------------------------------------

    def round(self, number: int, count: int) -> list[str]:
        """Send ``count`` files to be kept, one tune and one loop that are not, ask, listen to events, cancel; problems."""
        problems: list[str] = []
        shutil.rmtree(self._folder, ignore_errors=True)
        self._folder.mkdir()
        left = self._stream("/api/jobs/events")
        try:
            # A stream that somebody leaves in the middle.
            left.getresponse().readline()
            files = write_files(self._folder, 1_000_000 + number, count)
            problems += self._keep(files)
            problems += self._ask_about_all()
            problems += self._send_and_forget(number, files[0].path)
        finally:
            left.close()
        problems += self._all_let_go()
        self._forget_uploads()
        return problems

    def _keep(self, files: Sequence[SoakFile]) -> list[str]:
        """Send files to be kept; the last one's job is cancelled at once, of all the others the events are read to the end."""
        problems, jobs = [], []
        for file in files:
            status, body = self._send("/api/analyze/upload?keep=true", file.path)
            if status == 202:
                jobs.append((file, json.loads(body)["id"]))
            elif not (file.broken and 400 <= status < 500):
                problems.append(f"{file.path.name} was answered {status}: {body[:300]!r}")
        if jobs:
            status, body = self._ask("DELETE", f"/api/jobs/{jobs[-1][1]}")
            if status != 200:
                problems.append(f"cancelling was answered {status}: {body[:300]!r}")
        for index, (file, job) in enumerate(jobs):
            state = self._followed(job)
            allowed = {"done"}
            if file.broken:
                allowed.add("failed")
            if index == len(jobs) - 1:
                allowed.add("cancelled")
            if state["state"] not in allowed:
                problems.append(f"the job of {file.path.name} ended as {state['state']}: {state.get('error')}")
        return problems

    def _followed(self, job: str) -> dict[str, Any]:
        """The job as the last event of its stream tells it."""
        connection = self._stream(f"/api/jobs/{job}/events")
        try:
            last = b"{}"
            for line in connection.getresponse():
                if line.startswith(b"data: "):
                    last = line[len(b"data: ") :]
            told: dict[str, Any] = json.loads(last)
            return told
        finally:
            connection.close()

    def _ask_about_all(self) -> list[str]:
        problems: list[str] = []
        rows = self._read("/database/files?limit=100", problems).get("results", [])
        for path in ("/api/search?words=0", "/database/stats", "/status"):
            self._read(path, problems)
        for row in rows[:_ASKED_ABOUT]:
            id = quote(row["id"])
            for path in (
                *(f"/api/sounds/{id}", f"/api/sounds/{id}/waveform", f"/api/sounds/{id}/preview", f"/api/audio/{id}"),
                *(f"/api/similar/{id}", f"/api/duplicates?sound={id}"),
            ):
                status, body = self._ask("GET", path)
                if status not in (200, 206):
                    problems.append(f"{path} was answered {status}: {body[:300]!r}")
        return problems

    def _read(self, path: str, problems: list[str]) -> dict[str, Any]:
        status, body = self._ask("GET", path)
        if status != 200:
            problems.append(f"{path} was answered {status}: {body[:300]!r}")
            return {}
        told: dict[str, Any] = json.loads(body)
        return told

    def _send_and_forget(self, number: int, loop: Path) -> list[str]:
        tune = self._folder / "tune.wav"
        write_tune(tune, number)
        problems = []
        for path, file in (("/api/hum", tune), ("/api/tap", tune), ("/match", loop), ("/api/analyze/upload", loop)):
            status, body = self._send(path, file)
            if status != 200:
                problems.append(f"{path} was answered {status}: {body[:300]!r}")
        return problems

    def _all_let_go(self) -> list[str]:
        """Nothing is staged and nobody listens any more, soon after the last answer."""
        until = time.monotonic() + 10.0
        while (staged := self._staged()) or self._gauge("sonoteca_event_listeners"):
            if time.monotonic() > until:
                return [f"{len(staged)} files are staged and streams are open after all was answered"]
            time.sleep(0.1)
        return []

    def _forget_uploads(self) -> None:
        with self._library.write() as connection:
            known = connection.execute(sa.select(sounds.c.id)).scalars()
            remove_sounds(connection, [each for each in known if each not in self._stay])
        shutil.rmtree(self._library.data_folder("uploads"), ignore_errors=True)

    # --- HTTP -----------------------------------------------------------------------------------

    def _ask(
        self, method: str, path: str, body: bytes | None = None, headers: Mapping[str, str] = {}
    ) -> tuple[int, bytes]:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        try:
            connection.request(method, path, body, dict(headers))
            answer = connection.getresponse()
            return answer.status, answer.read()
        finally:
            connection.close()

    def _stream(self, path: str) -> http.client.HTTPConnection:
        connection = http.client.HTTPConnection(self._address, timeout=_TIMEOUT_S)
        connection.request("GET", path, headers={"Accept": "text/event-stream"})
        return connection

    def _send(self, path: str, file: Path) -> tuple[int, bytes]:
        mark = uuid.uuid4().hex
        head = f'--{mark}\r\nContent-Disposition: form-data; name="file"; filename="{file.name}"\r\n\r\n'.encode()
        body = head + file.read_bytes() + f"\r\n--{mark}--\r\n".encode()
        return self._ask("POST", path, body, {"Content-Type": f"multipart/form-data; boundary={mark}"})


def _below(pid: int) -> list[psutil.Process]:
    try:
        return psutil.Process(pid).children(recursive=True)
    except psutil.NoSuchProcess:
        return []


def _mb(process: psutil.Process) -> float:
    try:
        return round(process.memory_info().rss / 2**20, 1)
    except psutil.NoSuchProcess:
        return 0.0
