"""Two sounds are heard together, and an arrangement, over HTTP: what the command line writes, by ranges of bytes."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import soundfile
from starlette.testclient import TestClient
from typer.testing import CliRunner

import sonoteca
from arrangement_samples import add_loop
from media_samples import NotedTasks
from server_samples import asking
from sonoteca.catalogue.store.library import Library
from sonoteca.cli.main import app
from sonoteca.domain.names import public_id
from sonoteca.errors import WorkerCrashed
from sonoteca.ingest.listener import Listener

ASKED = {"form": "verse:4", "bpm": 121}


class Heard:
    """A server over loops, and the files of them."""

    def __init__(self, client: TestClient, library: Library, executor: NotedTasks, folder: Path) -> None:
        self.client, self.library, self.executor, self.folder = client, library, executor, folder
        self.path = library.path
        with library.write() as connection:
            made = [
                add_loop(connection, folder, f"{role} {bpm:g}.wav", role, bpm=bpm, bars=2)
                for role, bpm in (("drums", 120.0), ("bass", 118.0), ("drums", 116.0))
            ]
        self.drums, self.bass, self.other = map(public_id, made)

    def arranged(self) -> str:
        made = self.client.post("/arrangements", json=ASKED)
        assert made.status_code == 201, made.text
        return f"/arrangements/{made.json()['id']}"

    def preview(self, **asked: Any) -> dict[str, Any]:
        answer = self.client.post("/api/previews", json={"a": self.drums, "b": self.bass, "bars": 2, **asked})
        assert answer.status_code == 200, answer.text
        told: dict[str, Any] = answer.json()
        assert answer.headers["content-location"] == told["audio"]
        return told


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Heard]:
    folder = tmp_path_factory.mktemp("together")
    executor = NotedTasks()
    with (
        sonoteca.open_library(folder / "mine.sonoteca", mode="create") as library,
        Listener(executor=executor) as listener,
        asking(library, listener=listener) as client,
    ):
        yield Heard(client, library, executor, folder)


def typed(*words: str) -> None:
    """The command line, in this process."""
    told = CliRunner().invoke(app, list(words))
    assert told.exit_code == 0, told.output


@pytest.mark.parametrize("audio_format", ["flac", "wav", "mp3"])
def test_an_arrangement_is_heard_as_the_command_line_renders_it(
    heard: Heard, tmp_path: Path, audio_format: str
) -> None:
    url = heard.arranged()
    answer = heard.client.get(f"{url}/audio", params={"format": audio_format})
    assert answer.status_code == 200, answer.text
    told = {"flac": "audio/flac", "wav": "audio/wav", "mp3": "audio/mpeg"}
    assert answer.headers["content-type"] == told[audio_format]
    output = tmp_path / f"mix.{audio_format}"
    typed("arrange", "render", url.rpartition("/")[2], "-o", str(output), "--library", str(heard.path))
    assert answer.content == output.read_bytes()


def test_its_bytes_come_by_ranges_under_one_validator_and_are_made_once(heard: Heard) -> None:
    url = f"{heard.arranged()}/audio"
    whole = heard.client.get(url)
    assert soundfile.info(io.BytesIO(whole.content)).frames == round(4 * 4 * 60 / 121 * 44_100)
    etag = whole.headers["etag"]
    assert etag.startswith('"')
    assert whole.headers["accept-ranges"] == "bytes"
    before = len(heard.executor.done)
    part = heard.client.get(url, headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.content) == (206, whole.content[:2])
    assert part.headers["content-range"] == f"bytes 0-1/{len(whole.content)}"
    head = heard.client.head(url)
    assert (head.status_code, head.content, head.headers["etag"]) == (200, b"", etag)
    assert head.headers["content-length"] == str(len(whole.content))
    assert heard.client.get(url, headers={"If-None-Match": etag}).status_code == 304
    assert heard.client.get(url, headers={"Range": "bytes=5-4"}).status_code == 416
    changed = heard.client.get(url, headers={"Range": "bytes=0-1", "If-Range": '"another"'})
    assert (changed.status_code, changed.content) == (200, whole.content)
    assert heard.executor.done[before:] == []


def test_an_edit_gives_other_bytes_and_taking_it_back_the_former_ones(heard: Heard) -> None:
    url = heard.arranged()
    before = heard.client.get(f"{url}/audio")
    assert heard.client.patch(url, json={"mute": ["bass"]}).status_code == 200
    muted = heard.client.get(f"{url}/audio")
    assert muted.content != before.content
    assert muted.headers["etag"] != before.headers["etag"]
    assert heard.client.patch(url, json={"undo": True}).status_code == 200
    made = heard.executor.done.count("mix_down")
    again = heard.client.get(f"{url}/audio")
    assert (again.content, again.headers["etag"]) == (before.content, before.headers["etag"])
    assert heard.executor.done.count("mix_down") == made


def test_what_cannot_be_heard_is_a_problem(heard: Heard) -> None:
    for url, status, code in (
        ("/arrangements/zzzzzzzz/audio", 404, "arrangement_not_found"),
        (f"{heard.arranged()}/audio?format=ogg", 400, "bad_request"),
        (f"/api/previews/audio?a={heard.drums}&b=nothing-of-that-name", 404, "sound_not_found"),
        (f"/api/previews/audio?a={heard.drums}", 400, "bad_request"),
        (f"/api/previews/audio?a={heard.drums}&b={heard.bass}&bars=65", 400, "bad_request"),
        (f"/api/previews/audio?a={heard.drums}&b={heard.bass}&at=soon", 400, "bad_request"),
    ):
        answer = heard.client.get(url)
        assert (answer.status_code, answer.json()["code"]) == (status, code), answer.text


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"at": "bar:2", "bars": 1},
        {"tempo_ratio": 0.5, "semitones": -3, "format": "wav"},
        {"as": "transition", "bars": 1},
    ],
)
def test_a_preview_is_what_the_command_line_writes(heard: Heard, tmp_path: Path, asked: dict[str, Any]) -> None:
    told = heard.preview(**asked)
    suffix = asked.get("format", "flac")
    wishes = {name: value for name, value in asked.items() if name != "format"}
    request = sonoteca.PreviewRequest(
        a=heard.drums, b=heard.bass, output=str(tmp_path / f"x.{suffix}"), **{"bars": 2, **wishes}
    )
    with Listener(executor=heard.executor) as listener:
        written = sonoteca.preview(heard.library, request, listener=listener).as_json()["results"][0]
    answer = heard.client.get(told["audio"])
    assert answer.content == Path(written["path"]).read_bytes()
    assert answer.headers["etag"] == told["etag"]
    shared = ("mode", "tempo_ratio", "semitone_shift", "at_s", "notes", "duration_s", "n_samples", "true_peak_dbtp")
    assert {name: told[name] for name in shared} == {name: written[name] for name in shared}
    part = heard.client.get(told["audio"], headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, answer.content[4:10])
    assert heard.client.head(told["audio"]).headers["content-length"] == str(told["n_bytes"])


def test_a_preview_plays_what_a_row_of_the_match_says(heard: Heard) -> None:
    rows = heard.client.post("/match", files={"sound_id": (None, heard.drums)}).json()["results"]
    row = next(row for row in rows if row["id"] == heard.bass)
    told = heard.preview(tempo_ratio=row["tempo_ratio"], semitones=row["semitone_shift"])
    found = heard.preview()
    for name in ("mode", "tempo_ratio", "semitone_shift", "etag"):
        assert told[name] == found[name], name
    assert told["tempo_ratio"] == pytest.approx(120 / 118, abs=1e-3)


def test_a_part_that_is_not_there_is_refused_by_its_field(heard: Heard) -> None:
    assert heard.preview(b_region=0)["query"]["b_region"] == 0
    asked = {"a": heard.drums, "b": heard.bass, "b_region": 3}
    refused = heard.client.post("/api/previews", json=asked)
    assert (refused.status_code, refused.json()["field"]) == (400, "b_region")
    files = {"file": ("my drums.wav", (heard.folder / "drums 116.wav").read_bytes())}
    refused = heard.client.post("/api/previews/upload", files=files, data={"b": heard.bass, "b_region": "3"})
    assert (refused.status_code, refused.json()["field"]) == (400, "b_region")
    chosen = {"query": heard.drums, "candidate": heard.bass, "candidate_region": 3, "liked": True}
    refused = heard.client.post("/api/matches/choices", json=chosen)
    assert (refused.status_code, refused.json()["field"]) == (400, "candidate_region")


def test_a_name_never_means_a_file_of_this_machine(heard: Heard, tmp_path: Path) -> None:
    stranger = tmp_path / "stranger.wav"
    stranger.write_bytes((heard.folder / "bass 118.wav").read_bytes()[:-2])
    before = len(heard.executor.done)
    answer = heard.client.post("/api/previews", json={"a": heard.drums, "b": str(stranger)})
    assert (answer.status_code, answer.json()["code"]) == (404, "sound_not_found")
    assert heard.executor.done[before:] == []


def test_what_is_gone_is_named_and_what_was_rendered_is_still_heard(heard: Heard) -> None:
    url = f"{heard.arranged()}/audio"
    before = heard.client.get(url).content
    quiet = heard.arranged()
    assert heard.client.patch(quiet, json={"gain": ["bass@verse=-7"]}).status_code == 200
    asked = {"a": heard.other, "b": heard.other, "bars": 1}
    files = sorted(heard.folder.glob("*.wav"))
    for file in files:
        file.rename(file.with_suffix(".away"))
    try:
        assert heard.client.get(url).content == before
        unheard = heard.client.get(f"{quiet}/audio")
        refused = heard.client.post("/api/previews", json=asked)
    finally:
        for file in files:
            file.with_suffix(".away").rename(file)
    for answer in (unheard, refused):
        assert (answer.status_code, answer.json()["code"]) == (409, "sounds_missing"), answer.text


def test_a_file_whose_stamp_changed_is_read_by_a_worker(heard: Heard) -> None:
    """Touched, it is the same sound; with other bytes in it another."""
    path = heard.folder / "drums 120.wav"
    before, kept = len(heard.executor.done), path.read_bytes()
    path.touch()
    url = heard.arranged()
    assert heard.client.get(f"{url}/audio").status_code == 200
    assert "look" in heard.executor.done[before:]
    path.write_bytes((heard.folder / "drums 116.wav").read_bytes())
    try:
        told = heard.client.get(url).json()
    finally:
        path.write_bytes(kept)
    missing = {each["id"]: each.get("missing") for each in told["sounds"].values()}
    assert missing[heard.drums] == "the file holds another sound now"


def test_a_mix_that_kills_its_worker_is_one_failed_request(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def dies(order: Any) -> None:
        raise WorkerCrashed("The process that mixed it died: of a test.")

    monkeypatch.setattr("sonoteca.arrange.sound.worker_tasks.mix_down", dies)
    asked = {"a": heard.drums, "b": heard.bass, "bars": 3}
    answer = heard.client.post("/api/previews", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "crash"), answer.text
    monkeypatch.undo()
    assert heard.client.post("/api/previews", json=asked).status_code == 200
    folder = heard.library.data_folder("cache", "previews")
    assert not [path for path in folder.iterdir() if path.name.startswith(".")]
    assert json.loads(next(folder.glob("*.json")).read_text())["n_bytes"] > 0


def test_a_file_that_is_sent_is_heard_with_a_sound_of_the_library(heard: Heard, tmp_path: Path) -> None:
    files = {"file": ("my drums.wav", (heard.folder / "drums 116.wav").read_bytes())}
    fields = {"b": heard.bass, "as": "match", "bars": "2", "tempo_ratio": "0.983", "semitones": "1"}
    answer = heard.client.post("/api/previews/upload", files=files, data=fields)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "audio/flac"
    samples, rate = soundfile.read(io.BytesIO(answer.content))
    # Two bars at 116 bpm.
    assert len(samples) / rate == pytest.approx(2 * 4 * 60 / 116, abs=0.5)

    # B is never a file of this machine.
    stranger = tmp_path / "stranger.wav"
    stranger.write_bytes((heard.folder / "bass 118.wav").read_bytes()[:-400])
    refused = heard.client.post("/api/previews/upload", files=files, data={"b": str(stranger)})
    assert (refused.status_code, refused.json()["code"]) == (404, "sound_not_found")
    unknown = heard.client.post("/api/previews/upload", files=files, data={**fields, "a": heard.drums})
    assert (unknown.status_code, unknown.json()["field"]) == (400, "a")


def test_what_is_chosen_for_a_file_that_is_sent_is_remembered(heard: Heard) -> None:
    files = {"file": ("my drums.wav", (heard.folder / "drums 116.wav").read_bytes())}
    answer = heard.client.post("/api/matches/choices", files=files, data={"candidate": heard.bass, "liked": "true"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["candidate"], answer.json()["liked"]) == (heard.bass, True)
    both = {"candidate": heard.bass, "liked": "true", "query": heard.drums}
    refused = heard.client.post("/api/matches/choices", files=files, data=both)
    assert (refused.status_code, refused.json()["field"]) == (400, "query")


@pytest.mark.parametrize(
    ("audio_format", "suffix"), [("dawproject", "dawproject"), ("midi-markers", "mid"), ("json", "json")]
)
def test_an_arrangement_leaves_as_the_file_that_the_command_line_writes(
    heard: Heard, tmp_path: Path, audio_format: str, suffix: str
) -> None:
    url = heard.arranged()
    answer = heard.client.get(f"{url}/file", params={"format": audio_format})
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-disposition"] == f'attachment; filename="arrangement.{suffix}"'
    output = tmp_path / f"mine.{suffix}"
    typed("arrange", "export", url.rpartition("/")[2], "-o", str(output), "--library", str(heard.path))
    assert answer.content == output.read_bytes()


def test_what_no_file_can_hold_is_refused(heard: Heard) -> None:
    url = f"{heard.arranged()}/file"
    assert heard.client.get(url, params={"format": "tape"}).status_code == 400
    refused = heard.client.get(url, params={"format": "json", "embed": "true"})
    assert (refused.status_code, refused.json()["field"]) == (400, "embed")
    assert heard.client.get("/arrangements/nothingofthatname/file").status_code == 404
