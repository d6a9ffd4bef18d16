"""Files that were made for somebody and are kept for the next: a folder with a limit, the least used go first.

A kept file is the file itself and, beside it, a note that says what it is. The note comes last and goes first, so that
a file without one is none; its time is when the file was last used.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Generic, TypeVar

from sonoteca.catalogue.store.library import Library
from sonoteca.errors import LibraryFull, LibraryUnwritable
from sonoteca.whole_file import remove_leftovers, write_whole

Made = TypeVar("Made")

_NOTE = ".json"
# A use is written down when the last is as long ago.
_NOTED_AFTER_S = 600.0
# A file that was asked for just now is about to be opened.
_IN_USE_S = 300.0


@dataclass(frozen=True, slots=True)
class KeepingLimits:
    """How much is kept, and how long after its last use.

    ``most_bytes`` is for one folder; ``unused_s`` in seconds; ``least_free_bytes`` is left to the disk for what cannot
    be made again.
    """

    most_bytes: int = 10 * 2**30
    unused_s: float = 30 * 86_400.0
    least_free_bytes: int = 256 * 2**20


@dataclass(frozen=True, slots=True)
class KeptFile:
    """``note`` is what was said of the file when it was made."""

    path: Path
    note: dict[str, Any]


@dataclass(frozen=True, slots=True)
class FolderSize:
    """How many files, and their bytes."""

    files: int = 0
    n_bytes: int = 0

    def __add__(self, other: FolderSize) -> FolderSize:
        return FolderSize(self.files + other.files, self.n_bytes + other.n_bytes)


def folder_size(folder: Path) -> FolderSize:
    """All files below a folder; nothing where there is none."""
    size = FolderSize()
    for above, _, names in os.walk(folder):
        for name in names:
            with contextlib.suppress(OSError):
                size += FolderSize(1, os.lstat(os.path.join(above, name)).st_size)
    return size


def folder_of(library: Library, *parts: str) -> Path | None:
    """A folder below the library's data folder, for what is better kept and can do without; None where there can be none."""
    if library.data_dir is None:
        return None
    try:
        return library.data_folder(*parts)
    except LibraryUnwritable:
        return None


class Kept:
    """A folder of kept files; ``make`` makes what is not there, once however many threads ask.

    Parameters
    ----------
    library : Library
        Remembers what is under way.
    parts : str
        The folder below the library's data folder.
    limits : KeepingLimits
    """

    def __init__(self, library: Library, *parts: str, limits: KeepingLimits = KeepingLimits()) -> None:
        self._library = library
        self._name = "/".join(parts)
        self.folder = library.data_folder(*parts)
        self.limits = limits

    def find(self, name: str) -> KeptFile | None:
        """The file of that name, if it is whole; it counts as used."""
        path = self.folder / name
        note_path = path.with_name(name + _NOTE)
        try:
            used = note_path.stat().st_mtime
            note = json.loads(note_path.read_bytes())
            if path.stat().st_size != note["n_bytes"]:
                return None
        except (OSError, ValueError, KeyError, TypeError):
            return None
        if time.time() - used > _NOTED_AFTER_S:
            with contextlib.suppress(OSError):
                os.utime(note_path)
        return KeptFile(path, note)

    def get(self, name: str, make: Callable[[Path], dict[str, Any]]) -> KeptFile:
        """The file of that name, made if it is not there.

        Parameters
        ----------
        make : function of the path to write to
            Writes the file, complete or not at all, and gives its note, which has ``n_bytes``.
        """
        return self.find(name) or once(self._library, f"{self._name}/{name}", lambda: self._made(name, make))

    def _made(self, name: str, make: Callable[[Path], dict[str, Any]]) -> KeptFile:
        # Another thread may have made it between the look and now.
        if (found := self.find(name)) is not None:
            return found
        self._require_room()
        path = self.folder / name
        note = make(path)
        try:
            write_whole(path.with_name(name + _NOTE), json.dumps(note).encode())
        except OSError as error:
            raise LibraryUnwritable(f"{path} cannot be kept ({error.strerror or error}).") from error
        self.tidy()
        return KeptFile(path, note)

    def _require_room(self) -> None:
        if shutil.disk_usage(self.folder).free >= self.limits.least_free_bytes:
            return
        self.tidy()
        free = shutil.disk_usage(self.folder).free
        if free < self.limits.least_free_bytes:
            raise LibraryFull(
                f"The disk of {self.folder} has {free / 2**20:,.0f} MB left: nothing more is cached on it.",
                "Free disk space, or let less be cached.",
            )

    def tidy(self) -> FolderSize:
        """Remove what was not used for long, and the least used beyond the limit; what cannot be removed stays."""
        now, removed = time.time(), FolderSize(0, remove_leftovers(self.folder))
        files = sorted(self._files(), key=lambda each: each.used)
        total = sum(each.n_bytes for each in files)
        for each in files:
            unused_s = now - each.used
            if unused_s <= self.limits.unused_s and (total <= self.limits.most_bytes or unused_s <= _IN_USE_S):
                continue
            if each.remove():
                total -= each.n_bytes
                removed += FolderSize(1, each.n_bytes)
        return removed

    def _files(self) -> Iterator[_File]:
        notes: dict[str, os.stat_result] = {}
        files: dict[str, os.stat_result] = {}
        with os.scandir(self.folder) as entries:
            for entry in entries:
                with contextlib.suppress(OSError):
                    if not entry.is_file(follow_symlinks=False) or entry.name.startswith("."):
                        continue
                    into = notes if entry.name.endswith(_NOTE) else files
                    into[entry.name] = entry.stat(follow_symlinks=False)
        for name, state in files.items():
            note = notes.pop(name + _NOTE, None)
            used = state.st_mtime if note is None else note.st_mtime
            yield _File(self.folder / name, used, state.st_size + (0 if note is None else note.st_size))
        for name, state in notes.items():
            yield _File(self.folder / name.removesuffix(_NOTE), state.st_mtime, state.st_size)


@dataclass(frozen=True, slots=True)
class _File:
    path: Path
    used: float
    n_bytes: int

    def remove(self) -> bool:
        try:
            self.path.with_name(self.path.name + _NOTE).unlink(missing_ok=True)
            self.path.unlink(missing_ok=True)
        except OSError:
            return False
        return True


class _UnderWay(Generic[Made]):
    """What threads are making now, by name."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._futures: dict[str, Future[Made]] = {}

    def get(self, name: str, make: Callable[[], Made]) -> Made:
        with self._lock:
            future = self._futures.get(name)
            is_mine = future is None
            if future is None:
                future = self._futures[name] = Future()
        if not is_mine:
            return future.result()
        try:
            made = make()
        except BaseException as error:
            future.set_exception(error)
            raise
        else:
            future.set_result(made)
            return made
        finally:
            with self._lock:
                del self._futures[name]


def once(library: Library, name: str, make: Callable[[], Made]) -> Made:
    """What ``make`` makes; of several threads that ask for one name at once, one makes it for all."""
    under_way: _UnderWay[Made] = library.held.setdefault("media.under_way", _UnderWay())
    return under_way.get(name, make)
