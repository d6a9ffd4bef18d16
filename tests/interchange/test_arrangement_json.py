"""JSON files of arrangements: everything out, everything in again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings

from arrangement_samples import a_song, arrangements
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.document import FullDocument, full_document
from sonoteca.arrange.sources import Source
from sonoteca.errors import FileUnreadable, RequestError
from sonoteca.interchange.arrangement_json import arrangement_json_bytes, read_arrangement_json


def sources_for(arrangement: Arrangement) -> dict[str, Source]:
    return {
        clip.content_hash: Source(clip.content_hash, "a.wav", "id", Path("/music/\udce9.wav"))
        for clip in arrangement.clips
    }


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=50)
@given(arrangement=arrangements())
def test_what_was_written_is_read_as_a_new_one(tmp_path: Path, arrangement: Arrangement) -> None:
    path = tmp_path / "song.json"
    path.write_bytes(arrangement_json_bytes(replace(arrangement, public_id="abc"), sources_for(arrangement)))
    assert read_arrangement_json(path) == arrangement


def test_the_document_names_the_sounds() -> None:
    song = a_song()
    sources = sources_for(song) | {"x1:gone": Source("x1:gone", "old.wav", why_missing="no file of it is known")}
    document = full_document(song, sources)
    assert document["sounds"]["x1:gone"] == {
        "id": None,
        "path": None,
        "shown": "old.wav",
        "missing": "no file of it is known",
    }
    assert {clip["content_hash"] for clip in document["clips"]} < set(document["sounds"])
    text = arrangement_json_bytes(song, sources)
    assert text.isascii()
    assert json.loads(text) == document
    assert FullDocument.model_validate(document).model_dump(mode="json", by_alias=True) == document


@pytest.mark.parametrize(
    "text", ["", "[", "7", "null", '{"schema": 1}', '{"schema": 99}', "[" * 100_000, '{"schema": NaN}', "\ufeff{}"]
)
def test_what_is_no_arrangement_is_refused(tmp_path: Path, text: str) -> None:
    path = tmp_path / "song.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(RequestError):
        read_arrangement_json(path)


def test_a_file_that_is_not_there_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable):
        read_arrangement_json(tmp_path / "nothing.json")
    (tmp_path / "binary.json").write_bytes(b"\xff\xfe\x00\x01")
    with pytest.raises(RequestError):
        read_arrangement_json(tmp_path / "binary.json")
