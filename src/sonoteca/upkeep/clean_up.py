"""A clean-up frees what a library keeps and can do without: old uploads, caches, and the memory of idle workers."""

from __future__ import annotations

import contextlib
import math
import os
import time
from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.catalogue.made.jobs import requests_not_ended
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.media.kept_files import FolderSize, KeepingLimits, Kept
from sonoteca.upkeep.caches import CACHES, STAGING, kept_folders

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener

_UNDER_WAY_S = 600.0


class CleanUpRequest(Request):
    """What is removed.

    Attributes
    ----------
    cache_mb : int >= 0 [MB]
        Each cache keeps so much; what was not used for longest goes first. What was used in the last five
        minutes stays, as somebody may be about to open it.
    cache_days : float >= 0 [days]
        What was not used for longer goes.
    staging_hours : float >= 0 [hours]
        Uploads that are older go, unless a job waits for them; those of the last ten minutes stay, as they may be
        under way.
    restart_workers : bool
        Whether workers that do nothing are replaced by new ones.
    """

    cache_mb: int = Field(default=10_240, ge=0)
    cache_days: float = Field(default=30.0, ge=0, allow_inf_nan=False)
    staging_hours: float = Field(default=24.0, ge=0, allow_inf_nan=False)
    restart_workers: bool = True


@dataclass(frozen=True, slots=True)
class CleanUpAnswer:
    """What was removed, by what it was; ``restarted`` workers were replaced."""

    request: CleanUpRequest
    removed: dict[str, FolderSize]
    restarted: int

    @property
    def freed_bytes(self) -> int:
        """How many bytes of files are gone from the disk."""
        return sum(each.n_bytes for each in self.removed.values())

    def as_json(self) -> dict[str, Any]:
        return {
            "query": self.request.as_json(),
            "freed_bytes": self.freed_bytes,
            "removed": {
                name: {"files": each.files, "n_bytes": each.n_bytes} for name, each in self.removed.items()
            },
            "restarted_workers": self.restarted,
        }  # fmt: skip


def clean_up(
    library: Library, request: CleanUpRequest = CleanUpRequest(), *, listener: Listener | None = None
) -> CleanUpAnswer:
    """Remove expired uploads and what caches hold beyond their limits, and replace idle workers.

    What cannot be removed (another program has it open, on Windows) stays, and is not counted. Nothing of the
    catalogue changes.

    Parameters
    ----------
    listener : Listener, optional
        Whose idle workers are replaced; they give back the memory that they held.
    """
    limits = KeepingLimits(request.cache_mb * 2**20, request.cache_days * 86_400.0)
    removed: dict[str, FolderSize] = {}
    for name, folder in kept_folders(library).items():
        if name == STAGING:
            removed[name] = _remove_old(
                folder, max(request.staging_hours * 3600.0, _UNDER_WAY_S), wanted=_awaited(library)
            )
        elif folder.is_dir():
            # Waveforms are small, and the sound may be on a disk that is not there: they stay while there is room.
            unused_s = math.inf if name == "peaks" else limits.unused_s
            removed[name] = Kept(library, *CACHES[name], limits=replace(limits, unused_s=unused_s)).tidy()
    restarted = listener.restart_idle() if listener is not None and request.restart_workers else 0
    return CleanUpAnswer(request, removed, restarted)


def _awaited(library: Library) -> set[str]:
    """Names of uploads that jobs need which have not ended."""
    with library.read() as connection:
        return {str(request["staged"]) for request in requests_not_ended(connection) if request.get("staged")}


def _remove_old(folder: Path, older_than_s: float, *, wanted: Collection[str]) -> FolderSize:
    """Remove files below a folder that are so old and whose names nobody wants; folders stay, as somebody may use them."""
    removed, before = FolderSize(), time.time() - older_than_s
    for above, _, names in os.walk(folder):
        for name in names:
            if name in wanted:
                continue
            path = os.path.join(above, name)
            with contextlib.suppress(OSError):
                state = os.lstat(path)
                if state.st_mtime < before:
                    os.unlink(path)
                    removed += FolderSize(1, state.st_size)
    return removed
