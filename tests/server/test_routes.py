"""Routes answer what the front answers, and say what is wrong with a question as problems."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from starlette.testclient import TestClient

import sonoteca
from server_samples import ONE, THREE, TWO


def problem(answer: Any, status: int, code: str, field: str | None = None) -> dict[str, Any]:
    """The problem that an answer is, which has to be this one and whole."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document: dict[str, Any] = answer.json()
    assert {"type", "title", "status", "detail", "code", "remedy", "field", "instance"} <= set(document)
    assert (document["status"], document["code"], document["field"]) == (status, code, field)
    assert document["instance"].endswith(answer.headers["x-request-id"])
    return document


def test_the_root_names_the_program_and_links_to_what_exists(client: TestClient) -> None:
    told = client.get("/").json()
    assert (told["name"], told["version"]) == ("sonoteca", sonoteca.__version__)
    assert client.get(told["links"]["docs"]).status_code == 200
    assert client.get(told["links"]["openapi"]).json()["info"]["version"] == sonoteca.__version__
    assert client.get(told["links"]["health"]).json()["status"] == "ok"


def test_an_answer_is_what_the_command_line_prints_as_json(client: TestClient) -> None:
    library = client.app.state.library  # type: ignore[attr-defined]
    asked = sonoteca.WordsRequest(words="warm", k=3, offset=1)
    assert client.get("/api/search", params={"words": "warm", "k": 3, "offset": 1}).json() == json.loads(
        json.dumps(sonoteca.search_words(library, asked).as_json())
    )


def test_similar_takes_its_sound_from_the_path_and_lists_from_repeated_parameters(client: TestClient) -> None:
    near = client.get(f"/api/similar/{ONE}", params={"k": 2}).json()
    assert [row["id"] for row in near["results"]] == [TWO, THREE]
    unlike = client.get(f"/api/similar/{ONE}", params=[("minus", TWO), ("minus", THREE)]).json()
    assert unlike["query"]["minus"] == [TWO, THREE]


def test_a_file_of_this_machine_is_no_sound(client: TestClient, tmp_path: Any) -> None:
    (tmp_path / "own.wav").write_bytes(b"RIFF")
    problem(client.get(f"/api/similar/{str(tmp_path / 'own.wav').replace('/', '%2F')}"), 404, "no_such_route")
    problem(client.get("/api/similar/own.wav"), 404, "sound_not_found", "sounds")


@pytest.mark.parametrize(
    ("url", "status", "code", "field"),
    [
        ("/api/search", 400, "bad_request", "words"),
        ("/api/search?words=x&k=many", 400, "bad_request", "k"),
        ("/api/search?words=x&k=0", 400, "bad_request", "k"),
        ("/api/search?words=x&k=9999999999999999999999", 400, "bad_request", "k"),
        ("/api/search?words=x&kk=1", 400, "bad_request", "kk"),
        ("/api/search?words=a%00b", 400, "bad_request", "words"),
        ("/api/search?words=%22open", 400, "query_syntax", None),
        ("/api/similar/x?region=9999999999999999999999", 400, "bad_request", "region"),
        ("/api/similar/x?aspects=timbre%3Dnan", 400, "bad_request", "aspects"),
        ("/api/similar/a%00b", 400, "bad_request", "id"),
        ("/api/similar/zzzz", 404, "sound_not_found", "sounds"),
        ("/nowhere", 404, "no_such_route", None),
        ("/health/", 404, "no_such_route", None),
    ],
)
def test_what_cannot_be_asked_is_a_problem_that_names_the_field(
    client: TestClient, url: str, status: int, code: str, field: str | None
) -> None:
    problem(client.get(url), status, code, field)


def test_a_query_that_cannot_be_read_says_where(client: TestClient) -> None:
    told = problem(client.get("/api/search", params={"words": '"open'}), 400, "query_syntax")
    assert (told["query"], told["position"]) == ('"open', 0)


def test_another_method_is_refused_with_those_that_answer(client: TestClient) -> None:
    answer = client.post("/health")
    problem(answer, 405, "method_not_allowed")
    assert answer.headers["allow"] == "GET, HEAD"


def test_head_is_get_without_its_body(client: TestClient) -> None:
    for url in ("/health", "/api/search?words=warm", "/nowhere"):
        head, got = client.head(url), client.get(url)
        assert head.content == b""
        assert head.status_code == got.status_code
        assert head.headers["content-type"] == got.headers["content-type"]


def test_nobody_learns_which_files_this_machine_has(client: TestClient, tmp_path: Path) -> None:
    there, nowhere = tmp_path / "there.wav", tmp_path / "nowhere.wav"
    there.write_bytes(b"")
    for path in (
        "/database/files?query={}",
        "/api/search?words={}",
        "/api/similar/{}",
        "/api/sounds/{}",
        "/api/next/{}",
    ):
        told = [client.get(path.format(quote(str(each), safe=""))) for each in (there, nowhere)]
        assert told[0].status_code == told[1].status_code, path
        bodies = [each.text.replace("nowhere", "there").split("urn:sonoteca:request:")[0] for each in told]
        assert bodies[0] == bodies[1], path
