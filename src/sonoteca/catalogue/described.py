"""Everything the library knows of one sound: the sound object, with what only a library knows beside it."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any

from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.file_claims import NAMING_FIELDS, names_of_files
from sonoteca.catalogue.heard.statements import statements_of
from sonoteca.catalogue.heard.tags import tags_of
from sonoteca.catalogue.identity.inside_roots import path_in_roots
from sonoteca.catalogue.identity.locations import locations_of
from sonoteca.catalogue.identity.sounds import get_sound, resolve_sound, sound_at_path, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.descriptor import GRID_SHIFT, LOCKED
from sonoteca.domain.file_paths import FilePath
from sonoteca.domain.names import printable_path
from sonoteca.domain.request import Request
from sonoteca.domain.sound_object import AudioFacts, sound_object
from sonoteca.errors import FileUnreadable, SoundNotFound, StoredFailure, about


class DescribeRequest(Request):
    """Which sound: ``sound`` is an id, a unique prefix of one, a path, or ``external:ID``."""

    sound: str


class DescribeFileRequest(Request):
    """Which file.

    Attributes
    ----------
    path : path
        Relative to one of the roots, or absolute.
    """

    path: FilePath


@dataclass(frozen=True, slots=True, repr=False)
class DescribeAnswer:
    """Everything known of one sound; ``sound`` is the object that ``as_json`` gives (docs/sound-object.md)."""

    request: DescribeRequest | DescribeFileRequest
    sound: dict[str, Any]

    def as_json(self) -> dict[str, Any]:
        return self.sound

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {in_few_words(self.sound)}>"


def in_few_words(sound: dict[str, Any]) -> str:
    """A sound object as a line for people: where it is, and what is known of kind, tempo and key.

    >>> in_few_words({"path": "a.wav", "id": "x", "kind": {"value": "loop"}, "tempo": {"bpm": 124.0}, "key": None})
    'a.wav, loop, 124 bpm'
    """
    tempo, key = sound["tempo"], sound["key"]
    facts = (
        sound["path"] or sound["id"],
        (sound["kind"] or {}).get("value"),
        None if not tempo or tempo["bpm"] is None else f"{tempo['bpm']:.4g} bpm",
        None if not key else key["name"],
    )
    return ", ".join(str(fact) for fact in facts if fact)


def describe_sound(library: Library, request: DescribeRequest) -> DescribeAnswer:
    """Describe a sound by everything the library knows of it, and who said it.

    Raises
    ------
    SoundNotFound, AmbiguousSound
    """
    with library.read() as connection:
        with about("sound"):
            found = resolve_sound(connection, request.sound)
        return DescribeAnswer(request, stored_sound_object(connection, found.id))


def describe_file(library: Library, request: DescribeFileRequest) -> DescribeAnswer:
    """Describe the sound that a file of the library holds, whether or not it is there now.

    Raises
    ------
    PathOutsideRoots
        The path leads out of the folders that were added.
    SoundNotFound
        The library knows no sound of that path.
    AmbiguousSound
        It is relative, and several roots have a sound there.
    """
    with library.read() as connection, about("path"):
        found = sound_at_path(connection, request.path)
        if found is not None:
            return DescribeAnswer(request, stored_sound_object(connection, found.id))
    with about("path"):
        # Whether it leads out is asked of the disk, of which nothing else is told.
        with contextlib.suppress(FileUnreadable):
            path_in_roots(library, request.path)
        raise SoundNotFound(f"The library knows no sound at {printable_path(request.path)!r}.")


def stored_sound_object(connection: Connection, sound_id: int) -> dict[str, Any]:
    """The sound object (docs/sound-object.md) of a stored sound.

    Beside its keys: ``external_id``, ``title``, ``artist``, ``album``, ``shop_title``, ``price``, ``currency``, ``url``, ``tags``,
    ``locations`` (each with the title, artist, album and track of its own), ``locked``, ``grid_shift_s``, ``added_at``,
    ``analysed_at``, and ``state`` (pending, analysed, failed).
    """
    row = get_sound(connection, sound_id)
    places = locations_of(connection, [sound_id]).get(sound_id, [])
    own = names_of_files(connection, sound_id)
    whole = whole_regions(connection, [sound_id])[sound_id]
    failure = (
        StoredFailure(row.error_code, row.error_message or "", row.error_remedy or "")
        if row.status == "failed" and row.error_code is not None
        else None
    )
    statements = statements_of(connection, sound_id)
    said = next((each.believed for each in statements if each.region.is_whole), {})
    shift = said.get(GRID_SHIFT.name)
    document: dict[str, Any] = sound_object(
        places[0].display_path if places else None,
        sound_id=row.public_id,
        audio=AudioFacts(
            duration_s=row.duration_s,
            sample_rate=row.sample_rate,
            channels=row.channels,
            codec=row.codec,
            container=row.container,
            content_hash=row.content_hash,
        ),
        statements=statements,
        error=failure,
        warnings=row.warnings or (),
    )
    return document | {
        "state": row.status,
        "external_id": row.external_id,
        "title": row.title,
        "artist": row.artist,
        "album": row.album,
        "shop_title": row.shop_title,
        "price": row.price,
        "currency": row.currency,
        "url": row.url,
        "tags": [
            {"label": tag.label, "source": str(tag.source), "confidence": tag.confidence}
            for tag in tags_of(connection, [whole]).get(whole, [])
        ],
        "locations": [
            {"path": place.display_path, "missing": place.is_missing, **own.get(place.id, dict.fromkeys(NAMING_FIELDS))}
            for place in places
        ],
        "locked": LOCKED.name in said,
        "grid_shift_s": None if shift is None else shift.value,
        "added_at": row.added_at,
        "analysed_at": row.analysed_at,
    }
