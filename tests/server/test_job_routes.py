"""Work over HTTP: asked for, watched, waited for, cancelled; and what is sent is listened to."""

from __future__ import annotations

import json
import shutil
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import synth
from server_samples import asking
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.search.query.listing import count_sounds
from sonoteca.settings import ServerSettings


@pytest.fixture
def library(blank_file: Path, tmp_path: Path) -> Iterator[Library]:
    with open_library(shutil.copy(blank_file, tmp_path / "mine.sonoteca")) as opened:
        yield opened


@pytest.fixture
def working(library: Library) -> Iterator[TestClient]:
    """A server that works on its queue."""
    with asking(library) as client:
        yield client


@pytest.fixture
def idle(library: Library) -> Iterator[TestClient]:
    """A server that leaves its queue to others."""
    with asking(library, ServerSettings(run_queue=False)) as client:
        yield client


@pytest.fixture
def tone(tmp_path: Path) -> Path:
    path = tmp_path / "tone.wav"
    write_wav(path, synth.tone(69, 1.0))
    return path


def events(answer: Any) -> list[tuple[str, dict[str, Any]]]:
    """Names and data of the events of a stream that has ended."""
    found = []
    for block in answer.text.split("\n\n"):
        lines = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if "event" in lines:
            found.append((lines["event"], json.loads(lines["data"])))
    return found


def test_a_file_that_is_sent_is_heard_and_leaves_nothing(working: TestClient, library: Library, tone: Path) -> None:
    answer = working.post("/api/analyze/upload", files={"file": ("my tone.wav", tone.read_bytes())})
    assert answer.status_code == 200, answer.text
    heard = answer.json()
    assert (heard["path"], heard["status"], heard["audio"]["duration_s"]) == ("my tone.wav", "ok", 1.0)
    assert heard["pitch"]["midi"] == pytest.approx(69, abs=0.1)
    with library.read() as connection:
        assert count_sounds(connection, "") == 0
    assert working.get("/api/jobs").json()["results"] == []


def test_a_file_that_is_kept_is_in_the_library_when_its_job_is_done(
    working: TestClient, library: Library, tone: Path
) -> None:
    answer = working.post(
        "/api/analyze/upload", params={"keep": "true", "wait": "true"}, files={"file": ("tone.wav", tone.read_bytes())}
    )
    assert answer.status_code == 200, answer.text
    job = answer.json()
    assert job["state"] == "done"
    with library.read() as connection:
        assert count_sounds(connection, "") == 1
    assert library.data_dir is not None
    assert [each.read_bytes() for each in (library.data_dir / "uploads").rglob("*.wav")] == [tone.read_bytes()]


def test_what_is_taken_in_waits_until_somebody_does_it_and_can_be_called_off(
    idle: TestClient, library: Library, tone: Path
) -> None:
    answer = idle.post("/api/analyze/upload", params={"keep": "true"}, files={"file": ("a.wav", tone.read_bytes())})
    assert (answer.status_code, answer.json()["state"]) == (202, "queued")
    address = answer.headers["Location"]
    assert idle.get(address).json() == answer.json()
    assert library.data_dir is not None
    staged = library.data_dir / "staging" / answer.json()["request"]["staged"]
    assert staged.exists()
    cancelled = idle.delete(address).json()
    assert (cancelled["state"], staged.exists()) == ("cancelled", False)
    assert idle.delete(address).json()["state"] == "cancelled"
    assert idle.get("/api/jobs", params={"states": "cancelled"}).json()["counts"]["cancelled"] == 1


def test_a_stream_tells_a_job_until_it_has_ended(working: TestClient, tone: Path) -> None:
    job = working.post(
        "/api/analyze/upload", params={"keep": "true"}, files={"file": ("tone.wav", tone.read_bytes())}
    ).json()
    answer = working.get(f"/api/jobs/{job['id']}/events")
    assert answer.headers["content-type"].startswith("text/event-stream")
    assert (answer.headers["x-accel-buffering"], "no-cache" in answer.headers["cache-control"]) == ("no", True)
    told = events(answer)
    assert {name for name, _ in told} == {"job"}
    assert told[-1][1]["state"] == "done"
    changes = [data["change"] for _, data in told]
    assert changes == sorted(set(changes))
    epoch = working.app.state.library.uuid[:8]  # type: ignore[attr-defined]
    again = working.get(f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": f"{epoch}-{told[-1][1]['change']}"})
    assert events(again) == []
    other = working.get(f"/api/jobs/{job['id']}/events", headers={"Last-Event-ID": "elsewhere-99"})
    assert [data["state"] for _, data in events(other)] == ["done"]
    assert working.app.state.feed.listeners == 0  # type: ignore[attr-defined]


def test_a_stream_of_all_jobs_begins_with_what_waits_and_ends_with_the_server(idle: TestClient, tone: Path) -> None:
    job = idle.post("/api/analyze/upload", params={"keep": "true"}, files={"file": ("a.wav", tone.read_bytes())}).json()
    app: Any = idle.app
    ends = threading.Timer(0.5, app.state.stopping.set)
    ends.start()
    told = events(idle.get("/api/jobs/events"))
    ends.join()
    assert [name for name, _ in told] == ["snapshot"]
    assert [each["id"] for each in told[0][1]["results"]] == [job["id"]]
    assert app.state.feed.listeners == 0


@pytest.mark.parametrize(
    ("method", "path"), [("GET", "/api/jobs/none"), ("DELETE", "/api/jobs/none"), ("GET", "/api/jobs/none/events")]
)
def test_a_job_that_is_none_is_a_problem(idle: TestClient, method: str, path: str) -> None:
    answer = idle.request(method, path)
    assert (answer.status_code, answer.json()["code"]) == (404, "job_not_found")


@pytest.mark.parametrize(
    "path",
    ["../mine.sonoteca", "/etc/passwd", "..%2f..%2fetc/passwd", "c:\\windows\\win.ini", "\\\\?\\c:\\x", "a/../../b"],
)
def test_only_files_of_the_library_are_listened_to(idle: TestClient, path: str) -> None:
    answer = idle.post("/analyze", json={"file_path": path})
    assert answer.status_code in (403, 422), answer.text
    assert "root:" not in answer.text


def test_what_is_no_audio_is_refused_before_it_is_a_job(idle: TestClient) -> None:
    for parameters in ({"keep": "true"}, {"wait": "false"}, {}):
        answer = idle.post("/api/analyze/upload", params=parameters, files={"file": ("song.mp3", b"no sound at all")})
        assert (answer.status_code, answer.json()["code"]) == (422, "not_audio"), answer.text
    assert idle.get("/api/jobs").json()["results"] == []


def test_work_on_the_whole_library_is_a_job(idle: TestClient) -> None:
    asked = idle.post("/api/jobs", json={"kind": "make_clips", "filter": "kind:loop", "length_s": 20})
    assert (asked.status_code, asked.json()["kind"], asked.json()["state"]) == (202, "make_clips", "queued")
    request = asked.json()["request"]
    assert (request["filter"], request["length_s"]) == ("kind:loop", 20)
    for kind in ("retry_failed", "rebuild_index"):
        assert idle.post("/api/jobs", json={"kind": kind}).status_code == 202


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"kind": "nothing"},
        {"kind": "keep_upload", "staged": "x", "name": "x.wav"},
        {"kind": "make_clips", "length_s": 61},
        {"kind": "make_clips", "filter": "bpm:fast"},
        {"kind": "retry_failed", "more": 1},
    ],
)
def test_work_that_cannot_be_asked_for_is_refused(idle: TestClient, body: dict[str, Any]) -> None:
    assert idle.post("/api/jobs", json=body).status_code in (400, 422)
    assert idle.get("/api/jobs").json()["results"] == []
