"""The loop does what was asked for, says of each file what came of it, stops when told, and loses nothing."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

from job_samples import QUICK, sound, stage, staged_names
from sonoteca.catalogue.made import jobs as rows
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import locations, sounds
from sonoteca.errors import FileUnreadable, JobNotFound, PathOutsideRoots, QueueFull, RequestError, UploadGone
from sonoteca.ingest.listener import Listener
from sonoteca.jobs import kinds
from sonoteca.jobs.kind import JobContext, JobKind, JobOutcome
from sonoteca.jobs.queue import (
    ListJobsRequest,
    PurgeJobsRequest,
    cancel_job,
    get_job,
    job_changes,
    list_jobs,
    purge_jobs,
    retry_job,
    submit_job,
)
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.jobs.requests import (
    AnalyzeJob,
    AnalyzeUploadJob,
    KeepUploadJob,
    RebuildIndexJob,
    RetryFailedJob,
    as_shown,
    as_stored,
    from_stored,
    read_job_request,
)
from sonoteca.jobs.run import RunJobsAnswer, run_jobs


def run(library: Library, listener: Listener, **more: Any) -> RunJobsAnswer:
    return run_jobs(library, listener, settings=QUICK, until="empty", **more)


def count(library: Library, table: sa.Table) -> int:
    with library.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()


# --- files of the library's folders -------------------------------------------------------------


def test_a_file_is_listened_to_and_kept(opened: Library, listener: Listener, music: Path) -> None:
    path = sound(music / "a.wav")
    asked = submit_job(opened, AnalyzeJob(paths=(path,)))
    assert asked.as_json()["state"] == "queued"
    assert asked.as_json()["request"] == {
        "kind": "analyze", "paths": [str(path)], "force": False, "timeout_s": None,
    }  # fmt: skip
    assert run(opened, listener) == RunJobsAnswer(done=1)
    ended = get_job(opened, asked.id).as_json()
    assert (ended["state"], ended["error"]) == ("done", None)
    assert ended["progress"] == {"total": 1, "done": 1, "skipped": 0, "failed": 0, "current": None}
    [file] = ended["result"]["files"]
    with opened.read() as connection:
        assert connection.execute(sa.select(sounds.c.public_id)).scalars().all() == [file["id"]]
    assert (file["path"], file["state"], file["message"]) == (str(path), "done", None)


def test_of_a_batch_each_file_says_why_it_was_not_done(opened: Library, listener: Listener, music: Path) -> None:
    good, bad = sound(music / "a.wav"), music / "b.wav"
    bad.write_bytes(b"RIFF no sound at all")
    outside = sound(music.parent / "outside.wav", 330.0)
    asked = submit_job(opened, AnalyzeJob(paths=(good, bad, outside, music / "gone.wav", "a.wav")))
    run(opened, listener)
    ended = get_job(opened, asked.id).as_json()
    result = ended["result"]
    assert ended["state"] == "done"
    assert [result[name] for name in ("total", "done", "skipped", "failed")] == [5, 2, 2, 1]
    assert ended["progress"] | {"current": None} == {
        "total": 5, "done": 2, "skipped": 2, "failed": 1, "current": None,
    }  # fmt: skip
    by_path = {each["path"]: each for each in result["files"]}
    assert by_path[str(bad)]["state"] == "failed"
    assert by_path[str(bad)]["message"]
    assert by_path[str(outside)]["code"] == "path_outside_roots"
    assert by_path[str(music / "gone.wav")]["code"] == "file_unreadable"
    assert by_path["a.wav"]["id"] == by_path[str(good)]["id"]
    assert count(opened, locations) == 2


def test_a_batch_of_which_nothing_was_done_has_failed(opened: Library, listener: Listener, music: Path) -> None:
    asked = submit_job(opened, AnalyzeJob(paths=(music / "gone.wav", music / "lost.wav", "/etc/passwd")))
    assert run(opened, listener) == RunJobsAnswer(failed=1)
    ended = get_job(opened, asked.id).as_json()
    assert ended["error"]["code"] == "nothing_done"
    assert ended["error"]["message"] == "None of 3 files was done: 2 file_unreadable, 1 path_outside_roots."
    assert (ended["result"]["skipped"], len(ended["result"]["files"])) == (3, 3)


def test_what_is_known_and_unchanged_is_done(opened: Library, listener: Listener, music: Path) -> None:
    path = sound(music / "a.wav")
    for _ in range(2):
        asked = submit_job(opened, AnalyzeJob(paths=(path,)))
        run(opened, listener)
        assert get_job(opened, asked.id).job.state == "done"


def test_a_single_file_that_cannot_be_meant_is_refused_at_once(opened: Library, music: Path) -> None:
    outside = sound(music.parent / "music-evil.wav")
    (music / "link.wav").symlink_to(outside)
    (music / "deep").symlink_to(music.parent)
    refused = (
        outside, music / "link.wav", music / "deep" / "music-evil.wav", music / ".." / "music-evil.wav",
        "../music-evil.wav", "/etc/passwd", f"{music}-evil.wav",
    )  # fmt: skip
    for path in refused:
        with pytest.raises(PathOutsideRoots) as told:
            submit_job(opened, AnalyzeJob(paths=(path,)))
        assert told.value.field == "paths"
    for path in (music / "gone.wav", "gone.wav", "c:\\windows\\x.wav", "..%2fx.wav"):
        with pytest.raises(FileUnreadable):
            submit_job(opened, AnalyzeJob(paths=(path,)))
    with pytest.raises(RequestError):
        submit_job(opened, AnalyzeJob(paths=("a\0.wav",)))
    assert list_jobs(opened).rows == ()


def test_a_file_behind_a_linked_root_is_the_one_that_is_known(opened: Library, listener: Listener, music: Path) -> None:
    path = sound(music / "a.wav")
    (music.parent / "other").symlink_to(music)
    for named in (path, music.parent / "other" / "a.wav"):
        submit_job(opened, AnalyzeJob(paths=(named,)))
    assert run(opened, listener) == RunJobsAnswer(done=2)
    assert count(opened, locations) == 1


def test_names_of_any_bytes_survive_the_queue(opened: Library, listener: Listener, music: Path) -> None:
    path = sound(music / os.fsdecode(b"no\xff.wav"))
    request = AnalyzeJob(paths=(path,))
    assert from_stored(as_stored(request)) == request
    assert as_shown(as_stored(request))["paths"] == [f"{music}/no\\xff.wav"]
    asked = submit_job(opened, request)
    run(opened, listener)
    assert get_job(opened, asked.id).job.state == "done"


def test_what_failed_is_tried_again(opened: Library, listener: Listener, music: Path) -> None:
    bad = music / "b.wav"
    bad.write_bytes(b"RIFF no sound at all")
    submit_job(opened, AnalyzeJob(paths=(bad,)))
    run(opened, listener)
    sound(bad)
    again = submit_job(opened, RetryFailedJob())
    run(opened, listener)
    ended = get_job(opened, again.id).as_json()
    assert ended["state"] == "done"
    assert ended["result"] == {"total": 1, "done": 1, "skipped": 0, "failed": 0, "files": [], "truncated": False}


def test_the_index_is_made_anew(opened: Library, listener: Listener) -> None:
    asked = submit_job(opened, RebuildIndexJob())
    run(opened, listener)
    ended = get_job(opened, asked.id).as_json()
    assert (ended["state"], ended["result"]["ok"]) == ("done", True)


# --- files that were sent -----------------------------------------------------------------------


def test_a_file_that_was_sent_is_listened_to_and_forgotten(opened: Library, listener: Listener) -> None:
    asked = submit_job(opened, AnalyzeUploadJob(staged=stage(opened, "one"), name="C:\\Sounds\\My Loop.wav"))
    run(opened, listener)
    ended = get_job(opened, asked.id).as_json()
    assert (ended["state"], ended["result"]["status"], ended["result"]["path"]) == ("done", "ok", "My Loop.wav")
    assert ended["result"]["kind"]["value"] == "loop"
    assert (count(opened, sounds), count(opened, locations)) == (0, 0)
    assert staged_names(opened) == set()


def test_a_file_that_is_no_sound_is_told_by_the_name_it_was_sent_with(opened: Library, listener: Listener) -> None:
    for kind in (AnalyzeUploadJob, KeepUploadJob):
        (opened.data_folder("staging") / "bad").write_bytes(b"no sound")
        asked = submit_job(opened, kind(staged="bad", name="holiday.wav"))
        run(opened, listener)
        ended = get_job(opened, asked.id).as_json()
        assert ended["state"] == "failed"
        assert "holiday.wav" in ended["error"]["message"]
        assert str(opened.data_dir) not in ended["error"]["message"]
        assert staged_names(opened) == set()


def test_a_kept_file_is_one_of_the_librarys(opened: Library, listener: Listener) -> None:
    asked = submit_job(opened, KeepUploadJob(staged=stage(opened, "one"), name="Dusty Break 124bpm.wav"))
    run(opened, listener)
    ended = get_job(opened, asked.id).as_json()
    assert ended["state"] == "done"
    sound_object = ended["result"]
    assert sound_object["title"] == "Dusty Break 124bpm"
    assert sound_object["tempo"]["bpm"] == 124.0
    [kept] = [path for path in opened.data_folder("uploads").rglob("*") if path.is_file()]
    assert (kept.suffix, len(kept.stem)) == (".wav", 40)
    assert [place["path"] for place in sound_object["locations"]] == [str(kept)]
    assert staged_names(opened) == set()
    # The same bytes sent twice are one file, whatever they are called.
    again = submit_job(opened, KeepUploadJob(staged=stage(opened, "two"), name="copy.wave"))
    run(opened, listener)
    assert get_job(opened, again.id).as_json()["result"]["id"] == sound_object["id"]
    assert get_job(opened, again.id).as_json()["result"]["title"] == "Dusty Break 124bpm"
    assert (count(opened, locations), len(list(opened.data_folder("uploads").rglob("*.wav*")))) == (1, 1)


def test_what_was_sent_must_still_be_there(opened: Library) -> None:
    with pytest.raises(UploadGone):
        submit_job(opened, KeepUploadJob(staged="nobody", name="x.wav"))
    for name in ("../library.sonoteca", "a/b", "..", "c:x"):
        with pytest.raises(RequestError):
            KeepUploadJob(staged=name, name="x.wav")


def test_a_waiting_job_that_is_cancelled_lets_go_of_what_was_sent(opened: Library, listener: Listener) -> None:
    asked = submit_job(opened, KeepUploadJob(staged=stage(opened, "one"), name="x.wav"))
    assert cancel_job(opened, asked.id).job.state == "cancelled"
    assert staged_names(opened) == set()
    assert run(opened, listener) == RunJobsAnswer()
    with pytest.raises(UploadGone):
        retry_job(opened, asked.id)


# --- the queue ----------------------------------------------------------------------------------


@pytest.fixture
def slow_kind(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Rebuilding the index takes until it is stopped, or as long as the event is not set."""
    let_end = threading.Event()

    def slow(library: Library, request: RebuildIndexJob, context: JobContext) -> JobOutcome:
        context.progress.step("a thing", total=10, done=3)
        while not let_end.wait(0.01):
            context.progress.require_going_on()
        return JobOutcome({"slow": True})

    monkeypatch.setattr(kinds, "KINDS", {**kinds.KINDS, "rebuild_index": JobKind(RebuildIndexJob, slow)})
    monkeypatch.setattr("sonoteca.jobs.run.KINDS", kinds.KINDS)
    return let_end


class Loop:
    """``run_jobs`` in a thread."""

    def __init__(self, library: Library, listener: Listener, settings: QueueSettings = QUICK) -> None:
        self.stop = threading.Event()
        self.answer: RunJobsAnswer | None = None

        def go() -> None:
            self.answer = run_jobs(library, listener, settings=settings, stop=self.stop, at_once=2)

        self.thread = threading.Thread(target=go)
        self.thread.start()

    def end(self) -> RunJobsAnswer:
        self.stop.set()
        self.thread.join(timeout=20)
        assert self.answer is not None
        return self.answer


def wait_for(library: Library, job_id: str, state: str, *, seconds: float = 20.0) -> dict[str, Any]:
    give_up_at = time.monotonic() + seconds
    while (job := get_job(library, job_id)).job.state != state:
        assert time.monotonic() < give_up_at, job.as_json()
        time.sleep(0.01)
    return job.as_json()


def test_a_running_job_that_is_cancelled_stops_within_seconds(
    opened: Library, listener: Listener, slow_kind: threading.Event
) -> None:
    loop = Loop(opened, listener)
    asked = submit_job(opened, RebuildIndexJob())
    wait_for(opened, asked.id, "running")
    assert cancel_job(opened, asked.id).as_json()["cancel_asked"]
    wait_for(opened, asked.id, "cancelled", seconds=5.0)
    assert loop.end() == RunJobsAnswer(cancelled=1)


def test_a_loop_that_is_told_to_stop_gives_back_what_does_not_end(
    opened: Library, listener: Listener, slow_kind: threading.Event
) -> None:
    loop = Loop(opened, listener)
    asked = submit_job(opened, RebuildIndexJob())
    wait_for(opened, asked.id, "running")
    assert loop.end() == RunJobsAnswer(given_back=1)
    waiting = get_job(opened, asked.id).job
    assert (waiting.state, waiting.attempts) == ("queued", 0)
    slow_kind.set()
    assert run(opened, listener) == RunJobsAnswer(done=1)


def test_a_loop_that_is_told_to_stop_lets_end_what_is_nearly_done(
    opened: Library, listener: Listener, slow_kind: threading.Event
) -> None:
    loop = Loop(opened, listener, QueueSettings(look_every_s=0.05, grace_s=10.0))
    asked = submit_job(opened, RebuildIndexJob())
    wait_for(opened, asked.id, "running")
    loop.stop.set()
    slow_kind.set()
    assert loop.end() == RunJobsAnswer(done=1)


def test_who_listens_is_stopped_in_the_middle_of_a_file(
    opened: Library, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Worker processes of their own: a file that takes a minute is let go within seconds, and stays to be done."""
    from job_processes import SETTINGS

    monkeypatch.setenv("SONOTECA_TEST_PAUSE_S", "60")
    path = sound(music / "a.wav")
    with Listener(SETTINGS, workers=1) as processes:
        loop = Loop(opened, processes)
        asked = submit_job(opened, AnalyzeJob(paths=(path,)))
        wait_for(opened, asked.id, "running")
        give_up_at = time.monotonic() + 60.0
        while count(opened, sounds) == 0 and time.monotonic() < give_up_at:
            time.sleep(0.05)
        cancel_job(opened, asked.id)
        wait_for(opened, asked.id, "cancelled", seconds=5.0)
        loop.end()
    with opened.read() as connection:
        assert connection.execute(sa.select(sounds.c.status)).scalars().all() == ["pending"]


def test_a_fault_of_ours_fails_its_job_and_no_other(
    opened: Library, listener: Listener, music: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(library: Library, request: RebuildIndexJob, context: JobContext) -> JobOutcome:
        raise ZeroDivisionError("secret")

    monkeypatch.setattr("sonoteca.jobs.run.KINDS", {**kinds.KINDS, "rebuild_index": JobKind(RebuildIndexJob, broken)})
    faulty = submit_job(opened, RebuildIndexJob())
    good = submit_job(opened, AnalyzeJob(paths=(sound(music / "a.wav"),)))
    assert run(opened, listener) == RunJobsAnswer(done=1, failed=1)
    error = get_job(opened, faulty.id).job.error
    assert error is not None
    assert (error["code"], "secret" in error["message"]) == ("internal_error", False)
    assert get_job(opened, good.id).job.state == "done"


def test_changes_are_told_once_and_in_order(opened: Library, listener: Listener, music: Path) -> None:
    before = job_changes(opened).last
    first = submit_job(opened, AnalyzeJob(paths=(sound(music / "a.wav"),)))
    second = submit_job(opened, RetryFailedJob())
    told = job_changes(opened, before)
    assert [job.id for job in told.rows] == [first.id, second.id]
    assert job_changes(opened, told.last).rows == ()
    assert job_changes(opened, before, limit=1).last < told.last
    run(opened, listener)
    assert {job.id: job.job.state for job in job_changes(opened, told.last).rows} == {
        first.id: "done", second.id: "done",
    }  # fmt: skip


def test_jobs_are_listed_and_forgotten(opened: Library, listener: Listener) -> None:
    asked = [submit_job(opened, RetryFailedJob()).id for _ in range(3)]
    page = list_jobs(opened, ListJobsRequest(limit=2))
    assert [job.id for job in page.rows] == asked[:0:-1]
    rest = list_jobs(opened, ListJobsRequest(limit=2, cursor=page.next_cursor))
    assert ([job.id for job in rest.rows], rest.next_cursor) == (asked[:1], None)
    with pytest.raises(QueueFull):
        submit_job(opened, RetryFailedJob(), settings=QueueSettings(most_queued=3))
    for job_id in asked:
        cancel_job(opened, job_id)
    # The one that changed last stays.
    assert purge_jobs(opened, PurgeJobsRequest(older_than_days=0)).jobs == 2
    with pytest.raises(JobNotFound):
        get_job(opened, asked[0])


def test_every_kind_has_one_request_and_one_place() -> None:
    for name, kind in kinds.KINDS.items():
        assert kind.request.model_fields["kind"].default == name
    assert read_job_request({"kind": "retry_failed", "codes": ["timeout"]}) == RetryFailedJob(codes=("timeout",))
    for wrong in ({"kind": "nobody"}, {}, {"kind": "analyze"}, {"kind": "analyze", "paths": [], "more": 1}):
        with pytest.raises(RequestError):
            read_job_request(wrong)


def test_a_job_of_a_newer_program_fails_with_a_sentence(opened: Library, listener: Listener) -> None:
    with opened.write() as connection:
        job = rows.submit(connection, "unheard_of", {"kind": "unheard_of"}, most_queued=9)
    assert run(opened, listener) == RunJobsAnswer(failed=1)
    assert get_job(opened, job.id).job.error is not None
