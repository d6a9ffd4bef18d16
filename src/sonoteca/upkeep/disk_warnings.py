"""What a program that opens a library for long should say about the disk that it lies on."""

from __future__ import annotations

from pathlib import Path

from sonoteca.catalogue.store.disks import network_disk
from sonoteca.catalogue.store.library import Library
from sonoteca.upkeep.check import Finding


def library_warnings(library: Library) -> tuple[Finding, ...]:
    """What may go wrong with a library because of where it lies; empty where nothing is known to."""
    warning = None if library.path is None else disk_warning(library.path)
    return () if warning is None else (warning,)


def disk_warning(path: Path) -> Finding | None:
    """A finding for a library file on a network disk; it may not exist yet."""
    kind = network_disk(path)
    if kind is None:
        return None
    return Finding(
        "network_disk",
        f"{path} lies on a network disk ({kind}): SQLite's locks and its log are not safe there once two machines open it.",
        "Keep the library on a disk of this machine, or in PostgreSQL; the sounds may stay where they are.",
    )
