"""Vectors of advice: each stands with its entry, and says which model of which version made it; models are never mixed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.made.knowledge import StoredAdvice, find_advice
from sonoteca.catalogue.store.read_back import ReadBack, rows_compared
from sonoteca.catalogue.store.schema_made import knowledge

# Of float32 arithmetic over some hundred dimensions.
_UNIT_WITHIN = 1e-3


@dataclass(frozen=True, slots=True)
class VectorCounts:
    """How many entries there are, and how many have a vector of a model, none, one of another model, a damaged one."""

    entries: int
    verified: int
    missing: int
    of_others: int
    damaged: tuple[str, ...]


def ids_to_embed(connection: Connection, model: str, version: str, *, all_of_them: bool) -> list[str]:
    """Public ids of the entries that lack a vector of this model, or of all, in the order in which they came."""
    query = sa.select(knowledge.c.public_id).order_by(knowledge.c.id)
    if not all_of_them:
        has = (knowledge.c.embedding_model == model) & (knowledge.c.embedding_version == version)
        query = query.where(sa.or_(knowledge.c.embedding.is_(None), ~has))
    return list(connection.execute(query).scalars())


def put_vectors(
    connection: Connection, embedded: Sequence[StoredAdvice], vectors: npt.NDArray[np.float32], model: str, version: str
) -> dict[str, bytes]:
    """Keep the vectors of entries, except of those that say something else by now; returns what was written, by id.

    Raises
    ------
    WriteSwallowed
        If the database has not what was written afterwards.
    """
    today = find_advice(connection, [each.public_id for each in embedded])
    written: dict[str, bytes] = {}
    for advice, vector in zip(embedded, vectors, strict=True):
        if (now := today.get(advice.public_id)) is None or now.digest != advice.digest:
            continue
        packed = vector.astype("<f4").tobytes()
        values = {"embedding": packed, "embedding_model": model, "embedding_version": version}
        connection.execute(sa.update(knowledge).where(knowledge.c.public_id == advice.public_id).values(values))
        written[advice.public_id] = packed
    vectors_compared(connection, written, model, version).require()
    return written


def vectors_compared(connection: Connection, written: Mapping[str, bytes], model: str, version: str) -> ReadBack:
    """Compare vectors that were written with what is there now."""
    found: dict[str, tuple[bytes, str, str]] = {}
    columns = (knowledge.c.public_id, knowledge.c.embedding, knowledge.c.embedding_model, knowledge.c.embedding_version)
    query = sa.select(*columns).where(knowledge.c.public_id.in_(sa.bindparam("ids", expanding=True)))
    for row in connection.execute(query, {"ids": list(written)}):
        if row.embedding is not None:
            found[row.public_id] = (bytes(row.embedding), row.embedding_model, row.embedding_version)
    return rows_compared("knowledge", {each: (packed, model, version) for each, packed in written.items()}, found)


def stored_vectors(
    connection: Connection, model: str, version: str, n_dimensions: int
) -> tuple[list[str], npt.NDArray[np.float32]]:
    """Public ids and vectors, ``(n, n_dimensions)``, of the entries that have one of this model."""
    of_model = (knowledge.c.embedding_model == model) & (knowledge.c.embedding_version == version)
    whole = sa.func.length(knowledge.c.embedding) == 4 * n_dimensions
    query = sa.select(knowledge.c.public_id, knowledge.c.embedding).where(of_model, whole).order_by(knowledge.c.id)
    rows = connection.execute(query).all()
    packed = b"".join(bytes(row.embedding) for row in rows)
    return [row.public_id for row in rows], np.frombuffer(packed, dtype="<f4").reshape(len(rows), n_dimensions)


def count_vectors(connection: Connection, model: str, version: str, n_dimensions: int) -> VectorCounts:
    """Read every vector and say how entries stand to a model."""
    verified = missing = of_others = 0
    damaged = []
    columns = (knowledge.c.public_id, knowledge.c.embedding, knowledge.c.embedding_model, knowledge.c.embedding_version)
    rows = connection.execute(sa.select(*columns).order_by(knowledge.c.id)).all()
    for row in rows:
        if row.embedding is None:
            missing += 1
        elif (row.embedding_model, row.embedding_version) != (model, version):
            of_others += 1
        elif not _is_unit(bytes(row.embedding), n_dimensions):
            damaged.append(row.public_id)
        else:
            verified += 1
    return VectorCounts(len(rows), verified, missing, of_others, tuple(damaged))


def _is_unit(packed: bytes, n_dimensions: int) -> bool:
    if len(packed) != 4 * n_dimensions:
        return False
    return bool(abs(float(np.linalg.norm(np.frombuffer(packed, dtype="<f4"))) - 1.0) < _UNIT_WITHIN)
