"""A derived thing is made from the catalogue once, kept, and made again where the catalogue has changed.

Conventions, here once:

- the catalogue is the truth: what is derived can be deleted at any time;
- a *stamp* says of which state of the catalogue a thing is; an equal stamp means it is current;
- stamp and thing are read in one transaction, so that what is kept under a stamp is of that state,
  whatever other processes write meanwhile;
- it is held by the open library (a long-lived program makes it once), and kept in one file of arrays in
  the library's data folder (``array_file``); where that cannot be written, it is made in each process;
- two who make it at once write the same file: the second replaces the first whole.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Generic, Protocol, TypeVar

from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.library import Library
from sonoteca.derived.array_file import ArrayFile, ArrayFileDamaged, read_arrays, read_note, write_arrays
from sonoteca.errors import LibraryUnwritable
from sonoteca.whole_file import remove_leftovers

Made = TypeVar("Made")
Arrays = Mapping[str, NDArray[Any]]

FOLDER = "derived"


@dataclass(frozen=True, slots=True)
class DerivedState:
    """How a derived thing stands to the catalogue.

    Attributes
    ----------
    name : str
    present : bool
        Something is kept; what is not will be made when it is first needed.
    current : bool
        What is kept is of the catalogue's present state; what is not will be brought up to date when needed.
    whole : bool
        What is kept can be read: False only for damage.
    message : str
        What a person may want to know, "" if nothing.
    """

    name: str
    present: bool
    current: bool
    whole: bool
    message: str = ""

    @property
    def in_words(self) -> str:
        """The state in a word or two."""
        if not self.whole:
            return "damaged"
        if self.current:
            return "current"
        return "out of date" if self.present else "not made yet"

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


class DerivedThing(Protocol):
    """What ``check`` and ``rebuild`` of a library walk."""

    @property
    def name(self) -> str: ...

    def look(self, library: Library) -> DerivedState:
        """Compare what is kept with the catalogue; changes nothing."""
        ...

    def rebuild(self, library: Library) -> None:
        """Make it anew from the catalogue, whatever is kept."""
        ...


@dataclass(frozen=True, slots=True)
class KeptFile:
    """Where the arrays of a derived thing are kept: ``derived/<name>.arrays`` in a library's data folder.

    Attributes
    ----------
    name : str
    version : int
        Raise it whenever the arrays, or how they are made, change.
    mapped : names
        Of arrays that stay in the file (``read_arrays``).
    formerly : paths
        Files below the data folder in which an older version kept it; they go when it is kept anew.
    """

    name: str
    version: int
    mapped: tuple[str, ...] = ()
    formerly: tuple[str, ...] = ()

    def path(self, library: Library) -> Path | None:
        """None for a library without a data folder on this machine."""
        return None if library.data_dir is None else library.data_dir / FOLDER / f"{self.name}.arrays"

    def read(self, library: Library) -> tuple[str, Arrays] | None:
        """Stamp and arrays that are kept of this library; None where there are none, or of another version.

        Raises
        ------
        ArrayFileDamaged
        """
        path = self.path(library)
        if path is None:
            return None
        try:
            # Another version is no damage, and its arrays need not be read to know.
            if not self._is_mine(library, read_note(path)):
                return None
            file: ArrayFile = read_arrays(path, mapped=self.mapped)
        except FileNotFoundError:
            return None
        except OSError as error:
            raise ArrayFileDamaged(f"it cannot be read ({error.strerror})") from error
        return str(file.note["stamp"]), file.arrays

    def write(self, library: Library, stamp: str, arrays: Arrays) -> None:
        """Keep for other processes and later ones; a library that cannot be written answers all the same."""
        path = self.path(library)
        if path is None or library.data_dir is None:
            return
        with contextlib.suppress(LibraryUnwritable, OSError):
            remove_leftovers(library.data_folder(FOLDER))
            write_arrays(path, arrays, {"version": self.version, "library": library.uuid, "stamp": stamp})
            for former in self.formerly:
                (library.data_dir / former).unlink(missing_ok=True)

    def _is_mine(self, library: Library, note: Mapping[str, Any]) -> bool:
        return note.get("version") == self.version and note.get("library") == library.uuid


@dataclass(frozen=True, slots=True)
class Derivation(Generic[Made]):
    """One derived thing, declared once.

    Attributes
    ----------
    name : str
        Of its file, and what people see.
    version : int
        Raise it whenever the same catalogue makes another thing.
    stamp : function of a connection
        Changes whenever the thing would; quick, as it is read for every question.
    make : function of a connection and of what was made before, or None
        Of the former, what did not change may be taken over; it is not to be altered, others may be using it.
    to_arrays, from_arrays : functions
        The thing as arrays, and back; ValueError or KeyError for arrays that are no such thing.
    mapped, formerly
        As of ``KeptFile``.
    """

    name: str
    version: int
    stamp: Callable[[Connection], str]
    make: Callable[[Connection, Made | None], Made]
    to_arrays: Callable[[Made], Arrays]
    from_arrays: Callable[[Arrays], Made]
    mapped: Collection[str] = field(default=())
    formerly: Collection[str] = field(default=())

    @property
    def file(self) -> KeptFile:
        return KeptFile(self.name, self.version, tuple(self.mapped), tuple(self.formerly))

    def current(self, library: Library) -> Made:
        """The thing as the catalogue is now: held, kept or made. One thread makes it, others wait for it."""
        with library.lock(self.name):
            held: _Held[Made] | None = library.held.get(self.name)
            with library.read() as connection:
                stamp = self.stamp(connection)
                if held is not None and held.stamp == stamp:
                    return held.made
                with contextlib.suppress(ArrayFileDamaged):
                    held = self._kept(library) or held
                if held is None or held.stamp != stamp:
                    held = _Held(stamp, self.make(connection, None if held is None else held.made))
                    fresh = held
                else:
                    fresh = None
            library.held[self.name] = held
            # After the transaction: a long one keeps the database from tidying up.
            if fresh is not None:
                self.file.write(library, fresh.stamp, self.to_arrays(fresh.made))
            return held.made

    def held(self, library: Library) -> Made | None:
        """The thing if this program holds it and it is current; nothing is read or made."""
        held: _Held[Made] | None = library.held.get(self.name)
        if held is None:
            return None
        with library.read() as connection:
            return held.made if held.stamp == self.stamp(connection) else None

    def look(self, library: Library) -> DerivedState:
        """Compare what is kept with the catalogue; changes nothing."""
        with library.read() as connection:
            stamp = self.stamp(connection)
        try:
            kept = self._kept(library)
        except ArrayFileDamaged as damage:
            return DerivedState(self.name, True, False, False, f"{self.file.path(library)}: {damage}")
        return DerivedState(self.name, kept is not None, kept is not None and kept.stamp == stamp, True)

    def rebuild(self, library: Library) -> None:
        """Make it anew from the catalogue, whatever is held or kept."""
        with library.lock(self.name):
            with library.read() as connection:
                made = _Held(self.stamp(connection), self.make(connection, None))
            library.held[self.name] = made
            self.file.write(library, made.stamp, self.to_arrays(made.made))

    def _kept(self, library: Library) -> _Held[Made] | None:
        kept = self.file.read(library)
        if kept is None:
            return None
        stamp, arrays = kept
        try:
            return _Held(stamp, self.from_arrays(arrays))
        except (ValueError, KeyError, IndexError, TypeError) as error:
            raise ArrayFileDamaged(f"its arrays are not of one thing ({error})") from error


@dataclass(frozen=True, slots=True, eq=False)
class _Held(Generic[Made]):
    stamp: str
    made: Made
