"""What an assistant may name: sounds and playlists of the library, and files inside its roots, with all links followed.

The front takes any file that a person names. Here a name that is neither a sound nor a playlist of the
library has to be a file inside the roots, and is handed on as the place where it really is.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from enum import Enum, auto
from typing import Any

from sonoteca import (
    DescribeRequest,
    Library,
    ShowPlaylistRequest,
    describe_sound,
    energy_curves,
    path_in_roots,
    show_playlist,
)
from sonoteca.errors import FileUnreadable, PathOutsideRoots, PlaylistNotFound, SonotecaError, SoundNotFound


class Naming(Enum):
    """What the field of a request names."""

    SOUND_OR_FILE = auto()
    FILE = auto()
    PLAYLIST = auto()
    CURVE = auto()
    FOLDER = auto()


def settled(library: Library, names: Mapping[str, Naming], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a request in which every name that can only be a file is one inside the roots.

    A name that may be a sound stays as it is: see ``with_files``.

    Raises
    ------
    PathOutsideRoots, FileUnreadable, SoundNotFound, PlaylistNotFound
    """
    found = dict(values)
    for field, naming in names.items():
        if field in found:
            with _of(field):
                found[field] = _settled(library, naming, found[field])
    return found


def with_files(library: Library, names: Mapping[str, Naming], values: Mapping[str, Any]) -> dict[str, Any]:
    """The values of a request in which each name that may be a sound or a file is the one or the other for sure."""
    found = dict(values)
    for field, naming in names.items():
        if naming is Naming.SOUND_OR_FILE and field in found:
            with _of(field):
                found[field] = _each(found[field], lambda name: _sound_or_file(library, name))
    return found


@contextlib.contextmanager
def _of(field: str) -> Iterator[None]:
    """Whatever was asked to find out what a name means, an error is about the field that holds it."""
    try:
        yield
    except SonotecaError as error:
        error.field = field
        raise


def _settled(library: Library, naming: Naming, value: Any) -> Any:
    match naming:
        case Naming.FILE:
            return _each(value, lambda name: _file(library, name))
        case Naming.FOLDER:
            return _each(value, lambda name: str(path_in_roots(library, name)))
        case Naming.PLAYLIST if isinstance(value, str):
            return _playlist(library, value)
        case Naming.CURVE if isinstance(value, str) and value not in energy_curves():
            return str(path_in_roots(library, value))
        case _:
            return value


def _each(value: Any, settle: Callable[[str], str]) -> Any:
    if isinstance(value, str):
        return settle(value)
    if isinstance(value, Sequence):
        return [settle(each) if isinstance(each, str) else each for each in value]
    return value


def _sound_or_file(library: Library, name: str) -> str:
    """The id of a sound, or the place of a file inside the roots."""
    try:
        sound = describe_sound(library, DescribeRequest(sound=name)).sound
        return str(sound["id"])
    except SoundNotFound as unknown:
        try:
            return str(path_in_roots(library, name))
        except (PathOutsideRoots, FileUnreadable):
            if _is_path(name):
                raise
            raise unknown from None


def _file(library: Library, name: str) -> str:
    """The place of a file inside the roots, which a sound of the library may name."""
    try:
        return str(path_in_roots(library, name))
    except (PathOutsideRoots, FileUnreadable):
        if _is_path(name):
            raise
    sound = describe_sound(library, DescribeRequest(sound=name)).sound
    if sound["path"] is None:
        raise FileUnreadable(f"{name} has no file now.")
    return str(path_in_roots(library, sound["path"]))


def _playlist(library: Library, name: str) -> str:
    try:
        show_playlist(library, ShowPlaylistRequest(playlist=name))
    except PlaylistNotFound:
        try:
            return str(path_in_roots(library, name))
        except (PathOutsideRoots, FileUnreadable):
            if _is_path(name):
                raise
        raise
    return name


def _is_path(name: str) -> bool:
    return "/" in name or "\\" in name
