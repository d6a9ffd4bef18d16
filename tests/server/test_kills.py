"""SIGKILL of server and worker while uploads come: what was answered 202 is done after the next start, and nothing is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest
import sqlalchemy as sa

import synth
from server_processes import ServerProcess, running
from sonoteca.audio.encode import wav_bytes
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import locations, sounds
from sonoteca.jobs.queue import ListJobsRequest, get_job, list_jobs
from sonoteca.upkeep.clean_up import clean_up

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="kill -9")]

N_UPLOADS = 50
SERVER_KILLS = 3
# A job is begun three times at most: whatever is hit by both of these is done the third time.
WORKER_KILLS = 2
BOUND_S = 120.0


def tone(number: int) -> bytes:
    """A short sound that no other number has."""
    return wav_bytes(synth.sine(200.0 + 10 * number, 0.05))


def send(server: ServerProcess, number: int) -> str:
    """Have a sound kept; returns the id of its job, which is promised from now on."""
    answer = server.client.post(
        "/api/analyze/upload", params={"keep": "true"}, files={"file": (f"{number}.wav", tone(number))}
    )
    assert answer.status_code == 202, answer.text
    job_id: str = answer.json()["id"]
    return job_id


@contextmanager
def working(library: Path, folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A worker that says each job that ends; whatever happens it is gone at the end."""
    words = ["worker", "--library", str(library), "--workers", "2", "--json"]
    with (folder / "worker.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "sonoteca.cli.main", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=log, text=True,
        )  # fmt: skip
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def wait_until_all_ended(library: Library) -> None:
    give_up_at = time.monotonic() + BOUND_S
    while sum(list_jobs(library).counts.get(state, 0) for state in ("queued", "running")):
        assert time.monotonic() < give_up_at, list_jobs(library).as_json()
        time.sleep(0.1)


def require_each_once(library: Library, count: int) -> None:
    """``count`` sounds, all analysed, each at one place that holds one file; and nothing staged."""
    with library.read() as connection:
        states = Counter(connection.execute(sa.select(sounds.c.status)).scalars())
        places = connection.execute(sa.select(sa.func.count()).select_from(locations)).scalar_one()
    kept = [path for path in library.data_folder("uploads").rglob("*") if path.is_file()]
    staged = [path for path in library.data_folder("staging").rglob("*") if path.is_file()]
    assert (states, places, len(kept), staged) == ({"analysed": count}, count, count, [])


def test_fifty_uploads_through_kills_of_server_and_worker_are_there_once(blank_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.sonoteca"
    path.write_bytes(blank_file.read_bytes())
    chance = random.Random(11)
    promised: dict[int, str] = {}

    def send_all() -> None:
        """Send what was not answered yet, to one server after the other; each but the last is killed while it is sent to."""
        for kills_left in reversed(range(SERVER_KILLS + 1)):
            waiting = [number for number in range(N_UPLOADS) if number not in promised]
            with running(path, tmp_path, "--no-queue", "--workers", "1") as server, ThreadPoolExecutor(4) as threads:
                last = len(promised) + chance.randint(5, 10)

                def one(number: int, server: ServerProcess = server) -> None:
                    try:
                        promised[number] = send(server, number)
                    except httpx.HTTPError:
                        # Killed meanwhile: who was not answered sends it again.
                        return

                sent = [threads.submit(one, number) for number in waiting]
                if kills_left:
                    give_up_at = time.monotonic() + BOUND_S
                    while len(promised) < last:
                        assert time.monotonic() < give_up_at
                        time.sleep(0.001)
                    time.sleep(chance.uniform(0.0, 0.05))
                    server.process.send_signal(signal.SIGKILL)
                for each in sent:
                    each.result()

    with open_library(path) as library, ThreadPoolExecutor(1) as beside:
        sending = beside.submit(send_all)
        for _ in range(WORKER_KILLS):
            with working(path, tmp_path) as worker:
                assert worker.stdout is not None
                for _ in range(chance.randint(2, 8)):
                    assert worker.stdout.readline()
                time.sleep(chance.uniform(0.0, 0.05))
                worker.send_signal(signal.SIGKILL)
        with working(path, tmp_path) as worker:
            # Nobody has to read what it says.
            assert worker.stdout is not None
            said = beside.submit(worker.stdout.read)
            sending.result()
            wait_until_all_ended(library)
            worker.send_signal(signal.SIGTERM)
            said.result()
            assert worker.wait(BOUND_S) == 0
        assert set(promised) == set(range(N_UPLOADS))
        ended = {number: get_job(library, job_id).job for number, job_id in promised.items()}
        assert {job.state for job in ended.values()} == {"done"}, ended
        assert not list_jobs(library, ListJobsRequest(states=("failed", "cancelled"))).rows
        # What a killed server had half staged went with the start of the next. What it had whole, but no job for, or
        # whose job had ended when its worker was killed, goes when it is old.
        for staged in library.data_folder("staging").iterdir():
            os.utime(staged, (0, 0))
        clean_up(library)
        require_each_once(library, N_UPLOADS)


def test_a_job_whose_server_is_killed_right_after_202_completes(blank_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.sonoteca"
    path.write_bytes(blank_file.read_bytes())
    with running(path, tmp_path, "--workers", "1") as server:
        job_id = send(server, 0)
        server.process.send_signal(signal.SIGKILL)
    with open_library(path) as library:
        with running(path, tmp_path, "--workers", "1"):
            wait_until_all_ended(library)
            assert get_job(library, job_id).job.state == "done"
        require_each_once(library, 1)
