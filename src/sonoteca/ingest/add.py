"""The main job: folders of sound in, a catalogue that knows them out.

``add`` reads like its table of contents: walk, compare, identify and record, mark what is
missing, analyse. Each step leaves the catalogue whole, so a run that is killed anywhere is
continued by simply running it again (docs/ingest.md).
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from contextlib import ExitStack

import sqlalchemy as sa

from sonoteca.catalogue.heard import pending
from sonoteca.catalogue.identity.locations import Change, mark_missing, mark_present, shown_paths
from sonoteca.catalogue.identity.remove import forget_failed, remove_abandoned
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.domain.names import printable_path
from sonoteca.ingest.analyse import Batching, Work, analyse, failure_identity
from sonoteca.ingest.failed_before import failed_before, failed_identities
from sonoteca.ingest.listener import Listener
from sonoteca.ingest.ownership import Heartbeat, new_owner, release_dead
from sonoteca.ingest.plan import Plan, SoundFile, Start, find_start, is_gone, make_plan
from sonoteca.ingest.producers import Producers, todays_producers
from sonoteca.ingest.record import RecordedFiles, read_again, record, with_claimed_lengths
from sonoteca.ingest.report import AddAnswer, FileOutcome, Progress
from sonoteca.ingest.requests import AddRequest, HearingRequest, RetryRequest
from sonoteca.ingest.root_paths import absolute
from sonoteca.ingest.tally import AfterStored, Tally, Watch
from sonoteca.ingest.walk import FoundFile, LeftOut, walk
from sonoteca.workers.limits import processors
from sonoteca.workers.worker_process import best_start_method


def add_files(
    library: Library,
    request: AddRequest,
    *,
    listener: Listener | None = None,
    progress: Progress | None = None,
    after_stored: AfterStored | None = None,
) -> AddAnswer:
    """Add files and folders to a library, and analyse what is pending among them.

    Parameters
    ----------
    library : Library
        Open for writing (for reading will do in a dry run).
    request : AddRequest
    listener : Listener, optional
        Hears the files; by default one with a worker per processor, which ends with the run.
    progress : Progress, optional
        Is told what happens, in this thread.
    after_stored : callable, optional
        Given the library after results were stored.

    Returns
    -------
    AddAnswer
        ``interrupted`` if Ctrl-C ended the run; all that was finished is stored then.

    Raises
    ------
    LibraryError
        The library cannot be read or written. Everything stored before is intact.
    WorkerError
        Worker processes cannot be started.
    """
    watch = Watch(library, progress, failed_log=request.failed_log, after_stored=after_stored)
    tally = Tally(request)
    try:
        tally.absent = _absent(request)
        starts, files = _walk(library, request)
        with ExitStack() as stack:
            listener = listener or stack.enter_context(_own_listener())
            producers = todays_producers(listener.settings, listener)
            plan = _compare(library, starts, files, request, watch)
            tally.plan = plan
            if request.dry_run:
                _count_dry(library, plan, producers, request, tally)
                return tally.result()
            recorded = _record(library, listener, plan, watch)
            tally.recorded = recorded
            tally.read_again = _read_again(library, listener, plan, watch)
            tally.missing, tally.warnings = _mark_missing(library, plan, recorded, request)
            gone = [each.id for each in plan.gone if each.is_failed and each.id not in recorded.moved_ids]
            _clear_away(library, gone, recorded)
            todo = _pending_files(library, {**plan.sounds, **recorded.sounds}, producers, request, tally)
            _analyse(library, listener, todo, producers, request, watch, tally, retry_failed=tally.any_retried)
    except KeyboardInterrupt:
        tally.interrupted = True
    finally:
        watch.close()
    return tally.result()


def retry_files(
    library: Library,
    request: RetryRequest = RetryRequest(),
    *,
    listener: Listener | None = None,
    progress: Progress | None = None,
    after_stored: AfterStored | None = None,
) -> AddAnswer:
    """Try again what failed; parameters, answer and errors as of ``add_files``."""
    watch = Watch(library, progress, failed_log=request.failed_log, after_stored=after_stored)
    tally = Tally(request)
    try:
        with library.read() as connection:
            failed = failed_before(connection, codes=request.codes)
        tally.plan = Plan(found=len(failed.to_identify), to_identify=failed.to_identify)
        watch.on_plan(tally.plan.counts())
        if request.dry_run:
            tally.analysed.analysed = len(failed.to_identify)
            tally.recorded.changes[Change.NEW] = len(failed.to_identify)
            return tally.result()
        with ExitStack() as stack:
            listener = listener or stack.enter_context(_own_listener())
            producers = todays_producers(listener.settings, listener)
            recorded = _record(library, listener, tally.plan, watch)
            tally.recorded = recorded
            _clear_away(library, [each for each in failed.gone if each not in recorded.moved_ids], recorded)
            _analyse(library, listener, recorded.sounds, producers, request, watch, tally, retry_failed=True)
    except KeyboardInterrupt:
        tally.interrupted = True
    finally:
        watch.close()
    return tally.result()


def _own_listener() -> Listener:
    # Many files: a fresh worker after a crash comes sooner from a fork server, whatever the number of workers.
    return Listener(workers=processors(), is_background=True, start_method=best_start_method())


# --- the steps ----------------------------------------------------------------------------------


def _absent(request: AddRequest) -> tuple[str, ...]:
    """Paths that were named and are not there."""
    return tuple(
        dict.fromkeys(
            printable_path(path) for path in request.paths if is_gone(os.fsencode(absolute(path)), follow=False)
        )
    )


def _walk(library: Library, request: AddRequest) -> tuple[list[Start], list[FoundFile | LeftOut]]:
    """Files below ``paths``, and where the walk began."""
    own = [library.data_dir] if library.data_dir is not None else []
    files = list(walk(request.paths, exclude=request.exclude, skip_folders=[os.fspath(folder) for folder in own]))
    walked = dict.fromkeys(folder for folder in map(absolute, request.paths) if os.path.isdir(folder))
    folders = dict.fromkeys([*walked, *(file.start for file in files if isinstance(file, FoundFile))])
    if request.dry_run:
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
    request: AddRequest,
    watch: Watch,
) -> Plan:
    with library.read() as connection:
        plan = make_plan(connection, files, starts, identify_all=request.force)
    watch.on_plan(plan.counts())
    for left in plan.left_out:
        watch.on_outcome(FileOutcome(left.path, "identify", "left_out", left.error))
    return plan


def _record(library: Library, listener: Listener, plan: Plan, watch: Watch) -> RecordedFiles:
    watch.on_stage("identify", len(plan.to_identify))
    gone_ids = frozenset(location.id for location in plan.gone)
    recorded = record(
        library,
        listener.executor,
        plan.to_identify,
        gone_ids=gone_ids,
        trust_names=listener.settings.trust_names,
        progress=watch,
    )
    if plan.returned:
        with library.write() as connection:
            mark_present(connection, plan.returned)
    return recorded


def _read_again(library: Library, listener: Listener, plan: Plan, watch: Watch) -> int:
    if not plan.to_read:
        return 0
    watch.on_stage("read", len(plan.to_read))
    trust_names = listener.settings.trust_names
    return read_again(library, listener.executor, plan.to_read, trust_names=trust_names, progress=watch)


def _mark_missing(
    library: Library, plan: Plan, recorded: RecordedFiles, request: AddRequest
) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Mark what is gone and did not move, unless so much is gone that a disk must be; says what was marked, or why not."""
    gone = [location.id for location in plan.gone if location.id not in recorded.moved_ids and not location.is_failed]
    if not gone:
        return (), ()
    if len(gone) * 2 > plan.n_known_present and not request.accept_missing:
        return (), (
            f"{len(gone):,} of {plan.n_known_present:,} known files are not there: nothing was marked missing, "
            f"because a disk may not be mounted. If they are really gone, add again and accept that they are missing.",
        )
    with library.write() as connection:
        mark_missing(connection, gone)
        return tuple(shown_paths(connection, gone)), ()


def _clear_away(library: Library, gone_ids: Sequence[int], recorded: RecordedFiles) -> None:
    """Forget what had failed and is no longer on disk, and sounds whose only file holds another content now."""
    if not gone_ids and not recorded.changes[Change.CHANGED]:
        return
    with library.write() as connection:
        forget_failed(connection, gone_ids)
        remove_abandoned(connection)


def _pending_files(
    library: Library,
    files: Mapping[int, SoundFile],
    producers: Producers,
    request: AddRequest,
    tally: Tally,
) -> dict[int, SoundFile]:
    """Of these files' sounds, those to listen to."""
    if request.force:
        return dict(files)
    with library.read() as connection:
        todo = set(pending.pending_sounds(connection, producers.identities, spaces=producers.spaces))
        for sound_id, identity in failed_identities(connection).items():
            if sound_id in files:
                if identity == failure_identity():
                    tally.failed_before += 1
                else:
                    todo.add(sound_id)
                    tally.any_retried = True
    return {sound_id: file for sound_id, file in files.items() if sound_id in todo}


def _analyse(
    library: Library,
    listener: Listener,
    files: Mapping[int, SoundFile],
    producers: Producers,
    request: HearingRequest,
    watch: Watch,
    tally: Tally,
    *,
    retry_failed: bool,
) -> None:
    watch.on_stage("listen", len(files))
    tally.n_todo = len(files)
    if not files:
        return
    claimed_s = tally.recorded.claimed_s
    owner = new_owner()
    with Heartbeat(library, owner):
        lengths = (
            claimed_s if request.timeout_s is not None else with_claimed_lengths(listener.executor, files, claimed_s)
        )
        work = Work(
            files=files,
            claimed_s=lengths,
            settings=listener.settings,
            producers=producers,
            owner=owner,
            batching=Batching.of(request.checkpoint_every),
            timeout_s=request.timeout_s,
            retry_failed=retry_failed,
            force=request.force,
        )
        analyse(library, listener.executor, work, watch, tally.analysed)
    if tally.analysed.analysed:
        watch.stored(at_end=True)


def _count_heard(library: Library, sound_ids: list[int]) -> int:
    """How many of these sounds were analysed before."""
    count = sa.select(sa.func.count()).select_from(sounds).where(sounds.c.status == "analysed")
    with library.read() as connection:
        counts = [connection.execute(count.where(sounds.c.id.in_(some))).scalar_one() for some in chunks(sound_ids)]
    return sum(counts)


def _count_dry(library: Library, plan: Plan, producers: Producers, request: AddRequest, tally: Tally) -> None:
    todo = _pending_files(library, plan.sounds, producers, request, tally)
    moved = {location.id for location in plan.moved()}
    was = Counter(file.was for file in plan.to_identify)
    tally.recorded.changes.update(
        {
            Change.NEW: was[None] - len(moved),
            Change.MOVED: len(moved),
            Change.CHANGED: was["other"],
            Change.SAME: was["same"],
        }
    )
    # What has moved is not heard again, unless all is.
    tally.analysed.analysed = len(todo) + len(plan.to_identify) - (0 if request.force else len(moved))
    if not request.force:
        tally.again = _count_heard(library, list(todo))
    gone = [each.id for each in plan.gone if each.id not in moved and not each.is_failed]
    if gone and (len(gone) * 2 <= plan.n_known_present or request.accept_missing):
        with library.read() as connection:
            tally.missing = tuple(shown_paths(connection, gone))
