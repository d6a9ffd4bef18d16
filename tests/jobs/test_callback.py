"""Who asked to be told is told, signed, a few times at most, at an allowed address and nowhere else."""

from __future__ import annotations

import hashlib
import hmac
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from job_samples import QUICK
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError
from sonoteca.ingest.listener import Listener
from sonoteca.jobs import callback
from sonoteca.jobs.callback import is_allowed, tell_one
from sonoteca.jobs.queue import get_job, submit_job
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.jobs.requests import RetryFailedJob
from sonoteca.jobs.run import run_jobs


@dataclass
class Hook:
    """An address that notes what it is told; ``answers`` are its next statuses, then 200."""

    url: str = ""
    answers: list[int] = field(default_factory=list)
    told: list[tuple[str, dict[str, str], bytes]] = field(default_factory=list)


@pytest.fixture
def hook() -> Iterator[Hook]:
    noted = Hook()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            noted.told.append((self.path, dict(self.headers), body))
            status = noted.answers.pop(0) if noted.answers else 200
            self.send_response(status)
            if status in (301, 302, 307, 308):
                self.send_header("Location", "/elsewhere")
            self.end_headers()

        def log_message(self, format: str, *args: Any) -> None:
            """Be quiet."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        noted.url = f"http://127.0.0.1:{server.server_address[1]}/hook"
        yield noted
        server.shutdown()
        thread.join()


ALLOWED = replace(QUICK, callback_hosts=("127.0.0.1",), callback_secret="our secret")


def ask(library: Library, listener: Listener, url: str, settings: QueueSettings = ALLOWED) -> str:
    asked = submit_job(library, RetryFailedJob(callback_url=url), settings=settings)
    run_jobs(library, listener, settings=settings, until="empty")
    return asked.id


def told_of(library: Library, job_id: str) -> dict[str, Any]:
    callback_told: dict[str, Any] = get_job(library, job_id).as_json()["callback"]
    return callback_told


def test_the_end_of_a_job_is_told_with_a_signature(opened: Library, listener: Listener, hook: Hook) -> None:
    job_id = ask(opened, listener, hook.url)
    [(path, headers, body)] = hook.told
    sent = json.loads(body)
    assert (path, sent["id"], sent["state"], sent["result"]["total"]) == ("/hook", job_id, "done", 0)
    expected = hmac.new(b"our secret", body, hashlib.sha256).hexdigest()
    assert headers["X-Sonoteca-Signature"] == f"sha256={expected}"
    assert headers["X-Sonoteca-Timestamp"] == str(sent["sent_at"])
    told = told_of(opened, job_id)
    assert (told["url"], told["state"], told["attempts"], told["status"]) == (hook.url, "delivered", 1, 200)


def test_it_is_tried_again_and_not_for_ever(
    opened: Library, listener: Listener, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback, "PAUSES_S", (0.0, 0.0))
    hook.answers = [500, 503]
    job_id = ask(opened, listener, hook.url)
    assert told_of(opened, job_id)["state"] == "delivered"
    assert len(hook.told) == 3
    hook.answers = [500] * 9
    job_id = ask(opened, listener, hook.url)
    told = told_of(opened, job_id)
    assert (told["state"], told["attempts"], told["error"]) == ("failed", 3, "It answered 500.")
    assert not tell_one(opened, ALLOWED)
    assert get_job(opened, job_id).job.state == "done"


def test_a_redirect_is_not_followed(
    opened: Library, listener: Listener, hook: Hook, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback, "PAUSES_S", ())
    for status in (301, 302, 307, 308):
        hook.answers = [status]
        told = told_of(opened, ask(opened, listener, hook.url))
        assert (told["state"], told["status"]) == ("failed", status)
    assert {path for path, _, _ in hook.told} == {"/hook"}


def test_a_host_that_does_not_answer_is_told_of_and_holds_up_nobody(
    opened: Library, listener: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(callback, "PAUSES_S", ())
    told = told_of(opened, ask(opened, listener, "http://127.0.0.1:9/hook"))
    assert told["state"] == "failed"
    assert "could not be reached" in told["error"]


@pytest.mark.parametrize(
    "url",
    [
        "http://evil.example/", "ftp://127.0.0.1/", "file:///etc/passwd", "http://127.0.0.1@evil.example/",
        "http://evil.example#127.0.0.1", "http://127.0.0.1.evil.example/", "//127.0.0.1/", "http://127.0.0.1\\@evil.example/",
        "http://127.0.0.1:port/", "http://127.0.0.1/\r\nX: y", "", "http://",
    ],
)  # fmt: skip
def test_other_addresses_are_refused(opened: Library, url: str) -> None:
    assert not is_allowed(url, ["127.0.0.1"])
    with pytest.raises(RequestError) as refused:
        submit_job(opened, RetryFailedJob(callback_url=url), settings=ALLOWED)
    assert refused.value.field == "callback_url"


def test_nobody_is_told_without_a_secret(opened: Library, hook: Hook) -> None:
    for settings in (replace(ALLOWED, callback_secret=None), QUICK):
        with pytest.raises(RequestError, match="Nobody can be told"):
            submit_job(opened, RetryFailedJob(callback_url=hook.url), settings=settings)


def test_who_is_not_allowed_any_more_is_not_told(opened: Library, listener: Listener, hook: Hook) -> None:
    asked = submit_job(opened, RetryFailedJob(callback_url=hook.url), settings=ALLOWED)
    run_jobs(opened, listener, settings=replace(ALLOWED, callback_hosts=("shop.example",)), until="empty")
    assert (told_of(opened, asked.id)["state"], hook.told) == ("failed", [])
