"""Uploads are staged on the library's disk while they come, held to their limits, and gone afterwards."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import anyio
import psutil
import pytest
import soundfile
from fastapi import FastAPI
from starlette.testclient import TestClient

import synth
from server_samples import asking
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.request import Request
from sonoteca.errors import NotAudio
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.route import documented, routes
from sonoteca.server.running import WarmListener
from sonoteca.server.staging import Staging
from sonoteca.server.uploads import UploadForm, upload_body
from sonoteca.settings import ServerSettings

SETTINGS = ServerSettings(max_upload_mb=1, min_free_mb=0, upload_timeout_s=30.0)


class Question(Request):
    """What is asked beside a file.

    Attributes
    ----------
    k : int
        How many.
    tags : tuple of str
        Which.
    """

    file: str
    k: int = 10
    tags: tuple[str, ...] = ()


class Told:
    def __init__(self, **values: Any) -> None:
        self.values = values

    def as_json(self) -> dict[str, Any]:
        return self.values


def add_routes(app: FastAPI) -> None:
    router = routes("taking")

    @router.post("/take", **documented("Takes.", example=None, body=upload_body(Question, without=("file",))))
    def take(form: UploadForm) -> StrictJSONResponse:
        upload = form.file()
        asked = Question(file=str(upload.path), **form.fields(Question, without=("file",)))
        there = upload.path.read_bytes()
        return form.answered(Told(asked=asked.as_json(), n=upload.n_bytes, same=len(there), tail=there[-3:].hex()))

    @router.post("/keep", **documented("Keeps.", example=None, body=upload_body()))
    def keep(form: UploadForm) -> StrictJSONResponse:
        kept = app.state.library.data_folder("kept") / "it"
        form.file().path.rename(kept)
        return StrictJSONResponse({"n": kept.stat().st_size})

    @router.post("/fail", **documented("Fails.", example=None, body=upload_body()))
    def fail(form: UploadForm) -> None:
        raise NotAudio(f"{form.file().path} is no audio.")

    @router.post("/check", **documented("Looks.", example=None, body=upload_body()))
    def check(form: UploadForm, listener: WarmListener) -> StrictJSONResponse:
        listener.check_file(form.file().path)
        return StrictJSONResponse({"ok": True})

    app.router.routes.extend(router.routes)


@pytest.fixture
def library(blank_file: Path, tmp_path: Path) -> Iterator[Library]:
    with open_library(shutil.copy(blank_file, tmp_path / "mine.sonoteca")) as opened:
        yield opened


@pytest.fixture
def taking(library: Library) -> Iterator[TestClient]:
    with asking(library, SETTINGS) as client:
        app = client.app
        assert isinstance(app, FastAPI)
        add_routes(app)
        yield client


def staged(client: TestClient) -> list[Path]:
    app = client.app
    assert isinstance(app, FastAPI)
    return [path for path in app.state.library.data_folder("staging").rglob("*") if path.is_file()]


def code(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json().get("code", "")


def test_a_file_and_its_fields_arrive_whole_and_nothing_stays(taking: TestClient) -> None:
    data = os.urandom(700_000) + b"\r\n--x\r\n"
    answer = taking.post("/take", files={"file": ("Lärm.wav", data)}, data={"k": "3", "tags": ["a", "b"]})
    assert answer.json() == {
        "asked": {"file": "Lärm.wav", "k": 3, "tags": ["a", "b"]},
        "n": len(data),
        "same": len(data),
        "tail": data[-3:].hex(),
    }
    assert staged(taking) == []


def test_an_error_names_the_file_as_its_sender_does(taking: TestClient) -> None:
    answer = taking.post("/fail", files={"file": ("mine.wav", b"RIFF")})
    assert code(answer) == (422, "not_audio")
    assert answer.json()["detail"] == "mine.wav is no audio."
    assert staged(taking) == []


def test_what_a_route_keeps_stays(taking: TestClient) -> None:
    assert taking.post("/keep", files={"file": b"bytes"}).json() == {"n": 5}
    assert staged(taking) == []


def test_what_is_in_a_file_says_whether_it_is_audio_not_its_name(taking: TestClient, tmp_path: Path) -> None:
    path = tmp_path / "tone.wav"
    tone = synth.sine(440.0, duration_s=0.5)
    soundfile.write(path, tone.samples.T, tone.sample_rate)
    assert taking.post("/check", files={"file": ("words.txt", path.read_bytes())}).json() == {"ok": True}
    for data in (b"<script>alert(1)</script>", b"MZ" + bytes(200), b""):
        answer = taking.post("/check", files={"file": ("tone.wav", data)})
        assert answer.status_code == 422, answer.text
        assert "staging" not in answer.text
    assert staged(taking) == []


@pytest.mark.parametrize("is_said", [True, False])
def test_a_file_beyond_the_limit_is_refused_with_the_limit(taking: TestClient, is_said: bool) -> None:
    whole = b"--x\r\n" + part(b"a.wav") + bytes(3 * 2**20) + b"\r\n--x--\r\n"

    def chunks() -> Iterator[bytes]:
        for start in range(0, len(whole), 2**16):
            yield whole[start : start + 2**16]

    headers = {"Content-Type": "multipart/form-data; boundary=x"}
    answer = taking.post("/take", content=whole if is_said else chunks(), headers=headers)
    assert code(answer) == (413, "body_too_large")
    assert "1 MB" in answer.json()["detail"]
    assert staged(taking) == []


def test_a_file_is_not_taken_where_the_disk_would_be_full(taking: TestClient) -> None:
    app = taking.app
    assert isinstance(app, FastAPI)
    app.state.staging.measure = lambda folder: 600_000
    assert taking.post("/take", files={"file": bytes(100)}).status_code == 200
    answer = taking.post("/take", files={"file": bytes(700_000)})
    assert code(answer) == (507, "disk_low")
    assert staged(taking) == []


def part(name: bytes, field: bytes = b"file") -> bytes:
    return b'Content-Disposition: form-data; name="' + field + b'"; filename="' + name + b'"\r\n\r\n'


END = b"\r\n--x--\r\n"


@pytest.mark.parametrize(
    ("content_type", "body", "told"),
    [
        ("application/json", b"{}", (415, "media_type_refused")),
        ("text/plain", b"", (415, "media_type_refused")),
        ("multipart/form-data", b"", (400, "body_unreadable")),
        ("multipart/form-data; boundary=", b"", (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"", (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"garbage", (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"--x\r\n" + part(b"a.wav") + b"cut", (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"--x\r\n" + part(b"a.wav") + b"cut\r\n--x", (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"--x\r\nNo-Name: a\r\n\r\nb" + END, (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"--x\r\n" + part(b"a", b"k\0") + b"b" + END, (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"--x\r\n" + b"X" * 100_000 + b": a\r\n\r\n" + END, (400, "body_unreadable")),
        ("multipart/form-data; boundary=x", b"--x--\r\n", (400, "bad_request")),
        ("multipart/form-data; boundary=x", b"--x\r\n" + part(b"a", b"other") + b"b" + END, (400, "bad_request")),
    ],
)  # fmt: skip
def test_a_form_that_is_none_is_a_problem(
    taking: TestClient, content_type: str, body: bytes, told: tuple[int, str]
) -> None:
    answer = taking.post("/take", content=body, headers={"Content-Type": content_type})
    assert code(answer) == told, answer.text
    assert staged(taking) == []


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({"kk": "1"}, "kk"),
        ({"k": "many"}, "k"),
        ({"file": "x"}, "file"),
        ({"k": "9" * 30}, "k"),
        ({"k": "9" * 5000}, "k"),
    ],
)
def test_a_field_that_is_wrong_is_named(taking: TestClient, data: dict[str, str], field: str) -> None:
    answer = taking.post("/take", files={"file": b"bytes"}, data=data)
    assert (code(answer), answer.json()["field"]) == ((400, "bad_request"), field)


def test_a_file_that_was_whole_before_the_form_broke_is_closed(
    taking: TestClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    opened: list[Any] = []
    real = Path.open

    def noted(self: Path, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        file = real(self, mode, *arguments, **options)
        if mode == "xb":
            opened.append(file)
        return file

    monkeypatch.setattr(Path, "open", noted)
    body = b"--x\r\n" + part(b"a.wav") + b"whole\r\n--x\r\nNo-Name: a\r\n\r\nb" + END
    answer = taking.post("/take", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert (answer.status_code, answer.json()["code"]) == (400, "body_unreadable")
    assert [file.closed for file in opened] == [True]


def test_many_parts_are_refused(taking: TestClient) -> None:
    body = b"".join(b'--x\r\nContent-Disposition: form-data; name="k"\r\n\r\n1\r\n' for _ in range(3000)) + b"--x--\r\n"
    answer = taking.post("/take", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert code(answer) == (400, "body_unreadable")


@pytest.mark.parametrize("name", [b"../../etc/passwd", b"C:\\loops\\a.wav", b"/etc/shadow", b"..", b"\\\\?\\c:\\a.wav"])
def test_a_name_leads_nowhere(taking: TestClient, name: bytes) -> None:
    body = b"--x\r\n" + part(name) + b"abc" + END
    answer = taking.post("/take", content=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert answer.status_code == 200, answer.text
    told = answer.json()["asked"]["file"]
    assert "/" not in told
    assert ":\\" not in told


async def _ask(app: FastAPI, chunks: list[bytes], *, goes_away: bool) -> list[Any]:
    """Post a form in pieces by hand; then the client goes away, or nothing more ever comes."""
    sent: list[Any] = []
    waiting = [{"type": "http.request", "body": chunk, "more_body": True} for chunk in chunks]

    async def receive() -> Any:
        if waiting:
            return waiting.pop(0)
        if not goes_away:
            await anyio.sleep_forever()
        return {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    headers = [(b"host", b"localhost"), (b"content-type", b"multipart/form-data; boundary=x")]
    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": "/take", "raw_path": b"/take", "query_string": b"", "root_path": "", "headers": headers,
        "client": ("127.0.0.1", 1), "server": ("127.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)
    return sent


def test_who_goes_away_leaves_nothing_behind(taking: TestClient) -> None:
    app = taking.app
    assert isinstance(app, FastAPI)
    begun = b"--x\r\n" + part(b"a.wav")
    assert anyio.run(lambda: _ask(app, [begun, bytes(2**16)], goes_away=True)) == []
    assert staged(taking) == []


def test_who_sends_too_slowly_is_told_so(library: Library) -> None:
    with asking(library, SETTINGS.model_copy(update={"upload_timeout_s": 0.2})) as client:
        app = client.app
        assert isinstance(app, FastAPI)
        add_routes(app)
        sent = anyio.run(lambda: _ask(app, [b"--x\r\n" + part(b"a.wav")], goes_away=False))
        assert sent[0]["status"] == 408
        assert staged(client) == []


def test_what_a_dead_server_left_is_removed_and_nothing_else(library: Library) -> None:
    folder = library.data_folder("staging")
    us = Staging(library, 0)
    machine = us.folder.name.split("-")[1]
    started = int(psutil.Process().create_time())
    dead = [f"server-{machine}-{os.getpid()}-{started - 100}", f"server-{machine}-4194304-1", "server-elsewhere-1-1"]
    kept = ["server-elsewhere-2-2", "jobs", "server-odd"]
    for name in (*dead, *kept):
        (folder / name).mkdir()
        (folder / name / "file").write_bytes(b"left")
    long_ago = time.time() - 100_000
    os.utime(folder / "server-elsewhere-1-1", (long_ago, long_ago))
    assert us.remove_leftovers() == 3
    assert {path.name for path in folder.iterdir()} == {us.folder.name, *kept}
    path = us.new_path(".wav")
    path.write_bytes(b"sound")
    assert (folder / us.hand_over(path)).read_bytes() == b"sound"
    us.remove()
    assert not us.folder.exists()


def test_the_document_tells_the_form(taking: TestClient) -> None:
    body = taking.get("/openapi.json").json()["paths"]["/take"]["post"]["requestBody"]
    form = body["content"]["multipart/form-data"]["schema"]
    assert form["required"] == ["file"]
    assert form["properties"]["k"]["description"] == "How many."
    assert set(form["properties"]) == {"file", "k", "tags"}
