"""Summaries of an older library hold no tempo that a file claims and its sound refutes (``domain.contradiction``)."""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection, Row

from sonoteca.domain.believed import CORRECTIONS, believe
from sonoteca.domain.certainty import decide
from sonoteca.domain.contradiction import TEMPO_EVIDENCE
from sonoteca.domain.descriptor import DESCRIPTORS, TEMPO
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.vocabulary import Source

revision: str = "0007"
down_revision: str | None = "0006"
branch_labels = None
depends_on = None

_SEEN = tuple({each.name for each in (*CORRECTIONS, *TEMPO_EVIDENCE)})
_REGIONS_AT_ONCE = 2_000

_SUMMARIES = sa.table("summaries", *map(sa.column, ("region_id", "tempo_bpm", "tempo_confidence")))
_REGIONS = sa.table("regions", *map(sa.column, ("id", "start_s", "end_s")))
_OBSERVATIONS = sa.table(
    "observations",
    *(
        sa.column(name)
        for name in ("region_id", "descriptor", "source", "producer", "version", "settings", "confidence", "at", "preference")
    ),
    sa.column("value", sa.JSON),
)  # fmt: skip


def upgrade() -> None:
    connection = op.get_bind()
    claims = sa.select(_OBSERVATIONS.c.region_id).distinct()
    claims = claims.where(_OBSERVATIONS.c.descriptor == TEMPO.name, _OBSERVATIONS.c.source == Source.IMPORT)
    ids = sorted(connection.execute(claims).scalars())
    for first in range(0, len(ids), _REGIONS_AT_ONCE):
        _weigh_again(connection, ids[first : first + _REGIONS_AT_ONCE])


def _weigh_again(connection: Connection, ids: list[int]) -> None:
    query = sa.select(_REGIONS).where(_REGIONS.c.id.in_(ids))
    spans = {row.id: (row.start_s, row.end_s) for row in connection.execute(query)}
    said: dict[int, list[Observation]] = {region_id: [] for region_id in spans}
    query = sa.select(_OBSERVATIONS).where(_OBSERVATIONS.c.region_id.in_(ids), _OBSERVATIONS.c.descriptor.in_(_SEEN))
    for row in connection.execute(query):
        said[row.region_id].append(_observation(row))
    for region_id, statements in said.items():
        start_s, end_s = spans[region_id]
        tempo = decide(believe(statements, end_s=end_s), end_s - start_s).stated.get(TEMPO.name)
        if tempo is not None and tempo.provenance.source is Source.ANALYZER and isinstance(tempo.value, dict):
            change = sa.update(_SUMMARIES).where(
                _SUMMARIES.c.region_id == region_id, _SUMMARIES.c.tempo_bpm.is_not(None)
            )
            connection.execute(change.values(tempo_bpm=tempo.value.get("bpm"), tempo_confidence=tempo.confidence))


def _observation(row: Row[Any]) -> Observation:
    origin = Provenance(Source(row.source), row.producer, row.version, row.settings, row.at, row.preference)
    return Observation(DESCRIPTORS[row.descriptor], row.value, row.confidence, origin)
