"""Who may ask: hosts, origins, keys, rates; each line an attack or somebody who has to be let in."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import FastAPI
from starlette.testclient import TestClient

from server_samples import asking
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.server.guard.keys import TRIES_PER_MINUTE, KeyRing
from sonoteca.server.guard.rates import Rates
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.request_log import JsonLines
from sonoteca.server.route import documented, routes
from sonoteca.settings import ServerSettings, load_server_settings

READ, WRITE = {"Authorization": "Bearer looks"}, {"X-API-Key": "changes"}


class Thing(Request):
    k: int = 1


def with_changes(client: TestClient) -> TestClient:
    """The client, with a route that changes something and one that only asks by POST."""
    app = client.app
    assert isinstance(app, FastAPI)
    router = routes("changes")

    @router.post("/change", **documented("Changes.", example=None))
    def change(thing: Thing) -> StrictJSONResponse:
        return StrictJSONResponse(thing.as_json())

    @router.post("/ask", **documented("Asks.", example=None, scope="read"))
    def ask(thing: Thing) -> StrictJSONResponse:
        return StrictJSONResponse(thing.as_json())

    app.router.routes.extend(router.routes)
    return client


@pytest.fixture(scope="module")
def library(sample_file: Path) -> Iterator[Library]:
    with open_library(sample_file) as opened:
        yield opened


@pytest.fixture(scope="module")
def local(library: Library) -> Iterator[TestClient]:
    """On loopback, without a key."""
    settings = ServerSettings(allowed_hosts=("studio.lan",), allowed_origins=("https://shop.example",))
    with asking(library, settings) as client:
        yield with_changes(client)


@pytest.fixture(scope="module")
def keyed(library: Library) -> Iterator[TestClient]:
    """With a key that reads and one that writes."""
    settings = load_server_settings(host="0.0.0.0", api_keys="read:looks, write:changes")
    with asking(library, settings) as client:
        yield with_changes(client)


def code(answer: Any) -> tuple[int, str | None]:
    is_problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["code"] if is_problem else None


# --- hosts ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "host",
    [
        "localhost", "localhost:8000", "LOCALHOST", "localhost.", "127.0.0.1", "127.0.0.1:9", "[::1]", "[::1]:8000",
        "studio.lan", "studio.lan:8000", "Studio.LAN",
    ],
)  # fmt: skip
def test_a_host_of_ours_is_answered(local: TestClient, host: str) -> None:
    assert local.get("/health", headers={"Host": host}).status_code == 200


@pytest.mark.parametrize(
    "host",
    [
        "evil.example", "evil.example:8000", "localhost.evil.example", "127.0.0.1.evil.example", "evil-localhost",
        "localhost@evil.example", "localhost:80@evil.example", "localhost/evil", "local host", "", ":8000",
        "0.0.0.0", "127.0.0.2", "10.0.0.1", "[::2]", "[::1", "::1]", "localhost:port", "studio.lan.evil", "xn--localhost",
    ],
)  # fmt: skip
def test_a_foreign_host_is_refused_before_any_route(local: TestClient, host: str) -> None:
    for path in ("/health", "/nowhere", "/docs"):
        assert code(local.get(path, headers={"Host": host})) == (421, "host_refused")


def test_a_second_host_is_refused(local: TestClient) -> None:
    answer = local.get("/health", headers=[("Host", "localhost"), ("Host", "localhost")])
    assert code(answer) == (421, "host_refused")


# --- origins --------------------------------------------------------------------------------------

OWN = {"Origin": "http://127.0.0.1"}
FORM = {"Content-Type": "multipart/form-data; boundary=x"}


@pytest.mark.parametrize(
    "headers",
    [
        {},
        OWN,
        {"Origin": "http://studio.lan", "Host": "studio.lan"},
        {"Origin": "https://shop.example"},
        {"Sec-Fetch-Site": "same-origin"},
        {"Sec-Fetch-Site": "none"},
    ],
)
def test_changes_come_from_no_page_or_from_an_allowed_one(local: TestClient, headers: dict[str, str]) -> None:
    assert local.post("/change", json={}, headers=headers).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "http://evil.example"},
        {"Origin": "http://evil.example", **FORM},
        {"Origin": "null"},
        {"Origin": ""},
        {"Origin": "http://127.0.0.1:3000"},
        {"Origin": "https://127.0.0.1"},
        {"Origin": "http://127.0.0.1.evil.example"},
        {"Origin": "https://shop.example.evil"},
        {"Origin": "http://shop.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site", **FORM},
        {"Origin": "http://evil.example", "X-API-Key": "guessed"},
    ],
)
def test_a_page_elsewhere_changes_nothing(local: TestClient, headers: dict[str, str]) -> None:
    sent = {"Content-Type": "application/json", **headers}
    for method in ("POST", "PUT", "PATCH", "DELETE"):
        assert code(local.request(method, "/change", content=b"{}", headers=sent)) == (403, "origin_refused")


def test_a_page_elsewhere_cannot_read_what_it_gets(local: TestClient) -> None:
    foreign = local.get("/health", headers={"Origin": "http://evil.example"})
    assert "access-control-allow-origin" not in foreign.headers
    shop = local.get("/health", headers={"Origin": "https://shop.example"})
    assert shop.headers["access-control-allow-origin"] == "https://shop.example"
    asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    assert "access-control-allow-origin" not in local.options("/change", headers=asks).headers


def test_without_configured_origins_there_is_no_cors(client: TestClient) -> None:
    answer = client.get("/health", headers={"Origin": "http://127.0.0.1"})
    assert not [name for name in answer.headers if name.startswith("access-control")]
    asks = {"Origin": "http://evil.example", "Access-Control-Request-Method": "POST"}
    assert code(client.options("/health", headers=asks)) == (405, "method_not_allowed")


# --- keys -----------------------------------------------------------------------------------------


def test_who_has_no_key_sees_that_the_server_lives_and_nothing_else(keyed: TestClient) -> None:
    for path in ("/", "/health", "/docs", "/openapi.json"):
        assert keyed.get(path).status_code == 200
    for path in ("/api/search?words=x", "/nowhere", "/health?check=database"):
        answer = keyed.get(path)
        assert code(answer) == (401, "key_required")
        assert answer.headers["www-authenticate"].startswith("Bearer")
    assert code(keyed.post("/change", json={})) == (401, "key_required")


@pytest.mark.parametrize(
    "headers",
    [
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Bearer "},
        {"Authorization": "Bearer looks2"},
        {"Authorization": "Bearer look"},
        {"Authorization": "Bearer read:looks"},
        {"Authorization": "Basic looks"},
        {"Authorization": "looks"},
        {"X-API-Key": ""},
        {"X-API-Key": "\xff\xfe"},
        {"Cookie": "key=looks"},
    ],
)
def test_another_key_is_none(keyed: TestClient, headers: dict[str, str]) -> None:
    sent = {name.encode("ascii"): value.encode("latin-1") for name, value in headers.items()}
    assert code(keyed.get("/api/search?words=warm", headers=sent)) == (401, "key_required")
    assert code(keyed.get("/api/search?words=warm&api_key=looks")) == (401, "key_required")


def test_a_key_that_reads_reads_and_one_that_writes_does_both(keyed: TestClient) -> None:
    for key in (READ, WRITE):
        assert keyed.get("/api/search?words=warm", headers=key).status_code == 200
        assert keyed.head("/api/search?words=warm", headers=key).status_code == 200
        assert keyed.post("/ask", json={}, headers=key).status_code == 200
    assert code(keyed.post("/change", json={}, headers=READ)) == (403, "key_insufficient")
    assert keyed.post("/change", json={}, headers=WRITE).status_code == 200


def test_a_key_lets_a_page_elsewhere_change_something(keyed: TestClient) -> None:
    headers = {**WRITE, "Origin": "http://evil.example"}
    assert keyed.post("/change", json={}, headers=headers).status_code == 200


def test_keys_are_not_held_and_not_logged(
    keyed: TestClient, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = keyed.app
    assert isinstance(app, FastAPI)
    assert app.state.settings.api_keys == ()
    with caplog.at_level(logging.DEBUG):
        keyed.get("/api/search?words=warm", headers=WRITE)
    lines = [JsonLines().format(record) for record in caplog.records]
    assert "changes" not in "".join(lines)
    [key] = {json.loads(line)["key"] for line in lines if '"request"' in line}
    assert len(key) == 8


@pytest.mark.parametrize("keys", [["read:"], [""], ["write: "], ["read:same", "write:same"], ["same", "read:same"]])
def test_keys_that_are_none_are_refused(keys: list[str]) -> None:
    with pytest.raises(RequestError) as refused:
        KeyRing(keys)
    assert refused.value.field == "api_keys"


def test_a_key_may_hold_a_colon() -> None:
    ring = KeyRing(["a:b", "read:c:d"])
    found = [ring.find("a:b"), ring.find("c:d")]
    assert [key and key.right for key in found] == ["write", "read"]


# --- rates ----------------------------------------------------------------------------------------


def test_a_key_may_ask_so_often_and_is_told_when_to_come_again(library: Library) -> None:
    settings = load_server_settings(host="0.0.0.0", api_keys="read:looks, write:changes", requests_per_minute=3)
    with asking(library, settings) as client:
        answers = [client.get("/api/search?words=warm", headers=READ) for _ in range(5)]
        assert [answer.status_code for answer in answers] == [200, 200, 200, 429, 429]
        # Three at the very start of a minute of the clock are only two a third into the next.
        assert 1 <= int(answers[-1].headers["retry-after"]) <= 80
        assert client.get("/api/search?words=warm", headers=WRITE).status_code == 200


def test_who_guesses_keys_is_slowed_down(library: Library) -> None:
    settings = load_server_settings(host="0.0.0.0", api_keys="read:looks")
    with asking(library, settings) as client:
        guesses = [client.get("/status", headers={"X-API-Key": str(n)}) for n in range(TRIES_PER_MINUTE + 1)]
        assert [answer.status_code for answer in guesses[-2:]] == [401, 429]
        assert client.get("/api/search?words=warm", headers=READ).status_code == 200


def test_a_minute_is_counted_as_it_passes() -> None:
    now = [0.0]
    rates = Rates(10, clock=lambda: now[0])
    assert [rates.refusal("a") is None for _ in range(11)] == [True] * 10 + [False]
    assert rates.refusal("b") is None
    refused = rates.refusal("a")
    assert refused is not None
    now[0] = float(refused.retry_after_s)
    assert rates.refusal("a") is None
    assert rates.refusal("a") is not None
    now[0] = 180.0
    assert [rates.refusal("a") is None for _ in range(11)] == [True] * 10 + [False]


# --- headers and bodies ---------------------------------------------------------------------------


def test_every_answer_has_the_headers_that_keep_it_safe(local: TestClient) -> None:
    for answer in (local.get("/health"), local.get("/nowhere"), local.get("/health", headers={"Host": "evil"})):
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["x-frame-options"] == "DENY"
        assert answer.headers["cache-control"] == "no-store"
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert answer.headers["x-request-id"]
        assert "server" not in answer.headers


def test_a_body_beyond_the_limit_is_refused_with_the_limit(library: Library) -> None:
    with asking(library, ServerSettings(max_body_mb=1)) as client:
        with_changes(client)

        def chunks() -> Iterator[bytes]:
            yield b'{"k": 1'
            for _ in range(20):
                yield b" " * 2**17
            yield b"}"

        for body in (b" " * (2**20 + 1), chunks()):
            answer = client.post("/change", content=body, headers={"Content-Type": "application/json"})
            assert code(answer) == (413, "body_too_large")
            assert "1 MB" in answer.json()["detail"]
        assert client.post("/change", json={"k": 2}).json() == {"k": 2}
