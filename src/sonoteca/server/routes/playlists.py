"""Playlists of the library: made of sounds, of each other and of queries, shown, changed, renamed, forgotten."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Path

import sonoteca
from sonoteca.errors import AmbiguousSound, LibraryUnwritable, PlaylistNotFound, QuerySyntaxError, SoundNotFound
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_bodies import said
from sonoteca.server.route import documented, routes
from sonoteca.server.running import OpenLibrary

router = routes("playlists")

Name = Annotated[str, Path(description="What the playlist is called.", min_length=1)]
NewName = Annotated[
    dict[str, Any], said(sonoteca.RenamePlaylistRequest, without=("playlist",), example={"new_name": "saturday"})
]
SoundsToAdd = Annotated[
    dict[str, Any],
    said(sonoteca.AddToPlaylistRequest, without=("playlist",), example={"sounds": ["k3v9q2h7d4mxw5ta"], "at": 1}),
]
EntriesToTake = Annotated[
    dict[str, Any],
    said(sonoteca.TakeFromPlaylistRequest, without=("playlist",), example={"entries": ["3", "k3v9q2h7d4mxw5ta"]}),
]
PlacesToMove = Annotated[
    dict[str, Any],
    said(sonoteca.MoveInPlaylistRequest, without=("playlist",), example={"position": 5, "to": 1}),
]

_RULE = {"query": "kind:loop sort:-bpm", "limit": 50}
_REPEAT = {"name": "dusty.wav", "positions": [1, 3]}
_LIST = {
    "query": {},
    "results": [
        {
            "name": "friday",
            "entries": 20,
            "smart": _RULE,
            "created_at": "2026-01-31T12:00:00.000Z",
            "changed_at": "2026-01-31T12:00:00.000Z",
        }
    ],
}
_SHOWN: dict[str, Any] = {
    "query": {"playlist": "friday", "details": {"score": 0.8}},
    "results": [
        {
            "position": 1,
            "id": "k3v9q2h7d4mxw5ta",
            "content_hash": "x1:00112233445566778899aabbccddeeff",
            "title": "Night Drive",
            "artist": "Amon",
            "path": "/music/night drive.flac",
            "last_path": "/music/night drive.flac",
            "state": "found",
            "disk_away": False,
            "bpm": 124.0,
            "key": "A minor",
            "camelot": "8A",
            "energy_level": 6.5,
            "duration_s": 301.5,
        }
    ],
}


@router.get(
    "/api/playlists",
    **documented("The playlists of the library by name, and how many entries each has now.", example=_LIST),
)
def list_playlists(library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.list_playlists(library))


@router.post(
    "/api/playlists",
    **documented(
        "A playlist is made of sounds, of another playlist, and of what a query finds now. It can be undone.",
        description="`source` is a playlist of the library. `replace` lets a playlist of that name give way.",
        example={
            "playlist": "friday",
            "entries": 3,
            "repeats": [_REPEAT],
            "left_out": [{"name": "lost.mp3", "state": "not_found"}],
        },
        errors=[SoundNotFound, AmbiguousSound, PlaylistNotFound, QuerySyntaxError, LibraryUnwritable],
        status=201,
    ),
)
def create_playlist(request: sonoteca.CreatePlaylistRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.create_playlist(library, request, may_be_file=False), 201)


@router.post(
    "/api/playlists/smart",
    **documented(
        "A query is kept as a playlist, which holds what it finds whenever it is read. It can be undone.",
        example={"playlist": "loops", "entries": 3, "smart": _RULE},
        errors=[QuerySyntaxError, LibraryUnwritable],
        status=201,
    ),
)
def create_smart_playlist(request: sonoteca.SmartPlaylistRequest, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.create_smart_playlist(library, request), 201)


@router.post(
    "/api/playlists/{name:path}/add",
    **documented(
        "Sounds are put at the end of a playlist, or at a position from 1. It can be undone.",
        example={"playlist": "friday", "entries": 21, "added": [1], "repeats": [_REPEAT]},
        errors=[PlaylistNotFound, SoundNotFound, AmbiguousSound, LibraryUnwritable],
    ),
)
def add_to_playlist(name: Name, said: SoundsToAdd, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.add_to_playlist(library, sonoteca.AddToPlaylistRequest(playlist=name, **said)))


@router.post(
    "/api/playlists/{name:path}/take",
    **documented(
        "Entries are taken out of a playlist, by positions as they are now, or by sounds. It can be undone.",
        example={"playlist": "friday", "entries": 19, "removed": [3, 5]},
        errors=[PlaylistNotFound, SoundNotFound, AmbiguousSound, LibraryUnwritable],
    ),
)
def take_from_playlist(name: Name, said: EntriesToTake, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.take_from_playlist(library, sonoteca.TakeFromPlaylistRequest(playlist=name, **said)))


@router.post(
    "/api/playlists/{name:path}/move",
    **documented(
        "The entry at a position of a playlist is put to another, both from 1. It can be undone.",
        example={"playlist": "friday", "entries": 20, "from": 5, "to": 1},
        errors=[PlaylistNotFound, LibraryUnwritable],
    ),
)
def move_in_playlist(name: Name, said: PlacesToMove, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.move_in_playlist(library, sonoteca.MoveInPlaylistRequest(playlist=name, **said)))


@router.get(
    "/api/playlists/{name:path}",
    **documented(
        "The entries of a playlist in order, and where each of its sounds is now.",
        example=_SHOWN,
        errors=[PlaylistNotFound, QuerySyntaxError],
    ),
)
def show_playlist(name: Name, library: OpenLibrary) -> StrictJSONResponse:
    return answered(sonoteca.show_playlist(library, sonoteca.ShowPlaylistRequest(playlist=name)))


@router.patch(
    "/api/playlists/{name:path}",
    **documented(
        "A playlist is called otherwise. It can be undone.",
        example={"playlist": "saturday", "renamed_from": "friday"},
        errors=[PlaylistNotFound, LibraryUnwritable],
    ),
)
def rename_playlist(name: Name, said: NewName, library: OpenLibrary) -> StrictJSONResponse:
    request = sonoteca.RenamePlaylistRequest(playlist=name, **said)
    sonoteca.rename_playlist(library, request)
    return StrictJSONResponse({"playlist": request.new_name, "renamed_from": name})


@router.delete(
    "/api/playlists/{name:path}",
    **documented(
        "A playlist is forgotten; its sounds stay. It can be undone.",
        example={"playlist": "friday", "entries": None, "removed": None},
        errors=[PlaylistNotFound, LibraryUnwritable],
    ),
)
def forget_playlist(name: Name, library: OpenLibrary) -> StrictJSONResponse:
    sonoteca.forget_playlist(library, sonoteca.ForgetPlaylistRequest(playlist=name))
    return StrictJSONResponse({"playlist": name, "entries": None, "removed": None})
