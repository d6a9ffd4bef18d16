"""The health of an open library: a look that costs next to nothing, and three closer ones that end within two seconds.

``check_library`` and ``check_index`` read everything and take as long as that takes; these are for
whoever asks every minute.
"""

from __future__ import annotations

import os
import secrets
import sqlite3
import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import list_spaces
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import embeddings_table, meta, summaries
from sonoteca.catalogue.store.schema_made import all_tables
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import Kind
from sonoteca.errors import LibraryBusy, LibraryUnwritable, RequestError, SonotecaError
from sonoteca.index.open_index import open_index
from sonoteca.match.library_weights import library_weights
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.rank import MatchRow, rank_matches
from sonoteca.match.weights import AXES, Weights
from sonoteca.upkeep.check import Finding

HealthCheck = Literal["match_sample", "index", "database"]

# What every candidate of a match carries, by the names that front ends read.
MATCH_FIELDS = (
    "fit", "fit_scores", "quality_flags", "gating_status", "tempo_ratio", "semitone_shift", "risk_reasons",
)  # fmt: skip
_SAMPLED, _QUERIES = 200, 3
_DATABASE_S = 1.5
_WAIT_S = 0.5
_WRITTEN = "health_check"


class HealthRequest(Request):
    """What is looked at.

    Attributes
    ----------
    check : "match_sample", "index", "database" or None
        What a match says of a sample of the catalogue; the index files against the vectors; the pages of the
        database, and a row that is written and read back. Without one: that the library answers.
    """

    check: HealthCheck | None = None


@dataclass(frozen=True, slots=True)
class HealthAnswer:
    """What was looked at and what is wrong; ``findings`` is empty for a library that is well.

    ``details`` are what was seen, as JSON values; their names depend on the check.
    """

    request: HealthRequest
    findings: tuple[Finding, ...]
    details: Mapping[str, Any]

    @property
    def ok(self) -> bool:
        return not self.findings

    def as_json(self) -> dict[str, Any]:
        return {
            "ok": self.ok,
            "check": self.request.check,
            "findings": [asdict(finding) for finding in self.findings],
            "details": dict(self.details),
        }


def check_health(library: Library, request: HealthRequest = HealthRequest()) -> HealthAnswer:
    """Say whether an open library is well; what goes wrong while looking is a finding, not an error."""
    look = _Look()
    try:
        _LOOKS[request.check](library, look)
    except SonotecaError as error:
        look.findings.append(Finding(error.code, error.message, error.remedy or ""))
    return HealthAnswer(request, tuple(look.findings), look.details)


@dataclass(frozen=True, slots=True)
class _Look:
    findings: list[Finding] = field(default_factory=list)
    details: dict[str, Any] = field(default_factory=dict)


def _answers(library: Library, look: _Look) -> None:
    """That the database answers, and that the data folder takes files."""
    with library.read() as connection:
        connection.execute(sa.select(sa.literal(1))).scalar_one()
    look.details["database"] = True
    look.details["data_folder_writable"] = None
    if library.data_dir is None or library.mode == "read":
        return
    there = next(folder for folder in (library.data_dir, *library.data_dir.parents) if folder.exists())
    look.details["data_folder_writable"] = is_writable = os.access(there, os.W_OK | os.X_OK)
    if not is_writable:
        error = LibraryUnwritable(f"The data folder {library.data_dir} may not be written.")
        look.findings.append(Finding(error.code, error.message, error.remedy or ""))


# --- a sample of the catalogue ----------------------------------------------------------------------


def _match_sample(library: Library, look: _Look) -> None:
    """Match a few loops of the catalogue with a sample of it, and count what the candidates carry."""
    sample, queries = _sample(library)
    weights = library_weights(library)
    rows: list[MatchRow] = []
    rejected: Counter[str] = Counter()
    asked = 0
    for query in queries.tolist():
        try:
            rows += _matched(library, query, sample, weights, rejected)
        except RequestError:
            # Silence: nothing can be asked about it.
            continue
        asked += 1
    printed = [row.as_json() for row in rows]
    scores = (*AXES, "total_score")
    look.details.update(
        queries=asked,
        sampled=len(sample),
        candidates=len(printed),
        carry={name: sum(row.get(name) is not None for row in printed) for name in MATCH_FIELDS},
        fit_scores={name: sum(row["fit_scores"].get(name) is not None for row in printed) for name in scores},
        gating_status=dict(sorted(Counter(row["gating_status"] for row in printed).items())),
        rejected=dict(sorted(rejected.items())),
    )
    lacking = [name for name in MATCH_FIELDS if any(name not in row for row in printed)]
    if lacking:
        sentence = f"Candidates of a match lack {', '.join(lacking)}."
        look.findings.append(Finding("match_fields", sentence, "Reinstall the program."))


def _sample(library: Library) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Regions spread evenly over the catalogue: ``_SAMPLED`` to be offered, and ``_QUERIES`` loops to ask about."""
    whole = sa.select(summaries.c.region_id).where(summaries.c.number == 0)
    with library.read() as connection:
        analysed = _ids(connection, whole.where(summaries.c.status == "analysed"))
        loops = _ids(connection, whole.where(summaries.c.kind == Kind.LOOP.value))
    return _spread(analysed, _SAMPLED), _spread(loops if len(loops) else analysed, _QUERIES)


def _ids(connection: Connection, query: sa.Select[Any]) -> NDArray[np.int64]:
    return np.sort(np.fromiter(connection.execute(query).scalars(), np.int64))


def _spread(ids: NDArray[np.int64], count: int) -> NDArray[np.int64]:
    if len(ids) <= count:
        return ids
    return ids[np.linspace(0, len(ids) - 1, count).astype(np.int64)]


def _matched(
    library: Library, query: int, sample: NDArray[np.int64], weights: Weights, rejected: Counter[str]
) -> tuple[MatchRow, ...]:
    ranking = rank_matches(library, load_region_table(library, where=[query]), weights, where=sample, k=_SAMPLED)
    rejected.update(ranking.rejected)
    return ranking.rows


# --- the index ------------------------------------------------------------------------------------


def _index(library: Library, look: _Look) -> None:
    """Compare the ids in the files of every index, read whole, with those of the catalogue's vectors."""
    with library.read() as connection:
        spaces = list_spaces(connection)
    found = []
    for space in spaces:
        state = open_index(library, space).verify()
        found.append(
            {"space_id": space.space.id, **asdict(state), "messages": list(state.messages), "ok": state.is_whole}
        )
        if not state.is_whole:
            sentence = (
                f"The index of {space.space.id} lacks {state.missing} vectors, holds {state.orphaned} that are gone, "
                f"and {state.damaged_segments} of its files are damaged."
            )
            look.findings.append(Finding("index", sentence, "Rebuild the index: all that is derived is made anew."))
    look.details["spaces"] = found


# --- the database ---------------------------------------------------------------------------------


def _database(library: Library, look: _Look) -> None:
    """Check tables as long as there is time, and write a row and read it back."""
    if library.is_sqlite:
        checked, unchecked = _check_pages(library, look)
        look.details.update(tables_checked=checked, tables_unchecked=unchecked)
    else:
        # PostgreSQL looks after its pages itself.
        look.details.update(tables_checked=None, tables_unchecked=None)
    look.details["written_and_read_back"] = None
    if library.mode != "read":
        _write_and_read_back(library, look)


def _check_pages(library: Library, look: _Look) -> tuple[list[str], list[str]]:
    """SQLite's quick check, table by table, until the time is over; vectors, which can be made anew, come last."""
    give_up_at = time.monotonic() + _DATABASE_S
    checked: list[str] = []
    with library.read() as connection:
        tables = [*all_tables(), *(embeddings_table(space.number) for space in list_spaces(connection))]
        names = [table.name for table in tables]
        raw: Any = connection.connection.driver_connection
        raw.set_progress_handler(lambda: time.monotonic() > give_up_at, 10_000)
        try:
            for name in names:
                problems = [row[0] for row in raw.execute(f'PRAGMA quick_check("{name}")') if row[0] != "ok"]
                checked.append(name)
                for each in problems[:5]:
                    sentence = f"The database file is damaged: {each}."
                    look.findings.append(Finding("integrity", sentence, "Restore a backup."))
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_INTERRUPT:
                raise
        finally:
            raw.set_progress_handler(None, 0)
    return checked, [name for name in names if name not in checked]


def _write_and_read_back(library: Library, look: _Look) -> None:
    written = f"{clock.now()} {secrets.token_hex(8)}"
    try:
        with library.write(wait_s=_WAIT_S) as connection:
            connection.execute(sa.delete(meta).where(meta.c.key == _WRITTEN))
            connection.execute(sa.insert(meta).values(key=_WRITTEN, value=written))
    except LibraryBusy:
        # Another writer is at work, which is no fault; what it writes, it reads back itself.
        look.details["writer_at_work"] = True
        return
    look.details["writer_at_work"] = False
    with library.read() as connection:
        read = connection.execute(sa.select(meta.c.value).where(meta.c.key == _WRITTEN)).scalar()
    look.details["written_and_read_back"] = read is not None and read >= written
    if not look.details["written_and_read_back"]:
        sentence = "What was written to the database a moment ago is not there."
        look.findings.append(Finding("write_lost", sentence, "Look at the disk that the library lies on."))


_LOOKS: Mapping[HealthCheck | None, Callable[[Library, _Look], None]] = {
    None: _answers,
    "match_sample": _match_sample,
    "index": _index,
    "database": _database,
}
