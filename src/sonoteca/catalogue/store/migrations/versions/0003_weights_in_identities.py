"""Runs made by the weights that shipped before identities named them get those names: nothing is heard again.

From here on the digest of the weights is part of a run's settings. What these producers stated in
an older library was made by the weights that this version still ships, so its runs and statements are
given the settings that they would have today, and the sounds the digest over those.
And a statement says how its producer stands among several of the same descriptor.
"""

import hashlib

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

revision: str = "0003"
down_revision: str | None = "0002"
branch_labels = None
depends_on = None

# Producer and version, and its settings with the weights of that time; they were "" before.
SETTINGS = {
    ("labels.kind.summary", 2): "1e341175090f632e",
    ("labels.sound_class.slices", 1): "690717dde2c6b440",
    ("labels.role.summary", 2): "d1c73f536ca62837",
    ("labels.content.windows", 1): "fdbb7a6c18609bec",
    ("labels.instrument.summary", 1): "6318785b1b361c6c",
    ("rhythm.bars.hypotheses", 1): "652c354be32d5f99",
    ("harmony.pitch_content.notes", 2): "edcaf50fb295bd17",
    ("harmony.key.notes_and_chords", 2): "d9c639f4b6519fa4",
    ("harmony.chords.notes", 2): "d9c639f4b6519fa4",
    ("melody.notes.line", 2): "fd01b573f77d0a23",
    ("beatwise.profile.notes_and_flux", 1): "edcaf50fb295bd17",
}

_SOUNDS = sa.table("sounds", sa.column("id"), sa.column("analysis_identity"))
_REGIONS = sa.table("regions", sa.column("id"), sa.column("sound_id"), sa.column("number"))
_RUNS = sa.table(
    "runs", sa.column("region_id"), sa.column("producer"), sa.column("version"), sa.column("settings")
)  # fmt: skip
_OBSERVATIONS = sa.table(
    "observations", sa.column("source"), sa.column("producer"), sa.column("version"), sa.column("settings")
)  # fmt: skip


def upgrade() -> None:
    op.add_column(
        "observations", sa.Column("preference", sa.SmallInteger(), server_default=sa.text("0"), nullable=False)
    )
    connection = op.get_bind()
    # Before the runs change: what a sound's digest says is checked against them.
    today = {old: new for old in _digests(connection) if (new := _renamed(connection, old)) is not None}
    connection.execute(_named(_RUNS))
    connection.execute(_named(_OBSERVATIONS, _OBSERVATIONS.c.source == "analyzer"))
    for old, new in today.items():
        connection.execute(
            sa.update(_SOUNDS).where(_SOUNDS.c.analysis_identity == old).values(analysis_identity=new)
        )  # fmt: skip


def _named(table: sa.TableClause, *only: sa.ColumnElement[bool]) -> sa.Update:
    """All rows of these producers in one pass over the table."""
    is_one = [(table.c.producer == producer) & (table.c.version == version) for producer, version in SETTINGS]
    settings = sa.case(*zip(is_one, SETTINGS.values(), strict=True), else_=table.c.settings)
    return sa.update(table).where(table.c.settings == "", sa.or_(*is_one), *only).values(settings=settings)


def _digests(connection: Connection) -> list[str]:
    query = sa.select(_SOUNDS.c.analysis_identity).where(_SOUNDS.c.analysis_identity.is_not(None)).distinct()
    return list(connection.execute(query).scalars())


def _renamed(connection: Connection, old: str) -> str | None:
    """Today's digest of the sounds that hold ``old``; None where it is not that of their runs (a failed sound's)."""
    sound = sa.select(sa.func.min(_SOUNDS.c.id)).where(_SOUNDS.c.analysis_identity == old).scalar_subquery()
    query = (
        sa.select(_RUNS.c.producer, _RUNS.c.version, _RUNS.c.settings)
        .join(_REGIONS, _REGIONS.c.id == _RUNS.c.region_id)
        .where(_REGIONS.c.sound_id == sound, _REGIONS.c.number == 0, _RUNS.c.producer.not_like("embedding.%"))
    )
    runs = [(producer, version, settings) for producer, version, settings in connection.execute(query)]
    if _digest(runs) != old:
        return None
    return _digest([(name, version, settings or SETTINGS.get((name, version), "")) for name, version, settings in runs])


def _digest(identities: list[tuple[str, int, str]]) -> str:
    lines = sorted(f"{producer}\t{version}\t{settings}" for producer, version, settings in identities)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]
