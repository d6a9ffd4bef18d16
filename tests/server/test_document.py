"""The OpenAPI document tells of each route what it is, an example, and every error it may answer."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from sonoteca.server.route import COMMON, OF_BODIES, schema_of
from sonoteca.server.routes import not_yet

METHODS = ("get", "put", "post", "delete", "patch")


@pytest.fixture(scope="module")
def document(client: TestClient) -> dict[str, Any]:
    told: dict[str, Any] = client.get("/openapi.json").json()
    return told


def operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, each in document["paths"].items():
        for method in METHODS:
            if method in each:
                yield f"{method.upper()} {path}", each[method]


def test_every_route_has_a_sentence_an_example_and_every_error(document: dict[str, Any]) -> None:
    names = []
    for name, operation in operations(document):
        names.append(operation["operationId"])
        assert operation["summary"], name
        assert operation["description"].endswith("."), name
        well = [told for status, told in operation["responses"].items() if status < "400"]
        promised = "501" in operation["responses"]
        assert promised or all("example" in kind or kind for told in well for kind in told.get("content", {}).values())
        kinds = (*COMMON, *(OF_BODIES if "requestBody" in operation else ()))
        assert {str(kind.http_status) for kind in kinds} <= set(operation["responses"]), name
        named = {parameter["name"] for parameter in operation.get("parameters", ()) if parameter["in"] == "path"}
        assert named == set(re.findall(r"{(\w+)", name)), name
        for parameter in operation.get("parameters", ()):
            assert parameter.get("description"), f"{name}: {parameter['name']}"
    assert len(set(names)) == len(names), "two routes have one name"


def test_every_error_is_told_as_a_problem(document: dict[str, Any]) -> None:
    for name, operation in operations(document):
        for status, told in operation["responses"].items():
            if status >= "400":
                assert list(told["content"]) == ["application/problem+json"], f"{name} {status}"
                assert told["content"]["application/problem+json"]["examples"], f"{name} {status}"
    assert "HTTPValidationError" not in str(document)


def test_what_is_promised_and_not_made_is_this_list(client: TestClient, document: dict[str, Any]) -> None:
    waiting = {name for name, operation in operations(document) if "501" in operation["responses"]}
    assert waiting == {f"{method} {path}" for method, path, _ in not_yet.PROMISED}
    for method, path, _ in not_yet.PROMISED:
        answer = client.request(method, path.replace("{id}", "x"))
        assert (answer.status_code, answer.json()["code"]) == (501, "not_there_yet")


def test_a_schema_is_what_its_example_shows() -> None:
    shown = schema_of({"rows": [{"id": "a", "score": 0.5}], "exact": True, "none": None})
    assert shown["properties"]["rows"]["items"]["properties"]["score"]["type"] == ["number", "null"]
    assert shown["properties"]["exact"]["type"] == ["boolean", "null"]
    assert shown["properties"]["none"] == {}


def test_the_page_of_documentation_loads_nothing_from_elsewhere(client: TestClient) -> None:
    page = client.get("/docs")
    assert page.headers["content-type"].startswith("text/html")
    policy = page.headers["content-security-policy"]
    assert "script-src 'self'" in policy
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert {"/docs/page.js", "/docs/page.css", "/openapi.json"} == set(loaded)
    kinds = [client.get(each).headers["content-type"].partition(";")[0] for each in loaded]
    assert kinds == ["text/css", "application/json", "application/json", "text/javascript"]
    assert "://" not in page.text + client.get("/docs/page.js").text + client.get("/docs/page.css").text
    assert "innerHTML" not in client.get("/docs/page.js").text
