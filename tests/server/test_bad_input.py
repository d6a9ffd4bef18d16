"""Whatever a request holds, it is answered: with what was asked, or with a problem that the document names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from server_samples import ONE

METHODS = ("get", "put", "post", "delete", "patch")
# Those change the library that all tests here share; what they are asked is refused before.
VALUES: tuple[Any, ...] = (
    None,
    True,
    -1,
    10**18,
    1e300,
    -0.5,
    "",
    "many",
    "\u202e",
    "x" * 3000,
    [],
    [[]],
    {},
    {"a": [1]},
    "*",
)
TEXTS = (
    "",
    " ",
    "many",
    "-1",
    "1e999",
    "nan",
    "inf",
    "9" * 40,
    "true",
    "*",
    "%",
    '"',
    "\\",
    "a\nb",
    "'; drop table sounds; --",
    "\u202e\ud7ff",
    "(" * 200,
)
UPLOADS = "multipart/form-data"


def operations(client: TestClient) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, each in client.get("/openapi.json").json()["paths"].items():
        for method in METHODS:
            if method in each and path not in ("/api/undo", "/docs", "/openapi.json", "/metrics"):
                yield method.upper(), path, each[method]


def checked(client: TestClient, name: str, operation: dict[str, Any], method: str, url: str, **sent: Any) -> int:
    answer = client.request(method, url, **sent)
    told = f"{name} {url[:200]} {str(sent)[:300]}: {answer.status_code} {answer.text[:400]}"
    # What is not made yet, and what a model that is not on this machine would do.
    is_told = answer.status_code == 501 or (answer.status_code == 503 and answer.json()["code"] == "model_unavailable")
    assert answer.status_code < 500 or is_told, told
    assert str(answer.status_code) in operation["responses"], told
    if answer.status_code >= 400:
        problem = answer.json()
        assert answer.headers["content-type"] == "application/problem+json", told
        assert problem["detail"], told
        assert problem["remedy"], told
    elif "json" in answer.headers.get("content-type", ""):
        json.loads(answer.content, parse_constant=lambda constant: pytest.fail(f"{told} holds {constant}"))
    return answer.status_code


@pytest.mark.slow
def test_parameters_of_every_kind_of_nonsense_are_answered(writable: TestClient) -> None:
    for method, path, operation in operations(writable):
        if method == "DELETE" or (method == "POST" and "requestBody" not in operation):
            continue
        parameters = operation.get("parameters", ())
        url = path.replace("{id}", ONE).replace("{path}", "a.wav").replace("{name}", "friday")
        name = f"{method} {path}"
        assert checked(writable, name, operation, method, url, params={"no_such_parameter": "1"}) >= 400
        for parameter in parameters:
            if parameter["in"] != "query":
                continue
            needed = {p["name"]: "1" for p in parameters if p["in"] == "query" and p.get("required")}
            for text in TEXTS:
                checked(writable, name, operation, method, url, params=needed | {parameter["name"]: text})
            with_nul = needed | {parameter["name"]: "a\0b"}
            assert checked(writable, name, operation, method, url, params=with_nul) in (400, 501), name


@pytest.mark.parametrize(
    "id", ["zzzz", "%00", "%ff", "*", "external:", "external:none", "x" * 3000, "%2e%2e%2fx", "%F0%9F%8E%B5"]
)
def test_an_id_that_names_nothing_is_a_problem(writable: TestClient, id: str) -> None:
    for method, path, operation in operations(writable):
        if "{" in path and "requestBody" not in operation:
            url = path.partition("{")[0] + id + path.partition("}")[2]
            assert checked(writable, f"{method} {path}", operation, method, url) in (400, 403, 404, 501), path


@pytest.mark.slow
def test_bodies_of_every_kind_of_nonsense_are_answered(writable: TestClient) -> None:
    schemas = writable.get("/openapi.json").json()["components"]["schemas"]
    for method, path, operation in operations(writable):
        content = operation.get("requestBody", {}).get("content", {})
        if "application/json" not in content:
            continue
        url = path.replace("{id}", ONE).replace("{name}", "friday").replace("{path}", "a.wav")
        name = f"{method} {path}"
        for body in (b"", b"{", b"[]", b"null", b'"x"', b"1", b'{"a": NaN}', b"\xff", b'{"no_such_field": 1}'):
            sent: dict[str, Any] = {"content": body, "headers": {"Content-Type": "application/json"}}
            told = checked(writable, name, operation, method, url, **sent)
            said_nothing = body in (b"", b"null") and not operation["requestBody"].get("required")
            assert told < 400 if said_nothing else told in (400, 501), (name, body)
        assert (
            checked(writable, name, operation, method, url, content=b"a=1", headers={"Content-Type": "text/plain"})
            >= 400
        )
        reference = content["application/json"]["schema"].get("$ref", "")
        fields = schemas.get(reference.rpartition("/")[2], {})
        needed = dict.fromkeys(fields.get("required", ()), "x")
        for field in fields.get("properties", {}):
            for value in VALUES:
                checked(writable, name, operation, method, url, json=needed | {field: value})


@pytest.mark.parametrize("mark", "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~")
def test_every_mark_in_words_finds_what_the_words_find_or_says_why_not(client: TestClient, mark: str) -> None:
    for text in (mark, f"pad{mark}", f"{mark}pad", f"pad {mark} warm", f"wa{mark}rm", mark * 3):
        for url, name in (("/api/search", "words"), ("/database/files", "query"), ("/api/facets", "filter")):
            answer = client.get(url, params={name: text})
            assert answer.status_code in (200, 400, 404), f"{url} {text}: {answer.text}"
            if answer.status_code == 400:
                told = answer.json()
                assert told["code"] in ("query_syntax", "bad_request"), told
                if told["code"] == "query_syntax":
                    assert 0 <= told["position"] <= len(text), told
