"""What a person asks when sounds are to be listened to: which, and how far to go."""

from __future__ import annotations

from pydantic import Field

from sonoteca.domain.file_paths import FilePath
from sonoteca.domain.request import Request


class HearingRequest(Request):
    """How sounds are listened to, whichever they are.

    Attributes
    ----------
    timeout_s : float > 0, optional
        Deadline of one file in seconds; 60 s and a fifth of its length when left out.
    checkpoint_every : int >= 1
        How many results, beside one per worker, may be lost to a kill and be computed again.
    force : bool
        Analyse also what is done, and try again what failed.
    dry_run : bool
        Say what would be done, and change nothing.
    failed_log : path, optional
        Every failure is appended to this file as a JSON line.
    """

    timeout_s: float | None = Field(default=None, gt=0)
    checkpoint_every: int = Field(default=32, ge=1)
    force: bool = False
    dry_run: bool = False
    failed_log: FilePath | None = None


class AddRequest(HearingRequest):
    """Which files and folders to add.

    Attributes
    ----------
    paths : tuple of path, at least one
        Files and folders.
    exclude : tuple of str
        Globs to leave out, in gitignore's language.
    accept_missing : bool
        Mark files missing also when more than half of a folder vanished at once.
    """

    paths: tuple[FilePath, ...] = Field(min_length=1)
    exclude: tuple[str, ...] = ()
    accept_missing: bool = False


class RetryRequest(HearingRequest):
    """Which failures to try again.

    Attributes
    ----------
    codes : tuple of str
        Only failures with one of these codes, e.g. ``timeout``; any by default.
    """

    codes: tuple[str, ...] = ()
