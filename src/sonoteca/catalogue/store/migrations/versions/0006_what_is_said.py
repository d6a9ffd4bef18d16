"""Summaries of an older library say no more than is said today: a label that was hardly a guess becomes unknown.

What was heard stays as it is stored; ``domain.certainty`` decides again what of it is said. Only regions about
which it may decide otherwise than before are looked at.
"""

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection, Row

from sonoteca.domain.believed import CORRECTIONS, believe
from sonoteca.domain.certainty import EVIDENCE, THRESHOLDS, decide
from sonoteca.domain.descriptor import BARS, DESCRIPTORS, Descriptor
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.vocabulary import Source

revision: str = "0006"
down_revision: str | None = "0005"
branch_labels = None
depends_on = None

# What a summary holds of each value, as it was at this revision.
COLUMNS = {
    "kind": ("kind", "kind_confidence"),
    "role": ("role", "role_confidence"),
    "sound_class": ("sound_class", "sound_class_confidence"),
    "instrument": ("instrument",),
    "tempo": ("tempo_bpm", "tempo_confidence"),
    "meter": ("beats_per_bar", "beat_unit"),
    "bars": ("bars",),
    "key": ("tonic", "mode", "key_number", "key_confidence"),
    "pitch": ("pitch_midi",),
}
_SEEN = (*THRESHOLDS, BARS.name, *(each.name for each in (*CORRECTIONS, *EVIDENCE)))
_REGIONS_AT_ONCE = 2_000

_SUMMARIES = sa.table("summaries", sa.column("region_id"), sa.column("decay_s"), sa.column("duration_s"),
                      *(sa.column(name) for names in COLUMNS.values() for name in names))  # fmt: skip
_REGIONS = sa.table("regions", sa.column("id"), sa.column("start_s"), sa.column("end_s"))
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
    ids = list(connection.execute(_doubtful()).scalars())
    for first in range(0, len(ids), _REGIONS_AT_ONCE):
        _decide_again(connection, ids[first : first + _REGIONS_AT_ONCE])


def _doubtful() -> sa.Select[Any]:
    """Regions of which something may be unsaid; those whose summaries alone show that nothing is are left out."""
    held = _SUMMARIES.c
    hardly = sa.select(_OBSERVATIONS.c.region_id).where(
        sa.or_(
            *(
                (_OBSERVATIONS.c.descriptor == name) & (_OBSERVATIONS.c.confidence < least.likely)
                for name, least in THRESHOLDS.items()
            )
        )
    )
    return (
        sa.select(held.region_id)
        .where(
            sa.or_(
                held.region_id.in_(hardly),
                (held.kind == "track") & (held.role != "mix"),
                held.sound_class.is_not(None) & (held.decay_s.is_(None) | (held.duration_s < 0.02)),
                held.tempo_bpm.is_not(None) | held.bars.is_not(None) | held.beats_per_bar.is_not(None),
            )
        )
        .order_by(held.region_id)
    )


def _decide_again(connection: Connection, ids: list[int]) -> None:
    query = sa.select(_REGIONS).where(_REGIONS.c.id.in_(ids))
    spans = {row.id: (row.start_s, row.end_s) for row in connection.execute(query)}
    said: dict[int, list[Observation]] = {region_id: [] for region_id in spans}
    query = sa.select(_OBSERVATIONS).where(_OBSERVATIONS.c.region_id.in_(ids), _OBSERVATIONS.c.descriptor.in_(_SEEN))
    for row in connection.execute(query):
        said[row.region_id].append(_observation(row))
    for region_id, statements in said.items():
        start_s, end_s = spans[region_id]
        decision = decide(believe(statements, end_s=end_s), end_s - start_s)
        changed: dict[str, Any] = {}
        for name in decision.withheld:
            changed |= dict.fromkeys(COLUMNS.get(name, ()))
        role = decision.stated.get("role")
        if "role" in decision.withheld and role is not None and isinstance(role.value, dict):
            changed |= {"role": role.value.get("value"), "role_confidence": role.confidence}
        tempo = decision.stated.get("tempo")
        if tempo is not None and isinstance(tempo.value, dict):
            changed["tempo_bpm"] = tempo.value.get("bpm")
        if changed:
            connection.execute(sa.update(_SUMMARIES).where(_SUMMARIES.c.region_id == region_id).values(**changed))


def _observation(row: Row[Any]) -> Observation:
    origin = Provenance(Source(row.source), row.producer, row.version, row.settings, row.at, row.preference)
    descriptor = DESCRIPTORS.get(row.descriptor) or Descriptor(row.descriptor, "")
    return Observation(descriptor, row.value, row.confidence, origin)
