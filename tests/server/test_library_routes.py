"""Routes that ask and change the library answer what the front does, and what they change can be undone."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from starlette.testclient import TestClient

import sonoteca as front
from server_samples import ONE, THREE, TWO, asking
from sonoteca import Library

Ask = Callable[[Library], Any]
FRIDAY: dict[str, Any] = {"playlist": "friday", "sounds": [ONE, TWO, THREE]}
SMART = {"playlist": "loops", "filter": "kind:loop", "sort": "-bpm"}
SET = {"length": 2, "include_missing": True, "alternatives": 1}
GONE = {"playlist": "friday", "entries": None, "removed": None}


def library_of(client: TestClient) -> Library:
    library: Library = client.app.state.library  # type: ignore[attr-defined]
    return library


def as_sent(answer: Any) -> Any:
    return json.loads(json.dumps(answer if isinstance(answer, dict) else answer.as_json()))


def ask(method: str, url: str, body: Any, answer: Ask) -> Any:
    return pytest.param(method, url, body, answer, id=f"{method} {url.partition('?')[0]}")


ASKING = [
    ask(
        "GET",
        "/database/files?query=kind:loop&limit=2&fields=id&fields=path,bpm",
        None,
        lambda of: front.list_files(of, front.FilesRequest(query="kind:loop", limit=2, fields=("id", "path", "bpm"))),
    ),
    ask(
        "GET",
        "/database/files/S%C3%A4mples/drums/Sound_1.wav",
        None,
        lambda of: front.describe_file(of, front.DescribeFileRequest(path="/music/Sämples/drums/Sound_1.wav")),
    ),
    ask(
        "GET",
        "/api/facets?filter=tag:dusty",
        None,
        lambda of: front.count_facets(of, front.FacetsRequest(filter="tag:dusty")),
    ),
    ask("GET", f"/api/sounds/{ONE}", None, lambda of: front.describe_sound(of, front.DescribeRequest(sound=ONE))),
    ask(
        "GET",
        f"/api/next/{ONE}?k=2&tempo_pct=8.5&keys=any&include_missing=true&weights=key%3D0",
        None,
        lambda of: front.find_next(
            of, front.NextRequest(sound=ONE, k=2, tempo_pct=8.5, keys="any", include_missing=True, weights="key=0")
        ),
    ),
    ask(
        "GET",
        f"/api/path?start={ONE}&end={THREE}&steps=2",
        None,
        lambda of: front.walk(of, front.WalkRequest(start=ONE, end=THREE, steps=2)),
    ),
    ask("POST", "/api/sets", SET, lambda of: front.build_set(of, front.SetRequest(**SET))),
    ask("GET", f"/api/duplicates?sound={ONE}", None, lambda of: front.find_copies(of, front.CopiesRequest(sound=ONE))),
    ask("GET", "/api/duplicates?limit=5", None, lambda of: front.find_copies(of, front.CopiesRequest(limit=5))),
    ask("GET", "/database/stats", None, front.library_stats),
    ask("GET", "/api/audit", None, lambda of: front.audit(of, is_kept=False)),
    ask("GET", "/api/gaps?limit=3", None, lambda of: front.find_gaps(of, front.FindGapsRequest(limit=3))),
    ask("GET", "/api/playlists", None, front.list_playlists),
    ask("GET", "/arrangements", None, front.list_arrangements),
    ask("GET", "/scoring/config", None, lambda of: front.match_weights(of, front.MatchWeightsRequest())),
    ask("GET", "/api/scoring/versions", None, front.list_match_weights),
]


def not_shown(client: TestClient, method: str, url: str, answer: dict[str, Any]) -> list[str]:
    """Keys of an answer, down to the rows, that the example of its route does not show."""
    operations = client.get("/openapi.json").json()["paths"]
    plain = url.partition("?")[0].replace(ONE, "{id}").replace("friday", "{name}")
    path = "/database/files/{path}" if plain.startswith("/database/files/") else plain
    [well] = [told for status, told in operations[path][method.lower()]["responses"].items() if status < "400"]
    # The sound object has a page of its own.
    return [] if "schema" in answer else _not_shown(well["content"]["application/json"]["example"], answer, path)


def _not_shown(example: Any, answer: Any, place: str) -> list[str]:
    if isinstance(answer, dict) and isinstance(example, dict):
        missing = [f"{place}.{name}" for name, value in answer.items() if value is not None and name not in example]
        rows = [name for name in ("results", "changes", "paths") if name in answer]
        inner = [_not_shown(example.get(name), answer[name], f"{place}.{name}") for name in rows]
        return missing + [each for some in inner for each in some]
    if isinstance(answer, list) and answer and isinstance(example, list):
        return _not_shown(example[0], answer[0], place)
    return []


@pytest.mark.parametrize(("method", "url", "body", "answer"), ASKING)
def test_a_question_is_answered_as_the_front_answers(
    client: TestClient, method: str, url: str, body: Any, answer: Ask
) -> None:
    got = client.request(method, url, json=body)
    assert got.status_code == 200, got.text
    assert got.json() == as_sent(answer(library_of(client)))
    assert not_shown(client, method, url, got.json()) == []


def renamed(of: Library) -> Any:
    front.rename_playlist(of, front.RenamePlaylistRequest(playlist="friday", new_name="saturday/night"))
    return {"playlist": "saturday/night", "renamed_from": "friday"}


def forgotten(of: Library) -> Any:
    front.forget_playlist(of, front.ForgetPlaylistRequest(playlist="friday"))
    return GONE


def kept(of: Library) -> Any:
    answer = front.build_set(of, front.SetRequest(**SET))
    front.keep_set(of, answer, front.KeepSetRequest(save="night", pick=1))
    return answer


def used(of: Library) -> Any:
    front.use_match_weights(of, front.UseWeightsRequest(version="shipped"))
    return front.match_weights(of, front.MatchWeightsRequest())


CHANGING = [
    ask(
        "PATCH",
        f"/api/sounds/{ONE}",
        {"bpm": 174, "tags": ["+fast"], "cues": ["0.5=Drop"], "rating": "4"},
        lambda of: front.edit_sound(
            of, front.SoundEditRequest(sound=ONE, bpm=174, tags=("+fast",), cues=("0.5=Drop",), rating="4")
        ),
    ),
    ask(
        "POST",
        "/api/sounds/edit",
        {"query": "tag:dusty", "key": "8A"},
        lambda of: front.edit(of, front.EditRequest(query="tag:dusty", key="8A")),
    ),
    ask("DELETE", f"/api/sounds/{ONE}", None, lambda of: front.remove_sound(of, front.RemoveSoundRequest(sound=ONE))),
    ask(
        "POST",
        "/api/sounds/remove",
        {"query": "kind:loop"},
        lambda of: front.remove_sounds(of, front.RemoveRequest(query="kind:loop")),
    ),
    ask("POST", "/api/playlists", FRIDAY | {"playlist": "new"}, lambda of: front.create_playlist(
        of, front.CreatePlaylistRequest(**FRIDAY | {"playlist": "new"}))),
    ask("POST", "/api/playlists", {"playlist": "again", "source": "friday", "filter": "kind:loop"},
        lambda of: front.create_playlist(
            of, front.CreatePlaylistRequest(playlist="again", source="friday", filter="kind:loop"))),
    ask("POST", "/api/playlists/smart", SMART, lambda of: front.create_smart_playlist(
        of, front.SmartPlaylistRequest(**SMART))),
    ask("POST", "/api/playlists/friday/add", {"sounds": [ONE], "at": 2}, lambda of: front.add_to_playlist(
        of, front.AddToPlaylistRequest(playlist="friday", sounds=(ONE,), at=2))),
    ask("POST", "/api/playlists/friday/take", {"entries": ["1", THREE]}, lambda of: front.take_from_playlist(
        of, front.TakeFromPlaylistRequest(playlist="friday", entries=("1", THREE)))),
    ask("POST", "/api/playlists/friday/move", {"position": 3, "to": 1}, lambda of: front.move_in_playlist(
        of, front.MoveInPlaylistRequest(playlist="friday", position=3, to=1))),
    ask("PATCH", "/api/playlists/friday", {"new_name": "saturday/night"}, renamed),
    ask("DELETE", "/api/playlists/friday", None, forgotten),
    ask("POST", "/api/sets/keep", {**SET, "save": "night"}, kept),
]  # fmt: skip
KEPT = [
    ask("POST", "/api/map", {"method": "pca"}, lambda of: front.place_sounds(of, front.MapRequest(method="pca"))),
    ask("PUT", "/scoring/config", {"cost": {"moved": 0.25}}, lambda of: front.keep_match_weights(
        of, front.KeepWeightsRequest(weights={"cost": {"moved": 0.25}}))),
    ask("POST", "/api/scoring/use", {"version": "shipped"}, used),
    ask("POST", "/api/matches/choices", {"query": ONE, "candidate": TWO, "liked": True}, lambda of: front.choose_match(
        of, front.ChoiceRequest(query=ONE, candidate=TWO, liked=True))),
]  # fmt: skip


@pytest.fixture(scope="module")
def with_friday(sample_file: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample library with a playlist in it."""
    path = tmp_path_factory.mktemp("friday") / "mine.sonoteca"
    shutil.copy(sample_file, path)
    with front.open_library(path, mode="write") as library:
        front.create_playlist(library, front.CreatePlaylistRequest(**FRIDAY))
    return path


@pytest.fixture
def two_copies(with_friday: Path, tmp_path: Path) -> Iterator[tuple[TestClient, Library]]:
    """A client of one copy of a library, and another copy."""
    paths = [tmp_path / "one.sonoteca", tmp_path / "other.sonoteca"]
    for path in paths:
        shutil.copy(with_friday, path)
    with (
        front.open_library(paths[0], mode="write") as one,
        front.open_library(paths[1], mode="write") as other,
        asking(one) as client,
    ):
        yield client, other


def state_of(library: Library) -> Any:
    """What edits may change, without moments."""
    rows = front.list_sounds(library, front.ListRequest(limit=None)).as_json()["results"]
    named = front.list_playlists(library).rows
    shown = {
        each.name: front.show_playlist(library, front.ShowPlaylistRequest(playlist=each.name)).as_json()["results"]
        for each in named
    }
    return rows, shown


@pytest.mark.parametrize(("method", "url", "body", "answer"), [*CHANGING, *KEPT])
def test_a_change_answers_and_leaves_what_the_front_does(
    two_copies: tuple[TestClient, Library], method: str, url: str, body: Any, answer: Ask
) -> None:
    client, other = two_copies
    got = client.request(method, url, json=body)
    assert got.status_code in (200, 201), got.text
    wanted = as_sent(answer(other))
    told = got.json()
    assert not_shown(client, method, url, told) == []
    for each in (told, wanted):
        if "fitted_at" in str(each):
            del each["query"]["fitted_at"]
    assert told == wanted
    assert state_of(library_of(client)) == state_of(other)


@pytest.mark.parametrize(("method", "url", "body", "answer"), CHANGING)
def test_a_change_can_be_undone(
    two_copies: tuple[TestClient, Library], method: str, url: str, body: Any, answer: Ask
) -> None:
    client, other = two_copies
    assert client.request(method, url, json=body).status_code in (200, 201)
    assert state_of(library_of(client)) != state_of(other)
    assert client.post("/api/undo").status_code == 200
    assert state_of(library_of(client)) == state_of(other)


def test_playlists_with_slashes_in_their_names_are_named_in_paths(writable: TestClient) -> None:
    name = "House/Deep & C# 50%?"
    assert writable.post("/api/playlists", json=FRIDAY | {"playlist": name}).status_code == 201
    url = "/api/playlists/House%2FDeep%20%26%20C%23%2050%25%3F"
    assert len(writable.get(url).json()["results"]) == 3
    assert writable.post(f"{url}/take", json={"entries": ["1"]}).json()["entries"] == 2
    assert writable.delete(url).json()["playlist"] == name
    assert writable.get(url).status_code == 404


def test_only_the_one_sound_of_a_path_is_changed(writable: TestClient) -> None:
    before = state_of(library_of(writable))
    for name, status in (("*", 404), ("kind:loop", 404), ("pad", 404), ("", 404), (ONE[:1] + "!", 404)):
        answer = writable.patch(f"/api/sounds/{name}", json={"tags": ["+x"]})
        assert answer.status_code == status, name
        assert writable.delete(f"/api/sounds/{name}").status_code == status
    assert state_of(library_of(writable)) == before


def test_pages_of_the_catalogue_are_turned_with_the_cursor(client: TestClient) -> None:
    found: list[str] = []
    cursor: str | None = None
    while True:
        asked = {"limit": "5", "query": "-kind:track", "fields": "id"} | ({} if cursor is None else {"cursor": cursor})
        page = client.get("/database/files", params=asked).json()
        found += [row["id"] for row in page["results"]]
        cursor = page["next_cursor"]
        if cursor is None:
            break
    assert len(found) == len(set(found)) == page["total"]


def test_the_weights_that_are_answered_can_be_sent_back(writable: TestClient) -> None:
    shipped = writable.get("/scoring/config").json()
    assert writable.put("/scoring/config", json=shipped).json() == shipped
    assert writable.get("/api/scoring/versions").json() == {"versions": []}
    softer = writable.put("/scoring/config", json={"role": {"bass": {"key": 1}}}).json()
    assert (softer["role"]["bass"]["key"], softer["version"]) == (1.0, "library-1")
    assert writable.put("/scoring/config", json=softer).json() == softer
    assert len(writable.get("/api/scoring/versions").json()["versions"]) == 1
    assert writable.put("/scoring/config", json=shipped).json() == shipped
    assert writable.post("/api/scoring/use", json={"version": 1}).json() == softer


def test_a_choice_is_what_the_command_remembers(writable: TestClient) -> None:
    from sonoteca.match.choices import recorded_choices

    chosen = {"query": ONE, "candidate": TWO, "liked": False, "role": "drums"}
    assert writable.post("/api/matches/choices", json=chosen).status_code == 200
    with library_of(writable).read() as connection:
        [choice] = recorded_choices(connection)
    assert (choice.query, choice.candidate, choice.liked, choice.role) == (ONE, TWO, False, "drums")


@pytest.mark.parametrize(
    ("method", "url", "body"),
    [
        ("POST", "/api/lint", {"playlist": "FILE"}),
        ("GET", f"/api/next/{ONE}?played=FILE", None),
        ("POST", "/api/playlists", {"playlist": "stolen", "source": "FILE"}),
        ("POST", "/api/sets", SET | {"curve": "FILE"}),
        ("POST", "/api/sets/keep", SET | {"curve": "FILE", "save": "x"}),
        ("POST", "/api/matches/choices", {"query": "FILE", "candidate": ONE, "liked": True}),
        ("GET", "/api/audit?roots=FILE", None),
        ("GET", "/api/gaps?roots=FILE", None),
        ("GET", "/database/files/FILE", None),
    ],
)
def test_no_name_is_a_file_of_this_machine(
    writable: TestClient, tmp_path: Path, method: str, url: str, body: Any
) -> None:
    (tmp_path / "mine.m3u").write_text("/music/secret of this machine.wav\n")
    (tmp_path / "curve.txt").write_text("1 2 3")
    for name in (tmp_path / "mine.m3u", tmp_path / "curve.txt", tmp_path / "nothing.m3u", tmp_path):
        sent = None if body is None else json.loads(json.dumps(body).replace("FILE", str(name)))
        answer = writable.request(method, url.replace("FILE", str(name)), json=sent)
        assert 400 <= answer.status_code < 500, answer.text
        assert "secret" not in answer.text


def test_files_are_never_written_for_a_request(writable: TestClient, tmp_path: Path) -> None:
    for url, body in (
        ("/api/sets/keep", SET | {"save": "x", "output": str(tmp_path / "x.m3u")}),
        ("/api/gaps", {"out": str(tmp_path)}),
    ):
        assert writable.post(url, json=body).status_code in (400, 405)
    assert writable.get("/api/playlists/x", params={"output": str(tmp_path / "x.m3u")}).status_code == 400
    assert not list(tmp_path.glob("*.m3u"))


def test_the_map_is_answered_without_a_key_that_writes_and_keeps_its_places(writable: TestClient) -> None:
    first = writable.get("/api/map", params={"method": "pca"}).json()
    assert writable.get("/api/map", params={"method": "pca"}).json() == first
    assert len(first["results"]) == 3
    assert writable.get("/api/map", params={"refit": "true"}).status_code == 400


def test_places_tell_tempo_and_key_and_a_filter_tells_which_have_a_tag(writable: TestClient) -> None:
    edited = writable.patch(f"/api/sounds/{ONE}", json={"bpm": 92.5, "key": "Am", "tags": ["+dusty tape"]})
    assert edited.status_code == 200, edited.text
    every = {row["id"]: row for row in writable.get("/api/map", params={"method": "pca"}).json()["results"]}
    assert (every[ONE]["bpm"], every[ONE]["camelot"]) == (92.5, "8A")
    assert (every[TWO]["bpm"], every[TWO]["camelot"]) == (None, None)
    tagged = writable.get("/api/map", params={"filter": 'tag:"dusty tape"'}).json()["results"]
    assert tagged == [every[ONE]]


def test_what_only_asks_needs_a_key_that_reads(client: TestClient) -> None:
    paths = client.get("/openapi.json").json()["paths"]
    for path in ("/api/sets", "/api/lint"):
        assert paths[path]["post"]["x-scope"] == "read"


def test_an_order_that_is_in_no_playlist_is_judged_as_a_playlist_of_it(writable: TestClient) -> None:
    made = writable.post("/api/playlists", json={"playlist": "twice", "sounds": [ONE, TWO, ONE]})
    assert made.status_code == 201, made.text
    by_name = writable.post("/api/lint", json={"playlist": "twice"}).json()
    by_order = writable.post("/api/lint", json={"sounds": [ONE, TWO, ONE]}).json()
    assert by_order["results"]
    for told in (by_name, by_order):
        del told["query"]
    assert by_order == by_name
    for both in ({}, {"playlist": "twice", "sounds": [ONE]}):
        assert writable.post("/api/lint", json=both).json()["field"] == "playlist"
    assert writable.post("/api/lint", json={"sounds": ["nothing-of-that-name"]}).status_code == 404
