"""Clips of all sounds that have none: each is made once, what has no file or no room is told."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import pytest

from job_samples import QUICK, sound
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import QuerySyntaxError
from sonoteca.ingest.listener import Listener
from sonoteca.jobs.queue import get_job, submit_job
from sonoteca.jobs.queue_settings import QueueSettings, queue_settings
from sonoteca.jobs.requests import AnalyzeJob, MakeClipsJob
from sonoteca.jobs.run import run_jobs
from sonoteca.media.kept_files import KeepingLimits
from sonoteca.settings import ServerSettings, Settings


def done(library: Library, listener: Listener, settings: QueueSettings = QUICK, **asked: Any) -> dict[str, Any]:
    job = submit_job(library, MakeClipsJob(**asked), settings=settings)
    run_jobs(library, listener, settings=settings, until="empty")
    return get_job(library, job.id).as_json()


def clips(library: Library) -> dict[str, int]:
    return {path.name: path.stat().st_mtime_ns for path in library.data_folder("cache", "clips").glob("*.mp3")}


@pytest.fixture
def three(opened: Library, listener: Listener, music: Path) -> list[Path]:
    """Three sounds that were listened to, and a file that is none."""
    paths = [sound(music / f"{hz}.wav", hz) for hz in (220, 330, 440)]
    (bad := music / "bad.wav").write_bytes(b"RIFF no sound at all")
    submit_job(opened, AnalyzeJob(paths=(*paths, bad)))
    run_jobs(opened, listener, settings=QUICK, until="empty")
    return paths


def test_each_sound_that_was_listened_to_gets_one_clip(opened: Library, listener: Listener, three: list[Path]) -> None:
    first = done(opened, listener, filter="440")
    assert (first["state"], first["result"]["total"], first["result"]["made"]) == ("done", 1, 1)
    made = clips(opened)
    every = done(opened, listener)
    assert every["progress"] == {"total": 3, "done": 3, "skipped": 0, "failed": 0, "current": None}
    assert every["result"] == {
        "total": 3, "made": 2, "had": 1, "skipped": 0, "failed": 0, "sounds": [], "truncated": False,
    }  # fmt: skip
    assert len(clips(opened)) == 3
    assert made.items() <= clips(opened).items()
    assert done(opened, listener)["result"]["had"] == 3


def test_a_sound_without_a_file_is_skipped_and_says_so(opened: Library, listener: Listener, three: list[Path]) -> None:
    three[0].unlink()
    ended = done(opened, listener)
    assert (ended["state"], ended["result"]["made"], ended["result"]["skipped"]) == ("done", 2, 1)
    [lost] = ended["result"]["sounds"]
    assert (lost["state"], lost["code"]) == ("skipped", "sounds_missing")
    three[1].unlink()
    three[2].unlink()
    # Those that have a clip need no file.
    assert done(opened, listener)["result"]["had"] == 2
    assert done(opened, listener, filter="220")["error"]["code"] == "nothing_done"


def test_no_clip_is_made_for_which_another_would_have_to_go(
    opened: Library, listener: Listener, three: list[Path]
) -> None:
    two = dataclasses.replace(QUICK, kept=KeepingLimits(most_bytes=2 * 500_000))
    ended = done(opened, listener, two)
    assert (ended["result"]["made"], ended["result"]["skipped"]) == (2, 1)
    assert ended["result"]["sounds"][0]["code"] == "library_full"
    assert len(clips(opened)) == 2


def test_a_library_without_sounds_has_all_clips(opened: Library, listener: Listener) -> None:
    assert done(opened, listener)["state"] == "done"


def test_what_is_no_query_is_refused_when_it_is_asked(opened: Library) -> None:
    with pytest.raises(QuerySyntaxError):
        submit_job(opened, MakeClipsJob(filter="bpm:fast"))


def test_what_is_kept_is_as_the_server_is_told() -> None:
    told = queue_settings(Settings(), ServerSettings(cache_mb=3, cache_days=2))
    assert told.kept == KeepingLimits(3 * 2**20, 2 * 86_400.0)
    assert queue_settings(Settings()).kept == KeepingLimits()
