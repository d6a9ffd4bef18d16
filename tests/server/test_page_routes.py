"""The page's files, as they are served, and the session of who opens it from another machine."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from starlette.testclient import TestClient

from server_samples import URL, asking
from sonoteca.catalogue.store.library import open_library
from sonoteca.server.guard.sessions import COOKIE, LASTS_S, Sessions
from sonoteca.server.page_files import PageFiles
from sonoteca.settings import load_server_settings

READ, WRITE = {"Authorization": "Bearer looks"}, {"Authorization": "Bearer changes"}


@pytest.fixture
def keyed(sample_file: Path) -> Iterator[TestClient]:
    """With a key that reads and one that writes."""
    settings = load_server_settings(host="0.0.0.0", api_keys="read:looks, write:changes")
    with open_library(sample_file) as library, asking(library, settings) as client:
        yield client


# --- files ----------------------------------------------------------------------------------------


def test_the_page_is_asked_for_each_time_and_its_files_are_kept_for_good(client: TestClient) -> None:
    page = client.get("/ui/")
    assert page.headers["cache-control"] == "no-cache"
    assert "default-src 'self'" in page.headers["content-security-policy"]
    loaded = re.findall(r'(?:src|href)="([^"]+)"', page.text)
    assert len(loaded) >= 5
    for each in loaded:
        # Relative, so that the page works below any address of a proxy.
        assert not each.startswith(("/", "http"))
        answer = client.get(f"/ui/{each}")
        assert answer.status_code == 200, each
        assert "immutable" in answer.headers["cache-control"]
    assert client.get("/ui", follow_redirects=False).headers["location"] == "ui/"
    assert client.head("/ui/").headers["etag"] == page.headers["etag"]


def test_the_page_has_no_script_or_style_of_its_own_which_its_policy_would_refuse(client: TestClient) -> None:
    page = client.get("/ui/").text
    assert re.findall(r"<script(?![^>]*\ssrc=)", page) == []
    assert re.findall(r"<style|\sstyle=|\son\w+=", page) == []


def test_a_file_of_another_version_or_none_is_not_there(client: TestClient) -> None:
    version = client.get("/ui/").headers["etag"].strip('"')
    assert client.get(f"/ui/{version}/app.js").status_code == 200
    for path in ("/ui/000000000000/app.js", f"/ui/{version}/index.html", f"/ui/{version}/../server/app.py", "/ui/x"):
        assert client.get(path).status_code == 404, path


def test_a_changed_file_is_another_version_once_the_page_is_opened(tmp_path: Path) -> None:
    (tmp_path / "index.html").write_text("{{version}}")
    (tmp_path / "app.js").write_text("1")
    files = PageFiles(tmp_path)
    first = files.read()
    assert first.first().decode() == first.version
    (tmp_path / "app.js").write_text("2")
    assert files.held() == first
    assert files.read().version != first.version


def test_modules_are_named_ahead_except_those_that_wait_until_they_are_needed(tmp_path: Path) -> None:
    (tmp_path / "views").mkdir()
    (tmp_path / "index.html").write_text('<script src="{{version}}/theme.js"></script><!-- {{modules}} -->')
    (tmp_path / "theme.js").write_text("")
    (tmp_path / "heavy.js").write_text("")
    (tmp_path / "app.js").write_text('import "./views/a.js"')
    (tmp_path / "views/a.js").write_text('const heavy = import("../heavy.js");')
    state = PageFiles(tmp_path).read()
    named = re.findall(r'modulepreload" href="([^"]+)"', state.first().decode())
    assert named == [f"{state.version}/app.js", f"{state.version}/views/a.js"]


# --- sessions -------------------------------------------------------------------------------------


def test_a_server_without_keys_needs_no_session(client: TestClient) -> None:
    assert client.get("/api/session").json() == {"needs_key": False, "right": "write", "session": False}
    answer = client.post("/api/session")
    assert answer.json()["session"] is False
    assert "set-cookie" not in answer.headers


def test_the_page_itself_is_open_and_what_it_asks_is_not(keyed: TestClient) -> None:
    page = keyed.get("/ui/")
    assert page.status_code == 200
    assert keyed.get(f"/ui/{page.headers['etag'].strip(chr(34))}/app.js").status_code == 200
    assert keyed.get("/api/session").status_code == 401
    assert keyed.post("/api/session").status_code == 401


def test_a_key_is_exchanged_for_a_cookie_that_no_script_reads(keyed: TestClient) -> None:
    answer = keyed.post("/api/session", headers=WRITE)
    assert answer.json() == {"needs_key": True, "right": "write", "session": True}
    cookie = answer.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=strict" in cookie
    assert "Secure" not in cookie
    assert "changes" not in cookie
    assert keyed.get("/api/facets").status_code == 200
    assert keyed.get("/api/session").json()["session"] is True


def test_a_session_does_not_make_itself_longer(keyed: TestClient) -> None:
    keyed.post("/api/session", headers=WRITE)
    answer = keyed.post("/api/session", headers={"Origin": URL})
    assert answer.json() == {"needs_key": True, "right": "write", "session": True}
    assert "set-cookie" not in answer.headers


def test_a_session_is_found_beside_cookies_of_any_form(keyed: TestClient) -> None:
    word = keyed.post("/api/session", headers=WRITE).cookies[COOKIE]
    keyed.cookies.clear()
    answer = keyed.get("/api/session", headers={"Cookie": f'junk; prefs={{"a": 1}}; {COOKIE}={word}'})
    assert answer.json()["session"] is True


def test_behind_tls_the_cookie_is_sent_over_tls_only(keyed: TestClient) -> None:
    answer = keyed.post("/api/session", headers={**WRITE, "Origin": "https://studio.example"})
    assert "Secure" in answer.headers["set-cookie"]


def test_a_change_with_a_session_has_to_come_from_the_page(keyed: TestClient) -> None:
    keyed.post("/api/session", headers=WRITE)
    undo = "/api/undo"
    for headers in ({}, {"Origin": "https://evil.example"}, {"Sec-Fetch-Site": "same-site"}):
        answer = keyed.post(undo, headers=headers)
        assert (answer.status_code, answer.json()["code"]) == (403, "origin_refused"), headers
    for headers in ({"Origin": URL}, {"Origin": "https://mine.example", "Sec-Fetch-Site": "same-origin"}):
        assert keyed.post(undo, headers=headers).status_code == 200, headers


def test_a_session_may_what_its_key_may_and_no_more(keyed: TestClient) -> None:
    assert keyed.post("/api/session", headers=READ).json()["right"] == "read"
    assert keyed.get("/api/facets").status_code == 200
    answer = keyed.post("/api/undo", headers={"Origin": URL})
    assert (answer.status_code, answer.json()["code"]) == (403, "key_insufficient")


def test_a_session_that_ended_is_none(keyed: TestClient) -> None:
    word = keyed.post("/api/session", headers=WRITE).cookies[COOKIE]
    assert keyed.delete("/api/session", headers={"Origin": URL}).json()["session"] is False
    keyed.cookies.set(COOKIE, word)
    assert keyed.get("/api/facets").status_code == 401


def test_a_session_is_over_after_its_time() -> None:
    now = [0.0]
    sessions = Sessions[str](clock=lambda: now[0])
    word = sessions.begin("key")
    assert sessions.find(word) == "key"
    assert sessions.find("another") is None
    now[0] = LASTS_S
    assert sessions.find(word) is None


# --- what the page asks ---------------------------------------------------------------------------


def test_the_fields_of_queries_are_told_with_their_values(client: TestClient) -> None:
    fields = {each["name"]: each for each in client.get("/api/query-fields").json()["fields"]}
    assert "one_shot" in fields["kind"]["values"]
    assert fields["bpm"]["aliases"] == ["tempo"]
    assert fields["bpm"]["sorts"]
    assert not fields["tag"]["sorts"]


def test_a_page_of_rows_may_begin_anywhere(client: TestClient) -> None:
    every = client.get("/database/files", params={"limit": 1000}).json()["results"]
    jumped = client.get("/database/files", params={"offset": 7, "limit": 3}).json()
    assert jumped["results"] == every[7:10]
    assert client.get("/database/files", params={"offset": 9, "cursor": jumped["next_cursor"]}).status_code == 400
