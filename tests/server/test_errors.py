"""What goes wrong inside is a problem without a traceback, and stands in the log under the request's id."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

import sonoteca
from sonoteca.domain.request import Request
from sonoteca.errors import LibraryBusy, TryLater
from sonoteca.server.app import create_app
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.request_log import JsonLines
from sonoteca.server.route import documented, routes


class Count(Request):
    k: int = 10
    share: float = 0.5
    names: tuple[str, ...] = ()


def broken_routes(app: FastAPI) -> None:
    router = routes("broken")

    @router.get("/raises", **documented("Raises.", example=None))
    def raises() -> None:
        raise ZeroDivisionError("secret of the program")

    @router.get("/busy", **documented("Is busy.", example=None))
    def busy() -> None:
        raise LibraryBusy("Another program writes.")

    @router.get("/later", **documented("Has too much to do.", example=None))
    def later() -> None:
        raise TryLater("The queue is full.", retry_after_s=7)

    @router.get("/no-number", **documented("Answers with what is no JSON.", example=None))
    def no_number() -> StrictJSONResponse:
        return StrictJSONResponse({"x": float("nan")})

    @router.post("/counts", **documented("Says what was asked.", example=None))
    def counts(asked: Count) -> StrictJSONResponse:
        return StrictJSONResponse(asked.as_json())

    app.router.routes.extend(router.routes)


@pytest.fixture(scope="module")
def broken(client: TestClient) -> Iterator[TestClient]:
    app = create_app(client.app.state.library, client.app.state.listener)  # type: ignore[attr-defined]
    broken_routes(app)
    with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as asking:
        yield asking


@pytest.mark.parametrize("path", ["/raises", "/no-number"])
def test_an_error_of_the_program_tells_nothing_but_its_number(
    broken: TestClient, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, "sonoteca"):
        answer = broken.get(path, headers={"X-Request-ID": "mine-1"})
    assert (answer.status_code, answer.headers["content-type"]) == (500, "application/problem+json")
    assert answer.json()["instance"] == "urn:sonoteca:request:mine-1"
    assert "secret" not in answer.text
    assert "Traceback" not in answer.text
    [logged] = [record for record in caplog.records if record.exc_info]
    line = json.loads(JsonLines().format(logged))
    assert "Traceback" in line["traceback"]


def test_what_is_busy_says_when_to_ask_again(broken: TestClient) -> None:
    assert [
        (broken.get(path).status_code, broken.get(path).headers["retry-after"]) for path in ("/busy", "/later")
    ] == [
        (503, "1"),
        (503, "7"),
    ]


@pytest.mark.parametrize(
    ("body", "code", "field"),
    [
        (b"{", "body_unreadable", None),
        (b"", "body_unreadable", None),
        (b"[1]", "body_unreadable", None),
        (b"[" * 100_000, "body_unreadable", None),
        (b'{"share": NaN}', "body_unreadable", None),
        (b'{"share": 1e999}', "body_unreadable", None),
        (b'{"k": 1' + b"0" * 30 + b"}", "body_unreadable", None),
        (b'{"k": 1' + b"0" * 5000 + b"}", "body_unreadable", None),
        (b'{"names": ["\\u0000"]}', "body_unreadable", None),
        (b'{"names": ["\\ud800"]}', "body_unreadable", None),
        (b'{"names": ["\xff"]}', "body_unreadable", None),
        (b'{"k": "many"}', "bad_request", "k"),
        (b'{"names": "one"}', "bad_request", "names"),
        (b'{"kk": 1}', "bad_request", "kk"),
    ],
)
def test_a_body_that_is_none_is_a_problem(broken: TestClient, body: bytes, code: str, field: str | None) -> None:
    answer = broken.post("/counts", content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["code"], answer.json()["field"]) == (400, code, field), answer.text


def test_a_body_becomes_the_request(broken: TestClient) -> None:
    asked: dict[str, Any] = {"k": 3, "share": 0.25, "names": ["Björk", "\udc80"]}
    answer = broken.post("/counts", content=json.dumps(asked), headers={"Content-Type": "application/json"})
    assert json.loads(answer.content) == asked


def test_a_request_keeps_the_id_it_came_with_if_it_is_well_formed(broken: TestClient) -> None:
    assert broken.get("/health", headers={"X-Request-ID": "a.b_c-1"}).headers["x-request-id"] == "a.b_c-1"
    for bad in ("", "a b", "x" * 65, "<script>"):
        given = broken.get("/health", headers={"X-Request-ID": bad}).headers["x-request-id"]
        assert given != bad
        assert len(given) == 32


def test_requests_are_logged_without_what_people_look_for(client: TestClient, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.INFO, "sonoteca"):
        client.get("/api/search?words=heartbreak", headers={"Authorization": "Bearer hush"})
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records if record.message == "request"]
    assert [(line["method"], line["path"], line["status"]) for line in lines] == [("GET", "/api/search", 200)]
    assert "heartbreak" not in str(lines)
    assert "hush" not in str(lines)
    assert sonoteca.__version__
