"""Whatever file is sent to the real server, it answers, stays up, keeps nothing of it, and does not grow."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import httpx
import psutil
import pytest

from hostile_samples import BAD, GOOD, hostile_files, shared_hostile_files
from server_processes import ServerProcess, running

pytestmark = pytest.mark.slow

ANALYZE = "/api/analyze/upload"
# What a worker that died, hung or grew too large would be told as; the reader of a file itself says no.
BY_FORCE = ("crash", "timeout", "memory", "worker_error", "internal_error")
# Beside what requests need: blocks of uploads, connections, what allocators keep. One file of the sets that stays has more.
ALLOWED_GROWTH, ALLOWED_BYTES = 1.05, 12 * 2**20


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("attacked")


@pytest.fixture(scope="module")
def server(folder: Path) -> Iterator[ServerProcess]:
    with running(folder / "mine.sonoteca", folder, "--workers", "2", "--memory-mb", "700") as server:
        # The routes are there, and the pool is on its way.
        assert server.client.get("/api/search", params={"words": "warm"}).status_code == 200
        yield server


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[bytes, str]]:
    files = tmp_path_factory.mktemp("hostile")
    return files, hostile_files(files)


def send(server: ServerProcess, route: str, path: Path, **parameters: str) -> httpx.Response:
    """Send a file; every answer is looked at: no failure of the server, strict JSON, and a problem that is whole."""
    name = os.fsencode(path.name).decode("utf-8", "replace")
    answer = server.client.post(route, params=parameters, files={"file": (name, path.read_bytes())})
    told = f"{route} {name!r}: {answer.status_code} {answer.text[:400]}"
    assert answer.status_code < 500 or answer.status_code in (501, 503), told
    found = json.loads(answer.content, parse_constant=lambda constant: pytest.fail(f"{told} holds {constant}"))
    if answer.status_code >= 400:
        assert answer.headers["content-type"] == "application/problem+json", told
        assert all(found[each] for each in ("code", "detail", "remedy")), told
        assert found["code"] not in BY_FORCE, told
        assert "/staging/" not in answer.text, told
    return answer


def send_all(server: ServerProcess, files: Mapping[str, Path]) -> dict[str, httpx.Response]:
    """Have files listened to, two at once; the answers by name."""
    with ThreadPoolExecutor(2) as threads:
        return dict(zip(files, threads.map(lambda path: send(server, ANALYZE, path), files.values()), strict=True))


def require_nothing_left(folder: Path) -> None:
    """Nothing lies in the library's staging folder; what was sent is removed right after its answer."""
    give_up_at = time.monotonic() + 10
    while left := [path for path in (folder / "mine.sonoteca.d" / "staging").rglob("*") if path.is_file()]:
        assert time.monotonic() < give_up_at, left
        time.sleep(0.05)


def resident(server: ServerProcess) -> int:
    n_bytes: int = psutil.Process(server.process.pid).memory_info().rss
    return n_bytes


def test_every_hostile_file_is_answered(
    server: ServerProcess, folder: Path, hostile: tuple[Path, dict[bytes, str]]
) -> None:
    files, expected = hostile
    answers = send_all(server, {os.fsdecode(name): files / os.fsdecode(name) for name in expected})
    for name, end in expected.items():
        answer = answers[os.fsdecode(name)]
        assert answer.status_code == {GOOD: 200, BAD: 422}.get(end, answer.status_code), (name, answer.text[:400])
    require_nothing_left(folder)


def test_every_route_that_takes_a_file_answers_to_hostile_ones(
    server: ServerProcess, folder: Path, hostile: tuple[Path, dict[bytes, str]]
) -> None:
    files, _ = hostile
    document: dict[str, Any] = server.client.get("/openapi.json").json()
    takes = [
        path
        for path, each in document["paths"].items()
        if "multipart/form-data" in each.get("post", {}).get("requestBody", {}).get("content", {})
    ]
    assert len(takes) >= 6
    # One of each sort: nothing in it, numbers that are none, lies about its length, damaged, no audio at all.
    names = ("empty.wav", "no samples.wav", "one sample.wav", "nan.wav", "claims 4 GB.wav", "half.flac", "playlist.mp3")
    for name in names:
        for route in takes:
            send(server, route, files / name)
        for wanted in ({"keep": "true"}, {"wait": "false"}, {"keep": "true", "wait": "true"}):
            send(server, ANALYZE, files / name, **wanted)
    give_up_at = time.monotonic() + 60
    while any(server.client.get("/api/jobs").json()["counts"][state] for state in ("queued", "running")):
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
    require_nothing_left(folder)


def test_every_file_of_the_shared_set_is_answered_and_nothing_of_it_stays(
    server: ServerProcess, folder: Path, tmp_path: Path
) -> None:
    expected = shared_hostile_files(tmp_path)
    files = {name: path for name in expected if (path := tmp_path / "files" / name).is_file()}
    # The largest first: from then on nothing is new.
    for path in sorted(files.values(), key=lambda path: -path.stat().st_size)[:2]:
        send(server, "/api/hum", path)
    before = resident(server)
    answers = send_all(server, files)
    statuses = {"audio": 200, "silent": 200, "error": 422}
    wrong = {
        name: (expected[name]["kind"], answer.status_code, answer.text[:400])
        for name, answer in answers.items()
        if answer.status_code != statuses.get(expected[name]["expect"], answer.status_code)
    }
    assert wrong == {}
    require_nothing_left(folder)
    assert resident(server) <= before * ALLOWED_GROWTH + ALLOWED_BYTES
    assert server.process.poll() is None
