"""Is the library whole? Looks at the database, at what rows promise, and at what was derived."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import embeddings
from sonoteca.catalogue.heard.summaries import derived_rows
from sonoteca.catalogue.made.knowledge import count_of_other_words
from sonoteca.catalogue.store.database import chunks, dialect_of, explain
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import embeddings_table, regions, segments, sounds, summaries
from sonoteca.catalogue.store.schema_made import all_tables
from sonoteca.derived.derivation import DerivedState
from sonoteca.domain.names import public_id
from sonoteca.errors import LibraryDamaged
from sonoteca.index.segment_file import INDEX_FOLDER
from sonoteca.upkeep.derived_things import look_at_derived

_SHOWN = 5
_DERIVE = "Derive them anew: upgrade the library with a rebuild."
_REBUILD = "Rebuild the index: all that is derived is made anew."


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong: ``code`` for programs, a sentence, and what helps."""

    code: str
    message: str
    remedy: str


@dataclass(frozen=True, slots=True)
class CheckReport:
    """``counts`` are rows per table; ``findings`` is empty for a library that is whole.

    ``derived`` says how what is derived stands to the catalogue: what is out of date is no fault.
    """

    counts: dict[str, int]
    findings: tuple[Finding, ...]
    derived: tuple[DerivedState, ...] = ()

    @property
    def is_whole(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.is_whole,
            "rows": self.counts,
            "findings": [asdict(finding) for finding in self.findings],
            "derived": [state.as_json() for state in self.derived],
        }


def check_library(library: Library) -> CheckReport:
    """Read everything once and say what is wrong with it; changes nothing. Minutes for a million sounds."""
    with library.read() as connection:
        findings = _database(connection)
        if findings:
            return CheckReport({}, tuple(findings))
        counts = {
            table.name: connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
            for table in all_tables()
        }
        spaces = embeddings.list_spaces(connection)
        counts["embeddings"] = sum(embeddings.count_vectors(connection, space) for space in spaces)
        findings += _rows(connection)
        for space in spaces:
            findings += _vectors(connection, space)
        findings += _summaries(connection)
        findings += _knowledge(connection)
        findings += _files(connection, library)
    derived = look_at_derived(library)
    findings += [Finding("derived_file", f"{each.message}.", _REBUILD) for each in derived if not each.whole]
    return CheckReport(counts, tuple(findings), derived)


def _database(connection: Connection) -> list[Finding]:
    """SQLite's own checks; PostgreSQL keeps its constraints itself."""
    if dialect_of(connection) != "sqlite":
        return []
    remedy = "Restore a backup."
    try:
        problems = [row[0] for row in connection.exec_driver_sql("PRAGMA integrity_check(10)")]
    except sa.exc.DatabaseError as error:
        # So damaged that the check itself cannot read on.
        if not isinstance(explain(error.orig or error, ""), LibraryDamaged):
            raise
        problems = [str(error.orig)]
    findings = [
        Finding("integrity", f"The database file is damaged: {each}.", remedy) for each in problems if each != "ok"
    ]
    if not findings:
        for row in connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(_SHOWN):
            findings.append(
                Finding("foreign_key", f"Row {row[1]} of {row[0]} has lost its parent in {row[2]}.", remedy)
            )
    return findings


def _rows(connection: Connection) -> list[Finding]:
    findings = []
    without_whole = sa.select(sounds.c.public_id).where(
        ~sa.select(regions.c.id).where(regions.c.sound_id == sounds.c.id, regions.c.number == 0).exists()
    )
    lost = connection.execute(without_whole.limit(_SHOWN)).scalars().all()
    if lost:
        findings.append(
            Finding("region_0", f"Sounds without their whole region: {', '.join(lost)}.", "Remove and add them again.")
        )
    wrong = [
        row.public_id
        for row in connection.execute(sa.select(sounds.c.public_id, sounds.c.content_hash))
        if row.public_id != public_id(row.content_hash)
    ]
    if wrong:
        findings.append(
            Finding("public_id", f"Ids that are not their content's: {', '.join(wrong[:_SHOWN])}.", "Restore a backup.")
        )
    return findings


def _vectors(connection: Connection, space: embeddings.StoredSpace) -> list[Finding]:
    table = embeddings_table(space.number)
    wrong = connection.execute(
        sa.select(sa.func.count())
        .select_from(table)
        .where(sa.func.length(table.c.vector) != 2 * space.space.dimensions)
    ).scalar_one()
    if not wrong:
        return []
    sentence = f"{wrong} vectors of {space.space.id} have not its {space.space.dimensions} dimensions."
    return [Finding("vector_length", sentence, "Analyse their files anew.")]


def _summaries(connection: Connection) -> list[Finding]:
    """Compare summaries and words with what the observations say today."""
    remedy = _DERIVE
    findings = []
    ids = list(connection.execute(sa.select(sounds.c.id).order_by(sounds.c.id)).scalars())
    differing = 0
    table = summaries
    for some in chunks(ids, 2_000):
        stored = {
            row["region_id"]: dict(row)
            for row in connection.execute(sa.select(table).where(table.c.sound_id.in_(some))).mappings()
        }
        expected = {row["region_id"]: row for row in derived_rows(connection, some)}
        differing += len(stored.keys() ^ expected.keys())
        differing += sum(_differ(stored[each], expected[each]) for each in stored.keys() & expected.keys())
    if differing:
        findings.append(Finding("summaries", f"{differing} summaries do not agree with the observations.", remedy))
    words = connection.execute(sa.text("SELECT count(*) FROM sound_text")).scalar_one()
    if words != len(ids):
        findings.append(Finding("words", f"The word index holds {words} sounds, the library {len(ids)}.", remedy))
    return findings


def _knowledge(connection: Connection) -> list[Finding]:
    """Every entry of the knowledge base can be found by its own words, and by no others."""
    differing = count_of_other_words(connection)
    if not differing:
        return []
    sentence = f"The words of {differing} entries of knowledge do not agree with the entries."
    return [Finding("knowledge_words", sentence, _DERIVE)]


def _differ(stored: dict[str, Any], expected: dict[str, Any]) -> bool:
    return any(stored[column] != value for column, value in expected.items())


def _files(connection: Connection, library: Library) -> list[Finding]:
    if library.data_dir is None:
        return []
    findings = []
    for row in connection.execute(sa.select(segments.c.file, segments.c.size)):
        path = library.data_dir / INDEX_FOLDER / row.file
        if not path.is_file() or path.stat().st_size != row.size:
            sentence = f"The index file {path} is missing or has another size."
            findings.append(Finding("index_file", sentence, _REBUILD))
    return findings
