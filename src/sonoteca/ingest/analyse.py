"""From sounds to results: claim sounds, have workers listen, store in batches.

No result is stored twice and none is lost: a sound is claimed by a lease in the transaction
that finds it pending, and released in the transaction that stores its result. Whatever
happens in between, it is pending again.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca import __version__
from sonoteca.catalogue.heard import observations, pending, results
from sonoteca.catalogue.identity import sounds
from sonoteca.catalogue.store import leases, schema
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings, FileAnalysis
from sonoteca.domain.names import printable_path
from sonoteca.domain.vocabulary import Source
from sonoteca.errors import FileUnreadable, LibraryError, SonotecaError, WorkerError
from sonoteca.ingest import worker_tasks
from sonoteca.ingest.deadline import deadline_s
from sonoteca.ingest.failures import FileChanged, error_of
from sonoteca.ingest.ownership import release_dead
from sonoteca.ingest.plan import SoundFile, is_gone
from sonoteca.ingest.producers import Producers
from sonoteca.ingest.report import FileOutcome, Progress
from sonoteca.workers.executor import Done, Executor, Failed, Task

# So long at most does a finished result wait for others to fill its batch.
FLUSH_S = 5.0


@dataclass(frozen=True, slots=True)
class Batching:
    """How ``checkpoint_every`` splits into a transaction's results and what may be under way beside it.

    After kill -9 at most workers + ``checkpoint_every`` files are heard again: ``in_batch`` wait
    to be stored, ``ahead`` may be finished while those are stored, the workers hold one each.

    >>> Batching.of(32)
    Batching(in_batch=16, ahead=16)
    >>> Batching.of(1)
    Batching(in_batch=1, ahead=0)
    """

    in_batch: int
    ahead: int

    @staticmethod
    def of(checkpoint_every: int) -> Batching:
        if checkpoint_every < 1:
            raise ValueError(f"checkpoint_every must be at least 1, got {checkpoint_every}")
        in_batch = max(1, checkpoint_every // 2)
        return Batching(in_batch, checkpoint_every - in_batch)


@dataclass(frozen=True, slots=True)
class Work:
    """Which sounds, how, and for whom.

    ``retry_failed`` claims failed sounds too, ``force`` everything. ``timeout_s`` replaces the
    deadline that follows from a file's length.
    """

    files: Mapping[int, SoundFile]
    claimed_s: Mapping[int, float]
    settings: AnalysisSettings
    producers: Producers
    owner: str
    batching: Batching
    timeout_s: float | None = None
    retry_failed: bool = False
    force: bool = False


@dataclass(slots=True)
class Analysed:
    """What came of it; ``elsewhere`` are sounds that another run is working on or finished meanwhile."""

    analysed: int = 0
    failed: int = 0
    audio_s: float = 0.0
    elsewhere: set[int] = field(default_factory=set)
    failures: list[FileOutcome] = field(default_factory=list)


def failure_identity() -> str:
    """What ``sounds.analysis_identity`` holds of a failed sound: another program version tries it again."""
    return f"failed:{__version__}"


def analyse(library: Library, executor: Executor, work: Work, progress: Progress, found: Analysed) -> None:
    """Listen to all of ``work.files`` that are pending and free; ``found`` grows as results are stored.

    Raises
    ------
    LibraryError
        The library cannot be written. What was stored before is intact.
    WorkerError
        Worker processes cannot be started.
    """
    claims = _Claims(library, work)
    store = _Store(library, work, found)
    try:
        for outcome in executor.run(worker_tasks.analyze, _tasks(claims, work), ahead=work.batching.ahead):
            sound_id = int(outcome.key)
            store.add(sound_id, outcome)
            progress.on_outcome(_reported(outcome, work.files[sound_id].path))
            store.flush_if_due()
    finally:
        # Also when interrupted: what is finished is kept, what is not is free for the next run.
        store.flush()
        with library.write() as connection:
            leases.release(connection, work.owner)
        found.elsewhere = claims.refused | claims.done_elsewhere


class _Claims:
    """Sounds of this run, some at a time, each under lease."""

    def __init__(self, library: Library, work: Work) -> None:
        self._library = library
        self._work = work
        self._waiting = deque(work.files)
        # Few, so that two runs share the work to the end; enough that claiming costs nothing.
        self._some = max(16, 2 * (work.batching.in_batch + work.batching.ahead))
        # In work elsewhere, and done there since this run looked what was to do.
        self.refused: set[int] = set()
        self.done_elsewhere: set[int] = set()

    def __iter__(self) -> Iterator[tuple[int, AnalysisOrder]]:
        while self._waiting:
            some = [self._waiting.popleft() for _ in range(min(self._some, len(self._waiting)))]
            yield from self._claim(some)
        # What another run held may be free by now: it died, or let go when it was interrupted.
        yield from self._claim(sorted(self.refused), is_last=True)

    def _claim(self, some: Sequence[int], *, is_last: bool = False) -> Iterator[tuple[int, AnalysisOrder]]:
        if not some:
            return
        work = self._work
        with self._library.write() as connection:
            release_dead(connection)
            mine = pending.claim_sounds(
                connection,
                some,
                work.owner,
                work.producers.identities,
                spaces=work.producers.spaces,
                retry_failed=work.retry_failed,
                force=work.force,
            )
            held = _held_by_others(connection, some, work.owner)
            stated = observations.stated(connection, mine)
        if is_last:
            self.refused.clear()
        self.refused |= held
        self.done_elsewhere |= set(some) - set(mine) - held
        for sound_id in mine:
            known = tuple(stated.get(sound_id, {}).values())
            users = tuple(each for each in known if each.provenance.source is Source.USER)
            yield sound_id, AnalysisOrder(work.files[sound_id].path, work.settings, users)


def _held_by_others(connection: Connection, sound_ids: Sequence[int], owner: str) -> set[int]:
    keys = {pending.sound_key(sound_id): sound_id for sound_id in sound_ids}
    rows = schema.leases
    query = sa.select(rows.c.key).where(rows.c.key.in_(list(keys)), rows.c.owner != owner)
    return {keys[key] for key in connection.execute(query).scalars()}


def _tasks(claims: _Claims, work: Work) -> Iterator[Task[AnalysisOrder]]:
    for sound_id, order in claims:
        deadline = work.timeout_s
        if deadline is None:
            deadline = deadline_s(work.files[sound_id].size, work.claimed_s.get(sound_id))
        yield Task(str(sound_id), order, deadline)


def _reported(outcome: Done[FileAnalysis] | Failed, path: str) -> FileOutcome:
    if isinstance(outcome, Done):
        duration_s = outcome.result.info.duration_s
        return FileOutcome(path, "listen", "analysed", None, outcome.elapsed_s, duration_s)
    return FileOutcome(path, "listen", "failed", error_of(outcome, path), outcome.elapsed_s)


class _Store:
    """Collects outcomes and stores them together."""

    def __init__(self, library: Library, work: Work, found: Analysed) -> None:
        self._library = library
        self._work = work
        self._found = found
        self._results: list[results.SoundResult] = []
        self._errors: dict[int, tuple[SonotecaError, float]] = {}
        self._last_flush = time.monotonic()

    def add(self, sound_id: int, outcome: Done[FileAnalysis] | Failed) -> None:
        file = self._work.files[sound_id]
        if isinstance(outcome, Done):
            heard = outcome.result
            if heard.info.content_hash != file.content_hash:
                changed = FileChanged(f"{printable_path(file.path)} changed between being identified and being heard.")
                self._errors[sound_id] = (changed, outcome.elapsed_s)
                return
            self._results.append(
                results.SoundResult(
                    sound_id,
                    heard.info,
                    heard.analysis,
                    heard.claims,
                    heard.embeddings,
                    heard.warnings,
                    heard.failed_spaces,
                    observations.input_digest(heard.stated),
                )
            )
            return
        error = error_of(outcome, file.path)
        if outcome.kind == "lost" or (isinstance(error, FileUnreadable) and is_gone(file.path)):
            return  # stays pending
        self._errors[sound_id] = (error, outcome.elapsed_s)

    def flush_if_due(self) -> None:
        is_full = len(self._results) + len(self._errors) >= self._work.batching.in_batch
        if is_full or time.monotonic() - self._last_flush > FLUSH_S:
            self.flush()

    def flush(self) -> None:
        """One transaction: all that is waiting, or nothing of it."""
        waiting, self._results = self._results, []
        errors, self._errors = self._errors, {}
        self._last_flush = time.monotonic()
        if not waiting and not errors:
            return
        try:
            self._write(waiting, errors)
        except LibraryError:
            raise
        except (SonotecaError, ValueError, TypeError) as error:
            # One result that the catalogue refuses must not take the others with it.
            if len(waiting) <= 1:
                self._write_refused(waiting, errors, error)
                return
            for each in waiting:
                try:
                    self._write([each], {})
                except LibraryError:
                    raise
                except (SonotecaError, ValueError, TypeError) as refusal:
                    self._write_refused([each], {}, refusal)
            self._write([], errors)

    def _write(self, waiting: Sequence[results.SoundResult], errors: Mapping[int, tuple[SonotecaError, float]]) -> None:
        work = self._work
        with self._library.write() as connection:
            results.store_results(
                connection,
                waiting,
                identities=work.producers.identities,
                spaces=work.producers.spaces,
                trust_names=work.settings.trust_names,
                owner=work.owner,
            )
            _mark_failed(connection, {sound_id: error for sound_id, (error, _) in errors.items()}, work.owner)
        self._found.analysed += len(waiting)
        self._found.audio_s += sum(each.info.duration_s for each in waiting)
        self._found.failed += len(errors)
        for sound_id, (error, elapsed_s) in errors.items():
            path = work.files[sound_id].path
            self._found.failures.append(FileOutcome(path, "listen", "failed", error, elapsed_s))

    def _write_refused(
        self,
        waiting: Sequence[results.SoundResult],
        errors: Mapping[int, tuple[SonotecaError, float]],
        refusal: Exception,
    ) -> None:
        refused = {each.sound_id: (_refused(each, self._work, refusal), 0.0) for each in waiting}
        self._write([], {**errors, **refused})


def _refused(result: results.SoundResult, work: Work, refusal: Exception) -> SonotecaError:
    if isinstance(refusal, SonotecaError):
        return refusal
    shown = printable_path(work.files[result.sound_id].path)
    return WorkerError(f"The result of {shown} was refused by the catalogue: {refusal}")


def _mark_failed(connection: Connection, errors: Mapping[int, SonotecaError], owner: str) -> None:
    if not errors:
        return
    sounds.mark_failed(connection, errors)
    identity = sa.update(schema.sounds).where(schema.sounds.c.id.in_(list(errors)))
    connection.execute(identity.values(analysis_identity=failure_identity()))
    leases.release(connection, owner, [pending.sound_key(sound_id) for sound_id in errors])
