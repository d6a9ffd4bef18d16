"""Words are looked for over HTTP as people write them: with marks, accents and in any Unicode form."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

import catalogue_samples as samples
from server_samples import asking
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.claim import Claim
from sonoteca.domain.names import public_id

TITLES = {
    "lofi": "Lo-Fi Beat",
    "sharp": "Study in C# minor",
    "dont": "Don't Stop",
    "at": "@x live at home",
    "dvorak": "Dvořák Variations",
    "nfd": unicodedata.normalize("NFD", "Träume"),
}


@pytest.fixture(scope="module")
def named(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TestClient]:
    with open_library(tmp_path_factory.mktemp("words") / "words.sonoteca", mode="create") as library:
        with library.write() as connection:
            for number, (name, title) in enumerate(TITLES.items()):
                claim = Claim("title", title, "tags")
                samples.add(connection, f"{number}.wav", f"x1:{name}", claims=[claim], duration_s=number + 2)
        with asking(library) as client:
            yield client


@pytest.mark.parametrize(("url", "field"), [("/api/search", "words"), ("/database/files", "query")])
@pytest.mark.parametrize(
    ("words", "name"),
    [
        ("lo-fi", "lofi"), ("LO-FI", "lofi"), ("lo fi", "lofi"), ("C#", "sharp"), ("c# minor", "sharp"),
        ("don't", "dont"), ("don\u2019t stop", "dont"), ("@x", "at"), ("@x live", "at"), ("Dvorak", "dvorak"),
        ("dvořák", "dvorak"), (unicodedata.normalize("NFD", "Dvořák"), "dvorak"), ("Träume", "nfd"), ("traume", "nfd"),
        (unicodedata.normalize("NFD", "träume"), "nfd"),
    ],
)  # fmt: skip
def test_words_find_what_is_called_so(named: TestClient, url: str, field: str, words: str, name: str) -> None:
    answer = named.get(url, params={field: words})
    assert answer.status_code == 200, answer.text
    assert public_id(f"x1:{name}") in [row["id"] for row in answer.json()["results"]]
