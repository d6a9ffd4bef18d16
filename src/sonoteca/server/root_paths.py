"""Paths in URLs: files by their place below the library's roots, and folders that have to lie in them."""

from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Annotated
from urllib.parse import unquote_to_bytes

from fastapi import Depends, Path, Request

from sonoteca import Library, path_in_roots
from sonoteca.errors import about


async def _path(
    request: Request,
    path: Annotated[str, Path(description="Where a file is below one of the library's roots, percent-encoded.")],
) -> str:
    # What was decoded already has lost bytes that are not UTF-8, and names of files may hold any.
    before = request.scope["route"].path_format.partition("{path}")[0].encode("ascii")
    raw: bytes = (request.scope.get("raw_path") or b"").partition(b"?")[0]
    return os.fsdecode(unquote_to_bytes(raw[len(before) :])) if raw.startswith(before) else path


RootRelativePath = Annotated[str, Depends(_path)]


def folders_in_roots(library: Library, names: Iterable[str]) -> tuple[str, ...]:
    """Where these folders are, if all of them lie in the roots; PathOutsideRoots, FileUnreadable."""
    with about("roots"):
        found = [(name, path_in_roots(library, name)) for name in names]
    # An absolute one stays as it is: the library may know the folder by a link to it.
    return tuple(name if os.path.isabs(name) else str(resolved) for name, resolved in found)
