"""Arrangements over HTTP: composed, listed, opened, changed, taken back, forgotten; a clip tells what a match tells."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

import sonoteca
from arrangement_samples import add_loop
from server_samples import asking

ASKED = {"form": "verse:4", "bpm": 121, "key": "8A", "title": "Rain"}
OF_A_MATCH = {"fit", "fit_scores", "quality_flags", "gating_status", "risk_reasons", "tempo_ratio", "semitone_shift"}
SCORES = {"tensor", "interval", "chord", "key", "rhythm", "tempo", "energy", "role_confidence", "total_score"}


@pytest.fixture(scope="module")
def loops(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    folder = tmp_path_factory.mktemp("loops")
    with sonoteca.open_library(folder / "mine.sonoteca", mode="create") as library:
        with library.write() as connection:
            for number, bpm in enumerate((120.0, 118.0)):
                for role in ("drums", "bass"):
                    add_loop(connection, folder, f"{role} {number}.wav", role, bpm=bpm, bars=2)
        with asking(library) as client:
            yield client


def test_one_is_made_opened_changed_taken_back_and_forgotten(loops: TestClient) -> None:
    made = loops.post("/arrangements", json=ASKED)
    assert made.status_code == 201, made.text
    document = made.json()
    url = made.headers["location"]
    assert url == f"/arrangements/{document['id']}"
    assert loops.get(url).json() == loops.get(url[: -len(document["id"]) + 8]).json() == document
    for clip in document["clips"]:
        assert set(clip) >= OF_A_MATCH
        assert set(clip["fit_scores"]) == SCORES
    [entry] = loops.get("/arrangements").json()["results"]
    assert (entry["public_id"], entry["title"]) == (document["id"], "Rain")
    changed = loops.patch(url, json={"gain": ["bass@verse=-3"], "title": "Sun"}).json()
    assert changed["title"] == "Sun"
    assert loops.patch(url, json={"undo": True}).json() == document
    assert loops.delete(url).json() == {"removed": document["id"]}
    gone = loops.get(url)
    assert (gone.status_code, gone.json()["code"]) == (404, "arrangement_not_found")


def test_an_arrangement_is_what_the_front_makes(loops: TestClient) -> None:
    library = loops.app.state.library  # type: ignore[attr-defined]
    answer = sonoteca.make_arrangement(library, sonoteca.ArrangeRequest(**ASKED)).as_json()
    wanted = json.loads(json.dumps(answer))
    told = loops.post("/arrangements", json=ASKED).json()
    assert told | {"id": None} == wanted | {"id": None}


@pytest.mark.parametrize(
    ("body", "status", "code", "field"),
    [
        ({"bpm": 5}, 400, "bad_request", "bpm"),
        ({"form": "verse"}, 400, "bad_request", "form"),
        ({"key": "H"}, 400, "bad_request", "key"),
        ({"must": ["nothing of that name"]}, 404, "sound_not_found", None),
        ({"seed": "nothing of that name"}, 404, "sound_not_found", None),
        ({"filter": "kind:lopp"}, 400, "query_syntax", None),
        ({"filter": "bpm:300"}, 409, "constraints_conflict", None),
        ({"random_seed": 2**40}, 400, "bad_request", "random_seed"),
    ],
)
def test_wishes_that_cannot_be_met_are_problems(
    loops: TestClient, body: dict[str, Any], status: int, code: str, field: str | None
) -> None:
    answer = loops.post("/arrangements", json=body)
    told = answer.json()
    assert (answer.status_code, told["code"]) == (status, code), answer.text
    if field is not None:
        assert told["field"] == field
