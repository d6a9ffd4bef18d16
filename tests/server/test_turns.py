"""Requests that wait for workers take turns: however many they are, everybody else is answered, and an end is told at once."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

import pytest
from starlette.testclient import TestClient

import sonoteca
from server_samples import ONE
from sonoteca.errors import SoundNotFound

# More than there are threads.
N_SENT = 120
BOUND_S = 20.0


@pytest.fixture
def go(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """No worker answers before this is set; who waits longer than the test takes has failed."""
    may_go = threading.Event()

    def hear(*_: object, **__: object) -> dict[str, Any]:
        assert may_go.wait(BOUND_S), "nobody else was answered"
        return {"path": "a.wav"}

    def play(*_: object, **__: object) -> None:
        hear()
        raise SoundNotFound("There is nothing to play.")

    monkeypatch.setattr(sonoteca, "heard_sound", hear)
    monkeypatch.setattr(sonoteca, "rendition", play)
    return may_go


@pytest.fixture
def threads() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(2 * N_SENT) as pool:
        yield pool


def send_many(client: TestClient, threads: ThreadPoolExecutor) -> list[Future[Any]]:
    """Uploads that are all with the server."""
    sent = [threads.submit(client.post, "/api/analyze/upload", files={"file": b"bytes"}) for _ in range(N_SENT)]
    staging = client.app.state.staging  # type: ignore[attr-defined]
    give_up_at = time.monotonic() + BOUND_S
    while staging.under_way < N_SENT:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    return sent


def test_uploads_and_plays_that_wait_leave_threads_to_everybody_else(
    writable: TestClient, go: threading.Event, threads: ThreadPoolExecutor
) -> None:
    sent = send_many(writable, threads)
    played = [threads.submit(writable.get, f"/api/audio/{ONE}") for _ in range(N_SENT)]
    assert writable.get("/database/files").status_code == 200
    assert not go.is_set()
    go.set()
    assert Counter(each.result().status_code for each in sent) == {200: N_SENT}
    assert Counter(each.result().status_code for each in played) == {404: N_SENT}


def test_who_has_no_turn_yet_is_told_that_the_server_ends(
    writable: TestClient, go: threading.Event, threads: ThreadPoolExecutor
) -> None:
    sent = send_many(writable, threads)
    writable.app.state.stopping.set()  # type: ignore[attr-defined]
    give_up_at = time.monotonic() + BOUND_S
    while sum(each.done() for each in sent) < N_SENT / 2:
        assert time.monotonic() < give_up_at
        time.sleep(0.01)
    told = [each.result() for each in sent if each.done()]
    assert {(each.status_code, each.json()["code"], each.headers["retry-after"]) for each in told} == {
        (503, "try_later", "1")
    }
    go.set()
    assert {each.result().status_code for each in sent} == {200, 503}
