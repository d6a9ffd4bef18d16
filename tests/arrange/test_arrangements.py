"""Arrangements as a Python program makes, opens, changes, renders and removes them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import soundfile

import sonoteca
from arrangement_samples import add_loop
from sonoteca.arrange.keep.document import FullDocument
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.music import Key
from sonoteca.domain.request import Request
from sonoteca.errors import ArrangementNotFound, RequestError
from sonoteca.workers.in_process import InProcessExecutor

SCHEMA = Path(__file__).parents[2] / "docs" / "arrangement.schema.json"


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    (tmp_path / "loops").mkdir()
    with sonoteca.open_library(tmp_path / "mine.sonoteca", mode="create") as opened:
        with opened.write() as connection:
            for number, bpm in enumerate((120.0, 118.0)):
                for role in ("drums", "bass"):
                    add_loop(connection, tmp_path / "loops", f"{role} {number}.wav", role, bpm=bpm, bars=2)
        yield opened


def test_an_arrangement_is_made_kept_changed_and_forgotten(library: Library, tmp_path: Path) -> None:
    request = sonoteca.ArrangeRequest(form="verse:4", bpm=121, key="8A", must=(str(tmp_path / "loops" / "bass 1.wav"),))
    made = sonoteca.make_arrangement(library, request)
    public_id = made.arrangement.public_id
    assert public_id is not None
    assert made.request == request
    assert made.arrangement.key == Key.parse("Am")
    assert repr(made) == f"<Arrangement {public_id}: 4 bars, 121 bpm in A minor, 2 clips>"
    document = made.as_json()
    assert document["details"]["asked"] == request.as_json() | {"must": list(request.must)}
    assert [row["role"] for row in made.as_rows()] == ["drums", "bass"]
    assert sonoteca.open_arrangement(library, public_id[:8]).as_json() == document
    edit = sonoteca.ArrangementEditRequest(arrangement=public_id, gain=("bass@verse=-3",), title="Rain")
    changed = sonoteca.edit_arrangement(library, edit)
    assert changed.arrangement.title == "Rain"
    assert [clip.gain_db for clip in changed.arrangement.clips_of("bass")] == [
        clip.gain_db - 3 for clip in made.arrangement.clips_of("bass")
    ]
    undo = sonoteca.ArrangementEditRequest(arrangement=public_id, undo=True)
    assert sonoteca.edit_arrangement(library, undo).as_json() == document
    listed = sonoteca.list_arrangements(library)
    assert [(row["public_id"], row["clips"]) for row in listed.as_rows()] == [(public_id, 2)]
    assert sonoteca.remove_arrangement(library, public_id[:8]) == public_id
    with pytest.raises(ArrangementNotFound):
        sonoteca.open_arrangement(library, public_id)


def test_it_is_rendered_by_the_workers_that_are_handed_in(library: Library, tmp_path: Path) -> None:
    made = sonoteca.make_arrangement(library, sonoteca.ArrangeRequest(form="verse:4", bpm=120))
    name = made.arrangement.public_id or ""
    request = sonoteca.RenderRequest(arrangement=name, output=str(tmp_path / "mix.flac"), rate=22_050)
    with sonoteca.Listener(executor=InProcessExecutor()) as listener:
        assert listener.ready_executor is listener.executor
        answer = sonoteca.render(library, request, listener=listener)
    samples, rate = soundfile.read(tmp_path / "mix.flac")
    assert (len(samples), rate) == (8 * 22_050, 22_050)
    assert answer.request == request
    assert answer.as_json()["duration_s"] == 8.0


def test_a_listener_that_nothing_was_asked_is_not_started_for_a_render() -> None:
    with sonoteca.Listener() as listener:
        assert listener.ready_executor is None
        assert listener.executor is listener.ready_executor


def test_it_leaves_as_json_and_comes_back_as_a_new_one(library: Library, tmp_path: Path) -> None:
    made = sonoteca.make_arrangement(library, sonoteca.ArrangeRequest(form="verse:4"))
    path = tmp_path / "song.json"
    request = sonoteca.ArrangementExportRequest(arrangement=made.arrangement.public_id or "", output=str(path))
    written = sonoteca.export_arrangement(library, request)
    assert written.as_json() == {"path": str(path), "format": "json", "bytes": path.stat().st_size, "missing": []}
    again = sonoteca.import_arrangement(library, path)
    assert again.arrangement.public_id != made.arrangement.public_id
    assert {**again.as_json(), "id": None} == {**json.loads(path.read_text()), "id": None}


@pytest.mark.parametrize(
    ("wish", "field"),
    [
        ({"form": "verse"}, "form"),
        ({"form": "verse:8:tuba"}, "form"),
        ({"roles": "tuba"}, "roles"),
        ({"bpm": 5}, "bpm"),
        ({"bpm": "fast"}, "bpm"),
        ({"key": "H"}, "key"),
        ({"max_shift": 7}, "max_shift"),
        ({"colour": "blue"}, "colour"),
    ],
)
def test_a_wish_that_cannot_be_names_its_field(wish: dict[str, object], field: str) -> None:
    with pytest.raises(RequestError) as caught:
        sonoteca.ArrangeRequest(**wish)
    assert caught.value.field == field
    assert "Value error" not in caught.value.message


@pytest.mark.parametrize(
    ("edit", "field"),
    [
        ({"gain": ["bass=loud"]}, "gain"),
        ({"replace": ["tuba=x"]}, "replace"),
        ({"mute": ["bass@verse"]}, "mute"),
        ({"bars": ["verse=1.5"]}, "bars"),
        ({"undo": True, "mute": ["bass"]}, "undo"),
    ],
)
def test_an_edit_that_cannot_be_names_its_field(edit: dict[str, object], field: str) -> None:
    with pytest.raises(RequestError) as caught:
        sonoteca.ArrangementEditRequest(arrangement="any", **edit)
    assert caught.value.field == field


def test_the_published_schema_is_the_one_of_the_classes() -> None:
    # Write it anew: python -c "import json; from sonoteca.arrange.keep.document import FullDocument;
    # print(json.dumps(FullDocument.model_json_schema(), indent=2))" > docs/arrangement.schema.json
    assert json.loads(SCHEMA.read_text(encoding="utf-8")) == FullDocument.model_json_schema()


@pytest.mark.parametrize(
    "request_class",
    [
        sonoteca.ArrangeRequest,
        sonoteca.ArrangementEditRequest,
        sonoteca.ArrangementExportRequest,
        sonoteca.PreviewRequest,
        sonoteca.RenderRequest,
    ],
)
def test_every_request_has_a_json_schema_that_tells_what_it_is(request_class: type[Request]) -> None:
    schema = request_class.model_json_schema()
    assert schema["additionalProperties"] is False
    assert schema["description"]
    assert set(schema["properties"]) == {each.alias or name for name, each in request_class.model_fields.items()}
