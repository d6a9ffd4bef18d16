"""Files for other programs appear complete or not at all."""

from __future__ import annotations

import contextlib
import os
import tempfile
from pathlib import Path

from sonoteca.errors import RequestError


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its name and move it there; an existing one is replaced.

    Raises
    ------
    RequestError
        The folder does not exist or may not be written, or its disk is full; what was there stays.
    """
    aside = None
    try:
        handle, aside = tempfile.mkstemp(prefix=".sonoteca-", dir=path.absolute().parent)
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        # mkstemp makes files that only their owner reads.
        os.chmod(aside, 0o644)
        os.replace(aside, path)
    except OSError as error:
        if aside is not None:
            with contextlib.suppress(OSError):
                os.unlink(aside)
        raise RequestError(
            f"{path} cannot be written ({error.strerror}).", "Name a file that you may write."
        ) from error
