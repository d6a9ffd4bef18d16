"""What people make of their sounds: playlists, arrangements, match weights, maps; and a shop's facts.

Written out, not taken from the schema: a migration is history and does not change with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0002"
down_revision: str | None = "0001"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.add_column("sounds", sa.Column("price", sa.Double(), nullable=True))
    op.add_column("sounds", sa.Column("currency", WORD, nullable=True))
    op.add_column("sounds", sa.Column("url", sa.Text(), nullable=True))
    _playlists()
    _arrangements()
    op.create_table(
        "match_weights",
        sa.Column("version", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("toml", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=True),
        sa.Column("active", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("version", name="pk_match_weights"),
        sqlite_autoincrement=True,
    )
    _map()


def _playlists() -> None:
    op.create_table(
        "playlists",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("details", JSON, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("changed_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_playlists"),
        sa.UniqueConstraint("name", name="uq_playlists_name"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "playlist_entries",
        sa.Column("playlist_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content_hash", WORD, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=True),
        sa.Column("end_s", sa.Double(), nullable=True),
        sa.ForeignKeyConstraint(
            ["playlist_id"], ["playlists.id"], name="fk_playlist_entries_playlist_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("playlist_id", "position", name="pk_playlist_entries"),
    )
    op.create_index("ix_playlist_entries_content_hash", "playlist_entries", ["content_hash"])


def _arrangements() -> None:
    op.create_table(
        "arrangements",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("public_id", WORD, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("tempo_bpm", sa.Double(), nullable=False),
        sa.Column("beats_per_bar", sa.SmallInteger(), nullable=False),
        sa.Column("tonic", sa.SmallInteger(), nullable=True),
        sa.Column("mode", WORD, nullable=True),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("changed_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_arrangements"),
        sa.UniqueConstraint("public_id", name="uq_arrangements_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "arrangement_sections",
        sa.Column("arrangement_id", ROW_ID, nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("start_bar", sa.Double(), nullable=False),
        sa.Column("bars", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(
            ["arrangement_id"], ["arrangements.id"], name="fk_arrangement_sections_arrangement_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("arrangement_id", "position", name="pk_arrangement_sections"),
    )
    op.create_table(
        "arrangement_clips",
        sa.Column("arrangement_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("role", WORD, nullable=False),
        sa.Column("content_hash", WORD, nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("start_bar", sa.Double(), nullable=False),
        sa.Column("bars", sa.Double(), nullable=False),
        sa.Column("tempo_ratio", sa.Double(), nullable=False),
        sa.Column("semitone_shift", sa.SmallInteger(), nullable=False),
        sa.Column("gain_db", sa.Double(), nullable=False),
        sa.Column("score", sa.Double(), nullable=True),
        sa.Column("reasons", JSON, nullable=False),
        sa.CheckConstraint("end_s > start_s AND bars > 0 AND tempo_ratio > 0", name="ck_arrangement_clips_span"),
        sa.ForeignKeyConstraint(
            ["arrangement_id"], ["arrangements.id"], name="fk_arrangement_clips_arrangement_id", ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("arrangement_id", "number", name="pk_arrangement_clips"),
    )
    op.create_index("ix_arrangement_clips_content_hash", "arrangement_clips", ["content_hash"])


def _map() -> None:
    op.create_table(
        "map_layouts",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("space", ROW_ID, nullable=False),
        sa.Column("method", WORD, nullable=False),
        sa.Column("settings", JSON, nullable=False),
        sa.Column("model", sa.LargeBinary(), nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_map_layouts_space", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_map_layouts"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_map_layouts_space", "map_layouts", ["space"])
    op.create_table(
        "map_points",
        sa.Column("layout_id", ROW_ID, nullable=False),
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.Column("x", sa.Double(), nullable=False),
        sa.Column("y", sa.Double(), nullable=False),
        sa.ForeignKeyConstraint(["layout_id"], ["map_layouts.id"], name="fk_map_points_layout_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_map_points_region_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("layout_id", "region_id", name="pk_map_points"),
    )
    op.create_index("ix_map_points_region_id", "map_points", ["region_id"])
