"""Sounds: one row per content, whatever its files are called."""

from __future__ import annotations

import functools
import itertools
import os
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from sonoteca.catalogue.heard.same_recording import best_copy
from sonoteca.catalogue.identity.sound_names import candidates, named_external, near_sounds, sounds_called, spellings
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.database import chunks, names_files
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import compare_key, is_storable, storable
from sonoteca.catalogue.store.schema import locations, regions, roots, sounds, summaries
from sonoteca.domain.names import printable_path, public_id
from sonoteca.errors import AmbiguousSound, Candidate, SonotecaError, SoundNotFound

PUBLIC_ID_LENGTH = 16
_PUBLIC_ID_PREFIX = re.compile(rf"[a-z2-7]{{1,{PUBLIC_ID_LENGTH}}}")
_CANDIDATES_NAMED = 8
_SHORTEST_PREFIX = 4


_REFS = (
    sa.select(sounds.c.id, sounds.c.public_id, sounds.c.content_hash)
    .order_by(sounds.c.public_id)
    .limit(_CANDIDATES_NAMED + 1)
)
# By id most sounds are asked for: made once.
_WITH_ID = _REFS.where(sounds.c.public_id >= sa.bindparam("first"), sounds.c.public_id < sa.bindparam("after"))


@dataclass(frozen=True, slots=True)
class SoundRef:
    """A sound as the rest of the program holds it: ``id`` never leaves the process."""

    id: int
    public_id: str
    content_hash: str


def ensure_sounds(connection: Connection, content_hashes: Iterable[str]) -> dict[str, int]:
    """Row numbers of the sounds with these hashes; a row is made (status ``pending``) where there is none.

    A new sound has region 0 of zero length until its duration is known.
    """
    hashes = list(dict.fromkeys(content_hashes))
    known = known_sounds(connection, hashes)
    new = [content_hash for content_hash in hashes if content_hash not in known]
    if not new:
        return known
    now = clock.now()
    connection.execute(
        sa.insert(sounds),
        [
            {"public_id": public_id(content_hash), "content_hash": content_hash, "status": "pending", "added_at": now}
            for content_hash in new
        ],
    )
    made = known_sounds(connection, new)
    connection.execute(
        sa.insert(regions),
        [
            {
                "sound_id": sound_id,
                "number": 0,
                "start_s": 0.0,
                "end_s": 0.0,
                "producer": "",
                "version": 0,
                "generation": 0,
            }
            for sound_id in made.values()
        ],
    )
    wholes = whole_regions(connection, list(made.values()))
    connection.execute(
        sa.insert(summaries),
        [
            {
                "region_id": region_id,
                "sound_id": sound_id,
                "whole_id": region_id,
                "number": 0,
                "added_at": now,
                "status": "pending",
            }
            for sound_id, region_id in wholes.items()
        ],
    )
    return known | made


def known_sounds(connection: Connection, hashes: Sequence[str]) -> dict[str, int]:
    """Row numbers of those of these contents that the library knows."""
    found: dict[str, int] = {}
    for some in chunks(list(hashes)):
        rows = connection.execute(sa.select(sounds.c.content_hash, sounds.c.id).where(sounds.c.content_hash.in_(some)))
        found.update((row.content_hash, row.id) for row in rows)
    return found


def whole_regions(connection: Connection, sound_ids: Sequence[int]) -> dict[int, int]:
    """Row number of region 0, per sound."""
    found: dict[int, int] = {}
    for ids in chunks(list(sound_ids)):
        rows = connection.execute(
            sa.select(regions.c.sound_id, regions.c.id).where(regions.c.sound_id.in_(ids), regions.c.number == 0)
        )
        found.update((row.sound_id, row.id) for row in rows)
    return found


def region_span(connection: Connection, sound_id: int, number: int) -> tuple[float, float] | None:
    """Start and end of a region in seconds, by the number that people see; None if there is no such region."""
    query = sa.select(regions.c.start_s, regions.c.end_s).where(
        regions.c.sound_id == sound_id, regions.c.number == number
    )
    row = connection.execute(query).first()
    return None if row is None else (row.start_s, row.end_s)


def names_of_sounds(connection: Connection, sound_ids: Sequence[int]) -> dict[int, tuple[str | None, str | None]]:
    """Title and artist, per sound."""
    found: dict[int, tuple[str | None, str | None]] = {}
    for ids in chunks(list(dict.fromkeys(sound_ids))):
        rows = connection.execute(sa.select(sounds.c.id, sounds.c.title, sounds.c.artist).where(sounds.c.id.in_(ids)))
        found.update((row.id, (row.title, row.artist)) for row in rows)
    return found


def get_sound(connection: Connection, sound_id: int) -> Row[Any]:
    """The whole row of table ``sounds``; SoundNotFound if it is gone."""
    row = connection.execute(sa.select(sounds).where(sounds.c.id == sound_id)).first()
    if row is None:
        raise SoundNotFound(f"Sound number {sound_id} is no longer in the library.")
    return row


def mark_failed(connection: Connection, failures: Mapping[int, SonotecaError]) -> None:
    """These sounds could not be analysed: keep code, sentence and remedy; what was known before stays."""
    for sound_id, error in failures.items():
        connection.execute(
            sa.update(sounds)
            .where(sounds.c.id == sound_id)
            .values(
                status="failed",
                error_code=error.code,
                error_message=storable(error.message),
                error_remedy=storable(error.remedy),
            )
        )
        connection.execute(sa.update(summaries).where(summaries.c.sound_id == sound_id).values(status="failed"))


def resolve_sound(connection: Connection, name: str) -> SoundRef:
    """The one sound that ``name`` means.

    Parameters
    ----------
    name : str
        ``external:ID`` (in another case where none is written so), an id, a unique prefix of one, a path (absolute, or relative to the working folder, as it is
        typed or pasted), a file's name with its ending or without, a title, or "Artist - Title".

    Raises
    ------
    SoundNotFound
        Nothing answers to it; sounds that are called nearly so are its candidates.
    AmbiguousSound
        Several do, and they are not copies of one recording, of which the best would be meant; they are its
        candidates, and the message names them.
    """
    found = find_sounds(connection, name)
    if not found:
        near = candidates(connection, near_sounds(connection, name))
        meant = "" if not near else f" Did you mean {_named(connection, near)}?"
        raise SoundNotFound(f"No sound in the library answers to {name!r}.{meant}", candidates=near)
    if 1 < len(found) <= _CANDIDATES_NAMED and not any(ref.public_id.startswith(name.strip().lower()) for ref in found):
        best = best_copy(connection, [ref.id for ref in found])
        found = [ref for ref in found if ref.id == best] or found
    if len(found) > 1:
        several = candidates(connection, [ref.id for ref in found[:_CANDIDATES_NAMED]])
        more = "" if len(found) <= _CANDIDATES_NAMED else ", ..."
        raise AmbiguousSound(f"{name!r} may mean {_named(connection, several)}{more}.", candidates=several)
    return found[0]


def told_sounds(connection: Connection, several: Sequence[Candidate]) -> list[str]:
    """Each as a person tells it from the others: the short id, with what it is called."""
    short = shortest_ids(connection, [each.id for each in several])
    return [short[each.id] if each.name == each.id else f"{short[each.id]} ({each.name})" for each in several]


def _named(connection: Connection, several: Sequence[Candidate]) -> str:
    return ", ".join(told_sounds(connection, several))


def find_sounds(connection: Connection, name: str) -> list[SoundRef]:
    """All sounds that ``name`` may mean (see ``resolve_sound``); at most a few more than are worth naming."""
    if (external_id := named_external(name)) is not None:
        if not is_storable(name):
            return []
        exact = _refs(connection, sounds.c.external_id == external_id)
        return exact or _refs(connection, sa.func.lower(sounds.c.external_id) == external_id.lower())
    prefix = name.strip().lower()
    by_id = _with_id(connection, prefix) if _PUBLIC_ID_PREFIX.fullmatch(prefix) else []
    if len(prefix) == PUBLIC_ID_LENGTH and by_id:
        return by_id
    written = [each for each in spellings(name) if "\0" not in each]
    by_path: list[SoundRef] = []
    for each in written:
        by_path = _refs(connection, sounds.c.id.in_(sounds_at_paths(connection, [each])[each]))
        if by_path:
            break
    if by_path and ("/" in name or os.sep in name or "." in name):
        return by_path
    called = [] if by_path else _called_so(connection, written)
    if not by_path and not by_id and not called:
        # Asked last, because it asks the disks, and one of a far machine may not answer.
        for each in written:
            linked = sounds_at_paths(connection, [each], through_links=True)[each]
            if by_path := _refs(connection, sounds.c.id.in_(linked)):
                break
    return list({ref.id: ref for ref in (*by_path, *called, *by_id)}.values())


def sounds_with_short_id(connection: Connection, text: str) -> list[SoundRef]:
    """The sounds whose id begins so, of a text as long as the ids that lists show: a shorter one is a word."""
    prefix = text.strip().lower()
    is_id = _PUBLIC_ID_PREFIX.fullmatch(prefix) is not None and len(prefix) >= _SHORTEST_PREFIX
    return _with_id(connection, prefix) if is_id else []


def sounds_called_exactly(connection: Connection, name: str) -> list[SoundRef]:
    """The sounds whose file's name, title or "Artist - Title" is ``name``; at most a few more than are worth naming."""
    return _called_so(connection, [each for each in spellings(name) if "\0" not in each])


def _with_id(connection: Connection, prefix: str) -> list[SoundRef]:
    # Every character of an id sorts below "{".
    rows = connection.execute(_WITH_ID, {"first": prefix, "after": prefix + "{"})
    return [SoundRef(row.id, row.public_id, row.content_hash) for row in rows]


def _called_so(connection: Connection, written: Sequence[str]) -> list[SoundRef]:
    """The sounds that are called so; none where that is a file on disk, which is meant then, and in no library."""
    if names_files(connection) and any(os.path.isfile(os.path.expanduser(each)) for each in written):
        return []
    for each in written:
        if is_storable(each) and (ids := sounds_called(connection, each)):
            return _refs(connection, sounds.c.id.in_(ids))
    return []


def short_ids(library: Library, ids: Iterable[str]) -> dict[str, str]:
    """The shortest beginnings by which these ids are told from all others of the library, by id.

    All are of one length, at least 4, so that they stand below each other; ``resolve_sound`` takes them for ids.
    """
    with library.read() as connection:
        return shortest_ids(connection, ids)


def shortest_ids(connection: Connection, ids: Iterable[str]) -> dict[str, str]:
    """What ``short_ids`` answers, within a transaction."""
    asked = list(dict.fromkeys(ids))
    length = _SHORTEST_PREFIX
    other = sounds.alias()
    before = sa.select(sa.func.max(other.c.public_id)).where(other.c.public_id < sounds.c.public_id).scalar_subquery()
    after = sa.select(sa.func.min(other.c.public_id)).where(other.c.public_id > sounds.c.public_id).scalar_subquery()
    for some in chunks(asked):
        query = sa.select(sounds.c.public_id, before, after).where(sounds.c.public_id.in_(some))
        for each, *neighbours in connection.execute(query):
            length = max([length, *(_shared_letters(each, known) + 1 for known in neighbours if known is not None)])
    return {each: each[:length] for each in asked}


def _shared_letters(a: str, b: str) -> int:
    return next((at for at, (one, other) in enumerate(zip(a, b, strict=False)) if one != other), min(len(a), len(b)))


def _refs(connection: Connection, wanted: sa.ColumnElement[bool]) -> list[SoundRef]:
    rows = connection.execute(_REFS.where(wanted))
    return [SoundRef(row.id, row.public_id, row.content_hash) for row in rows]


def sounds_at_paths(
    connection: Connection, names: Sequence[str], *, from_roots: bool = False, through_links: bool = False
) -> dict[str, list[int]]:
    """Row numbers of the sounds located at these paths, whichever root they lie below; often none.

    Parameters
    ----------
    names : sequence of str
        Absolute paths, or relative to the working folder.
    from_roots : bool
        A relative path may also count from any root, or from the folder that holds it.
    through_links : bool
        Paths are equal that lead to one folder: who typed one may have gone through a link, who added the folder
        not, or the other way round.
    """
    found: dict[str, list[int]] = {name: [] for name in names}
    followed = functools.cache(os.path.realpath) if through_links else None
    for root in connection.execute(sa.select(roots.c.id, roots.c.path)):
        root_path = os.fsdecode(root.path)
        starts = [os.getcwd()]
        if from_roots:
            starts += [root_path, os.path.dirname(root_path)]
        belows = {_slashed(root_path) + b"/"} | ({_slashed(followed(root_path)) + b"/"} if followed else set())
        relative_paths: dict[bytes, set[str]] = {}
        for name in found:
            places = {place for start in starts for place in _places(name, start, followed)}
            for place, below in itertools.product(places, belows):
                if place.startswith(below):
                    relative_paths.setdefault(place[len(below) :], set()).add(name)
        here = sa.select(locations.c.relative_path, locations.c.compare_key, locations.c.sound_id).where(
            locations.c.root_id == root.id, locations.c.sound_id.is_not(None)
        )
        exact = _sounds_by(connection, here, locations.c.relative_path, list(relative_paths))
        # A name typed in one Unicode form may stand on disk in the other.
        keys = {path: compare_key(path) for path in relative_paths if path not in exact}
        alike = _sounds_by(connection, here, locations.c.compare_key, list(set(keys.values())))
        for path, asked in relative_paths.items():
            answers = exact.get(path) or alike.get(keys[path], [])
            for name in asked:
                found[name] += [each for each in answers if each not in found[name]]
    return found


def sound_at_path(connection: Connection, path: str) -> SoundRef | None:
    """The sound whose file lies at a path, absolute or relative to a root; None if the library knows none.

    Raises
    ------
    AmbiguousSound
        It is relative, and several roots have a sound there; they are its candidates.
    """
    if not path.strip() or "\0" in path:
        return None
    ids = sounds_at_paths(connection, [path], from_roots=True, through_links=True)[path]
    found = _refs(connection, sounds.c.id.in_(ids))
    if len(found) > 1:
        several = candidates(connection, [ref.id for ref in found[:_CANDIDATES_NAMED]])
        raise AmbiguousSound(f"{printable_path(path)!r} may mean {_named(connection, several)}.", candidates=several)
    return found[0] if found else None


def _places(name: str, start: str, followed: Callable[[str], str] | None) -> set[bytes]:
    """A path as it was typed, and with the links to its folder ``followed``; relative ones count from ``start``."""
    path = os.path.abspath(os.path.join(start, os.path.expanduser(name)))
    if followed is None:
        return {_slashed(path)}
    folder, file_name = os.path.split(path)
    return {_slashed(path), _slashed(os.path.join(followed(folder), file_name))}


def _slashed(path: str) -> bytes:
    """With the separators of the catalogue."""
    return os.fsencode(path).replace(os.sep.encode(), b"/")


def _sounds_by(
    connection: Connection, query: sa.Select[Any], column: sa.Column[Any], values: list[Any]
) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = {}
    for some in chunks(values):
        for row in connection.execute(query.where(column.in_(some))):
            found.setdefault(getattr(row, column.name), []).append(row.sound_id)
    return found
