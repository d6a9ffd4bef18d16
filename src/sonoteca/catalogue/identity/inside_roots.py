"""A path that a stranger names leads to something in the library's folders, or to nothing.

Links are followed before anything is decided. What is found has two spellings: where it really is,
for whoever opens it, and what the library calls it, below the root as it was added, for whoever looks
for its row.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from sonoteca.catalogue.identity.roots import Root, list_roots, path_bytes
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.names import printable_path
from sonoteca.errors import FileUnreadable, PathOutsideRoots, RequestError


def path_in_roots(library: Library, name: str | os.PathLike[str]) -> Path:
    """The file or folder below the roots of a library that a person who may see nothing else means.

    Parameters
    ----------
    name : str or path
        Absolute, or relative to one of the roots; of several, the first below which it is.

    Returns
    -------
    Path
        Where it is, with every link followed: whoever opens it follows none.

    Raises
    ------
    PathOutsideRoots
        It leads out of the roots, by ``..`` or by a link; nothing is said of what may be there.
    FileUnreadable
        It lies below them, and nothing is there.
    """
    with library.read() as connection:
        roots = list_roots(connection)
    return Path(_found(roots, os.fspath(name))[0].real)


def path_inside_roots(roots: Sequence[Root], path: str) -> str:
    """What the library calls the file that ``path`` names: a path below the root as it was added.

    Parameters
    ----------
    roots : sequence of Root
        All of the library.
    path : str
        As of ``path_in_roots``.

    Raises
    ------
    PathOutsideRoots, FileUnreadable
        As ``path_in_roots``; a root itself is no file in it.
    RequestError
        It is relative, and there in several roots.
    """
    called = list(dict.fromkeys(each.called for each in _found(roots, path) if each.called is not None))
    if not called:
        raise _outside(path)
    if len(called) > 1:
        named = ", ".join(map(printable_path, called[:5]))
        raise RequestError(f"{printable_path(path)} may be {named}.", "Name one of them.")
    return called[0]


@dataclass(frozen=True, slots=True)
class _Inside:
    """``called`` is None for a root itself."""

    real: str
    called: str | None


def _found(roots: Sequence[Root], name: str) -> list[_Inside]:
    """Everything in the roots that a name may mean and that is there: one at least."""
    candidates = [name] if os.path.isabs(name) else [os.path.join(root.folder, name) for root in roots]
    inside = [found for each in candidates if (found := _resolved(roots, each)) is not None]
    if not inside:
        raise _outside(name)
    there = [each for each in inside if os.path.exists(each.real)]
    if not there:
        raise FileUnreadable(
            f"There is no {printable_path(name)!r} in the folders of this library.",
            "Check the path, and that its disk is mounted.",
        )
    return there


def _outside(name: str) -> PathOutsideRoots:
    return PathOutsideRoots(f"{printable_path(name)!r} is not inside the folders of this library.")


def _resolved(roots: Sequence[Root], path: str) -> _Inside | None:
    """A path without links, if that is a root, whose links are followed too, or lies below one."""
    try:
        real = os.path.realpath(path)
    except (OSError, ValueError):
        # A character that no path has.
        return None
    ways = list(_ways(roots, real))
    return _Inside(real, _called(roots, path, ways)) if ways else None


def _ways(roots: Sequence[Root], real: str) -> Iterator[tuple[Root, tuple[str, ...]]]:
    """Every root, which itself may be behind a link, that holds a real path, and the parts of the path below it."""
    folded = Path(os.path.normcase(real))
    for root in roots:
        held = os.path.realpath(root.folder)
        if folded.is_relative_to(os.path.normcase(held)):
            yield root, Path(real).parts[len(Path(held).parts) :]


def _called(roots: Sequence[Root], path: str, ways: Sequence[tuple[Root, tuple[str, ...]]]) -> str | None:
    # What leads up again is another place wherever a link stands before it.
    if ".." not in Path(path).parts:
        named = path_bytes(path)
        if any(named.startswith(root.path + b"/") for root in roots):
            return os.path.abspath(path)
    return next((os.path.join(root.folder, *below) for root, below in ways if below), None)
