"""The disk against the catalogue, changing neither: counts for ``audit``, paths files for ``gaps``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.catalogue import audit as audits
from sonoteca.catalogue.audit import Counts, DiskScan
from sonoteca.catalogue.heard import pending
from sonoteca.catalogue.identity.locations import missing_locations, shown_paths
from sonoteca.catalogue.identity.roots import list_roots
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import counted
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.domain.file_paths import FilePath, shown_path
from sonoteca.domain.request import Request
from sonoteca.errors import FileUnreadable
from sonoteca.index.segment_file import INDEX_FOLDER
from sonoteca.ingest.paths_file import write_paths
from sonoteca.ingest.plan import Plan, find_start, make_plan
from sonoteca.ingest.producers import todays_producers
from sonoteca.ingest.root_paths import absolute
from sonoteca.ingest.walk import FoundFile, walk

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

_GAPS_PATTERN = "gaps-*.txt"


class AuditRequest(Request):
    """What is counted.

    Attributes
    ----------
    roots : tuple of path
        Folders to compare the catalogue with; without one the disk is not read.
    """

    roots: tuple[FilePath, ...] = ()


@dataclass(frozen=True, slots=True)
class AuditAnswer:
    """What there is (``counts``, see ``catalogue.audit.count``), and what changed since the last audit that was kept.

    ``since`` is when that was; None where this is the first. ``changes`` are old and new count by name.
    ``missing_files`` are the paths behind the count ``missing_locations``; ``gone_files`` those behind
    ``stale_meta_paths_total``: not marked missing, and not on disk.
    """

    request: AuditRequest
    counts: Counts
    since: str | None
    changes: Mapping[str, tuple[int, int]]
    missing_files: tuple[str, ...] = ()
    gone_files: tuple[str, ...] = ()

    def __repr__(self) -> str:
        told = ("analysed", "pending", "failed")
        return f"<AuditAnswer: {counted(self.counts['sounds_total'], 'sound')}, {', '.join(f'{self.counts[each]:,} {each}' for each in told)}>"

    def as_json(self) -> dict[str, Any]:
        return self.counts | {"missing_files": list(self.missing_files), "gone_files": list(self.gone_files)}

    def changes_as_json(self) -> dict[str, Any]:
        rows = {name: {"before": old, "now": new} for name, (old, new) in self.changes.items()}
        return {"since": self.since, "changes": rows}


class GapsRequest(Request):
    """Which paths files are written.

    Attributes
    ----------
    roots : tuple of path, at least one
        Folders to look through.
    out : path
        Folder for the paths files.
    chunk : int >= 1
        Paths per file.
    """

    roots: tuple[FilePath, ...] = Field(min_length=1)
    out: FilePath
    chunk: int = Field(default=1000, ge=1)


@dataclass(frozen=True, slots=True)
class GapsAnswer:
    """Paths files that a later run of the main job reads, and how many paths they hold."""

    request: GapsRequest
    n_paths: int
    files: tuple[Path, ...]

    def as_json(self) -> dict[str, Any]:
        return {"paths": self.n_paths, "files": [str(path) for path in self.files]}


def audit(
    library: Library,
    request: AuditRequest = AuditRequest(),
    *,
    settings: AnalysisSettings = AnalysisSettings(),
    is_kept: bool = True,
    listener: Listener | None = None,
) -> AuditAnswer:
    """Count everything, compare with the disk where it is asked, and keep the audit if the library can be written.

    Parameters
    ----------
    settings : AnalysisSettings
        Whose analyzers and embedders have to have heard a sound for it to count as done.
    is_kept : bool
        False leaves the library as it is.
    listener : Listener, optional
        One of its workers says what today's analyzers are; without one, they are loaded here.

    Raises
    ------
    FileUnreadable
        If one of ``roots`` is no folder or file: nothing can be said of it.
    """
    producers = todays_producers(settings, listener)
    scan = None
    gone: list[int] = []
    if request.roots:
        plan = scan_disk(library, request.roots)
        gone = [location.id for location in plan.gone]
        scan = DiskScan(plan.found, plan.unknown, len(plan.gone))
    index_folder = None if library.data_dir is None else library.data_dir / INDEX_FOLDER
    with library.read() as connection:
        counts = audits.count(
            connection,
            identities=producers.identities,
            spaces=producers.spaces,
            scan=scan,
            index_folder=index_folder,
        )
        last = audits.last(connection)
        missing_files = tuple(shown_paths(connection, missing_locations(connection)))
        gone_files = tuple(shown_paths(connection, gone))
    if is_kept and library.mode != "read":
        with library.write() as connection:
            audits.keep(connection, counts)
    since, before = (None, counts) if last is None else last
    changes = audits.difference(before, counts)
    if not (request.roots and before["audio_files_scanned"]):
        # The disk was not read both times: what was not counted has not changed.
        changes = {name: change for name, change in changes.items() if name not in audits.OF_DISK}
    return AuditAnswer(request, counts, since, changes, missing_files, gone_files)


def write_gaps(
    library: Library, request: GapsRequest, *, settings: AnalysisSettings = AnalysisSettings()
) -> GapsAnswer:
    """Write the paths below ``roots`` that are unknown, changed, not analysed or not embedded.

    Files ``gaps-0001.txt`` ... of ``chunk`` paths each; older ones in ``out`` are replaced. What
    failed is not among them: the main job would leave it alone, ``retry`` is for that.

    Raises
    ------
    FileUnreadable
        If one of ``roots`` is not there, or ``out`` cannot be written.
    """
    paths = _unheard(library, request.roots, settings, None)
    folder = Path(request.out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(_GAPS_PATTERN):
            old.unlink()
        files = []
        for number, some in enumerate(_chunks(paths, request.chunk), start=1):
            files.append(folder / f"gaps-{number:04}.txt")
            write_paths(files[-1], some)
    except OSError as error:
        raise FileUnreadable(f"Paths files cannot be written to {folder}: {error.strerror}.") from error
    return GapsAnswer(request, len(paths), tuple(files))


class FindGapsRequest(Request):
    """Which paths are told.

    Attributes
    ----------
    roots : tuple of path
        Folders to look through; all roots of the library where none is named.
    limit : int in 0..100,000
        At most so many paths, and the number of all.
    offset : int >= 0
        So many are left out first.
    """

    roots: tuple[FilePath, ...] = ()
    limit: int = Field(default=1000, ge=0, le=100_000)
    offset: int = Field(default=0, ge=0, le=2**53)


@dataclass(frozen=True, slots=True)
class FindGapsAnswer:
    """Paths of files that are not heard yet, in order; ``total`` is how many there are without ``limit`` and ``offset``."""

    request: FindGapsRequest
    paths: tuple[str, ...]
    total: int

    def as_json(self) -> dict[str, Any]:
        return {
            "query": self.request.as_json(),
            "paths": [shown_path(path) for path in self.paths],
            "total": self.total,
        }


def find_gaps(
    library: Library,
    request: FindGapsRequest = FindGapsRequest(),
    *,
    settings: AnalysisSettings = AnalysisSettings(),
    listener: Listener | None = None,
) -> FindGapsAnswer:
    """Find the paths that ``write_gaps`` would write, without writing any; ``listener`` as of ``audit``.

    Raises
    ------
    FileUnreadable
        If one of ``roots`` is not there.
    """
    roots: Sequence[str] = request.roots
    if not roots:
        with library.read() as connection:
            roots = [str(root.folder) for root in list_roots(connection) if not root.is_away]
    paths = _unheard(library, roots, settings, listener)
    page = paths[request.offset : request.offset + request.limit]
    return FindGapsAnswer(request, tuple(page), len(paths))


def _unheard(
    library: Library, roots: Sequence[str], settings: AnalysisSettings, listener: Listener | None
) -> list[str]:
    """Paths that are unknown, changed, not analysed or not embedded."""
    plan = scan_disk(library, roots)
    producers = todays_producers(settings, listener)
    with library.read() as connection:
        todo = set(pending.pending_sounds(connection, producers.identities, spaces=producers.spaces))
    paths = [file.path for file in plan.to_identify]
    return paths + [file.path for sound_id, file in plan.sounds.items() if sound_id in todo]


def scan_disk(library: Library, roots: Iterable[str | bytes | os.PathLike[str]]) -> Plan:
    """Walk ``roots`` and compare with the catalogue."""
    folders = [absolute(root) for root in roots]
    for folder in folders:
        if not os.path.exists(folder):
            raise FileUnreadable(
                f"{folder!r} is not there.", "Check the path and that its disk is mounted, then run the audit again."
            )
    own = [os.fspath(library.data_dir)] if library.data_dir is not None else []
    files = list(walk(folders, skip_folders=own))
    walked = {folder for folder in folders if os.path.isdir(folder)}
    starts = dict.fromkeys([*walked, *(file.start for file in files if isinstance(file, FoundFile))])
    with library.read() as connection:
        return make_plan(
            connection, files, [find_start(connection, start, is_walked=start in walked) for start in starts]
        )


def _chunks(paths: Sequence[str], size: int) -> Iterator[Sequence[str]]:
    return (paths[at : at + size] for at in range(0, len(paths), size))
