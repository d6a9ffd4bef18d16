"""A path that a stranger names leads to a file of the library's folders, or to none."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence

from sonoteca.catalogue.identity.roots import Root, path_bytes
from sonoteca.domain.names import printable_path
from sonoteca.errors import FileUnreadable, PathOutsideRoots, RequestError


def path_inside_roots(roots: Sequence[Root], path: str) -> str:
    """Where a file lies that ``path`` names, as the library calls it: below the root as it was added.

    Parameters
    ----------
    roots : sequence of Root
        All of the library.
    path : str
        Absolute, or relative to a root; ``..`` and links are followed before anything is decided.

    Raises
    ------
    PathOutsideRoots
        It leads elsewhere; whether anything is there is not said.
    FileUnreadable
        It would lie in a root, and nothing is there.
    RequestError
        No file can be called so, or it is relative and there in several roots.
    """
    if not path or "\0" in path:
        raise RequestError(f"{printable_path(path)!r} is no path of a file.", "Name a file in one of its folders.")
    if os.path.isabs(path):
        return _inside(roots, os.path.abspath(path) if ".." not in path.split(os.sep) else os.path.realpath(path))
    there: list[str] = []
    outside: PathOutsideRoots | None = None
    for root in roots:
        try:
            there.append(_inside(roots, os.path.join(root.folder, path)))
        except FileUnreadable:
            continue
        except PathOutsideRoots as error:
            outside = error
    if len(set(there)) > 1:
        named = ", ".join(map(printable_path, there[:5]))
        raise RequestError(f"{printable_path(path)} may be {named}.", "Name one of them.")
    if there:
        return there[0]
    raise outside or FileUnreadable(f"{printable_path(path)} is not there.")


def _inside(roots: Sequence[Root], path: str) -> str:
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError) as error:
        raise FileUnreadable(f"{printable_path(path)} cannot be looked for: {error}.") from error
    below = next(_below(roots, real), None)
    if below is None:
        raise PathOutsideRoots(f"{printable_path(path)} does not lie in one of the library's folders.")
    if not os.path.lexists(real):
        raise FileUnreadable(f"{printable_path(path)} is not there.", "Check the path, and that its disk is mounted.")
    named = path_bytes(path)
    if any(named.startswith(root.path + b"/") for root in roots):
        return os.path.normpath(path)
    return below


def _below(roots: Sequence[Root], real: str) -> Iterator[str]:
    """Every way to a real path from a root, which itself may be behind a link."""
    for root in roots:
        folder = os.path.realpath(root.folder)
        head = folder.rstrip(os.sep) + os.sep
        if real.startswith(head):
            yield os.path.join(root.folder, real[len(head) :])
