"""Where uploads lie while they are answered: a folder of this process on the library's data disk.

The folder is named after machine, process and its start, so that the next server finds what a dead
one left behind. What has to outlive the process (the file of a job) is moved out of it.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
import uuid
from collections.abc import Callable
from functools import cached_property
from pathlib import Path

import psutil

import sonoteca
from sonoteca import Library
from sonoteca.errors import DiskLow

FOLDER = "staging"
_PREFIX = "server"
# What servers of other machines left: whether one lives cannot be seen from here.
_FOREIGN_S = 86_400.0


def free_bytes(folder: Path) -> int:
    """What the disk of a folder has left, in bytes."""
    return shutil.disk_usage(folder).free


class Staging:
    """The folder of this server's uploads.

    Parameters
    ----------
    library : Library
        Its data folder holds the uploads.
    min_free_mb : int
        So much is left free on its disk.
    measure : function
        Free bytes of the disk of a folder.

    Attributes
    ----------
    under_way : int
        Uploads that come in or are answered now.
    """

    def __init__(self, library: Library, min_free_mb: int, measure: Callable[[Path], int] = free_bytes) -> None:
        self._library = library
        self._min_free = min_free_mb * 2**20
        self.measure = measure
        self.under_way = 0

    @cached_property
    def folder(self) -> Path:
        """Made when it is first asked for; RequestError where the library has no data folder on this machine."""
        return self._library.data_folder(FOLDER, _name(os.getpid(), psutil.Process().create_time()))

    def new_path(self, suffix: str) -> Path:
        """A file that does not exist yet."""
        return self.folder / f"{uuid.uuid4().hex}{suffix}"

    def require_room(self, n_bytes: int) -> None:
        """Refuse what the disk has no room for; DiskLow."""
        free = self.measure(self.folder)
        if free - n_bytes < self._min_free:
            raise DiskLow(
                f"The disk of the library has {free / 2**20:,.0f} MB left, and uploads leave "
                f"{self._min_free / 2**20:,.0f} MB free."
            )

    def hand_over(self, path: Path) -> str:
        """Give a staged file to the queue, which removes it when its job has ended; returns what a job calls it."""
        return sonoteca.stage_upload(self._library, path)

    def take_back(self, name: str) -> None:
        """Remove a file that was handed over for a job that was refused."""
        (self._library.data_folder(FOLDER) / name).unlink(missing_ok=True)

    def remove(self) -> None:
        """Remove this server's folder and what is in it."""
        if "folder" in vars(self):
            shutil.rmtree(self.folder, ignore_errors=True)

    def remove_leftovers(self) -> int:
        """Remove the folders of servers that are dead; returns how many there were."""
        if self._library.data_dir is None:
            return 0
        removed = 0
        for folder in sorted((self._library.data_dir / FOLDER).glob(f"{_PREFIX}-*")):
            if _is_left_over(folder):
                shutil.rmtree(folder, ignore_errors=True)
                removed += 1
        return removed


def _name(pid: int, started: float) -> str:
    return f"{_PREFIX}-{_machine()}-{pid}-{int(started)}"


def _machine() -> str:
    return "".join(letter if letter.isalnum() else "_" for letter in socket.gethostname()) or "machine"


def _is_left_over(folder: Path) -> bool:
    try:
        _, machine, pid, started = folder.name.split("-")
        if machine != _machine():
            return time.time() - folder.stat().st_mtime > _FOREIGN_S
        # A second between two ways to round the moment.
        return abs(psutil.Process(int(pid)).create_time() - int(started)) > 2
    except psutil.NoSuchProcess:
        return True
    except (ValueError, OSError, psutil.Error):
        # A name that we do not give, or a process that may not be looked at: it is left alone.
        return False
