"""Questions by sound over HTTP: a match, loops that are alike, a hum, a rhythm, a role."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import sonoteca
import synth
from server_samples import asking
from sonoteca.audio.encode import write_wav
from sonoteca.ingest.listener import Listener
from sonoteca.settings import ServerSettings
from sonoteca.workers.in_process import InProcessExecutor

FIT = {"tensor", "interval", "chord", "key", "rhythm", "tempo", "energy", "role_confidence", "total_score"}
OF_A_ROW = {"fit", "fit_scores", "quality_flags", "gating_status", "tempo_ratio", "semitone_shift", "risk_reasons"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three drum loops, two of them alike, and a pad in the library; one more loop that is not in it."""
    folder = tmp_path_factory.mktemp("loops")
    (folder / "mine").mkdir()
    for name, tempo, bars in (("a", 120.0, 2), ("b", 120.0, 4), ("c", 96.0, 2)):
        write_wav(folder / "mine" / f"{name}.wav", synth.drums(tempo, bars))
    write_wav(folder / "mine" / "pad.wav", synth.pad(["C:maj", "F:maj", "G:maj", "C:maj"], 2.0))
    write_wav(folder / "sent.wav", synth.drums(126.0, 2))
    return folder


@pytest.fixture(scope="module")
def library(folder: Path) -> Iterator[sonoteca.Library]:
    with (
        sonoteca.open_library(folder / "library.sonoteca", mode="create") as made,
        Listener(executor=InProcessExecutor()) as listener,
    ):
        sonoteca.add(made, sonoteca.AddRequest(paths=(folder / "mine",)), listener=listener)
        yield made


@pytest.fixture(scope="module")
def client(library: sonoteca.Library) -> Iterator[TestClient]:
    with asking(library) as client:
        yield client


def post(client: TestClient, path: str, file: Path, **data: Any) -> Any:
    answer = client.post(path, files={"file": (file.name, file.read_bytes())}, data=data)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_a_match_over_http_is_the_match_of_the_command_line(client: TestClient, library: sonoteca.Library) -> None:
    row = sonoteca.list_sounds(library, sonoteca.ListRequest(filter="a.wav")).rows[0]
    request = sonoteca.MatchRequest(sound=row.id, k=3)
    wanted = sonoteca.find_matches(library, request).as_json()
    answer = client.post("/match", json={"sound_id": row.id, "k": 3})
    assert (answer.status_code, answer.json()) == (200, wanted)
    assert wanted["results"], wanted
    for each in wanted["results"]:
        assert set(each) >= OF_A_ROW
        assert set(each["fit"]) >= FIT
    by_form = client.post("/match", files={"sound_id": (None, row.id), "k": (None, "3")})
    assert by_form.json()["results"] == wanted["results"]


def test_a_loop_that_is_sent_is_matched_as_the_same_file_here(
    client: TestClient, library: sonoteca.Library, folder: Path
) -> None:
    answer = post(client, "/match", folder / "sent.wav", k="2")
    assert answer["query"]["sound"] == "sent.wav"
    with Listener(executor=InProcessExecutor()) as listener:
        wanted = sonoteca.find_matches(
            library, sonoteca.MatchRequest(sound=str(folder / "sent.wav"), k=2), listener=listener
        ).as_json()
    assert answer["results"] == wanted["results"]


def test_loops_that_sound_alike_come_with_how_they_fit(
    client: TestClient, library: sonoteca.Library, folder: Path
) -> None:
    answer = post(client, "/loops/similar", folder / "sent.wav", k="5")
    rows = answer["results"]
    assert [Path(row["path"]).name for row in rows][:1] in (["a.wav"], ["b.wav"])
    assert "pad.wav" not in {Path(row["path"]).name for row in rows if row["score"] > 0.9}
    assert [row["score"] for row in rows] == sorted((row["score"] for row in rows), reverse=True)
    assert set(rows[0]["parts"]) == {"timbre", "rhythm", "harmony", "dynamics"}
    assert set(rows[0]) >= OF_A_ROW
    assert set(rows[0]["fit"]) >= FIT
    assert rows[0]["tempo_ratio"] == pytest.approx(1.05, abs=0.015)
    own = sonoteca.list_sounds(library, sonoteca.ListRequest(filter="a.wav")).rows[0]
    by_id = client.post("/loops/similar", json={"sound_id": own.id}).json()
    assert own.id not in {row["id"] for row in by_id["results"]}


def test_the_role_of_a_file_that_is_sent(client: TestClient, folder: Path) -> None:
    heard = post(client, "/analysis/upload-role", folder / "sent.wav")
    assert (heard["path"], heard["kind"]["value"], heard["role"]["value"]) == ("sent.wav", "loop", "drums")
    assert heard["role"]["scores"]["drums"] == max(heard["role"]["scores"].values())


def test_a_rhythm_that_is_tapped_is_heard_as_it_is_here(
    client: TestClient, library: sonoteca.Library, folder: Path
) -> None:
    write_wav(folder / "tapped.wav", synth.clicks(120.0, 6.0))
    answer = post(client, "/api/tap", folder / "tapped.wav")
    assert answer["query"]["file"] == "tapped.wav"
    with Listener(executor=InProcessExecutor()) as listener:
        request = sonoteca.TapRequest(file=folder / "tapped.wav")
        wanted = sonoteca.find_rhythm(library, request, listener=listener).as_json()
    assert (answer["results"], answer["query"]["n_taps"]) == (wanted["results"], 12)


def test_a_hum_of_nothing_asks_to_hum_again(client: TestClient, tmp_path: Path) -> None:
    write_wav(tmp_path / "nothing.wav", synth.noise(3.0, 0.001))
    answer = client.post("/api/hum", files={"file": ("nothing.wav", (tmp_path / "nothing.wav").read_bytes())})
    assert answer.status_code in (200, 400)
    if answer.status_code == 200:
        assert answer.json()["query"]["verdict"] == "hum_again"


@pytest.mark.parametrize("path", ["/match", "/loops/similar"])
def test_a_question_names_one_sound_and_never_a_file_of_this_machine(
    client: TestClient, folder: Path, path: str
) -> None:
    none = client.post(path, json={})
    assert (none.status_code, none.json()["field"]) == (400, "file")
    both = client.post(path, files={"file": ("a.wav", b"x")}, data={"sound_id": "b"})
    assert (both.status_code, both.json()["field"]) == (400, "sound_id")
    there = client.post(path, json={"sound_id": str(folder / "sent.wav")})
    assert (there.status_code, there.json()["code"]) == (404, "sound_not_found")
    hum = client.post("/match", json={"sound_id": str(folder / "sent.wav"), "mode": "hum"})
    assert hum.status_code == 400
    list_body = client.post(path, json=[1])
    assert (list_body.status_code, list_body.json()["code"]) == (400, "body_unreadable")
    unknown = client.post(path, json={"sound_id": "x", "colour": "red"})
    assert (unknown.status_code, unknown.json()["field"]) == (400, "colour")


def test_what_is_asked_is_kept_only_where_that_is_wanted(
    client: TestClient, library: sonoteca.Library, folder: Path
) -> None:
    own = sonoteca.list_sounds(library, sonoteca.ListRequest(filter="a.wav")).rows[0]
    client.post("/match", json={"sound_id": own.id})
    assert list(sonoteca.event_lines(library)) == []
    with asking(library, ServerSettings(events=True)) as noting:
        found = noting.post("/match", json={"sound_id": own.id, "k": 2}).json()["results"]
        post(noting, "/api/tap", folder / "sent.wav")
    matched, tapped = (json.loads(line) for line in sonoteca.event_lines(library))
    assert [each["id"] for each in matched["candidates"]] == [row["id"] for row in found]
    assert "sent.wav" not in json.dumps(tapped)
