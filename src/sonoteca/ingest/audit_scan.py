"""The disk against the catalogue, changing neither: counts for ``audit``, paths files for ``gaps``."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonoteca.catalogue import audit
from sonoteca.catalogue.audit import Counts, DiskScan
from sonoteca.catalogue.heard import pending
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.errors import FileUnreadable
from sonoteca.ingest.listen import producers_of
from sonoteca.ingest.paths_file import write_paths
from sonoteca.ingest.plan import Plan, find_start, make_plan
from sonoteca.ingest.root_paths import absolute
from sonoteca.ingest.walk import FoundFile, walk

# Where index segments lie below a library's data folder.
INDEX_FOLDER = "index"
_GAPS_PATTERN = "gaps-*.txt"


@dataclass(frozen=True, slots=True)
class WrittenGaps:
    """Paths files that ``add --paths-file`` reads, and how many paths they hold."""

    n_paths: int
    files: tuple[Path, ...]


def audit_library(
    library: Library,
    roots: Sequence[str | bytes | os.PathLike[str]] = (),
    *,
    ears: AnalysisSettings = AnalysisSettings(),
) -> Counts:
    """Everything ``sonoteca audit`` prints (see ``catalogue.audit.count``); with ``roots`` the disk is walked too.

    Raises
    ------
    FileUnreadable
        If one of ``roots`` is no folder or file: nothing can be said of it.
    """
    producers = producers_of(ears)
    scan = None
    if roots:
        plan = scan_disk(library, roots)
        scan = DiskScan(plan.found, plan.unknown, len(plan.gone))
    index_folder = None if library.data_dir is None else library.data_dir / INDEX_FOLDER
    with library.read() as connection:
        return audit.count(
            connection,
            identities=producers.identities,
            spaces=producers.spaces,
            scan=scan,
            index_folder=index_folder,
        )


def write_gaps(
    library: Library,
    roots: Sequence[str | bytes | os.PathLike[str]],
    out: str | os.PathLike[str],
    *,
    chunk: int = 1000,
    ears: AnalysisSettings = AnalysisSettings(),
) -> WrittenGaps:
    """Write the paths below ``roots`` that are unknown, changed, not analysed or not embedded.

    Files ``gaps-0001.txt`` ... of ``chunk`` paths each; older ones in ``out`` are replaced. What
    failed is not among them: ``add`` would leave it alone, ``retry`` is for that.

    Raises
    ------
    FileUnreadable
        If one of ``roots`` is not there, or ``out`` cannot be written.
    """
    if chunk < 1:
        raise ValueError(f"chunk must be positive, got {chunk}")
    plan = scan_disk(library, roots)
    producers = producers_of(ears)
    with library.read() as connection:
        todo = set(pending.pending_sounds(connection, producers.identities, spaces=producers.spaces))
    paths = [file.path for file in plan.to_identify]
    paths += [file.path for sound_id, file in plan.sounds.items() if sound_id in todo]
    folder = Path(out)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for old in folder.glob(_GAPS_PATTERN):
            old.unlink()
        files = []
        for number, some in enumerate(_chunks(paths, chunk), start=1):
            files.append(folder / f"gaps-{number:04}.txt")
            write_paths(files[-1], some)
    except OSError as error:
        raise FileUnreadable(f"Paths files cannot be written to {folder}: {error.strerror}.") from error
    return WrittenGaps(len(paths), tuple(files))


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
