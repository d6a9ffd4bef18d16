"""``search``, ``library map``, ``list --facets`` and ``import csv`` as a person types them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from typer.testing import CliRunner

import catalogue_samples as samples
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.arguments import shield
from sonoteca.cli.main import app
from sonoteca.domain.claim import Claim
from sonoteca.domain.names import public_id
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.errors import QuerySyntaxError, RequestError, SonotecaError

SOUNDS: dict[str, tuple[Any, dict[str, Any]]] = {
    "Drums/kick deep.wav": ([1, 0, 0, 0], {"kind": "one_shot", "role": {"value": "drums", "scores": {}}}),
    "Drums/kick & hat.wav": ([0.9, 0.1, 0, 0], {"kind": "loop", "tempo": {"bpm": 124.0, "alternatives_bpm": []}}),
    "Pads/warm pad.wav": ([0, 0, 1, 0], {"kind": "loop", "key": {"tonic": 9, "mode": "minor", "alternatives": []}}),
    "Pads/cold pad.wav": ([0, 0.2, 1, 0.1], {"kind": "loop", "tempo": {"bpm": 128.0, "alternatives_bpm": []}}),
}


@pytest.fixture
def library(tmp_path: Path) -> Path:
    place = tmp_path / "mine.sonoteca"
    with open_library(place, mode="create") as library, library.write() as connection:
        for path, (vector, values) in SOUNDS.items():
            content_hash = f"x1:{path}"
            claims = [Claim("title", "Träume", "tags")] if "warm" in path else []
            sound_id = samples.add(connection, path, content_hash, claims=claims, **values)
            analysis = SoundAnalysis((samples.part(0, 0.0, 2.0, samples.heard(**values)),))
            made = {samples.SPACE.id: samples.vectors(vector)}
            result = SoundResult(sound_id, samples.info(content_hash), analysis, tuple(claims), made)
            store_results(connection, [result], identities=[samples.EAR], spaces=[samples.SPACE])
    return place


def run(library: Path, *words: str | Path, expect: int = 0) -> str:
    """What the command prints on stdout; a verb of a group is one word: "library map"."""
    verb = [*str(words[0]).split(), "--library", str(library)]
    result = CliRunner().invoke(app, shield([*verb, *map(str, words[1:])]))
    if isinstance(result.exception, SonotecaError):
        raise result.exception
    assert result.exit_code == expect, result.output + repr(result.exception)
    return str(result.stdout)


def answer(library: Path, *words: str | Path, expect: int = 0) -> Any:
    return json.loads(run(library, *words, "--json", expect=expect))


def test_search_answers_with_result_rows(library: Path) -> None:
    found = answer(library, "search", "kick", "-k", "5", "--filter", "kind:loop")
    asked = {"mode": "search", "words": "kick", "filter": "kind:loop", "k": 5, "offset": 0}
    assert found["query"] == {**asked, "total": 1, "next_offset": None, "notes": []}
    [row] = found["results"]
    assert set(row) == {
        "copies", "id", "external_id", "title", "artist", "path", "region", "start_s", "end_s", "score", "parts", "reasons", "mode",
        "price", "currency", "url",
    }  # fmt: skip
    assert (row["id"], row["mode"], row["score"]) == (public_id("x1:Drums/kick & hat.wav"), "search", 1.0)
    assert (row["region"], row["start_s"], row["end_s"], row["price"]) == (0, 0.0, 2.0, None)
    assert row["reasons"] == ["path: kick & hat.wav"]
    assert "title: Träume" in run(library, "search", "traume")
    assert answer(library, "search", "pad", "-warm")["results"][0]["path"] == "/music/Pads/cold pad.wav"


def test_search_points_at_what_it_does_not_understand(library: Path) -> None:
    with pytest.raises(QuerySyntaxError) as error:
        run(library, "search", "kick", "bmp:120")
    assert (error.value.position, "bpm" in error.value.message) == (5, True)
    with pytest.raises(RequestError, match="no word"):
        run(library, "search", "kind:loop")


def test_facets_count_what_a_query_finds(library: Path) -> None:
    assert answer(library, "list", "path:pads OR kind:one_shot", "--facets") == {
        "total": 3,
        "kind": {"loop": 2, "one_shot": 1},
        "role": {"drums": 1},
        "sound_class": {},
        "key": {"A minor": 1},
        "tempo_bpm": {"120": 1},
        "tag": {},
    }


def test_the_map_is_drawn_kept_and_pictured(library: Path, tmp_path: Path) -> None:
    first = answer(library, "library map", "--method", "pca")
    assert first["query"]["method"] == "pca"
    assert first["query"]["fitted_to"] == 4
    assert len(first["results"]) == 4
    picture = tmp_path / "map.svg"
    run(library, "library map", "-o", picture, "--colour", "kind")
    svg = ElementTree.fromstring(picture.read_text(encoding="utf-8"))
    titles = [each.text or "" for each in svg.iter("{http://www.w3.org/2000/svg}title")]
    assert sorted(titles) == sorted(Path(path).name for path in SOUNDS)
    legend = [each.text for each in svg.iter("{http://www.w3.org/2000/svg}text")]
    assert legend == ["loop (3)", "one_shot (1)"]
    again = answer(library, "library map", "--filter", "kind:one_shot")
    [kept] = again["results"]
    [before] = [row for row in first["results"] if row["id"] == kept["id"]]
    assert kept == before
    with pytest.raises(RequestError, match="SVG"):
        run(library, "library map", "-o", tmp_path / "map.bmp")


def test_a_shops_list_is_imported_and_its_bad_rows_make_the_exit_code(library: Path, tmp_path: Path) -> None:
    file = tmp_path / "shop.csv"
    file.write_text("path,external_id,price,currency\nPads/warm pad.wav,LP-7,4.5,EUR\nPads/none.wav,LP-8,1,EUR\n")
    done = answer(library, "import csv", file, expect=1)
    assert (done["rows"], done["changed"], done["match"]) == (2, 1, "path")
    assert done["failed"] == [{"line": 3, "message": "no sound in the library answers to 'Pads/none.wav'"}]
    assert answer(library, "show", "external:LP-7")["price"] == 4.5
    assert "LP-7, 4.50 EUR" in run(library, "show", "external:LP-7")
    assert answer(library, "search", "träume")["results"][0]["currency"] == "EUR"
