"""Jobs are rows: work that was asked for is kept before it is begun, and is done once, whoever dies over it.

A job is *queued*, then *running*, and ends *done*, *failed* or *cancelled*. Whoever runs it is its
owner for as long as its lease lasts, and moves the end of the lease with a heartbeat; when the
lease has run out, the job is taken up again by the next, ``MOST_ATTEMPTS`` times in all. Only the
owner can end a running job, so that one who was given up and comes back changes nothing.

Every change of a job takes the next number of one row of numbers that all jobs share
(``Job.change``): who knows the last number it saw asks what changed since. All writes stand in
the writer's transaction, so the numbers become visible in their order.
"""

from __future__ import annotations

import base64
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, get_args

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.schema_made import jobs
from sonoteca.errors import JobNotFound, QueueFull, RequestError

JobState = Literal["queued", "running", "done", "failed", "cancelled"]
JOB_STATES: tuple[JobState, ...] = get_args(JobState)
ENDED: tuple[JobState, ...] = ("done", "failed", "cancelled")
MOST_ATTEMPTS = 3

Values = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Job:
    """A job as it stands in the catalogue.

    Attributes
    ----------
    id : str
        Opaque; 16 characters.
    kind : str
        What is to be done; ``request`` says with what.
    attempts : int
        How often it was begun.
    progress : mapping or None
        ``total``, ``done``, ``skipped``, ``failed`` and ``current``, as far as they are known.
    error : mapping or None
        ``code``, ``message`` and ``remedy`` of a job that failed.
    callback : mapping or None
        What became of telling ``callback_url``: ``state`` waiting, delivered or failed, and ``attempts``.
    change : int
        Grows with every change of any job.
    """

    id: str
    kind: str
    request: Values
    state: JobState
    attempts: int
    owner: str | None
    cancel_asked: bool
    progress: Values | None
    result: Any
    error: Values | None
    callback_url: str | None
    callback: Values | None
    change: int
    created_at: str
    started_at: str | None
    heartbeat_at: str | None
    finished_at: str | None

    @property
    def has_ended(self) -> bool:
        return self.state in ENDED

    def as_json(self) -> dict[str, Any]:
        """The job for programs; who runs it is nobody's business."""
        callback = None if self.callback_url is None else {"url": self.callback_url, **(self.callback or {})}
        return {
            "id": self.id,
            "kind": self.kind,
            "state": self.state,
            "attempts": self.attempts,
            "cancel_asked": self.cancel_asked,
            "progress": None if self.progress is None else dict(self.progress),
            "result": self.result,
            "error": None if self.error is None else dict(self.error),
            "callback": callback,
            "change": self.change,
            "created_at": self.created_at,
            "started_at": self.started_at,
            "finished_at": self.finished_at,
            "request": dict(self.request),
        }


# --- asking for work ----------------------------------------------------------------------------


def submit(
    connection: Connection, kind: str, request: Values, *, most_queued: int, callback_url: str | None = None
) -> Job:
    """Keep work that is asked for; it is in the queue when the transaction is committed.

    Raises
    ------
    QueueFull
        ``most_queued`` jobs wait already.
    """
    _require_room(connection, most_queued)
    values = {
        "public_id": base64.b32encode(secrets.token_bytes(10)).decode().lower(),
        "kind": kind,
        "request": request,
        "state": "queued",
        "callback_url": callback_url,
        "callback": None if callback_url is None else {"state": "waiting", "attempts": 0},
        "change": _next_change(connection),
        "created_at": clock.now(),
    }
    connection.execute(sa.insert(jobs).values(values))
    return get_job(connection, str(values["public_id"]))


def _require_room(connection: Connection, most_queued: int) -> None:
    waiting = connection.execute(
        sa.select(sa.func.count()).select_from(jobs).where(jobs.c.state == "queued")
    ).scalar_one()
    if waiting >= most_queued:
        raise QueueFull(f"{waiting:,} jobs wait already, and no more than {most_queued:,} may.")


def cancel(connection: Connection, public_id: str) -> Job:
    """Ask that a job be not done: one that waits is cancelled at once, one that runs is asked to stop.

    A job that has ended stays as it ended. JobNotFound if there is none of that id.
    """
    job = get_job(connection, public_id)
    if job.state == "queued":
        now = clock.now()
        _end(connection, public_id, "cancelled", cancel_asked_at=now)
    elif job.state == "running" and not job.cancel_asked:
        _change(connection, jobs.c.public_id == public_id, cancel_asked_at=clock.now())
    return get_job(connection, public_id)


def queue_again(connection: Connection, public_id: str, *, most_queued: int) -> Job:
    """Put a job that failed or was cancelled into the queue again, as if it were new.

    Raises
    ------
    JobNotFound
    RequestError
        It has not ended so.
    QueueFull
    """
    job = get_job(connection, public_id)
    if job.state not in ("failed", "cancelled"):
        raise RequestError(
            f"Job {public_id} is {job.state}.", "Only one that failed or was cancelled is tried again.", field="job"
        )
    _require_room(connection, most_queued)
    _change(
        connection,
        jobs.c.public_id == public_id,
        state="queued",
        attempts=0,
        cancel_asked_at=None,
        progress=None,
        result=None,
        error=None,
        callback=None if job.callback_url is None else {"state": "waiting", "attempts": 0},
        callback_due_ms=None,
        started_at=None,
        finished_at=None,
    )
    return get_job(connection, public_id)


# --- doing it -----------------------------------------------------------------------------------


def claim(connection: Connection, owner: str, *, lease_s: float) -> Job | None:
    """Take the job that has waited longest; None where none waits.

    What others left behind is put back first (``take_back_expired``).

    Parameters
    ----------
    owner : str
        Who takes it.
    lease_s : float > 0 [s]
        For how long it is the owner's without a heartbeat.
    """
    take_back_expired(connection)
    wanted = sa.select(jobs.c.id).where(jobs.c.state == "queued").order_by(jobs.c.id).limit(1)
    # On PostgreSQL a row that another transaction holds is passed over; SQLite has one writer at a time.
    found = connection.execute(wanted.with_for_update(skip_locked=True)).scalar()
    if found is None:
        return None
    now = clock.now()
    is_it = (jobs.c.id == found) & (jobs.c.state == "queued")
    values = {
        "state": "running",
        "attempts": jobs.c.attempts + 1,
        "owner": owner,
        "lease_ends_ms": _ms_from_now(lease_s),
        "heartbeat_at": now,
        "started_at": now,
        "progress": None,
    }
    _change(connection, is_it, **values)
    taken = connection.execute(sa.select(jobs).where(jobs.c.id == found, jobs.c.owner == owner)).first()
    return None if taken is None else _job(taken)


def is_waiting(connection: Connection) -> bool:
    """Whether a claim would find something, or something was left behind: cheap, and takes no lock."""
    left = (jobs.c.state == "running") & (jobs.c.lease_ends_ms <= _ms_from_now(0.0))
    return connection.execute(sa.select(sa.exists().where((jobs.c.state == "queued") | left))).scalar_one()


def cancelled_or_lost(connection: Connection, owner: str, public_ids: Iterable[str]) -> set[str]:
    """Those of the owner's jobs that it is to stop: somebody cancelled them, or they are not the owner's any more."""
    wanted = set(public_ids)
    if not wanted:
        return set()
    mine = sa.select(jobs.c.public_id).where(
        jobs.c.public_id.in_(wanted), jobs.c.owner == owner, jobs.c.state == "running", jobs.c.cancel_asked_at.is_(None)
    )
    return wanted - set(connection.execute(mine).scalars())


def beat(connection: Connection, owner: str, progress: Mapping[str, Values | None], *, lease_s: float) -> None:
    """Say that the owner lives: the leases of its jobs end later; ``progress`` is kept where it is not None."""
    for public_id, values in progress.items():
        lives: dict[str, Any] = {"lease_ends_ms": _ms_from_now(lease_s), "heartbeat_at": clock.now()}
        mine = (jobs.c.public_id == public_id) & (jobs.c.owner == owner) & (jobs.c.state == "running")
        if values is None:
            connection.execute(sa.update(jobs).where(mine).values(lives))
        else:
            _change(connection, mine, progress=dict(values), **lives)


def finish(
    connection: Connection,
    public_id: str,
    owner: str,
    state: Literal["done", "failed"],
    *,
    result: Any = None,
    error: Values | None = None,
    progress: Values | None = None,
) -> Job:
    """End a job that ``owner`` ran. One that somebody cancelled meanwhile is cancelled, whatever came of it.

    Returns the job as it stands then: unchanged, if it is not the owner's any more.
    """
    job = get_job(connection, public_id)
    if job.state != "running" or job.owner != owner:
        return job
    told = {} if progress is None else {"progress": dict(progress)}
    if job.cancel_asked:
        _end(connection, public_id, "cancelled", **told)
    else:
        _end(connection, public_id, state, result=result, error=error, **told)
    return get_job(connection, public_id)


def give_back(connection: Connection, public_id: str, owner: str, *, is_attempt: bool) -> Job:
    """Put a job that ``owner`` does not finish into the queue again, or end it if that was asked for or its last try.

    Parameters
    ----------
    is_attempt : bool
        Whether this counts as a try: not where its owner was told to stop.
    """
    job = get_job(connection, public_id)
    if job.state == "running" and job.owner == owner:
        _put_back(connection, job, is_attempt=is_attempt)
    return get_job(connection, public_id)


def take_back_expired(connection: Connection) -> list[str]:
    """Put back what owners left behind whose lease ran out; returns the ids."""
    expired = sa.select(jobs).where(jobs.c.state == "running", jobs.c.lease_ends_ms <= _ms_from_now(0.0))
    found = [_job(row) for row in connection.execute(expired.order_by(jobs.c.id))]
    for job in found:
        _put_back(connection, job, is_attempt=True)
    return [job.id for job in found]


def owners(connection: Connection) -> set[str]:
    """Who runs jobs, as far as the catalogue knows."""
    running = sa.select(jobs.c.owner).where(jobs.c.state == "running").distinct()
    return {owner for owner in connection.execute(running).scalars() if owner is not None}


def end_leases(connection: Connection, owner: str) -> None:
    """Let the leases of an owner that surely is dead run out now."""
    theirs = (jobs.c.owner == owner) & (jobs.c.state == "running")
    connection.execute(sa.update(jobs).where(theirs).values(lease_ends_ms=0))


def _put_back(connection: Connection, job: Job, *, is_attempt: bool) -> None:
    if job.cancel_asked:
        _end(connection, job.id, "cancelled")
    elif is_attempt and job.attempts >= MOST_ATTEMPTS:
        error = {
            "code": "job_given_up",
            "message": f"It was begun {job.attempts} times, and each time what ran it ended before the job did.",
            "remedy": "Look into the log of what runs the jobs, then have it tried again.",
        }
        _end(connection, job.id, "failed", error=error)
    else:
        attempts = job.attempts if is_attempt else job.attempts - 1
        is_it = jobs.c.public_id == job.id
        _change(connection, is_it, state="queued", attempts=attempts, owner=None, lease_ends_ms=None)


def _end(connection: Connection, public_id: str, state: JobState, **values: Any) -> None:
    """A job ends, and who is to be told becomes due."""
    due = sa.case((jobs.c.callback_url.is_not(None), _ms_from_now(0.0)), else_=None)
    _change(
        connection,
        jobs.c.public_id == public_id,
        state=state,
        owner=None,
        lease_ends_ms=None,
        finished_at=clock.now(),
        callback_due_ms=due,
        **values,
    )


# --- looking ------------------------------------------------------------------------------------


def get_job(connection: Connection, public_id: str) -> Job:
    """The job of that id; JobNotFound if there is none."""
    row = connection.execute(sa.select(jobs).where(jobs.c.public_id == public_id)).first()
    if row is None:
        raise JobNotFound(f"There is no job {public_id!r}.")
    return _job(row)


def list_jobs(
    connection: Connection,
    *,
    states: Sequence[JobState] = (),
    kinds: Sequence[str] = (),
    limit: int = 50,
    before: str | None = None,
) -> list[Job]:
    """Jobs, the last asked for first; those asked for before the job ``before``, if one is named.

    JobNotFound if there is no job ``before``.
    """
    query = sa.select(jobs).order_by(jobs.c.id.desc()).limit(limit)
    if states:
        query = query.where(jobs.c.state.in_(states))
    if kinds:
        query = query.where(jobs.c.kind.in_(kinds))
    if before is not None:
        get_job(connection, before)
        at = sa.select(jobs.c.id).where(jobs.c.public_id == before).scalar_subquery()
        query = query.where(jobs.c.id < at)
    return [_job(row) for row in connection.execute(query)]


def changed_jobs(connection: Connection, after: int, *, public_id: str | None = None, limit: int = 200) -> list[Job]:
    """Jobs that changed since the change ``after``, each once, as it is now; the longest ago first."""
    query = sa.select(jobs).where(jobs.c.change > after).order_by(jobs.c.change).limit(limit)
    if public_id is not None:
        query = query.where(jobs.c.public_id == public_id)
    return [_job(row) for row in connection.execute(query)]


def last_change(connection: Connection) -> int:
    """The number of the last change of any job; 0 before the first."""
    last: int = connection.execute(sa.select(sa.func.coalesce(sa.func.max(jobs.c.change), 0))).scalar_one()
    return last


def count_by_state(connection: Connection) -> dict[JobState, int]:
    """How many jobs are in each state."""
    query = sa.select(jobs.c.state, sa.func.count()).group_by(jobs.c.state)
    return {**dict.fromkeys(JOB_STATES, 0), **{row[0]: row[1] for row in connection.execute(query)}}


def requests_not_ended(connection: Connection) -> list[Values]:
    """What was asked for in jobs that wait or run."""
    return list(connection.execute(sa.select(jobs.c.request).where(jobs.c.state.not_in(ENDED))).scalars())


def purge(connection: Connection, *, ended_before: str, states: Sequence[JobState] = ENDED) -> int:
    """Forget jobs that ended before a moment; returns how many.

    The job that changed last stays, so that no number of a change comes twice, and so does one whose callback is due.
    """
    old = (
        jobs.c.state.in_([state for state in states if state in ENDED])
        & (jobs.c.finished_at < ended_before)
        & (jobs.c.change < last_change(connection))
        & jobs.c.callback_due_ms.is_(None)
    )
    return connection.execute(sa.delete(jobs).where(old)).rowcount


# --- telling who asked to be told ---------------------------------------------------------------


def take_due_callback(connection: Connection, *, again_after_s: float) -> Job | None:
    """A job that has ended and whose callback is due; it is due again later, should its teller die."""
    due = (
        sa.select(jobs)
        .where(jobs.c.callback_due_ms <= _ms_from_now(0.0))
        .order_by(jobs.c.callback_due_ms)
        .limit(1)
        .with_for_update(skip_locked=True)
    )
    row = connection.execute(due).first()
    if row is None:
        return None
    later = _ms_from_now(again_after_s)
    connection.execute(sa.update(jobs).where(jobs.c.id == row.id).values(callback_due_ms=later))
    return _job(row)


def is_callback_due(connection: Connection) -> bool:
    """Whether somebody is to be told now."""
    return connection.execute(sa.select(sa.exists().where(jobs.c.callback_due_ms <= _ms_from_now(0.0)))).scalar_one()


def note_callback(connection: Connection, public_id: str, callback: Values, *, again_in_s: float | None) -> None:
    """Keep what became of telling; ``again_in_s`` None: it is not tried any more."""
    due = None if again_in_s is None else _ms_from_now(again_in_s)
    is_ended = (jobs.c.public_id == public_id) & jobs.c.state.in_(ENDED)
    _change(connection, is_ended, callback=dict(callback), callback_due_ms=due)


# --- rows ---------------------------------------------------------------------------------------


def _change(connection: Connection, which: sa.ColumnElement[bool], **values: Any) -> None:
    connection.execute(sa.update(jobs).where(which).values(change=_next_change(connection), **values))


def _next_change(connection: Connection) -> int:
    return last_change(connection) + 1


def _ms_from_now(seconds: float) -> int:
    return int((time.time() + seconds) * 1000)


def _job(row: Row[Any]) -> Job:
    return Job(
        id=row.public_id,
        kind=row.kind,
        request=row.request,
        state=row.state,
        attempts=row.attempts,
        owner=row.owner,
        cancel_asked=row.cancel_asked_at is not None,
        progress=row.progress,
        result=row.result,
        error=row.error,
        callback_url=row.callback_url,
        callback=row.callback,
        change=row.change,
        created_at=row.created_at,
        started_at=row.started_at,
        heartbeat_at=row.heartbeat_at,
        finished_at=row.finished_at,
    )
