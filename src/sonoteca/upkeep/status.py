"""The status of a library: which program, which database, which weights, how full its indexes are, what works."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy.engine import Connection

import sonoteca
from sonoteca.catalogue.heard import embeddings, segments
from sonoteca.catalogue.made.jobs import JobState, count_by_state
from sonoteca.catalogue.store.database import dialect_of, server_version
from sonoteca.catalogue.store.library import Library
from sonoteca.match.library_weights import library_weights
from sonoteca.models.files import manifest
from sonoteca.upkeep.check import Finding
from sonoteca.upkeep.commit import program_commit
from sonoteca.upkeep.disk_warnings import library_warnings

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener
    from sonoteca.workers.executor import PoolState


@dataclass(frozen=True, slots=True)
class SpaceStatus:
    """The index of one embedding space.

    ``count`` vectors are in the catalogue, ``indexed`` of them in the published files of ``generation``; 0 is before
    the first. What is not indexed yet is found all the same. ``answers``: questions are asked of this space.
    """

    space_id: str
    dimensions: int
    count: int
    indexed: int
    generation: int
    answers: bool


@dataclass(frozen=True, slots=True)
class StatusAnswer:
    """What a library and the program that opened it are.

    Attributes
    ----------
    version, commit : str, str or None
        Of the program; the commit is None where nothing tells.
    database_url : str
        Without the password.
    engine, engine_version : str
        ``sqlite`` or ``postgresql``.
    schema_revision : str
    weights_version : str
        Of the match weights in use.
    spaces : tuple of SpaceStatus
        Oldest first.
    queue : mapping of JobState to int
        Jobs by state.
    executor : PoolState or None
        The workers of the listener that was handed in.
    models : mapping of str to str
        Files of weights and their SHA-256.
    warnings : tuple of Finding
        What may go wrong because of where the library lies.
    """

    version: str
    commit: str | None
    database_url: str
    engine: str
    engine_version: str
    schema_revision: str
    weights_version: str
    spaces: tuple[SpaceStatus, ...]
    queue: Mapping[JobState, int]
    executor: PoolState | None
    models: Mapping[str, str]
    warnings: tuple[Finding, ...] = ()

    def as_json(self) -> dict[str, Any]:
        return {
            "version": self.version,
            "commit": self.commit,
            "database_url": self.database_url,
            "engine": {"name": self.engine, "version": self.engine_version},
            "schema_revision": self.schema_revision,
            "weights_version": self.weights_version,
            "index": [asdict(space) for space in self.spaces],
            "queue": dict(self.queue),
            "executor": None if self.executor is None else self.executor.as_json(),
            "models": [{"name": name, "sha256": sha256} for name, sha256 in self.models.items()],
            "warnings": [asdict(finding) for finding in self.warnings],
        }


def library_status(library: Library, *, listener: Listener | None = None) -> StatusAnswer:
    """Say what a library is and how it stands; milliseconds, whatever it holds.

    Parameters
    ----------
    listener : Listener, optional
        Its workers are told of; it is not started.
    """
    weights = library_weights(library)
    with library.read() as connection:
        answering = embeddings.answering_space(connection)
        spaces = tuple(
            _space(connection, space, answers=space == answering) for space in embeddings.list_spaces(connection)
        )
        engine, engine_version, queue = dialect_of(connection), server_version(connection), count_by_state(connection)
    return StatusAnswer(
        version=sonoteca.__version__,
        commit=program_commit(),
        database_url=library.url,
        engine=engine,
        engine_version=engine_version,
        schema_revision=library.schema_revision,
        weights_version=weights.version,
        spaces=spaces,
        queue=queue,
        executor=None if listener is None else listener.state(),
        models={name: listed.sha256 for name, listed in manifest().items()},
        warnings=library_warnings(library),
    )


def _space(connection: Connection, space: embeddings.StoredSpace, *, answers: bool) -> SpaceStatus:
    published = segments.current(connection, space)
    return SpaceStatus(
        space_id=space.space.id,
        dimensions=space.space.dimensions,
        count=embeddings.count_vectors(connection, space),
        indexed=sum(segment.rows for segment in published.segments),
        generation=published.generation,
        answers=answers,
    )
