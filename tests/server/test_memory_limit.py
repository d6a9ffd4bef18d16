"""A worker that is killed for its memory costs the file that it listened to, and nothing else."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import synth
from plugin_samples import plugin
from server_processes import ServerProcess, running
from sonoteca.audio.encode import wav_bytes

pytestmark = pytest.mark.slow

BOUND_S = 120.0


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder = tmp_path_factory.mktemp("greedy")
    environment = plugin(folder, Path(__file__).with_name("greedy_analyzers.py"))
    options = ("--workers", "2", "--memory-mb", "700")
    with running(folder / "mine.sonoteca", folder, *options, **environment) as server:
        yield server


def sound(hz: float, seconds: float) -> bytes:
    return wav_bytes(synth.sine(hz, seconds))


def test_the_next_ten_jobs_are_done(server: ServerProcess) -> None:
    def keep(name: str, data: bytes) -> str:
        answer = server.client.post("/api/analyze/upload", params={"keep": "true"}, files={"file": (name, data)})
        assert answer.status_code == 202, answer.text
        job_id: str = answer.json()["id"]
        return job_id

    greedy = keep("greedy.wav", sound(440.0, 1.5))
    others = [keep(f"{number}.wav", sound(200.0 + 20 * number, 0.1)) for number in range(10)]
    give_up_at = time.monotonic() + BOUND_S
    while any(server.client.get("/api/jobs").json()["counts"][state] for state in ("queued", "running")):
        assert time.monotonic() < give_up_at
        time.sleep(0.1)
    ended = [server.client.get(f"/api/jobs/{job_id}").json() for job_id in (greedy, *others)]
    assert [job["state"] for job in ended] == ["failed"] + ["done"] * 10
    assert (ended[0]["error"]["code"], ended[0]["attempts"]) == ("memory", 1)
    assert "greedy.wav" in ended[0]["error"]["message"]


def test_who_waits_for_the_answer_is_told_and_the_next_is_answered(server: ServerProcess) -> None:
    greedy = server.client.post("/api/analyze/upload", files={"file": ("greedy.wav", sound(330.0, 1.5))})
    assert (greedy.status_code, greedy.json()["code"]) == (422, "memory"), greedy.text
    assert "greedy.wav" in greedy.json()["detail"]
    answer = server.client.post("/api/analyze/upload", files={"file": ("a.wav", sound(330.0, 0.1))})
    assert answer.status_code == 200, answer.text
