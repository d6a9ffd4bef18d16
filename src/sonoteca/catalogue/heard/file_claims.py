"""What files say about themselves is kept per file, and a sound is called by what its main file says.

One recording may lie on an album and on a compilation: each file keeps its own title, album and track,
and the sound is found under all of them. A sound has one title, though, and one claimed tempo: those of its
*main* file. That is a file that is there before a missing one, one whose tags say something before
a bare one, and among equals the one that has been known longest.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import observations, pending, summaries, tags
from sonoteca.catalogue.store import clock, events
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.names import storable
from sonoteca.catalogue.store.schema import claims as claims_table
from sonoteca.catalogue.store.schema import locations, regions, sounds
from sonoteca.catalogue.store.schema import observations as observations_table
from sonoteca.catalogue.store.schema import tags as tags_table
from sonoteca.domain.claim import CLAIM_VERSION, Claim, claimed_observations
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.precedence import NAME_PRODUCER
from sonoteca.domain.vocabulary import Source

# What a file is called, apart from how it sounds; the first three are the sound's too.
NAMING_FIELDS = ("title", "artist", "album", "track")
_OF_SOUND = ("title", "artist", "album")
_TAG_FIELDS = ("genre", "tag")
_KEPT_FIELDS = frozenset({*NAMING_FIELDS, *_TAG_FIELDS, "tempo_bpm", "key"})
_NAME_PRODUCERS = frozenset({NAME_PRODUCER, observations.TRUSTED_NAME_PRODUCER})


def names_of(said: Iterable[Claim]) -> dict[str, str | None]:
    """Title, artist and album as these claims have them: of two the first, None for none."""
    told = {claim.field: storable(str(claim.value)) for claim in reversed(list(said))}
    return {name: told.get(name) for name in _OF_SOUND}


def labels_of(said: Iterable[Claim]) -> list[str]:
    """The words among these claims that become tags."""
    return [storable(str(claim.value)) for claim in said if claim.field in _TAG_FIELDS]


def statements_of(said: Iterable[Claim], *, trust_names: bool = False) -> list[Observation]:
    """The claims that are statements about the sound, one per descriptor and producer."""
    found = claimed_observations(trusted(said) if trust_names else said)
    return list({(each.descriptor.name, each.provenance.producer): each for each in found}.values())


def trusted(said: Iterable[Claim]) -> list[Claim]:
    """The same claims, those of file names by a producer that ranks with tags."""
    return [
        Claim(each.field, each.value, observations.TRUSTED_NAME_PRODUCER) if each.producer == NAME_PRODUCER else each
        for each in said
    ]


def keep(connection: Connection, said: Mapping[int, Sequence[Claim] | None]) -> None:
    """Keep what these files say, by row number of their locations; None: it is not known any more."""
    for some in chunks(list(said)):
        connection.execute(sa.delete(claims_table).where(claims_table.c.location_id.in_(some)))
        read = [location_id for location_id in some if said[location_id] is not None]
        forgotten = [location_id for location_id in some if said[location_id] is None]
        for ids, version in ((read, CLAIM_VERSION), (forgotten, None)):
            if ids:
                connection.execute(sa.update(locations).where(locations.c.id.in_(ids)).values(claims_version=version))
    rows = [
        {
            "location_id": location_id,
            "position": position,
            "field": claim.field,
            "producer": claim.producer,
            "value": storable(claim.value) if isinstance(claim.value, str) else claim.value,
        }
        for location_id, told in said.items()
        for position, claim in enumerate(claim for claim in told or () if claim.field in _KEPT_FIELDS)
    ]
    if rows:
        connection.execute(sa.insert(claims_table), rows)


@dataclass(slots=True)
class _File:
    location_id: int
    is_missing: bool
    version: int | None
    said: list[Claim] = field(default_factory=list)

    @property
    def rank(self) -> tuple[bool, bool, int]:
        has_tags = any(claim.producer not in _NAME_PRODUCERS for claim in self.said)
        return (self.is_missing, not has_tags, self.location_id)


def main_claims(connection: Connection, sound_ids: Sequence[int]) -> dict[int, list[Claim]]:
    """What the main file of each sound says; left out where nobody read it yet, or there is no file."""
    found: dict[int, list[Claim]] = {}
    for some in chunks(list(sound_ids)):
        for sound_id, files in _files_of(connection, some).items():
            main = min(files, key=lambda file: file.rank)
            if main.version is not None:
                found[sound_id] = main.said
    return found


def _files_of(connection: Connection, sound_ids: Sequence[int]) -> dict[int, list[_File]]:
    files: dict[int, _File] = {}
    by_sound: dict[int, list[_File]] = {}
    columns = (locations.c.id, locations.c.sound_id, locations.c.missing_since, locations.c.claims_version)
    for row in connection.execute(sa.select(*columns).where(locations.c.sound_id.in_(sound_ids))):
        files[row.id] = _File(row.id, row.missing_since is not None, row.claims_version)
        by_sound.setdefault(row.sound_id, []).append(files[row.id])
    said = (
        sa.select(claims_table)
        .join(locations, locations.c.id == claims_table.c.location_id)
        .where(locations.c.sound_id.in_(sound_ids))
        .order_by(claims_table.c.location_id, claims_table.c.position)
    )
    for row in connection.execute(said):
        files[row.location_id].said.append(Claim(row.field, row.value, row.producer))
    return by_sound


def names_of_files(connection: Connection, sound_id: int) -> dict[int, dict[str, str | None]]:
    """Per location of a sound its own title, artist, album and track; None where the file has none."""
    query = (
        sa.select(claims_table)
        .join(locations, locations.c.id == claims_table.c.location_id)
        .where(locations.c.sound_id == sound_id, claims_table.c.field.in_(NAMING_FIELDS))
        .order_by(claims_table.c.location_id, claims_table.c.position.desc())
    )
    found: dict[int, dict[str, str | None]] = {}
    for row in connection.execute(query):
        found.setdefault(row.location_id, dict.fromkeys(NAMING_FIELDS))[row.field] = str(row.value)
    return found


def settle(connection: Connection, sound_ids: Iterable[int]) -> list[int]:
    """Call sounds what their main files say now, and let their claims, tags and words follow.

    What a person or a shop said stays, and so does everything that was heard.

    Returns
    -------
    list of int
        The sounds of which something changed; their summaries and words are written anew.
    """
    changed: list[int] = []
    for some in chunks(list(dict.fromkeys(sound_ids)), 2_000):
        changed += _settle(connection, some)
    summaries.derive(connection, changed)
    if changed:
        events.record(connection, "described", details={"sounds": len(changed)})
    return changed


def settle_places(connection: Connection, sound_ids: Iterable[int]) -> list[int]:
    """``settle`` where the files of sounds changed: their paths, and the words of every file, are written anew too."""
    of_sounds = sorted(set(sound_ids))
    changed = settle(connection, of_sounds)
    renewed = set(changed)
    summaries.refresh_places(connection, [sound_id for sound_id in of_sounds if sound_id not in renewed])
    return changed


def _settle(connection: Connection, sound_ids: Sequence[int]) -> list[int]:
    said = main_claims(connection, sound_ids)
    stored = _stored(connection, list(said))
    # Its names are no values: they are those of its files, locked or not.
    locked = pending.locked_sounds(connection, list(stored))
    now = clock.now()
    renamed: list[dict[str, Any]] = []
    restated: dict[int, list[Observation]] = {}
    relabelled: dict[int, list[str]] = {}
    changed: list[int] = []
    for sound_id, each in stored.items():
        names, labels, statements = names_of(said[sound_id]), labels_of(said[sound_id]), statements_of(said[sound_id])
        names["title"] = each.shop_title or names["title"]
        is_changed = names != each.names
        is_free = each.was_heard and sound_id not in locked
        if is_free and {_key(one): one.value for one in statements} != each.statements:
            restated[each.whole] = statements
            is_changed = True
        if each.was_heard and tags.usable_labels(labels) != each.labels:
            relabelled[each.whole] = labels
            is_changed = True
        if is_changed:
            # That it was heard says when a sound that waits is first described.
            described = {"at": now if each.was_heard else None}
            renamed.append({"of_sound": sound_id, **described, **{f"new_{name}": text for name, text in names.items()}})
            changed.append(sound_id)
    if renamed:
        new = {name: sa.bindparam(f"new_{name}", type_=sa.Text) for name in _OF_SOUND}
        statement = sa.update(sounds).where(sounds.c.id == sa.bindparam("of_sound"))
        connection.execute(statement.values(described_at=sa.bindparam("at", type_=sa.Text), **new), renamed)
    for some in chunks(list(restated)):
        connection.execute(
            sa.delete(observations_table).where(observations_table.c.region_id.in_(some), observations.IS_FROM_FILE)
        )
    rows = [observations.row_of(whole, each, now) for whole, statements in restated.items() for each in statements]
    if rows:
        connection.execute(sa.insert(observations_table), rows)
    tags.replace_imported(connection, relabelled)
    return changed


@dataclass(slots=True)
class _Stored:
    """What the catalogue says of a sound now, as far as its files are the reason."""

    whole: int
    was_heard: bool
    shop_title: str | None
    names: dict[str, str | None]
    statements: dict[tuple[str, str], Any] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)


def _key(statement: Observation) -> tuple[str, str]:
    origin: Provenance = statement.provenance
    return (statement.descriptor.name, origin.producer)


def _stored(connection: Connection, sound_ids: Sequence[int]) -> dict[int, _Stored]:
    found: dict[int, _Stored] = {}
    by_whole: dict[int, _Stored] = {}
    columns = (sounds.c.id, sounds.c.status, sounds.c.shop_title, *(sounds.c[name] for name in _OF_SOUND))
    for some in chunks(list(sound_ids)):
        query = (
            sa.select(*columns, regions.c.id.label("whole"))
            .join(regions, (regions.c.sound_id == sounds.c.id) & (regions.c.number == 0))
            .where(sounds.c.id.in_(some))
        )
        for row in connection.execute(query):
            # What a sound that waits to be heard claims is stored with what is heard.
            was_heard = row.status != "pending"
            names = {name: getattr(row, name) for name in _OF_SOUND}
            found[row.id] = by_whole[row.whole] = _Stored(row.whole, was_heard, row.shop_title, names)
    for some in chunks(list(by_whole)):
        table = observations_table
        here = sa.select(table.c.region_id, table.c.descriptor, table.c.producer, table.c.value)
        for region_id, descriptor, producer, value in connection.execute(
            here.where(table.c.region_id.in_(some), observations.IS_FROM_FILE)
        ):
            by_whole[region_id].statements[descriptor, producer] = value
        labelled = sa.select(tags_table.c.region_id, tags_table.c.tag, tags_table.c.label)
        of_files = tags_table.c.region_id.in_(some) & (tags_table.c.source == Source.IMPORT)
        for region_id, tag, label in connection.execute(labelled.where(of_files)):
            by_whole[region_id].labels[tag] = label
    return found
