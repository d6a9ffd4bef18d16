"""Sounds are heard and seen over HTTP: by ranges of bytes, under validators that change with the bytes, inside the roots only."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
import soundfile
from starlette.testclient import TestClient

import synth
from media_samples import NotedTasks
from render_samples import know
from server_samples import asking
from sonoteca.audio.dat import dat_as_json
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.names import public_id
from sonoteca.errors import WorkerCrashed
from sonoteca.ingest.listener import Listener


class Heard:
    """A server over a folder with one sound that is played as it is and one that is transcoded."""

    def __init__(self, client: TestClient, library: Library, executor: NotedTasks, folder: Path) -> None:
        self.client, self.library, self.executor, self.folder = client, library, executor, folder
        write_wav(folder / "tone ü.wav", synth.tone(69, 1.0), width="pcm_16")
        write_wav(folder / "float.wav", synth.tone(57, 1.0), width="float_32")
        self.tone, self.float = (public_id(know(library, folder / name)) for name in ("tone ü.wav", "float.wav"))
        self.bytes = (folder / "tone ü.wav").read_bytes()

    def audio(self, headers: dict[str, str] | None = None, **params: Any) -> Any:
        return self.client.get(f"/api/audio/{self.tone}", headers=headers, params=params)


@pytest.fixture(scope="module")
def heard(tmp_path_factory: pytest.TempPathFactory, blank_file: Path) -> Iterator[Heard]:
    folder = tmp_path_factory.mktemp("played")
    (folder / "sounds").mkdir()
    shutil.copy(blank_file, folder / "mine.sonoteca")
    executor = NotedTasks()
    with (
        open_library(folder / "mine.sonoteca") as library,
        Listener(executor=executor) as listener,
        asking(library, listener=listener) as client,
    ):
        yield Heard(client, library, executor, folder / "sounds")


def test_what_browsers_play_is_given_as_it_is(heard: Heard) -> None:
    answer = heard.audio()
    assert (answer.status_code, answer.content) == (200, heard.bytes)
    assert answer.headers["content-type"] == "audio/wav"
    assert answer.headers["accept-ranges"] == "bytes"
    assert answer.headers["content-length"] == str(len(heard.bytes))
    assert answer.headers["etag"].startswith('"')
    assert "immutable" in answer.headers["cache-control"]
    assert "private" in answer.headers["cache-control"]


def test_what_they_do_not_play_becomes_flac_once(heard: Heard) -> None:
    before = heard.executor.done.count("transcode")
    answers = [heard.client.get(f"/api/audio/{heard.float}") for _ in range(2)]
    assert [answer.headers["content-type"] for answer in answers] == ["audio/flac"] * 2
    assert answers[0].content[:4] == b"fLaC"
    assert answers[0].content == answers[1].content
    assert heard.executor.done.count("transcode") - before == 1


def test_a_part_is_cut_to_the_sample(heard: Heard) -> None:
    answer = heard.audio(start_s=0.25, end_s=0.5)
    assert answer.headers["content-type"] == "audio/flac"
    assert soundfile.info(io.BytesIO(answer.content)).frames == 11_025


RANGES = [
    # header, status, first byte, end; None: the whole file, or nothing of it
    ("bytes=0-1", 206, 0, 2),
    ("bytes=0-0", 206, 0, 1),
    ("Bytes = 2 - 5", 206, 2, 6),
    ("bytes=100-", 206, 100, None),
    ("bytes=100-99999999999999999999999999", 206, 100, None),
    ("bytes=-5", 206, -5, None),
    ("bytes=5-4", 416, None, None),
    ("bytes=-0", 416, None, None),
    ("bytes=999999999-", 416, None, None),
    ("bytes=99999999999999999999999999999-", 416, None, None),
    ("bytes=-999999999", 200, None, None),
    ("bytes=0-1,5-6", 200, None, None),
    ("bytes=" + ",".join(f"{n}-{n}" for n in range(3000)), 200, None, None),
    ("bytes=-", 200, None, None),
    ("bytes=a-b", 200, None, None),
    ("bytes=1", 200, None, None),
    ("seconds=0-1", 200, None, None),
    ("", 200, None, None),
]


@pytest.mark.parametrize(("asked", "status", "first", "end"), RANGES, ids=[each[0][:20] for each in RANGES])
def test_one_range_is_answered_with_it_and_anything_else_with_all(
    heard: Heard, asked: str, status: int, first: int | None, end: int | None
) -> None:
    size = len(heard.bytes)
    answer = heard.audio({"Range": asked})
    assert answer.status_code == status
    head = heard.client.head(f"/api/audio/{heard.tone}", headers={"Range": asked})
    assert (head.status_code, head.content) == (status, b"")
    assert head.headers.get("content-range") == answer.headers.get("content-range")
    assert head.headers["content-length"] == answer.headers["content-length"]
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{size}"
        assert answer.json()["code"] == "range_refused"
        return
    wanted = heard.bytes[first:end]
    assert answer.content == wanted
    if status == 206:
        assert first is not None
        begin = first % size
        assert answer.headers["content-range"] == f"bytes {begin}-{begin + len(wanted) - 1}/{size}"


def test_a_part_of_another_file_is_never_added_to_what_is_held(heard: Heard) -> None:
    etag = heard.audio().headers["etag"]
    for validator, status in (
        (etag, 206),
        (f"W/{etag}", 200),
        ('"other"', 200),
        ("Mon, 30 Nov 2026 00:00:00 GMT", 200),
    ):
        answer = heard.audio({"Range": "bytes=0-1", "If-Range": validator})
        assert (answer.status_code, len(answer.content)) == (status, 2 if status == 206 else len(heard.bytes))


def test_what_is_held_already_is_not_sent_again(heard: Heard) -> None:
    etag = heard.audio().headers["etag"]
    for validator in (etag, f"W/{etag}", f'"x", {etag}', "*"):
        answer = heard.audio({"If-None-Match": validator, "Range": "bytes=0-1"})
        assert (answer.status_code, answer.content, answer.headers["etag"]) == (304, b"", etag)
    assert heard.audio({"If-None-Match": '"other"'}).status_code == 200


def test_audio_is_never_compressed(heard: Heard) -> None:
    assert "content-encoding" not in heard.audio({"Accept-Encoding": "gzip, br"}).headers


def test_a_validator_changes_with_the_bytes_although_size_and_time_do_not(heard: Heard) -> None:
    path = heard.folder / "tagged.wav"
    write_wav(path, synth.tone(64, 0.5), width="pcm_16")
    sound = public_id(know(heard.library, path))
    state = path.stat()
    with path.open("r+b") as file:
        # In the header: the rate that nobody reads, so that the sound stays the same.
        file.seek(28)
        before = file.read(1)
        file.seek(28)
        first = heard.client.get(f"/api/audio/{sound}")
        file.write(bytes([before[0] ^ 1]))
    os.utime(path, ns=(state.st_atime_ns, state.st_mtime_ns))
    second = heard.client.get(f"/api/audio/{sound}")
    assert path.stat().st_mtime_ns == state.st_mtime_ns
    assert (first.status_code, second.status_code) == (200, 200)
    if second.headers["content-type"] == "audio/wav":
        assert second.content == path.read_bytes()
    assert first.headers["etag"] != second.headers["etag"]


def test_a_file_that_holds_another_sound_now_is_not_given(heard: Heard) -> None:
    path = heard.folder / "swapped.wav"
    write_wav(path, synth.tone(50, 0.5), width="pcm_16")
    sound = public_id(know(heard.library, path))
    assert heard.client.get(f"/api/audio/{sound}").status_code == 200
    write_wav(path, synth.tone(51, 0.5), width="pcm_16")
    answer = heard.client.get(f"/api/audio/{sound}")
    assert (answer.status_code, answer.json()["code"]) == (409, "sounds_missing")


def test_a_file_is_named_by_its_place_below_the_roots(heard: Heard) -> None:
    answer = heard.client.get("/api/processed_audio/" + quote("tone ü.wav"), headers={"Range": "bytes=0-3"})
    assert (answer.status_code, answer.content) == (206, b"RIFF")
    assert "no-cache" in answer.headers["cache-control"]


def test_a_link_that_leads_out_of_the_roots_is_not_followed(heard: Heard, tmp_path: Path) -> None:
    write_wav(tmp_path / "secret.wav", synth.tone(40, 0.5), width="pcm_16")
    (heard.folder / "link.wav").symlink_to(tmp_path / "secret.wav")
    know(heard.library, heard.folder / "link.wav")
    answer = heard.client.get("/api/processed_audio/link.wav")
    assert (answer.status_code, answer.json()["code"]) == (403, "path_outside_roots")


@pytest.mark.parametrize(
    "path",
    [
        "../mine.sonoteca",
        "..%2fmine.sonoteca",
        "..%5cmine.sonoteca",
        "%2fetc%2fpasswd",
        "c:%5cx.wav",
        "a%00.wav",
        "%ff.wav",
    ],
)
def test_no_path_leads_to_a_foreign_file(heard: Heard, path: str) -> None:
    answer = heard.client.get(f"/api/processed_audio/{path}")
    assert 400 <= answer.status_code < 500
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_clip_is_short_whatever_is_asked(heard: Heard) -> None:
    answer = heard.client.get(f"/api/sounds/{heard.tone}/preview")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "audio/mpeg")
    part = heard.client.get(f"/api/sounds/{heard.tone}/preview", headers={"Range": "bytes=0-1"})
    assert (part.status_code, part.content) == (206, answer.content[:2])
    assert heard.client.get(f"/api/sounds/{heard.tone}/preview?length_s=61").status_code == 400
    assert heard.client.get(f"/api/sounds/{heard.tone}/preview?start_s=1").status_code == 400


def test_a_waveform_is_json_or_dat_as_it_is_asked_for(heard: Heard) -> None:
    url = f"/api/sounds/{heard.tone}/waveform"
    as_json, as_dat = heard.client.get(url), heard.client.get(url, headers={"Accept": "application/octet-stream"})
    assert as_json.headers["content-type"] == "application/json"
    assert as_dat.headers["content-type"] == "application/octet-stream"
    assert as_json.json() == dat_as_json(as_dat.content)
    assert 0 < as_json.json()["length"] <= 2000
    assert as_json.headers["etag"] != as_dat.headers["etag"]
    assert heard.client.get(url, params={"format": "dat"}).content == as_dat.content
    zoom = heard.client.get(url, params={"resolution": "zoom", "format": "json"}).json()
    assert zoom["samples_per_pixel"] <= 256
    for params, answer in (({}, as_json), ({"format": "dat"}, as_dat)):
        again = heard.client.get(url, params=params, headers={"If-None-Match": answer.headers["etag"]})
        assert (again.status_code, again.content) == (304, b"")


@pytest.mark.parametrize(
    ("url", "status"),
    [
        ("/api/audio/zzzz", 404),
        ("/api/audio/{tone}?region=7", 400),
        # How long it is nobody has heard yet.
        ("/api/audio/{tone}?start_s=9", 422),
        ("/api/audio/{tone}?start_s=0.5&end_s=0.1", 400),
        ("/api/audio/{tone}?start_s=nan", 400),
        ("/api/audio/{tone}?start_s=-1", 400),
        ("/api/processed_audio/nothing.wav", 404),
        ("/api/sounds/zzzz/preview", 404),
        ("/api/sounds/zzzz/waveform", 404),
        ("/api/sounds/{tone}/waveform?resolution=huge", 400),
        ("/api/sounds/{tone}/waveform?format=svg", 400),
    ],
)
def test_what_cannot_be_played_is_a_problem(heard: Heard, url: str, status: int) -> None:
    answer = heard.client.get(url.replace("{tone}", heard.tone))
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"


def test_a_file_that_crashes_its_worker_is_the_fault_of_the_file(heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(*_: Any, **__: Any) -> None:
        raise WorkerCrashed("The process that listened to a.wav died.")

    monkeypatch.setattr(Listener, "ask", crash)
    answer = heard.client.get(f"/api/audio/{heard.float}?end_s=0.1")
    assert (answer.status_code, answer.json()["code"]) == (422, "crash")
