"""What a file says about itself is kept per file, and a sound knows whether a file of it is there.

Who a title came from was not written down so far. It is given to the file that the sound was heard from,
which is the first; the next run over its folder reads the tags of all files anew, without listening. Of a sound that a
shop speaks of the title may be the shop's, and stays whatever the file says.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql
from sqlalchemy.engine import Connection

revision: str = "0005"
down_revision: str | None = "0004"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
FIELDS = ("title", "artist", "album")
MELODIES = "mel1:"

_SOUNDS = sa.table(
    "sounds", *map(sa.column, ("id", "content_hash", "external_id", "price", "currency", "url", "shop_title", *FIELDS))
)  # fmt: skip
_LOCATIONS = sa.table("locations", *map(sa.column, ("id", "sound_id", "missing_since")))
_SUMMARIES = sa.table("summaries", *map(sa.column, ("sound_id", "is_missing")))
_CLAIMS = sa.table(
    "claims", *map(sa.column, ("location_id", "position", "field", "producer")), sa.column("value", JSON)
)  # fmt: skip
_AT_ONCE = 10_000


def upgrade() -> None:
    op.add_column("sounds", sa.Column("shop_title", sa.Text(), nullable=True))
    op.add_column("sounds", sa.Column("described_at", WORD, nullable=True))
    op.add_column("locations", sa.Column("claims_version", sa.Integer(), nullable=True))
    op.add_column(
        "summaries", sa.Column("is_missing", sa.Boolean(), server_default=sa.text("false"), nullable=False)
    )  # fmt: skip
    op.create_table(
        "claims",
        sa.Column("location_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("field", WORD, nullable=False),
        sa.Column("producer", WORD, nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.ForeignKeyConstraint(
            ["location_id"], ["locations.id"], name="fk_claims_location_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("location_id", "position", name="pk_claims"),
        sqlite_with_rowid=False,
    )  # fmt: skip
    connection = op.get_bind()
    is_sold = sa.or_(*(_SOUNDS.c[name].is_not(None) for name in ("external_id", "price", "currency", "url")))
    connection.execute(sa.update(_SOUNDS).where(is_sold).values(shop_title=_SOUNDS.c.title))
    _mark_missing(connection)
    _give_titles_to_files(connection)


def _mark_missing(connection: Connection) -> None:
    there = sa.select(_LOCATIONS.c.sound_id).where(
        _LOCATIONS.c.missing_since.is_(None), _LOCATIONS.c.sound_id.is_not(None)
    )
    was_sound = sa.select(_SOUNDS.c.id).where(~_SOUNDS.c.content_hash.startswith(MELODIES))
    without_file = _SUMMARIES.c.sound_id.not_in(there) & _SUMMARIES.c.sound_id.in_(was_sound)
    connection.execute(sa.update(_SUMMARIES).where(without_file).values(is_missing=sa.true()))


def _give_titles_to_files(connection: Connection) -> None:
    place = _LOCATIONS.alias()
    first = (
        sa.select(place.c.id)
        .where(place.c.sound_id == _SOUNDS.c.id)
        .order_by(place.c.missing_since.is_not(None), place.c.id)
        .limit(1)
        .scalar_subquery()
    )
    said = sa.or_(*(_SOUNDS.c[name].is_not(None) for name in FIELDS))
    query = sa.select(first.label("location_id"), *(_SOUNDS.c[name] for name in FIELDS)).where(said)
    rows = []
    for sound in connection.execute(query).all():
        texts = [(name, getattr(sound, name)) for name in FIELDS]
        rows += [
            {"location_id": sound.location_id, "position": at, "field": name, "producer": "tags", "value": text}
            for at, (name, text) in enumerate((name, text) for name, text in texts if text is not None)
            if sound.location_id is not None
        ]
        if len(rows) >= _AT_ONCE:
            connection.execute(sa.insert(_CLAIMS), rows)
            rows = []
    if rows:
        connection.execute(sa.insert(_CLAIMS), rows)
