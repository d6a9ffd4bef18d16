"""Jobs as rows: taken once, given back when their owner dies, cancelled whatever races, and numbered by change."""

from __future__ import annotations

import multiprocessing
from collections import Counter

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
from job_processes import claim_all
from sonoteca.catalogue.made import jobs
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema_made import jobs as table
from sonoteca.errors import JobNotFound, QueueFull, RequestError


def submit(
    library: Library, *, kind: str = "analyze", most_queued: int = 10_000, callback_url: str | None = None
) -> str:
    with library.write() as connection:
        job = jobs.submit(connection, kind, {"kind": kind}, most_queued=most_queued, callback_url=callback_url)
    return job.id


def claim(library: Library, owner: str = "one", *, lease_s: float = 60.0) -> jobs.Job | None:
    with library.write() as connection:
        return jobs.claim(connection, owner, lease_s=lease_s)


def get(library: Library, job_id: str) -> jobs.Job:
    with library.read() as connection:
        return jobs.get_job(connection, job_id)


def test_a_job_waits_runs_and_ends(library: Library) -> None:
    job_id = submit(library)
    waiting = get(library, job_id)
    assert (waiting.state, waiting.attempts, waiting.started_at) == ("queued", 0, None)
    taken = claim(library)
    assert taken is not None
    assert (taken.id, taken.state, taken.attempts, taken.owner) == (job_id, "running", 1, "one")
    assert claim(library, "two") is None
    with library.write() as connection:
        jobs.beat(connection, "one", {job_id: {"total": 4, "done": 1}}, lease_s=60.0)
    assert get(library, job_id).progress == {"total": 4, "done": 1}
    with library.write() as connection:
        # Only its owner can end it.
        assert jobs.finish(connection, job_id, "two", "failed").state == "running"
        ended = jobs.finish(connection, job_id, "one", "done", result={"id": "x"})
    assert (ended.state, ended.result, ended.error, ended.owner) == ("done", {"id": "x"}, None, None)
    assert ended.finished_at is not None
    assert ended.finished_at >= ended.created_at


def test_jobs_are_taken_in_the_order_they_were_asked_for(library: Library) -> None:
    asked = [submit(library) for _ in range(3)]
    taken = [claim(library) for _ in range(3)]
    assert [job.id for job in taken if job is not None] == asked


def test_a_full_queue_refuses_and_says_when_to_come_again(library: Library) -> None:
    submit(library, most_queued=2)
    submit(library, most_queued=2)
    with pytest.raises(QueueFull, match="2 jobs wait already") as refused:
        submit(library, most_queued=2)
    assert (refused.value.http_status, refused.value.retry_after_s) == (503, 30)
    # What runs does not wait.
    claim(library)
    submit(library, most_queued=2)


def test_a_waiting_job_is_cancelled_at_once_and_never_taken(library: Library) -> None:
    job_id = submit(library)
    with library.write() as connection:
        assert jobs.cancel(connection, job_id).state == "cancelled"
    assert claim(library) is None
    with library.write() as connection:
        assert jobs.cancel(connection, job_id).state == "cancelled"


@pytest.mark.parametrize("how", ["done", "failed", "given back", "dead"])
def test_a_job_that_was_cancelled_while_it_ran_is_cancelled_however_it_goes_on(library: Library, how: str) -> None:
    job_id = submit(library)
    claim(library, lease_s=0.0 if how == "dead" else 60.0)
    with library.write() as connection:
        asked = jobs.cancel(connection, job_id)
        assert (asked.state, asked.cancel_asked) == ("running", True)
        assert jobs.cancelled_or_lost(connection, "one", [job_id]) == {job_id}
        if how == "done":
            jobs.finish(connection, job_id, "one", "done", result=1)
        elif how == "failed":
            jobs.finish(connection, job_id, "one", "failed", error={"code": "x"})
        elif how == "given back":
            jobs.give_back(connection, job_id, "one", is_attempt=False)
    assert claim(library) is None
    ended = get(library, job_id)
    assert (ended.state, ended.result, ended.error) == ("cancelled", None, None)


def test_what_a_dead_owner_left_is_taken_up_three_times_at_most(library: Library) -> None:
    job_id = submit(library)
    for attempt in (1, 2, 3):
        taken = claim(library, f"mayfly {attempt}", lease_s=0.0)
        assert taken is not None
        assert taken.attempts == attempt
    assert claim(library) is None
    given_up = get(library, job_id)
    assert given_up.state == "failed"
    assert given_up.error is not None
    assert given_up.error["code"] == "job_given_up"
    assert "begun 3 times" in given_up.error["message"]


def test_who_lives_keeps_the_job_and_who_lost_it_ends_nothing(library: Library) -> None:
    job_id = submit(library)
    claim(library, "slow", lease_s=0.0)
    with library.write() as connection:
        jobs.beat(connection, "slow", {job_id: None}, lease_s=60.0)
    assert claim(library, "other") is None
    with library.write() as connection:
        jobs.end_leases(connection, "slow")
    other = claim(library, "other")
    assert other is not None
    assert other.id == job_id
    with library.write() as connection:
        assert jobs.cancelled_or_lost(connection, "slow", [job_id]) == {job_id}
        assert jobs.finish(connection, job_id, "slow", "done").state == "running"
        assert jobs.owners(connection) == {"other"}


def test_a_job_that_is_given_back_in_good_order_was_not_tried(library: Library) -> None:
    job_id = submit(library)
    for _ in range(5):
        claim(library)
        with library.write() as connection:
            jobs.give_back(connection, job_id, "one", is_attempt=False)
    assert (get(library, job_id).state, get(library, job_id).attempts) == ("queued", 0)
    for _ in range(3):
        claim(library)
        with library.write() as connection:
            jobs.give_back(connection, job_id, "one", is_attempt=True)
    assert get(library, job_id).state == "failed"


def test_every_change_has_the_next_number(library: Library) -> None:
    first, second = submit(library), submit(library)
    with library.read() as connection:
        start = jobs.last_change(connection)
        assert [job.id for job in jobs.changed_jobs(connection, 0)] == [first, second]
        assert jobs.changed_jobs(connection, start) == []
    claim(library)
    with library.write() as connection:
        jobs.beat(connection, "one", {first: {"done": 1}}, lease_s=60.0)
        # A sign of life alone is no news.
        jobs.beat(connection, "one", {first: None}, lease_s=60.0)
    with library.read() as connection:
        [changed] = jobs.changed_jobs(connection, start)
        assert (changed.id, changed.change) == (first, start + 2)
        assert jobs.changed_jobs(connection, start, public_id=second) == []


def test_jobs_are_listed_in_pages_the_last_first(library: Library) -> None:
    asked = [submit(library, kind=kind) for kind in ("analyze", "render", "analyze", "analyze")]
    claim(library)
    with library.read() as connection:
        assert [job.id for job in jobs.list_jobs(connection, limit=2)] == asked[:1:-1]
        assert [job.id for job in jobs.list_jobs(connection, limit=2, before=asked[2])] == asked[1::-1]
        assert [job.id for job in jobs.list_jobs(connection, kinds=["render"])] == [asked[1]]
        assert [job.id for job in jobs.list_jobs(connection, states=["running"])] == [asked[0]]
        assert jobs.count_by_state(connection)["queued"] == 3
        with pytest.raises(JobNotFound):
            jobs.list_jobs(connection, before="nobody")


def test_old_jobs_are_forgotten_and_numbers_never_come_again(library: Library) -> None:
    asked = [submit(library) for _ in range(3)]
    for _ in asked[:2]:
        taken = claim(library)
        assert taken is not None
        with library.write() as connection:
            jobs.finish(connection, taken.id, "one", "done")
    with library.write() as connection:
        jobs.cancel(connection, asked[2])
        before = jobs.last_change(connection)
        assert jobs.purge(connection, ended_before="2000") == 0
        assert jobs.purge(connection, ended_before="9000", states=["done"]) == 2
        # The last that changed stays.
        assert jobs.purge(connection, ended_before="9000") == 0
    fresh = submit(library)
    assert get(library, fresh).change > before


def test_only_what_failed_or_was_cancelled_is_queued_again(library: Library) -> None:
    job_id = submit(library)
    with library.write() as connection, pytest.raises(RequestError, match="is queued"):
        jobs.queue_again(connection, job_id, most_queued=10)
    claim(library)
    with library.write() as connection:
        jobs.finish(connection, job_id, "one", "failed", error={"code": "x", "message": "y", "remedy": "z"})
        again = jobs.queue_again(connection, job_id, most_queued=10)
    assert (again.state, again.attempts, again.error, again.finished_at) == ("queued", 0, None, None)


def test_a_callback_is_due_when_the_job_ends_and_is_held_by_who_takes_it(library: Library) -> None:
    job_id = submit(library, callback_url="https://shop.example/hook")
    with library.write() as connection:
        assert jobs.take_due_callback(connection, again_after_s=60.0) is None
    claim(library)
    with library.write() as connection:
        jobs.finish(connection, job_id, "one", "done")
        due = jobs.take_due_callback(connection, again_after_s=60.0)
        assert due is not None
        assert due.id == job_id
        assert jobs.take_due_callback(connection, again_after_s=60.0) is None
        jobs.note_callback(connection, job_id, {"state": "waiting", "attempts": 1}, again_in_s=0.0)
        assert jobs.is_callback_due(connection)
        jobs.note_callback(connection, job_id, {"state": "delivered", "attempts": 2}, again_in_s=None)
        assert not jobs.is_callback_due(connection)
    assert get(library, job_id).as_json()["callback"] == {
        "url": "https://shop.example/hook", "state": "delivered", "attempts": 2,
    }  # fmt: skip


def race(location: str, n_jobs: int) -> None:
    with open_library(location) as library, library.write() as connection:
        now = "2026-11-30T00:00:00.000Z"
        rows = [
            {"public_id": f"job{n:013d}", "kind": "analyze", "request": {}, "state": "queued", "change": n + 1,
             "created_at": now} for n in range(n_jobs)
        ]  # fmt: skip
        connection.execute(sa.insert(table), rows)
    context = multiprocessing.get_context("spawn")
    barrier, taken = context.Barrier(6), context.Queue()
    processes = [context.Process(target=claim_all, args=(location, f"claimer {n}", barrier, taken)) for n in range(6)]
    for process in processes:
        process.start()
    claimed = Counter(job_id for _ in processes for job_id in taken.get(timeout=240)[1])
    for process in processes:
        process.join()
    assert len(claimed) == n_jobs
    assert set(claimed.values()) == {1}


@pytest.mark.slow
def test_six_claimers_take_each_of_a_thousand_jobs_once(library_location: str) -> None:
    race(library_location, 1000)


def test_an_old_library_gets_a_queue_and_keeps_its_sounds(location: str) -> None:
    samples.library_of_revision(location, "0008")
    engine = samples.plain_engine(location)
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO meta (key, value) VALUES ('library_uuid', 'u'), ('created_at', 'x')")
        connection.exec_driver_sql(
            "INSERT INTO sounds (public_id, content_hash, status, added_at) VALUES ('s', 'x1:s', 'pending', 'x')"
        )
    engine.dispose()
    with open_library(location) as library:
        job_id = submit(library)
        assert get(library, job_id).state == "queued"
        with library.read() as connection:
            assert connection.execute(sa.select(schema.sounds.c.public_id)).scalars().all() == ["s"]
