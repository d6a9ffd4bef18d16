"""Few sounds are found among many without a look at each: those of a kind, role and tempo, and those with a word in their
title, artist, album or tags.

Nothing is read or heard anew: the words of the second index are those that stand in the first.
"""

import sqlalchemy as sa
from alembic import op

revision: str = "0010"
down_revision: str | None = "0009"
branch_labels = None
depends_on = None

_FIELDS = ("title", "artist", "album", "tags")
# Stands between two fields, so that no phrase spans both.
_BREAK = "'\ue000:1'::tsvector"


def upgrade() -> None:
    whole = sa.text("number = 0")
    op.create_index(
        "ix_summaries_kind_role_tempo",
        "summaries",
        ["kind", "role", "tempo_bpm", "sound_id"],
        unique=False,
        sqlite_where=whole,
        postgresql_where=whole,
    )
    columns = ", ".join(_FIELDS)
    if op.get_bind().dialect.name == "sqlite":
        op.execute(
            f"CREATE VIRTUAL TABLE sound_text_telling USING fts5({columns}, tokenize = 'ascii', prefix = '2 3 4', columnsize = 0)"
        )
        op.execute(
            f"INSERT INTO sound_text_telling (rowid, {columns}) SELECT rowid, {columns} FROM sound_text"
            f" WHERE {' || '.join(_FIELDS)} <> ''"
        )
        return
    telling = f" || {_BREAK} || ".join(_FIELDS)
    # Not through ``op``, which would take ``:1`` for a parameter.
    op.get_bind().exec_driver_sql(
        f"ALTER TABLE sound_text ADD COLUMN telling tsvector GENERATED ALWAYS AS ({telling}) STORED"
    )
    op.execute("CREATE INDEX ix_sound_text_telling ON sound_text USING gin (telling)")
