"""From files to sounds: hash contents in workers, write down what is where."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from sonoteca.catalogue.heard.file_claims import trusted
from sonoteca.catalogue.identity.locations import (
    Change,
    keep_claims,
    locations_of,
    record_files,
    record_unreadable,
)
from sonoteca.catalogue.identity.roots import Root
from sonoteca.catalogue.identity.sounds import known_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.errors import FileUnreadable, SonotecaError
from sonoteca.ingest.deadline import BASE_DEADLINE_S
from sonoteca.ingest.failures import error_of
from sonoteca.ingest.identified import Identified
from sonoteca.ingest.plan import FileToIdentify, FileToRead, SoundFile, is_gone
from sonoteca.ingest.report import FileOutcome, Progress
from sonoteca.ingest.unfinished import still_growing
from sonoteca.ingest.worker_tasks import claimed_lengths, identify, read_claims
from sonoteca.workers.executor import Done, Executor, Task

# A batch's size: so few bytes that it ends within a second on a good disk, so many files that
# a message between processes is nothing beside them.
BATCH_BYTES = 64 * 2**20
BATCH_FILES = 32
# The slowest disk that is waited for: a network share.
_BYTES_PER_S = 2 * 2**20
_FLUSH_FILES = 500
_FLUSH_S = 2.0

_Item = TypeVar("_Item")
_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class RecordedFiles:
    """What recording found: counts per change, files of sounds, claimed lengths."""

    changes: Counter[Change] = field(default_factory=Counter)
    sounds: dict[int, SoundFile] = field(default_factory=dict)
    claimed_s: dict[int, float] = field(default_factory=dict)
    moved_ids: set[int] = field(default_factory=set)
    unreadable: list[FileOutcome] = field(default_factory=list)
    unfinished: list[FileOutcome] = field(default_factory=list)
    vanished: int = 0


def record(
    library: Library,
    executor: Executor,
    files: Sequence[FileToIdentify],
    *,
    gone_ids: frozenset[int],
    trust_names: bool,
    progress: Progress,
) -> RecordedFiles:
    """Identify ``files`` and record them, some hundred per transaction.

    Parameters
    ----------
    gone_ids : frozenset of int
        Locations that are not on disk any more: a file with the content of one of them moved.
    trust_names : bool
        Let what file names claim rank with tags.
    """
    found = RecordedFiles()
    by_path = {file.path: file for file in files}
    waiting: list[tuple[FileToIdentify, Identified]] = []
    last_flush = time.monotonic()
    for identified in identify_all(executor, files):
        waiting.append((by_path[identified.path], identified))
        progress.on_outcome(_outcome(identified))
        if len(waiting) >= _FLUSH_FILES or time.monotonic() - last_flush > _FLUSH_S:
            _write(library, _finished(waiting, progress, found), gone_ids, trust_names, found)
            waiting = []
            last_flush = time.monotonic()
    _write(library, _finished(waiting, progress, found), gone_ids, trust_names, found)
    return found


def _finished(
    batch: Sequence[tuple[FileToIdentify, Identified]], progress: Progress, found: RecordedFiles
) -> list[tuple[FileToIdentify, Identified]]:
    """Look at each file a second time: what another program is writing is not taken in by this run."""
    rest: list[tuple[FileToIdentify, Identified]] = []
    for file, identified in batch:
        error = still_growing(file.path, file.seen.size, file.seen.mtime_ns)
        if error is None:
            rest.append((file, identified))
        else:
            found.unfinished.append(FileOutcome(file.path, "identify", "left_out", error))
            progress.on_outcome(found.unfinished[-1])
    return rest


def identify_all(executor: Executor, files: Iterable[FileToIdentify]) -> Iterator[Identified]:
    """Identities as they are found; of a batch that crashed, hung or ate memory each file is tried alone."""
    batches = list(_batches(files))
    suspects: list[FileToIdentify] = []
    tasks = (_task(str(number), batch) for number, batch in enumerate(batches))
    for outcome in executor.run(identify, tasks, retry=False):
        batch = batches[int(outcome.key)]
        if isinstance(outcome, Done):
            yield from outcome.result
        else:
            suspects += batch
    if not suspects:
        return
    singles = (_task(str(number), [file]) for number, file in enumerate(suspects))
    for outcome in executor.run(identify, singles):
        if isinstance(outcome, Done):
            yield from outcome.result
        else:
            path = suspects[int(outcome.key)].path
            yield Identified(path, None, None, error_of(outcome, path))


def with_claimed_lengths(
    executor: Executor, files: Mapping[int, SoundFile], claimed_s: Mapping[int, float]
) -> dict[int, float]:
    """Claimed lengths also of sounds that an earlier run identified; a file that resists has none."""
    lengths = dict(claimed_s)
    unknown = [(sound_id, file) for sound_id, file in files.items() if sound_id not in lengths]
    for (sound_id, _), length_s in _asked(executor, claimed_lengths, unknown, lambda each: each[1].path):
        if length_s is not None:
            lengths[sound_id] = length_s
    return lengths


def _asked(
    executor: Executor,
    ask: Callable[[tuple[str, ...]], list[_Answer | None]],
    items: Sequence[_Item],
    path_of: Callable[[_Item], str],
) -> Iterator[tuple[_Item, _Answer | None]]:
    """Each item with what ``ask`` says of its file, in batches as they are done; None for all files of one that failed."""
    batches = [items[at : at + BATCH_FILES] for at in range(0, len(items), BATCH_FILES)]
    tasks = (Task(str(number), tuple(map(path_of, batch)), BASE_DEADLINE_S) for number, batch in enumerate(batches))
    for outcome in executor.run(ask, tasks, retry=False):
        batch = batches[int(outcome.key)]
        yield from zip(batch, outcome.result if isinstance(outcome, Done) else [None] * len(batch), strict=True)


def read_again(
    library: Library, executor: Executor, files: Sequence[FileToRead], *, trust_names: bool, progress: Progress
) -> int:
    """Read anew what unchanged files say about themselves, some hundred per transaction; returns how many were read.

    A file that resists keeps what is known of it.
    """
    n_read = 0
    waiting: dict[int, Sequence[Claim]] = {}

    def write() -> None:
        if waiting:
            with library.write() as connection:
                keep_claims(connection, waiting)
            waiting.clear()

    for file, said in _asked(executor, read_claims, files, lambda each: each.path):
        progress.on_outcome(FileOutcome(file.path, "read", "identified"))
        if said is not None:
            waiting[file.location_id] = trusted(said) if trust_names else said
            n_read += 1
        if len(waiting) >= _FLUSH_FILES:
            write()
    write()
    return n_read


def _batches(files: Iterable[FileToIdentify]) -> Iterator[list[FileToIdentify]]:
    batch: list[FileToIdentify] = []
    n_bytes = 0
    for file in files:
        if batch and (len(batch) >= BATCH_FILES or n_bytes + file.seen.size > BATCH_BYTES):
            yield batch
            batch, n_bytes = [], 0
        batch.append(file)
        n_bytes += file.seen.size
    if batch:
        yield batch


def _task(key: str, batch: Sequence[FileToIdentify]) -> Task[tuple[str, ...]]:
    n_bytes = sum(file.seen.size for file in batch)
    return Task(key, tuple(file.path for file in batch), BASE_DEADLINE_S + n_bytes / _BYTES_PER_S)


def _outcome(identified: Identified) -> FileOutcome:
    if identified.error is None:
        return FileOutcome(identified.path, "identify", "identified", duration_s=identified.claimed_s)
    return FileOutcome(identified.path, "identify", "failed", identified.error)


def _write(
    library: Library,
    batch: Sequence[tuple[FileToIdentify, Identified]],
    gone_ids: frozenset[int],
    trust_names: bool,
    found: RecordedFiles,
) -> None:
    if not batch:
        return
    readable: dict[Root, list[tuple[FileToIdentify, Identified]]] = {}
    unreadable: list[tuple[FileToIdentify, SonotecaError]] = []
    for file, identified in batch:
        if identified.error is None:
            readable.setdefault(file.root, []).append((file, identified))
        elif isinstance(identified.error, FileUnreadable) and is_gone(file.path):
            found.vanished += 1
        else:
            unreadable.append((file, identified.error))
    with library.write() as connection:
        hashes = [identified.content_hash or "" for pairs in readable.values() for _, identified in pairs]
        known = known_sounds(connection, hashes)
        elsewhere = {
            location.id
            for locations in locations_of(connection, list(known.values())).values()
            for location in locations
            if location.id not in gone_ids and not location.is_missing and is_gone(str(location.path))
        }
        for root, pairs in readable.items():
            seen = [(file.seen, identified.content_hash or "") for file, identified in pairs]
            said = {
                file.seen.relative_path: trusted(identified.claims) if trust_names else identified.claims
                for file, identified in pairs
                if identified.claims is not None
            }
            recorded = record_files(connection, root, seen, vanished=gone_ids | elsewhere, said=said)
            for (file, identified), each in zip(pairs, recorded, strict=True):
                found.changes[each.change] += 1
                sound_file = SoundFile(file.path, file.seen.size, identified.content_hash or "")
                found.sounds.setdefault(each.sound_id, sound_file)
                if each.change is Change.MOVED:
                    found.moved_ids.add(each.location_id)
                if identified.claimed_s is not None:
                    found.claimed_s[each.sound_id] = identified.claimed_s
        for file, error in unreadable:
            record_unreadable(connection, file.root, file.seen, error)
            found.unreadable.append(FileOutcome(file.path, "identify", "failed", error))
