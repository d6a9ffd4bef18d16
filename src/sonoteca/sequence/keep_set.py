"""Keeps one of the sets that were built: as a playlist of the library, as a file, or both."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, Field

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.made.playlists import PlaylistEntry, save_playlist
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.sequence.build_set import SetAnswer
from sonoteca.sequence.playlist_entries import entries_of_hashes
from sonoteca.sequence.playlist_file import playlist_file_name, write_entries


class KeepSetRequest(Request):
    """Which set is kept, and where.

    Attributes
    ----------
    pick : int >= 1
        Number of the set among the candidates.
    save : str or None
        The name of a playlist that the library keeps it as.
    replace : bool
        Whether a playlist of that name gives way.
    output : str or None
        The path of an M3U file that is written.
    """

    pick: int = Field(default=1, ge=1)
    save: str | None = None
    replace: bool = False
    output: Annotated[str, AfterValidator(playlist_file_name)] | None = None


@dataclass(frozen=True, slots=True)
class KeepSetAnswer:
    """A set that was kept; ``missing`` has the last known paths of its tracks whose files are nowhere now, ``cliffs`` is the set's."""

    request: KeepSetRequest
    missing: tuple[str, ...] = ()
    cliffs: str | None = None


def keep_set(library: Library, answer: SetAnswer, request: KeepSetRequest) -> KeepSetAnswer:
    """Keep one candidate as a playlist of the library, as a file, or both.

    Raises
    ------
    RequestError
        There are not so many sets, or the library has a playlist of that name.
    """
    if request.pick > len(answer.candidates):
        raise RequestError(
            f"There are {len(answer.candidates)} sets, and none is number {request.pick}.",
            "Pick one of them.",
            field="pick",
        )
    candidate = answer.candidates[request.pick - 1]
    missing: tuple[str, ...] = ()
    with library.read() as connection:
        hashes = [resolve_sound(connection, track.row.id).content_hash for track in candidate.tracks]
        if request.output is not None:
            entries = entries_of_hashes(connection, hashes)
            write_entries(connection, Path(request.output), entries)
            missing = tuple(entry.name for entry in entries if entry.path is None)
    if request.save is not None:
        details = {"query": answer.as_json()["query"], "score": candidate.worth.total}
        entries_kept = [PlaylistEntry(each) for each in hashes]
        with library.write() as connection:
            save_playlist(connection, request.save, entries_kept, details=details, replace=request.replace)
    return KeepSetAnswer(request, missing, candidate.cliffs)
