"""Many ask one server and one library at once: nobody is turned away, nothing is lost, and the end still comes in time."""

from __future__ import annotations

import contextlib
import itertools
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import anyio
import httpx
import pytest
import sqlalchemy as sa

pytest.importorskip("mcp", reason="the extra mcp is not installed")

from mcp.client import Client
from mcp.client.streamable_http import streamable_http_client

import synth
from server_processes import ServerProcess, running
from server_samples import NEAR, ONE, THREE, TWO
from sonoteca.audio.encode import wav_bytes
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.schema import locations, sounds

pytestmark = pytest.mark.slow

BOUND_S = 120.0
N_UPLOADS = 100
N_WRITES = 12
N_ADDED = 30
# What the log may hold while all write: it is taken over every 4 MB where no reader is in the way.
MOST_LOG_BYTES = 32 * 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crowd")


@pytest.fixture(scope="module")
def library(sample_file: Path, folder: Path) -> Path:
    return Path(shutil.copy(sample_file, folder / "mine.sonoteca"))


@pytest.fixture(scope="module")
def server(library: Path, folder: Path) -> Iterator[ServerProcess]:
    with running(library, folder, "--workers", "2") as server:
        limits = httpx.Limits(max_connections=None)
        with httpx.Client(base_url=server.url, timeout=BOUND_S, limits=limits) as server.client:
            yield server


def tone(hz: float) -> bytes:
    return wav_bytes(synth.sine(hz, 0.05))


def analysed(library: Path) -> int:
    """Sounds that were heard and have a place."""
    with open_library(library) as opened, opened.read() as connection:
        query = sa.select(sa.func.count(sa.distinct(sounds.c.id))).join(locations, locations.c.sound_id == sounds.c.id)
        return connection.execute(query.where(sounds.c.status == "analysed")).scalar_one()


def wait_for_jobs(server: ServerProcess) -> dict[str, int]:
    """How many jobs there are in each state when none waits any more."""
    give_up_at = time.monotonic() + BOUND_S
    while True:
        counts: dict[str, int] = server.client.get("/api/jobs").json()["counts"]
        if not counts["queued"] and not counts["running"]:
            return counts
        assert time.monotonic() < give_up_at, counts
        time.sleep(0.1)


def test_a_hundred_uploads_at_once_lose_none(server: ServerProcess, library: Path) -> None:
    before = analysed(library)

    def send(number: int) -> tuple[int, str]:
        kept = {"keep": "true"} if number % 2 else {}
        file = {"file": (f"{number}.wav", tone(200.0 + 7 * number))}
        answer = server.client.post("/api/analyze/upload", params=kept, files=file)
        return answer.status_code, answer.json()["id"]

    with ThreadPoolExecutor(N_UPLOADS) as threads:
        answers = list(threads.map(send, range(N_UPLOADS)))
    assert Counter(status for status, _ in answers) == {200: N_UPLOADS // 2, 202: N_UPLOADS // 2}
    assert len({name for _, name in answers}) == N_UPLOADS
    assert wait_for_jobs(server) == {"queued": 0, "running": 0, "done": N_UPLOADS // 2, "failed": 0, "cancelled": 0}
    for status, name in answers:
        if status == 202:
            assert server.client.get(f"/api/jobs/{name}").json()["state"] == "done"
    assert analysed(library) == before + N_UPLOADS // 2
    assert not [path for path in library.with_name("mine.sonoteca.d").glob("staging/**/*") if path.is_file()]


def test_a_scan_eight_writers_and_twenty_readers_get_along(
    server: ServerProcess, library: Path, tmp_path: Path
) -> None:
    before, ids = analysed(library), (ONE, TWO, THREE)
    music = tmp_path / "music"
    music.mkdir()
    for number in range(N_ADDED):
        (music / f"{number}.wav").write_bytes(tone(3000.0 + 10 * number))
    numbers = itertools.count()
    wrong: list[str] = []
    done: Counter[str] = Counter()
    all_written = threading.Event()

    def ask(method: str, path: str, **sent: Any) -> None:
        answer = server.client.request(method, path, **sent)
        done[f"{method} {path.partition('?')[0]}"] += 1
        if answer.status_code >= 400:
            wrong.append(f"{method} {path}: {answer.status_code} {answer.text[:300]}")

    def upload() -> None:
        number = next(numbers)
        file = {"file": (f"more {number}.wav", tone(1500.0 + 10 * number))}
        ask("POST", "/api/analyze/upload", params={"keep": "true"}, files=file)

    def edit() -> None:
        number = next(numbers)
        ask("PATCH", f"/api/sounds/{ids[number % 3]}", json={"bpm": str(100 + number), "tags": [f"t{number}"]})

    def choose() -> None:
        number = next(numbers)
        pair = {"query": ids[number % 3], "candidate": ids[(number + 1) % 3], "liked": number % 2 == 0}
        ask("POST", "/api/matches/choices", json=pair)

    def write(one: Callable[[], None]) -> None:
        for _ in range(N_WRITES):
            one()

    def read(first: int) -> None:
        asked = (
            "/database/files", "/database/files?query=kind:one_shot", f"/api/similar/{ONE}", "/api/search?words=one",
            "/database/stats", f"/api/sounds/{TWO}", "/api/jobs", "/status", "/api/duplicates?sound=" + ONE, "/api/audit",
        )  # fmt: skip
        for path in itertools.islice(itertools.cycle(asked), first, None):
            ask("GET", path)
            if all_written.is_set():
                return

    add = subprocess.Popen(
        [sys.executable, "-m", "sonoteca.cli.main", "add", str(music), "--library", str(library), "--workers", "1"],
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    log = library.with_name("mine.sonoteca-wal")
    with ThreadPoolExecutor(28) as threads:
        reading = [threads.submit(read, number) for number in range(20)]
        writing = [threads.submit(write, one) for one in (upload, edit, choose, upload, edit, choose, upload, edit)]
        try:
            for each in writing:
                each.result(BOUND_S)
            _, errors = add.communicate(timeout=BOUND_S)
        finally:
            add.kill()
            all_written.set()
        for each in reading:
            each.result(BOUND_S)
    n_uploads = 3 * N_WRITES
    assert wrong == []
    assert add.returncode == 0, errors
    assert "locked" not in errors + server.log
    assert wait_for_jobs(server)["failed"] == 0
    assert done["POST /api/analyze/upload"] == n_uploads
    assert analysed(library) == before + N_ADDED + n_uploads
    # What was added by another program is found without a restart.
    assert server.client.get("/database/files", params={"query": "path:29.wav"}).json()["results"]
    assert log.stat().st_size < MOST_LOG_BYTES


def test_what_wrote_most_leaves_no_log_behind(server: ServerProcess, library: Path) -> None:
    server.stop(signal.SIGINT)
    assert server.process.returncode == 0
    log = library.with_name("mine.sonoteca-wal")
    assert not log.exists() or not log.stat().st_size


def test_it_ends_in_time_with_event_streams_and_an_assistant_open(sample_file: Path, tmp_path: Path) -> None:
    path = Path(shutil.copy(sample_file, tmp_path / "mine.sonoteca"))
    with running(path, tmp_path, "--workers", "1") as server, ThreadPoolExecutor(8) as threads:
        opened = threading.Semaphore(0)
        ended = threading.Event()

        def listen() -> str:
            with httpx.stream("GET", f"{server.url}/api/jobs/events", timeout=BOUND_S) as stream:
                said = ""
                for text in stream.iter_text():
                    if not said:
                        opened.release()
                    said += text
            return said

        async def assist() -> None:
            async with Client(streamable_http_client(f"{server.url}/mcp")) as client:
                told = (await client.call_tool("list", {"limit": 1})).structured_content
                assert told is not None
                assert told["total"] >= len(NEAR)
                opened.release()
                await anyio.to_thread.run_sync(ended.wait)

        def assisted() -> None:
            # Its server goes away under it.
            with contextlib.suppress(Exception):
                anyio.run(assist)

        streams = [threads.submit(listen) for _ in range(3)]
        assistant = threads.submit(assisted)
        try:
            for _ in range(4):
                assert opened.acquire(timeout=BOUND_S)
            metrics = server.client.get("/metrics").text
            assert "sonoteca_event_listeners 3.0" in metrics
            took_s = server.stop(signal.SIGINT)
        finally:
            ended.set()
        assert took_s < 5.0
        assert server.process.returncode == 0
        # Each ends as a stream should, not in the middle.
        assert all("event: snapshot" in each.result(BOUND_S) for each in streams)
        assistant.result(BOUND_S)
        assert "Traceback" not in server.log
        assert not list((tmp_path / "mine.sonoteca.d" / "staging").glob("server-*"))
