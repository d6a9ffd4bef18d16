"""No path leads out of the library's folders, and none breaks the server."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, unquote

import pytest
from starlette.testclient import TestClient

import sonoteca
import synth
from server_samples import asking
from sonoteca.audio.encode import wav_bytes
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.domain.names import public_id
from sonoteca.settings import ServerSettings

# A sound, so that it would be played if it were reached.
SECRET = wav_bytes(synth.sine(440.0, 0.05))


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    """A library of a folder with a link to a secret in it, and beside it a folder that is nearly called so."""
    base = tmp_path_factory.mktemp("attacked")
    for folder in ("root/kit", "root-evil"):
        (base / folder).mkdir(parents=True)
    (base / "root-evil" / "secret.wav").write_bytes(SECRET)
    (base / "root" / "link.wav").symlink_to(base / "root-evil" / "secret.wav")
    (base / "root" / "folder").symlink_to(base / "root-evil")
    with sonoteca.open_library(base / "mine.sonoteca", mode="create") as library:
        with library.write() as connection:
            root = ensure_root(connection, base / "root").root
            names = (b"a.wav", "kit/Dvořák 50% #1?.wav".encode(), b"no\xff.wav")
            record_files(connection, root, [(SeenFile(name, 1, 1), f"x1:{n}") for n, name in enumerate(names)])
        with asking(library, ServerSettings(run_queue=False, requests_per_minute=10**6)) as client:
            yield client


@pytest.mark.parametrize(
    ("path", "number"),
    [
        ("a.wav", 0),
        ("%61.wav", 0),
        ("kit/Dvo%C5%99%C3%A1k%2050%25%20%231%3F.wav", 1),
        ("kit%2FDvor%CC%8Ca%CC%81k%2050%25%20%231%3F.wav", 1),
        ("no%FF.wav", 2),
    ],
)
def test_a_percent_encoded_path_names_its_file(attacked: TestClient, path: str, number: int) -> None:
    answer = attacked.get(f"/database/files/{path}")
    assert (answer.status_code, answer.json().get("id")) == (200, public_id(f"x1:{number}")), answer.text


def test_the_path_that_a_row_tells_names_its_file(attacked: TestClient) -> None:
    [row] = attacked.get("/database/files", params={"query": "path:a.wav"}).json()["results"]
    assert attacked.get(f"/database/files/{row['path'].replace('/', '%2F')}").json()["id"] == row["id"]


ATTACKS = (
    "%2e%2e/root-evil/secret.wav", "..%2froot-evil%2fsecret.wav", "..%5croot-evil%5csecret.wav", "%2e%2e%5c",
    "....//....//etc/passwd", "..%252f..%252fetc%252fpasswd", "..%c0%af..%c0%afetc/passwd", "%2fetc%2fpasswd",
    "%2Fetc%2Fno such file", "c:%5cwindows%5cwin.ini", "c:/windows/win.ini", "%5c%5c%3f%5cc:%5cx", "link.wav",
    "folder/secret.wav", "folder", "folder/../../root-evil/secret.wav", "a.wav%00.png", "%00", "a.wav%2f%2e%2e",
    "%2e", "%2e%2e", "%20", "~root/x", "~", "file:%2f%2f%2fetc%2fpasswd", "kit", "x" * 4000, "a/" * 1500, "%ff%fe",
    "con", "nul.wav", "a.wav:stream", "%0a%0d", "*", "%25", "%e2%80%ae",
)  # fmt: skip


@pytest.mark.parametrize("route", ["/database/files", "/api/processed_audio"])
@pytest.mark.parametrize("path", ATTACKS)
def test_a_path_that_names_no_file_of_the_library_is_refused(attacked: TestClient, route: str, path: str) -> None:
    refused(attacked.get(f"{route}/{path}"))


# A folder of the library may be said.
@pytest.mark.parametrize("path", [each for each in ATTACKS if each != "kit"])
def test_a_path_that_is_said_names_no_other_file_either(attacked: TestClient, path: str) -> None:
    base = attacked.app.state.library.path.parent  # type: ignore[attr-defined]
    for said in (unquote(path, errors="surrogateescape"), str(base / "root-evil" / "secret.wav")):
        encoded = json.dumps({"file_path": said})
        headers = {"Content-Type": "application/json"}
        refused(attacked.post("/analyze", content=encoded, headers=headers))
        refused(attacked.post("/api/analyze/batch", content=json.dumps({"file_paths": [said]}), headers=headers))
        for route in ("/api/audit", "/api/gaps"):
            answer = attacked.get(route, params={"roots": said.encode("utf-8", "replace").decode()})
            if answer.status_code == 200:
                # A folder of the library.
                assert "root-evil" not in answer.text
            else:
                refused(answer)
        for route in ("/api/sounds", "/api/audio", "/api/similar", "/api/next"):
            refused(attacked.get(f"{route}/{quote(said, safe='', errors='surrogateescape')}"))


def refused(answer: Any) -> None:
    assert answer.status_code in (400, 403, 404, 422), answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    assert SECRET not in answer.content


@pytest.mark.parametrize("there", ["/etc/passwd", "../root-evil/secret.wav"])
def test_what_lies_outside_is_told_as_what_does_not_exist(attacked: TestClient, there: str) -> None:
    told = attacked.get(f"/database/files/{there.replace('/', '%2F')}").json()
    nothing = attacked.get(f"/database/files/{there.replace('/', '%2F')}.not").json()
    assert (told["status"], told["code"], told["title"]) == (nothing["status"], nothing["code"], nothing["title"])
