"""The main job: folders of sound in, a catalogue that knows them out.

``add`` reads like its table of contents: walk, compare, identify and record, mark what is
missing, analyse. Each step leaves the catalogue whole, so a run that is killed anywhere is
continued by simply running it again (docs/ingest.md).
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from sonoteca.catalogue.heard import pending
from sonoteca.catalogue.identity.locations import mark_missing, mark_present
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.ingest.analyse import Batching, Work, analyse, failure_identity
from sonoteca.ingest.failed_before import failed_before, failed_identities
from sonoteca.ingest.listen import Producers, producers_of
from sonoteca.ingest.ownership import Heartbeat, new_owner, release_dead
from sonoteca.ingest.plan import Plan, SoundFile, Start, find_start, make_plan
from sonoteca.ingest.record import RecordedFiles, record, with_claimed_lengths
from sonoteca.ingest.report import AddSummary, FileOutcome, Progress
from sonoteca.ingest.root_paths import absolute
from sonoteca.ingest.tally import AfterStored, Tally, Watch
from sonoteca.ingest.walk import FoundFile, LeftOut, walk
from sonoteca.ingest.workers import listeners
from sonoteca.workers.executor import Executor
from sonoteca.workers.worker_process import StartMethod


@dataclass(frozen=True, slots=True)
class AddOptions:
    """How to run.

    Attributes
    ----------
    workers : int >= 1
        Worker processes.
    ears : AnalysisSettings
        Analyzers, embedders and how regions are split.
    timeout_s : float, optional [s]
        Deadline of one file; 60 s and a fifth of its length when left out.
    memory_mb : int
        Resident memory one worker may use.
    checkpoint_every : int >= 1
        How many results, beside one per worker, may be lost to kill -9 and be computed again.
    exclude : tuple of str
        Globs to leave out, in gitignore's language.
    force : bool
        Analyse also what is done, and try again what failed.
    dry_run : bool
        Compare disk and catalogue, change nothing.
    accept_missing : bool
        Mark files missing also when more than half of a folder vanished at once.
    failed_log : path, optional
        JSON Lines, appended.
    start_method : "forkserver", "spawn" or None
    """

    workers: int = 1
    ears: AnalysisSettings = field(default_factory=AnalysisSettings)
    timeout_s: float | None = None
    memory_mb: int = 2000
    checkpoint_every: int = 32
    exclude: tuple[str, ...] = ()
    force: bool = False
    dry_run: bool = False
    accept_missing: bool = False
    failed_log: str | os.PathLike[str] | None = None
    start_method: StartMethod | None = None


def add(
    library: Library,
    paths: Iterable[str | bytes | os.PathLike[str]],
    options: AddOptions = AddOptions(),
    progress: Progress | None = None,
    *,
    after_stored: AfterStored | None = None,
    executor: Executor | None = None,
) -> AddSummary:
    """Add files and folders to a library, and analyse what is pending among them.

    Parameters
    ----------
    library : Library
        Open for writing (for reading will do in a dry run).
    paths : iterable of path
        Files or folders.
    progress : Progress, optional
    after_stored : callable, optional
        Given the library after results were stored.
    executor : Executor, optional
        Instead of worker processes on this machine; it is not closed.

    Returns
    -------
    AddSummary
        ``interrupted`` if Ctrl-C ended the run; all that was finished is stored then.

    Raises
    ------
    LibraryError
        The library cannot be read or written. Everything stored before is intact.
    WorkerError
        Worker processes cannot be started.
    """
    watch = Watch(library, progress, failed_log=options.failed_log, after_stored=after_stored)
    summary = Tally(dry_run=options.dry_run)
    try:
        starts, files = _walk(library, list(paths), options)
        producers = producers_of(options.ears)
        with _listeners(options, executor) as workers:
            plan = _compare(library, starts, files, options, watch)
            summary.plan = plan
            if options.dry_run:
                _count_dry(library, plan, producers, options, summary)
                return summary.result()
            recorded = _record(library, workers, plan, watch)
            summary.recorded = recorded
            summary.missing, summary.warnings = _mark_missing(library, plan, recorded, options)
            todo = _pending_files(library, {**plan.sounds, **recorded.sounds}, producers, options, summary)
            _analyse(library, workers, todo, producers, options, watch, summary, retry_failed=summary.any_retried)
    except KeyboardInterrupt:
        summary.interrupted = True
    finally:
        watch.close()
    return summary.result()


def retry(
    library: Library,
    options: AddOptions = AddOptions(),
    progress: Progress | None = None,
    *,
    codes: Sequence[str] = (),
    sound_ids: Sequence[int] | None = None,
    after_stored: AfterStored | None = None,
    executor: Executor | None = None,
) -> AddSummary:
    """Try again what failed.

    Parameters
    ----------
    codes : sequence of str
        Only failures with one of these codes; any by default.
    sound_ids : sequence of int, optional
        Only these sounds; then files without content are not tried.
    """
    watch = Watch(library, progress, failed_log=options.failed_log, after_stored=after_stored)
    summary = Tally(dry_run=options.dry_run)
    try:
        producers = producers_of(options.ears)
        with library.read() as connection:
            failed = failed_before(connection, codes=codes, sound_ids=sound_ids)
        summary.plan = Plan(
            found=len(failed.sounds) + len(failed.to_identify),
            to_identify=failed.to_identify,
            unchanged=len(failed.sounds),
        )
        watch.on_plan(summary.plan.counts())
        if options.dry_run:
            summary.analysed.analysed = len(failed.sounds)
            return summary.result()
        with _listeners(options, executor) as workers:
            recorded = _record(library, workers, summary.plan, watch)
            summary.recorded = recorded
            todo = {**failed.sounds, **recorded.sounds}
            _analyse(library, workers, todo, producers, options, watch, summary, retry_failed=True)
    except KeyboardInterrupt:
        summary.interrupted = True
    finally:
        watch.close()
    return summary.result()


def _listeners(options: AddOptions, given: Executor | None) -> AbstractContextManager[Executor]:
    return listeners(
        given,
        options.ears,
        workers=options.workers,
        memory_mb=options.memory_mb,
        ahead=Batching.of(options.checkpoint_every).ahead,
        start_method=options.start_method,
    )


# --- the steps ----------------------------------------------------------------------------------


def _walk(
    library: Library, paths: Sequence[str | bytes | os.PathLike[str]], options: AddOptions
) -> tuple[list[Start], list[FoundFile | LeftOut]]:
    """Files below ``paths``, and where the walk began."""
    own = [library.data_dir] if library.data_dir is not None else []
    files = list(walk(paths, exclude=options.exclude, skip_folders=[os.fspath(folder) for folder in own]))
    walked = dict.fromkeys(folder for folder in map(absolute, paths) if os.path.isdir(folder))
    folders = dict.fromkeys([*walked, *(file.start for file in files if isinstance(file, FoundFile))])
    if options.dry_run:
        with library.read() as connection:
            return [find_start(connection, folder, is_walked=folder in walked) for folder in folders], files
    with library.write() as connection:
        release_dead(connection)
        # Upper folders first, so that a lower one becomes a place within them.
        for folder in sorted(folders, key=len):
            ensure_root(connection, folder)
        starts = [Start(folder, ensure_root(connection, folder), folder in walked) for folder in folders]
    return starts, files


def _compare(
    library: Library,
    starts: Sequence[Start],
    files: Iterable[FoundFile | LeftOut],
    options: AddOptions,
    watch: Watch,
) -> Plan:
    with library.read() as connection:
        plan = make_plan(connection, files, starts, identify_failed=options.force)
    watch.on_plan(plan.counts())
    for left in plan.left_out:
        watch.on_outcome(FileOutcome(left.path, "identify", "left_out", left.error))
    return plan


def _record(library: Library, executor: Executor, plan: Plan, watch: Watch) -> RecordedFiles:
    watch.on_stage("identify", len(plan.to_identify))
    gone_ids = frozenset(location.id for location in plan.gone)
    recorded = record(library, executor, plan.to_identify, gone_ids=gone_ids, progress=watch)
    if plan.returned:
        with library.write() as connection:
            mark_present(connection, plan.returned)
    return recorded


def _mark_missing(
    library: Library, plan: Plan, recorded: RecordedFiles, options: AddOptions
) -> tuple[int, tuple[str, ...]]:
    """Mark what is gone and did not move, unless so much is gone that a disk must be."""
    gone = [location.id for location in plan.gone if location.id not in recorded.moved_ids]
    if not gone:
        return 0, ()
    if len(gone) * 2 > plan.n_known_present and not options.accept_missing:
        return 0, (
            f"{len(gone):,} of {plan.n_known_present:,} known files are not there: nothing was marked missing, "
            f"because a disk may not be mounted. If they are really gone, run the command again with --accept-missing.",
        )
    with library.write() as connection:
        return mark_missing(connection, gone), ()


def _pending_files(
    library: Library,
    files: Mapping[int, SoundFile],
    producers: Producers,
    options: AddOptions,
    summary: Tally,
) -> dict[int, SoundFile]:
    """Of these files' sounds, those to listen to."""
    if options.force:
        return dict(files)
    with library.read() as connection:
        todo = set(pending.pending_sounds(connection, producers.identities, spaces=producers.spaces))
        for sound_id, identity in failed_identities(connection).items():
            if sound_id in files:
                if identity == failure_identity():
                    summary.failed_before += 1
                else:
                    todo.add(sound_id)
                    summary.any_retried = True
    return {sound_id: file for sound_id, file in files.items() if sound_id in todo}


def _analyse(
    library: Library,
    executor: Executor,
    files: Mapping[int, SoundFile],
    producers: Producers,
    options: AddOptions,
    watch: Watch,
    summary: Tally,
    *,
    retry_failed: bool,
) -> None:
    watch.on_stage("listen", len(files))
    summary.n_todo = len(files)
    if not files:
        return
    claimed_s = summary.recorded.claimed_s
    owner = new_owner()
    with Heartbeat(library, owner):
        lengths = claimed_s if options.timeout_s is not None else with_claimed_lengths(executor, files, claimed_s)
        work = Work(
            files=files,
            claimed_s=lengths,
            ears=options.ears,
            producers=producers,
            owner=owner,
            batching=Batching.of(options.checkpoint_every),
            timeout_s=options.timeout_s,
            retry_failed=retry_failed,
            force=options.force,
        )
        analyse(library, executor, work, watch, summary.analysed)
    if summary.analysed.analysed:
        watch.stored(at_end=True)


def _count_dry(library: Library, plan: Plan, producers: Producers, options: AddOptions, summary: Tally) -> None:
    todo = _pending_files(library, plan.sounds, producers, options, summary)
    summary.analysed.analysed = len(todo) + len(plan.to_identify)
