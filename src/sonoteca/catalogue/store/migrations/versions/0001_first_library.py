"""The first library.

Written out, not taken from ``schema.py``: a migration is history and does not change with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")
WHOLE = sa.text("number = 0")
SORTED_COLUMNS = (
    "added_at",
    "album_key",
    "artist_key",
    "attack_s",
    "bars",
    "beats_per_bar",
    "brightness",
    "content",
    "decay_s",
    "duration_s",
    "energy_level",
    "instrument",
    "key_confidence",
    "key_number",
    "kind",
    "kind_confidence",
    "loopability",
    "loudness_lufs",
    "loudness_range_lu",
    "noisiness",
    "onset_density",
    "path_key",
    "pitch_midi",
    "pulse_clarity",
    "rating",
    "role",
    "role_confidence",
    "roughness",
    "sound_class",
    "sound_class_confidence",
    "status",
    "tempo_bpm",
    "tempo_confidence",
    "title_key",
    "tonality",
    "true_peak_dbtp",
    "tuning_cents",
    "warmth",
)
FIELDS = ("title", "artist", "album", "path", "tags")


def upgrade() -> None:
    op.create_table(
        "audits",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("counts", JSON, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_audits"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "events",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("type", WORD, nullable=False),
        sa.Column("public_id", WORD, nullable=True),
        sa.Column("details", JSON, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_events"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_events_type_at", "events", ["type", "at"], unique=False)
    op.create_table(
        "leases",
        sa.Column("key", WORD, nullable=False),
        sa.Column("owner", WORD, nullable=False),
        sa.Column("expires_ms", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_leases"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_leases_owner", "leases", ["owner"], unique=False)
    op.create_table(
        "meta",
        sa.Column("key", WORD, nullable=False),
        sa.Column("value", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", name="pk_meta"),
    )
    op.create_table(
        "roots",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("path", sa.LargeBinary(), nullable=False),
        sa.Column("display_path", sa.Text(), nullable=False),
        sa.Column("volume_id", sa.Text(), nullable=True),
        sa.Column("added_at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_roots"),
        sa.UniqueConstraint("path", name="uq_roots_path"),
    )
    op.create_table(
        "sounds",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("public_id", WORD, nullable=False),
        sa.Column("content_hash", WORD, nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("error_code", WORD, nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_remedy", sa.Text(), nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("sample_rate", sa.Integer(), nullable=True),
        sa.Column("channels", sa.Integer(), nullable=True),
        sa.Column("n_samples", sa.BigInteger(), nullable=True),
        sa.Column("codec", WORD, nullable=True),
        sa.Column("container", WORD, nullable=True),
        sa.Column("bit_depth", sa.Integer(), nullable=True),
        sa.Column("bit_rate", sa.Integer(), nullable=True),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("external_id", WORD, nullable=True),
        sa.Column("replaces", ROW_ID, nullable=True),
        sa.Column("warnings", JSON, nullable=True),
        sa.Column("analysis_identity", WORD, nullable=True),
        sa.Column("added_at", WORD, nullable=False),
        sa.Column("analysed_at", WORD, nullable=True),
        sa.CheckConstraint("status IN ('pending', 'analysed', 'failed')", name="ck_sounds_status"),
        sa.ForeignKeyConstraint(["replaces"], ["sounds.id"], name="fk_sounds_replaces", ondelete="SET NULL"),
        sa.PrimaryKeyConstraint("id", name="pk_sounds"),
        sa.UniqueConstraint("content_hash", name="uq_sounds_content_hash"),
        sa.UniqueConstraint("public_id", name="uq_sounds_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_sounds_external_id", "sounds", ["external_id"], unique=False)
    op.create_index("ix_sounds_replaces", "sounds", ["replaces"], unique=False)
    op.create_index("ix_sounds_status", "sounds", ["status"], unique=False)
    op.create_table(
        "spaces",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("space_id", WORD, nullable=False),
        sa.Column("model", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("dimensions", sa.Integer(), nullable=False),
        sa.Column("window_s", sa.Double(), nullable=False),
        sa.Column("hop_s", sa.Double(), nullable=False),
        sa.Column("pooling", sa.Text(), nullable=False),
        sa.Column("preprocessing", sa.Text(), nullable=False),
        sa.Column("parts", JSON, nullable=False),
        sa.Column("added_at", WORD, nullable=False),
        sa.Column("index_generation", sa.Integer(), server_default=sa.text("0"), nullable=False),
        sa.Column("index_removed_up_to", ROW_ID, server_default=sa.text("0"), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_spaces"),
        sa.UniqueConstraint("space_id", name="uq_spaces_space_id"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "locations",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("root_id", ROW_ID, nullable=False),
        sa.Column("sound_id", ROW_ID, nullable=True),
        sa.Column("relative_path", sa.LargeBinary(), nullable=False),
        sa.Column("compare_key", WORD, nullable=False),
        sa.Column("display_path", sa.Text(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("mtime_ns", sa.BigInteger(), nullable=False),
        sa.Column("added_at", WORD, nullable=False),
        sa.Column("missing_since", WORD, nullable=True),
        sa.Column("error_code", WORD, nullable=True),
        sa.Column("error_message", sa.Text(), nullable=True),
        sa.Column("error_remedy", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["root_id"], ["roots.id"], name="fk_locations_root_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sound_id"], ["sounds.id"], name="fk_locations_sound_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_locations"),
        sa.UniqueConstraint("root_id", "relative_path", name="uq_locations_root_id_relative_path"),
    )
    op.create_index("ix_locations_root_id_compare_key", "locations", ["root_id", "compare_key"], unique=False)
    op.create_index("ix_locations_sound_id", "locations", ["sound_id"], unique=False)
    op.create_table(
        "regions",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("sound_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_s", sa.Double(), nullable=False),
        sa.Column("end_s", sa.Double(), nullable=False),
        sa.Column("producer", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("edited", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.CheckConstraint("start_s >= 0 AND end_s >= start_s", name="ck_regions_span"),
        sa.ForeignKeyConstraint(["sound_id"], ["sounds.id"], name="fk_regions_sound_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_regions"),
        sa.UniqueConstraint("sound_id", "number", name="uq_regions_sound_id_number"),
        sqlite_autoincrement=True,
    )
    op.create_table(
        "removed_embeddings",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("space", ROW_ID, nullable=False),
        sa.Column("embedding_id", ROW_ID, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_removed_embeddings_space", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_removed_embeddings"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_removed_embeddings_space_id", "removed_embeddings", ["space", "id"], unique=False)
    op.create_table(
        "segments",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("space", ROW_ID, nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("file", sa.Text(), nullable=False),
        sa.Column("crc32", sa.BigInteger(), nullable=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("rows", sa.BigInteger(), nullable=False),
        sa.Column("first_id", ROW_ID, nullable=False),
        sa.Column("last_id", ROW_ID, nullable=False),
        sa.Column("details", JSON, nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.ForeignKeyConstraint(["space"], ["spaces.id"], name="fk_segments_space", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_segments"),
        sa.UniqueConstraint("file", name="uq_segments_file"),
    )
    op.create_index("ix_segments_space_generation", "segments", ["space", "generation"], unique=False)
    op.create_table(
        "edits",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.Column("what", WORD, nullable=False),
        sa.Column("name", WORD, nullable=False),
        sa.Column("before", JSON, nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("undone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_edits_region_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("id", name="pk_edits"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_edits_batch", "edits", ["batch"], unique=False)
    op.create_index("ix_edits_region_id", "edits", ["region_id"], unique=False)
    op.create_table(
        "observations",
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.Column("descriptor", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("producer", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", WORD, nullable=False),
        sa.Column("value", JSON, nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("at", WORD, nullable=False),
        sa.CheckConstraint("source IN ('user', 'import', 'analyzer')", name="ck_observations_source"),
        sa.CheckConstraint(
            "confidence IS NULL OR (confidence >= 0 AND confidence <= 1)", name="ck_observations_confidence"
        ),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_observations_region_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("region_id", "descriptor", "source", "producer", name="pk_observations"),
    )
    op.create_table(
        "runs",
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.Column("producer", WORD, nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("settings", WORD, nullable=False),
        sa.Column("input", WORD, nullable=False),
        sa.Column("outcome", WORD, nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("elapsed_s", sa.Double(), nullable=True),
        sa.Column("at", WORD, nullable=False),
        sa.CheckConstraint("outcome IN ('done', 'skipped', 'failed')", name="ck_runs_outcome"),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_runs_region_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("region_id", "producer", name="pk_runs"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_runs_failed",
        "runs",
        ["producer"],
        unique=False,
        sqlite_where=sa.text("outcome = 'failed'"),
        postgresql_where=sa.text("outcome = 'failed'"),
    )
    op.create_table(
        "summaries",
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.Column("sound_id", ROW_ID, nullable=False),
        sa.Column("whole_id", ROW_ID, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("status", WORD, nullable=False),
        sa.Column("added_at", WORD, nullable=False),
        sa.Column("title", sa.Text(), nullable=True),
        sa.Column("artist", sa.Text(), nullable=True),
        sa.Column("album", sa.Text(), nullable=True),
        sa.Column("path", sa.Text(), nullable=True),
        sa.Column("path_key", WORD, nullable=True),
        sa.Column("title_key", WORD, nullable=True),
        sa.Column("artist_key", WORD, nullable=True),
        sa.Column("album_key", WORD, nullable=True),
        sa.Column("duration_s", sa.Double(), nullable=True),
        sa.Column("kind", WORD, nullable=True),
        sa.Column("kind_confidence", sa.Double(), nullable=True),
        sa.Column("role", WORD, nullable=True),
        sa.Column("role_confidence", sa.Double(), nullable=True),
        sa.Column("sound_class", WORD, nullable=True),
        sa.Column("sound_class_confidence", sa.Double(), nullable=True),
        sa.Column("instrument", WORD, nullable=True),
        sa.Column("content", WORD, nullable=True),
        sa.Column("tempo_bpm", sa.Double(), nullable=True),
        sa.Column("tempo_confidence", sa.Double(), nullable=True),
        sa.Column("beats_per_bar", sa.SmallInteger(), nullable=True),
        sa.Column("beat_unit", sa.SmallInteger(), nullable=True),
        sa.Column("bars", sa.Double(), nullable=True),
        sa.Column("loopability", sa.Double(), nullable=True),
        sa.Column("tonic", sa.SmallInteger(), nullable=True),
        sa.Column("mode", WORD, nullable=True),
        sa.Column("key_number", sa.SmallInteger(), nullable=True),
        sa.Column("key_confidence", sa.Double(), nullable=True),
        sa.Column("tuning_cents", sa.Double(), nullable=True),
        sa.Column("pitch_midi", sa.Double(), nullable=True),
        sa.Column("loudness_lufs", sa.Double(), nullable=True),
        sa.Column("loudness_range_lu", sa.Double(), nullable=True),
        sa.Column("true_peak_dbtp", sa.Double(), nullable=True),
        sa.Column("energy_level", sa.Double(), nullable=True),
        sa.Column("brightness", sa.Double(), nullable=True),
        sa.Column("warmth", sa.Double(), nullable=True),
        sa.Column("roughness", sa.Double(), nullable=True),
        sa.Column("noisiness", sa.Double(), nullable=True),
        sa.Column("attack_s", sa.Double(), nullable=True),
        sa.Column("decay_s", sa.Double(), nullable=True),
        sa.Column("pulse_clarity", sa.Double(), nullable=True),
        sa.Column("onset_density", sa.Double(), nullable=True),
        sa.Column("tonality", sa.Double(), nullable=True),
        sa.Column("rating", sa.SmallInteger(), nullable=True),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_summaries_region_id", ondelete="CASCADE"),
        sa.ForeignKeyConstraint(["sound_id"], ["sounds.id"], name="fk_summaries_sound_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("region_id", name="pk_summaries"),
    )
    op.create_index(
        "ix_summaries_key_tempo",
        "summaries",
        ["key_number", "tempo_bpm", "kind", "role"],
        unique=False,
        sqlite_where=WHOLE,
        postgresql_where=WHOLE,
    )
    for column in SORTED_COLUMNS:
        name = f"ix_summaries_list_{column}"
        op.create_index(name, "summaries", [column], sqlite_where=WHOLE, postgresql_where=WHOLE)
    op.create_index(
        "ix_summaries_newest",
        "summaries",
        [
            "sound_id",
            "kind",
            "role",
            "sound_class",
            "key_number",
            "tempo_bpm",
            "loudness_lufs",
            "energy_level",
            "rating",
            "duration_s",
            "status",
            "added_at",
        ],
        unique=False,
        sqlite_where=WHOLE,
        postgresql_where=WHOLE,
    )
    op.create_index("ix_summaries_sound_id", "summaries", ["sound_id"], unique=False)
    op.create_table(
        "tags",
        sa.Column("region_id", ROW_ID, nullable=False),
        sa.Column("tag", WORD, nullable=False),
        sa.Column("source", WORD, nullable=False),
        sa.Column("label", sa.Text(), nullable=False),
        sa.Column("present", sa.Boolean(), server_default=sa.text("true"), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("at", WORD, nullable=False),
        sa.CheckConstraint("source IN ('user', 'import', 'analyzer')", name="ck_tags_source"),
        sa.ForeignKeyConstraint(["region_id"], ["regions.id"], name="fk_tags_region_id", ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("region_id", "tag", "source", name="pk_tags"),
        sqlite_with_rowid=False,
    )
    op.create_index(
        "ix_tags_denied",
        "tags",
        ["region_id", "tag"],
        unique=False,
        sqlite_where=sa.text("present = 0"),
        postgresql_where=sa.text("NOT present"),
    )
    op.create_index("ix_tags_tag", "tags", ["tag"], unique=False)

    if op.get_bind().dialect.name == "sqlite":
        # "ascii" takes every character beyond 127 as part of a word and folds nothing else: the
        # words arrive folded. Prefix indexes make two to four typed letters as fast as a word.
        op.execute(
            f"CREATE VIRTUAL TABLE sound_text USING fts5({', '.join(FIELDS)}, tokenize = 'ascii', prefix = '2 3 4')"
        )
        return
    columns = ", ".join(f"{field} tsvector NOT NULL" for field in (*FIELDS, "everything"))
    op.execute(
        f"CREATE TABLE sound_text (sound_id bigint PRIMARY KEY REFERENCES sounds (id) ON DELETE CASCADE, {columns})"
    )
    op.execute("CREATE INDEX ix_sound_text_everything ON sound_text USING gin (everything)")
