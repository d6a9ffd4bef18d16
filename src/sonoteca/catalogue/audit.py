"""An audit counts what is in the library, what is missing from it, and what changed since last time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import embeddings, pending
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.schema import (
    audits,
    locations,
    observations,
    regions,
    runs,
    segments,
    sounds,
    summaries,
)
from sonoteca.domain.embedding import Space
from sonoteca.domain.sound_analysis import Identity

Counts: TypeAlias = dict[str, Any]

# Counts of the disk; 0 where it was not read.
OF_DISK = ("audio_files_scanned", "missing_meta_total", "stale_meta_paths_total")


@dataclass(frozen=True, slots=True)
class DiskScan:
    """What a walk over the roots saw, if there was one.

    ``audio_files`` found, of those ``not_in_catalogue``, and ``stale_paths``: catalogue paths, not
    marked missing, that are not on disk.
    """

    audio_files: int = 0
    not_in_catalogue: int = 0
    stale_paths: int = 0


def count(
    connection: Connection,
    *,
    identities: Sequence[Identity] = (),
    spaces: Sequence[Space] = (),
    scan: DiskScan | None = None,
    index_folder: Path | None = None,
) -> Counts:
    """Everything ``sonoteca audit`` prints.

    Parameters
    ----------
    identities, spaces
        Today's producers: what pending and gaps are measured against.
    scan : DiskScan, optional
        Without one the three disk counts are 0.
    index_folder : Path, optional
        Where segment files are, to count those that are gone.

    Returns
    -------
    dict
        Integers, and breakdowns as dicts of integers. ``sounds_total`` = ``analysed`` + ``pending`` + ``failed``.
        ``embedding_gap_total`` counts regions that lack a space, ``missing_embedding_ref`` the sounds they are of,
        ``embedding_ok`` analysed sounds that lack none, ``embedding_file_missing`` index files that are gone.
    """
    scan = scan or DiskScan()
    by_status = _grouped(connection, sa.select(sounds.c.status, sa.func.count()).group_by(sounds.c.status))
    lacking_regions, lacking_sounds = _gaps(connection, spaces)
    by_stage = pending.pending_by_stage(connection, identities, spaces)
    missing = locations.c.missing_since.is_not(None)
    return {
        "sounds_total": sum(by_status.values()),
        "analysed": by_status.get("analysed", 0),
        "pending": by_status.get("pending", 0),
        "failed": by_status.get("failed", 0),
        "locations_total": _count(connection, locations),
        "missing_locations": _count(connection, locations, missing),
        "unreadable_files": _count(connection, locations, locations.c.sound_id.is_(None), ~missing),
        "regions_total": _count(connection, regions),
        "embedding_ok": _count(connection, sounds, sounds.c.status == "analysed", pending.IS_SOUND) - lacking_sounds,
        "embedding_gap_total": lacking_regions,
        "missing_embedding_ref": lacking_sounds,
        "embedding_file_missing": _missing_files(connection, index_folder),
        "audio_files_scanned": scan.audio_files,
        "pending_embedding_total": max((by_stage[f"embedding:{space.id}"] for space in spaces), default=0),
        "missing_meta_total": scan.not_in_catalogue,
        "stale_meta_paths_total": scan.stale_paths,
        "orphaned_sounds": _count(connection, sounds, pending.IS_SOUND, ~_has_location()),
        "pending_by_stage": by_stage,
        "failed_by_reason": _failed_by_reason(connection),
        "failed_runs_by_producer": _grouped(
            connection,
            sa.select(runs.c.producer, sa.func.count()).where(runs.c.outcome == "failed").group_by(runs.c.producer),
        ),
        "observations_by_producer": _by_producer(connection),
        "embeddings_by_space": {
            stored.space.id: embeddings.count_vectors(connection, stored)
            for stored in embeddings.list_spaces(connection)
        },
        "indexed_by_space": _indexed(connection),
        "sounds_by_kind": _grouped(
            connection,
            sa.select(sa.func.coalesce(summaries.c.kind, "unknown"), sa.func.count())
            .where(summaries.c.number == 0, summaries.c.status == "analysed")
            .group_by(summaries.c.kind),
        ),
    }


def _count(connection: Connection, table: sa.Table, *conditions: sa.ColumnElement[bool]) -> int:
    return connection.execute(sa.select(sa.func.count()).select_from(table).where(*conditions)).scalar_one()


def _grouped(connection: Connection, query: sa.Select[*tuple[Any, ...]]) -> dict[str, int]:
    return {str(name): number for name, number in sorted(connection.execute(query).all())}


def _has_location() -> sa.ColumnElement[bool]:
    return sa.select(locations.c.id).where(locations.c.sound_id == sounds.c.id).exists()


def _gaps(connection: Connection, spaces: Sequence[Space]) -> tuple[int, int]:
    """Regions of analysed sounds that lack a run of one of the spaces, and how many sounds they are of."""
    lacks = []
    for space in spaces:
        identity = pending.embedding_identity(space)
        run = sa.select(runs.c.region_id).where(
            runs.c.region_id == regions.c.id,
            runs.c.producer == identity.producer,
            runs.c.version == identity.version,
            runs.c.settings == identity.settings,
            runs.c.outcome == "done",
        )
        lacks.append(~run.exists())
    if not lacks:
        return 0, 0
    query = (
        sa.select(sa.func.count(), sa.func.count(regions.c.sound_id.distinct()))
        .select_from(regions)
        .join(sounds, sounds.c.id == regions.c.sound_id)
        .where(sounds.c.status == "analysed", pending.IS_SOUND, sa.or_(*lacks))
    )
    row = connection.execute(query).one()
    return row[0], row[1]


def _failed_by_reason(connection: Connection) -> dict[str, int]:
    """Sounds that failed, and files whose bytes could not be read, by error code."""
    of_sounds = sa.select(sounds.c.error_code).where(sounds.c.status == "failed")
    of_files = sa.select(locations.c.error_code).where(
        locations.c.sound_id.is_(None), locations.c.error_code.is_not(None), locations.c.missing_since.is_(None)
    )
    both = sa.union_all(of_sounds, of_files).subquery()
    code = sa.func.coalesce(both.c.error_code, "unknown")
    return _grouped(connection, sa.select(code, sa.func.count()).group_by(code))


def _by_producer(connection: Connection) -> dict[str, int]:
    query = sa.select(observations.c.source, observations.c.producer, observations.c.version, sa.func.count()).group_by(
        observations.c.source, observations.c.producer, observations.c.version
    )
    return {
        f"{source}:{producer}@{version}": number
        for source, producer, version, number in sorted(connection.execute(query).all())
    }


def _indexed(connection: Connection) -> dict[str, int]:
    by_space = _grouped(
        connection, sa.select(segments.c.space, sa.func.sum(segments.c.rows)).group_by(segments.c.space)
    )
    return {stored.space.id: int(by_space.get(str(stored.number), 0)) for stored in embeddings.list_spaces(connection)}


def _missing_files(connection: Connection, index_folder: Path | None) -> int:
    if index_folder is None:
        return 0
    return sum(not (index_folder / file).is_file() for file in connection.execute(sa.select(segments.c.file)).scalars())


def keep(connection: Connection, counts: Counts) -> int:
    """Keep an audit; returns its number."""
    statement = sa.insert(audits).values(counts=counts, at=clock.now()).returning(audits.c.id)
    number: int = connection.execute(statement).scalar_one()
    return number


def last(connection: Connection) -> tuple[str, Counts] | None:
    """When the last kept audit was, and what it counted."""
    row = connection.execute(sa.select(audits.c.at, audits.c.counts).order_by(audits.c.id.desc()).limit(1)).first()
    return None if row is None else (row.at, row.counts)


def difference(old: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, tuple[int, int]]:
    """Counts that differ, flat (``failed_by_reason.crash``): old and new, 0 where there was none."""
    before, after = _flat(old), _flat(new)
    return {
        name: (before.get(name, 0), after.get(name, 0))
        for name in sorted(before.keys() | after.keys())
        if before.get(name, 0) != after.get(name, 0)
    }


def _flat(counts: Mapping[str, Any]) -> dict[str, int]:
    flat: dict[str, int] = {}
    for name, value in counts.items():
        if isinstance(value, Mapping):
            flat |= {f"{name}.{inner}": number for inner, number in value.items()}
        else:
            flat[name] = value
    return flat
