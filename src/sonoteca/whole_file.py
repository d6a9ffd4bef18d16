"""A file appears complete under its name or not at all, whatever kills the program while it writes.

It is written beside its name, its bytes are brought to the disk (``fsync``), and only then it
takes the name, in one step; the folder is brought to the disk too, so that a power cut after the
step does not undo it. What stood there before stays until that step. A kill may leave the file
aside, ``.sonoteca-*.part``: ``remove_leftovers`` tidies a folder of our own.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import time
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType

_PREFIX, _SUFFIX = ".sonoteca-", ".part"
# A file aside that is younger may still be being written.
LEFTOVER_AFTER_S = 3600.0


class WholeFile:
    """A file on its way to its name.

    A context manager that gives the path to write to, beside ``path``: what is closed there when
    the block ends takes the name; after an error nothing is left, and ``path`` is what it was.

    Examples
    --------
    >>> import tempfile
    >>> folder = Path(tempfile.mkdtemp())
    >>> with WholeFile(folder / "answer.txt") as aside:
    ...     _ = aside.write_text("42")
    ...     (folder / "answer.txt").exists()
    False
    >>> [path.name for path in folder.iterdir()], (folder / "answer.txt").read_text()
    (['answer.txt'], '42')
    """

    def __init__(self, path: str | os.PathLike[str]) -> None:
        self.path = Path(path)
        # In the same folder, as only there a rename is one step; of a length of its own, as names may be full.
        self.aside = self.path.with_name(f"{_PREFIX}{secrets.token_hex(8)}{_SUFFIX}")

    def keep(self) -> None:
        """Give the finished file its name.

        Raises
        ------
        OSError
            It could not be brought to the disk or renamed; ``path`` is what it was.
        """
        try:
            _sync_file(self.aside)
            os.replace(self.aside, self.path)
        finally:
            self.discard()
        sync_folder(self.path.parent)

    def discard(self) -> None:
        """Leave nothing aside."""
        with contextlib.suppress(OSError):
            self.aside.unlink(missing_ok=True)

    def __enter__(self) -> Path:
        return self.aside

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.keep()
        else:
            self.discard()


def write_whole(path: str | os.PathLike[str], content: bytes | Iterable[bytes | memoryview]) -> None:
    """Write a file so that it is there complete or not at all; an existing one is replaced.

    Parameters
    ----------
    content : bytes, or pieces of them in order

    Raises
    ------
    OSError
        The folder does not exist or may not be written, or its disk is full; what was there stays.
    """
    with WholeFile(path) as aside, aside.open("xb") as stream:
        for piece in (content,) if isinstance(content, bytes) else content:
            stream.write(piece)


def remove_leftovers(folder: Path, *, older_than_s: float = LEFTOVER_AFTER_S) -> int:
    """Remove what killed programs left aside in a folder of our own; what cannot be removed stays.

    Returns how many bytes that were.
    """
    removed = 0
    with contextlib.suppress(OSError):
        for path in folder.glob(f"{_PREFIX}*{_SUFFIX}"):
            with contextlib.suppress(OSError):
                state = path.stat()
                if state.st_mtime < time.time() - older_than_s:
                    path.unlink()
                    removed += state.st_size
    return removed


def sync_folder(folder: Path) -> None:
    """Bring the names in a folder to the disk, where the system can (Windows and some network disks cannot)."""
    if os.name != "posix":
        return
    # The files themselves are safe by now: a system that cannot do this has an order of its own.
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _sync_file(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())
