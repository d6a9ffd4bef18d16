"""The tracks that a set may be made of, and those that were asked for by name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.vocabulary import Kind
from sonoteca.errors import ConstraintsConflict
from sonoteca.search.selection import region_selection, selected_ids
from sonoteca.sequence.candidates import away_sentence, candidates_there, roots_away
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.set_conflicts import Sieve, check_locks
from sonoteca.sequence.set_request import SetRequest
from sonoteca.sequence.tracks import Tracks


@dataclass(frozen=True, slots=True)
class Wishes:
    """Names resolved to sounds: positions from 0, the end apart."""

    locked: Mapping[int, int]
    last: int | None
    musts: tuple[int, ...]
    names: Mapping[int, str]

    @classmethod
    def of(cls, connection: Connection, request: SetRequest) -> Wishes:
        """Resolve the names of a request, and refuse what cannot be together."""
        n_tracks = request.wished_length.n_tracks
        asked: list[tuple[str, int | None]] = [(must.name, must.position) for must in request.musts]
        asked += [] if request.start is None else [(request.start, 1)]
        sounds = [(name, resolve_sound(connection, name).id, position) for name, position in asked]
        last = None if request.end is None else resolve_sound(connection, request.end).id
        ends = [] if last is None else [(str(request.end), last, n_tracks)]
        check_locks(request, [*sounds, *ends])
        locked = {position - 1: sound for _, sound, position in sounds if position is not None}
        if last is not None and last in locked.values() and n_tracks is None:
            raise ConstraintsConflict(
                f"{request.end} is both the end of the set and locked to a position.",
                "Keep one of the two.",
                field="end",
            )
        if last is not None and n_tracks is not None:
            locked.pop(n_tracks - 1, None)
        # Whoever is locked somewhere is in the set anyway.
        fixed = {*locked.values(), last}
        musts = tuple(dict.fromkeys(sound for _, sound, at in sounds if at is None and sound not in fixed))
        names = {sound: name for name, sound, _ in [*sounds, *ends]}
        return cls(locked, last, musts, names)

    @property
    def sounds(self) -> tuple[int, ...]:
        return tuple(self.names)


def pool(
    library: Library, connection: Connection, request: SetRequest, wishes: Wishes
) -> tuple[Tracks, NDArray[np.bool_], list[Sieve], str | None]:
    """Load all tracks, mark those that may be chosen, and say what took the others away; last, how many disks took.

    Raises
    ------
    ConstraintsConflict
        All tracks are on disks that are not there, or none matches the filter, and too few are asked for by name.
    """
    away_roots = None if request.include_missing else roots_away(connection)
    where, away = candidates_there(connection, request.filter, kind=Kind.TRACK, away=away_roots)
    tracks = load_tracks(library, connection, where, also_sounds=wishes.sounds)
    choosable = np.isin(tracks.region_ids, selected_ids(connection, where))
    if not choosable.any() and (len(wishes.sounds) < (request.wished_length.n_tracks or len(wishes.sounds) + 1)):
        if away:
            raise ConstraintsConflict(
                away_sentence(away, Kind.TRACK, all_of_them=True),
                "Connect the disk, or choose also from what is missing.",
                field="include_missing",
            )
        if request.filter:
            raise ConstraintsConflict(
                f"No track matches the filter {request.filter!r}.", "Loosen the filter.", field="filter"
            )
    away_note = away_sentence(away, Kind.TRACK, all_of_them=not choosable.any()) if away else None
    sieves = []
    if request.filter:
        all_there, _ = candidates_there(connection, None, kind=Kind.TRACK, away=away_roots)
        everything = selected_ids(connection, all_there)
        taken = len(everything) - int(np.isin(everything, tracks.region_ids[choosable]).sum())
        sieves.append(Sieve(f"the filter {request.filter!r}", taken, f"Loosen the filter {request.filter!r}."))
    for query in request.avoid:
        avoided = np.isin(tracks.region_ids, selected_ids(connection, region_selection(connection, query)))
        for sound in wishes.sounds:
            if avoided[tracks.index_of_sounds()[sound]]:
                raise ConstraintsConflict(
                    f"{wishes.names[sound]} is asked for by name, but is among the avoided ({query!r}).",
                    f"Loosen {query!r}, or do not ask for {wishes.names[sound]}.",
                    field="avoid",
                )
        sieves.append(Sieve(f"avoiding {query!r}", int((choosable & avoided).sum()), f"Avoid less than {query!r}."))
        choosable &= ~avoided
    unknown = choosable & np.isnan(tracks.tempo_start)
    # In a library without tempi (ambient, field recordings) there is nothing to leave out.
    if unknown.any() and not unknown[choosable].all():
        sieves.append(
            Sieve(
                "their tempo is not known",
                int(unknown.sum()),
                "State their tempi, or ask for such tracks by name.",
                is_note=True,
            )
        )
        choosable &= ~unknown
    return tracks, choosable, sieves, away_note
