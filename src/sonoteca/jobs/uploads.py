"""What becomes of bytes that somebody sent: they wait in the staging folder, and are kept under their content.

Staged bytes stay until the job about them has ended, so that a job that is begun again finds them.
Kept ones stand in the library's own folder ``uploads`` under the hash of all their bytes: the same
bytes sent twice are one file. A file appears there whole, brought to the disk, or not at all.
"""

from __future__ import annotations

import contextlib
import errno
import hashlib
import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from sonoteca.catalogue.store.library import Library
from sonoteca.errors import FileUnreadable, LibraryFull, LibraryUnwritable, UploadGone
from sonoteca.ingest.walk import AUDIO_EXTENSIONS
from sonoteca.whole_file import WholeFile, sync_folder

STAGING, UPLOADS = "staging", "uploads"
_BLOCK = 2**20
_NO_ROOM = (errno.ENOSPC, errno.EDQUOT)


def stage_upload(library: Library, path: Path) -> str:
    """Take a file that was sent into the staging folder, where jobs find it; returns what a job calls it.

    Once this returns its bytes and its name are on the disk: a job about it may be promised.

    Parameters
    ----------
    path : Path
        Closed, on the disk of the library's data folder, under a name that no other file has; it is moved.

    Raises
    ------
    LibraryFull, LibraryUnwritable
        It cannot be kept.
    """
    folder = library.data_folder(STAGING)
    try:
        with path.open("rb+") as file:
            os.fsync(file.fileno())
        path.rename(folder / path.name)
    except OSError as error:
        raise _not_kept(error) from error
    sync_folder(folder)
    return path.name


def staged_file(library: Library, staged: str) -> Path:
    """Where a staged file is; UploadGone if it is not there any more."""
    path = library.data_folder(STAGING) / staged
    if path.is_symlink() or not path.is_file():
        raise UploadGone("The file that was sent is not kept any more.", field="staged")
    return path


def remove_staged(library: Library, staged: str) -> None:
    """Let go of a staged file; nothing happens if it is gone."""
    with contextlib.suppress(OSError):
        (library.data_folder(STAGING) / staged).unlink(missing_ok=True)


def keep_staged(library: Library, staged: Path, name: str) -> Path:
    """Keep a staged file under its content; returns where. The staged one stays until its job has ended.

    Raises
    ------
    UploadGone, FileUnreadable
        The staged file is gone, or cannot be read.
    LibraryFull, LibraryUnwritable
        It cannot be kept.
    """
    digest = _hash(staged)
    # Folders of some hundred files each: whatever looks into one of them stays quick.
    folder = library.data_folder(UPLOADS, digest[:2])
    n_bytes = staged.stat().st_size
    for kept in sorted(folder.glob(f"{digest}*")):
        # A file of another size is half of one, from a power cut.
        if kept.is_file() and kept.stat().st_size == n_bytes:
            return kept
    target = folder / f"{digest}{_suffix(name)}"
    try:
        with staged.open("rb+") as file:
            os.fsync(file.fileno())
        try:
            os.link(staged, target)
        except OSError:
            # No links on this disk, or half a file has that name.
            with WholeFile(target) as aside:
                shutil.copyfile(staged, aside)
        sync_folder(target.parent)
        sync_folder(target.parent.parent)
    except OSError as error:
        raise _not_kept(error) from error
    return target


def _not_kept(error: OSError) -> LibraryFull | LibraryUnwritable:
    kind = LibraryFull if error.errno in _NO_ROOM else LibraryUnwritable
    return kind(f"The file that was sent cannot be kept ({error.strerror or error}).")


def _hash(path: Path) -> str:
    digest = hashlib.sha256()
    try:
        with path.open("rb") as file:
            while block := file.read(_BLOCK):
                digest.update(block)
    except FileNotFoundError as error:
        raise UploadGone("The file that was sent is not kept any more.", field="staged") from error
    except OSError as error:
        raise FileUnreadable(f"The file that was sent cannot be read ({error.strerror or error}).") from error
    return digest.hexdigest()[:40]


def _suffix(name: str) -> str:
    """The ending of a name, if it is one that a walk through folders knows; a file without one is known by its bytes.

    >>> _suffix("Break 120.WAV"), _suffix("break.wav.part"), _suffix("break")
    ('.wav', '', '')
    """
    ending = os.path.splitext(name)[1].lower()
    return ending if ending[1:] in AUDIO_EXTENSIONS else ""


def staged_of(request: Mapping[str, Any]) -> str | None:
    """The staged file that a stored request is about, if it is about one."""
    staged = request.get("staged")
    return staged if isinstance(staged, str) else None
