"""The tables, as SQLAlchemy Core, for SQLite and PostgreSQL alike.

Conventions of every table:

- a moment (``*_at``, ``missing_since``) is text ``2026-11-20T12:54:47.123Z``: UTC, fixed width,
  so that it sorts and compares as text;
- ``*_s`` are seconds from the first sample of the sound, spans are half-open;
- what is not known is NULL, never 0 or an empty text;
- row numbers (``id``) never leave the catalogue: the world sees ``sounds.public_id``.

Vectors stand in one table per embedding space (``embeddings_1``, ``embeddings_2`` ...), made by
``embeddings.ensure_space``; see docs/decisions/0010-one-vector-table-per-space.md.
The full text index differs per database: the migrations make it, ``fulltext.py`` fills it.
"""

from __future__ import annotations

from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.dialects.postgresql import TEXT as PG_TEXT
from sqlalchemy.types import TypeEngine

# The newest migration. A test compares it with the migrations folder, so that an ordinary open
# needs no Alembic import (150 ms).
REVISION = "0011"

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

# A primary key must be INTEGER on SQLite to be the rowid.
RowId: TypeEngine[int] = BigInteger().with_variant(Integer(), "sqlite")
# Byte order on both databases: prefix lookup becomes a range, and answers sort alike.
Word: TypeEngine[str] = Text().with_variant(PG_TEXT(collation="C"), "postgresql")
Moment = Word
Json: TypeEngine[Any] = JSON().with_variant(JSONB(), "postgresql")
# Python's None becomes SQL NULL, not JSON null.
JsonOrNull: TypeEngine[Any] = JSON(none_as_null=True).with_variant(JSONB(none_as_null=True), "postgresql")


def row_id() -> Column[int]:
    """The row's own number, which never leaves the catalogue."""
    return Column("id", RowId, primary_key=True, autoincrement=True)


def parent_id(
    table: str, name: str, *, nullable: bool = False, on_delete: str = "CASCADE", **options: object
) -> Column[int]:
    return Column(name, RowId, ForeignKey(f"{table}.id", ondelete=on_delete), nullable=nullable, **options)  # type: ignore[arg-type]


# library_uuid, created_at, program_version (the last that wrote), and settings of the library.
meta = Table("meta", metadata, Column("key", Word, primary_key=True), Column("value", Text, nullable=False))

sounds = Table(
    "sounds",
    metadata,
    row_id(),
    Column("public_id", Word, nullable=False, unique=True),
    Column("content_hash", Word, nullable=False, unique=True),
    Column("status", Word, nullable=False),
    Column("error_code", Word),
    Column("error_message", Text),
    Column("error_remedy", Text),
    Column("duration_s", Double),
    Column("sample_rate", Integer),
    Column("channels", Integer),
    Column("n_samples", BigInteger),
    Column("codec", Word),
    Column("container", Word),
    Column("bit_depth", Integer),
    Column("bit_rate", Integer),
    Column("title", Text),
    Column("artist", Text),
    Column("album", Text),
    # A shop's facts, all imported: its number for the sound, what it costs, where it is sold.
    Column("external_id", Word),
    # What the shop calls it; ``title`` is that where it says something, else what the main file says.
    Column("shop_title", Text),
    Column("price", Double),
    Column("currency", Word),
    Column("url", Text),
    parent_id("sounds", "replaces", nullable=True, on_delete="SET NULL"),
    Column("warnings", JsonOrNull),
    # Digest over the producers whose runs are complete: the quick test for "nothing to do". NULL on
    # an analysed sound: a person has said something since that analyzers build on.
    Column("analysis_identity", Word),
    Column("added_at", Moment, nullable=False),
    Column("analysed_at", Moment),
    # When what its files say about it last changed: their tags, or which of them is the main one.
    Column("described_at", Moment),
    CheckConstraint("status IN ('pending', 'analysed', 'failed')", name="status"),
    Index("ix_sounds_status", "status"),
    Index("ix_sounds_external_id", "external_id"),
    Index("ix_sounds_replaces", "replaces"),
    sqlite_autoincrement=True,
)

roots = Table(
    "roots",
    metadata,
    row_id(),
    Column("name", Text, nullable=False),
    Column("path", LargeBinary, nullable=False, unique=True),
    Column("display_path", Text, nullable=False),
    Column("volume_id", Text),
    Column("added_at", Moment, nullable=False),
)

locations = Table(
    "locations",
    metadata,
    row_id(),
    parent_id("roots", "root_id"),
    # NULL: the file was seen, but its bytes could not be read, so it has no content yet.
    parent_id("sounds", "sound_id", nullable=True),
    Column("relative_path", LargeBinary, nullable=False),
    # NFC of the display path: what a name is compared by across file systems.
    Column("compare_key", Word, nullable=False),
    Column("display_path", Text, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("mtime_ns", BigInteger, nullable=False),
    Column("added_at", Moment, nullable=False),
    Column("missing_since", Moment),
    Column("error_code", Word),
    Column("error_message", Text),
    Column("error_remedy", Text),
    # Version of the reader that read this file's rows of ``claims``; NULL: none has yet.
    Column("claims_version", Integer),
    UniqueConstraint("root_id", "relative_path"),
    Index("ix_locations_sound_id", "sound_id"),
    Index("ix_locations_root_id_compare_key", "root_id", "compare_key"),
)

# What a file says about itself: its own title, album, track and artist, and what it claims of its sound.
claims = Table(
    "claims",
    metadata,
    parent_id("locations", "location_id", primary_key=True),
    # In the order of trust; of two of one field the first counts.
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("field", Word, nullable=False),
    Column("producer", Word, nullable=False),
    Column("value", Json, nullable=False),
    sqlite_with_rowid=False,
)

regions = Table(
    "regions",
    metadata,
    row_id(),
    parent_id("sounds", "sound_id"),
    # 0 is the whole sound, always there; event regions count from 1 in time order.
    Column("number", Integer, nullable=False),
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    Column("producer", Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("generation", Integer, nullable=False),
    Column("edited", Boolean, nullable=False, server_default=text("false")),
    UniqueConstraint("sound_id", "number"),
    CheckConstraint("start_s >= 0 AND end_s >= start_s", name="span"),
    sqlite_autoincrement=True,
)

runs = Table(
    "runs",
    metadata,
    parent_id("regions", "region_id", primary_key=True),
    Column("producer", Word, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("settings", Word, nullable=False),
    # Digest of what the producer built on besides the audio; empty if nothing.
    Column("input", Word, nullable=False),
    Column("outcome", Word, nullable=False),
    Column("reason", Text),
    Column("elapsed_s", Double),
    Column("at", Moment, nullable=False),
    CheckConstraint("outcome IN ('done', 'skipped', 'failed')", name="outcome"),
    Index(
        "ix_runs_failed",
        "producer",
        sqlite_where=text("outcome = 'failed'"),
        postgresql_where=text("outcome = 'failed'"),
    ),
    sqlite_with_rowid=False,
)

observations = Table(
    "observations",
    metadata,
    parent_id("regions", "region_id", primary_key=True),
    Column("descriptor", Word, primary_key=True),
    Column("source", Word, primary_key=True),
    Column("producer", Word, primary_key=True),
    Column("version", Integer, nullable=False),
    Column("settings", Word, nullable=False),
    # JSON null is a statement of absence; a row without a value does not exist.
    Column("value", Json, nullable=False),
    Column("confidence", Double),
    Column("at", Moment, nullable=False),
    # Place among the producers of the descriptor: 0 is preferred.
    Column("preference", SmallInteger, nullable=False, server_default=text("0"), default=0),
    CheckConstraint("source IN ('user', 'import', 'analyzer')", name="source"),
    CheckConstraint("confidence IS NULL OR (confidence >= 0 AND confidence <= 1)", name="confidence"),
)

summaries = Table(
    "summaries",
    metadata,
    parent_id("regions", "region_id", primary_key=True),
    parent_id("sounds", "sound_id"),
    # Region 0 of the same sound: tags of the whole hold for its parts.
    Column("whole_id", RowId, nullable=False),
    Column("number", Integer, nullable=False),
    # Of the sound and its first location that is not missing, on every region. The ``*_key`` are
    # folded (lower case, no diacritics): what lists are sorted by.
    Column("status", Word, nullable=False),
    # No file of it is there, as far as the last look at the disk knows. A melody needs none.
    Column("is_missing", Boolean, nullable=False, server_default=text("false")),
    Column("added_at", Moment, nullable=False),
    Column("title", Text),
    Column("artist", Text),
    Column("album", Text),
    Column("path", Text),
    Column("path_key", Word),
    Column("title_key", Word),
    Column("artist_key", Word),
    Column("album_key", Word),
    # Winning values.
    Column("duration_s", Double),
    Column("kind", Word),
    Column("kind_confidence", Double),
    Column("role", Word),
    Column("role_confidence", Double),
    Column("sound_class", Word),
    Column("sound_class_confidence", Double),
    Column("instrument", Word),
    Column("content", Word),
    Column("tempo_bpm", Double),
    Column("tempo_confidence", Double),
    Column("beats_per_bar", SmallInteger),
    Column("beat_unit", SmallInteger),
    Column("bars", Double),
    Column("loopability", Double),
    Column("tonic", SmallInteger),
    Column("mode", Word),
    # Tonic, plus 12 for minor: four compatible keys are four points of one index.
    Column("key_number", SmallInteger),
    Column("key_confidence", Double),
    Column("tuning_cents", Double),
    Column("pitch_midi", Double),
    Column("loudness_lufs", Double),
    Column("loudness_range_lu", Double),
    Column("true_peak_dbtp", Double),
    Column("energy_level", Double),
    Column("brightness", Double),
    Column("warmth", Double),
    Column("roughness", Double),
    Column("noisiness", Double),
    Column("attack_s", Double),
    Column("decay_s", Double),
    Column("pulse_clarity", Double),
    Column("onset_density", Double),
    Column("tonality", Double),
    Column("rating", SmallInteger),
    Index("ix_summaries_sound_id", "sound_id"),
)

# Lists show whole sounds, so their indexes hold only these.
_WHOLE = text("number = 0")
SORTED_COLUMNS = (
    "added_at", "path_key", "title_key", "artist_key", "album_key", "status", "duration_s", "kind", "role",
    "sound_class", "instrument", "content", "tempo_bpm", "beats_per_bar", "bars", "loopability", "key_number",
    "loudness_lufs", "loudness_range_lu", "true_peak_dbtp", "energy_level", "brightness", "warmth", "roughness",
    "noisiness", "attack_s", "decay_s", "pulse_clarity", "onset_density", "tonality", "pitch_midi", "tuning_cents",
    "rating", "kind_confidence", "role_confidence", "sound_class_confidence", "tempo_confidence", "key_confidence",
)  # fmt: skip


def sort_index(column: str) -> str:
    """Name of the index that gives whole sounds in the order of a column."""
    return f"ix_summaries_list_{column}"


# Newest first, with what is filtered by most: a scan of 100,000 takes 9 ms and reads no row.
NEWEST_INDEX = "ix_summaries_newest"
KEY_TEMPO_INDEX = "ix_summaries_key_tempo"
# What people ask for together without a key.
KIND_ROLE_TEMPO_INDEX = "ix_summaries_kind_role_tempo"
NEWEST_COLUMNS = (
    "sound_id", "kind", "role", "sound_class", "key_number", "tempo_bpm", "loudness_lufs", "energy_level", "rating",
    "duration_s", "status", "added_at",
)  # fmt: skip
for _name, _columns in (
    *((sort_index(column), (column,)) for column in SORTED_COLUMNS),
    (NEWEST_INDEX, NEWEST_COLUMNS),
    (KEY_TEMPO_INDEX, ("key_number", "tempo_bpm", "kind", "role")),
    (KIND_ROLE_TEMPO_INDEX, ("kind", "role", "tempo_bpm", "sound_id")),
):
    Index(_name, *(summaries.c[column] for column in _columns), sqlite_where=_WHOLE, postgresql_where=_WHOLE)

tags = Table(
    "tags",
    metadata,
    parent_id("regions", "region_id", primary_key=True),
    # Folded: lower case, no diacritics, single spaces. ``label`` is how it was written.
    Column("tag", Word, primary_key=True),
    Column("source", Word, primary_key=True),
    Column("label", Text, nullable=False),
    # False: a user says that this tag does not hold, whatever an import says.
    Column("present", Boolean, nullable=False, server_default=text("true")),
    Column("confidence", Double),
    Column("at", Moment, nullable=False),
    CheckConstraint("source IN ('user', 'import', 'analyzer')", name="source"),
    Index("ix_tags_tag", "tag"),
    Index("ix_tags_denied", "region_id", "tag", sqlite_where=text("present = 0"), postgresql_where=text("NOT present")),
    sqlite_with_rowid=False,
)

spaces = Table(
    "spaces",
    metadata,
    row_id(),
    Column("space_id", Word, nullable=False, unique=True),
    Column("model", Word, nullable=False),
    Column("version", Integer, nullable=False),
    Column("dimensions", Integer, nullable=False),
    Column("window_s", Double, nullable=False),
    Column("hop_s", Double, nullable=False),
    Column("pooling", Text, nullable=False),
    Column("preprocessing", Text, nullable=False),
    Column("parts", Json, nullable=False),
    Column("added_at", Moment, nullable=False),
    # Which set of ``segments`` is published, and up to which removal it has taken in.
    Column("index_generation", Integer, nullable=False, server_default=text("0")),
    Column("index_removed_up_to", RowId, nullable=False, server_default=text("0")),
    sqlite_autoincrement=True,
)

# What an index may still hold although the catalogue does not.
removed_embeddings = Table(
    "removed_embeddings",
    metadata,
    row_id(),
    parent_id("spaces", "space"),
    Column("embedding_id", RowId, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_removed_embeddings_space_id", "space", "id"),
    sqlite_autoincrement=True,
)

segments = Table(
    "segments",
    metadata,
    row_id(),
    parent_id("spaces", "space"),
    Column("generation", Integer, nullable=False),
    Column("file", Text, nullable=False, unique=True),
    Column("crc32", BigInteger, nullable=False),
    Column("size", BigInteger, nullable=False),
    Column("rows", BigInteger, nullable=False),
    Column("first_id", RowId, nullable=False),
    Column("last_id", RowId, nullable=False),
    Column("details", Json, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_segments_space_generation", "space", "generation"),
)

leases = Table(
    "leases",
    metadata,
    Column("key", Word, primary_key=True),
    Column("owner", Word, nullable=False),
    # Milliseconds since 1970: compared with the clock of the machine that claims.
    Column("expires_ms", BigInteger, nullable=False),
    Index("ix_leases_owner", "owner"),
    sqlite_with_rowid=False,
)

edits = Table(
    "edits",
    metadata,
    row_id(),
    Column("batch", Integer, nullable=False),
    parent_id("regions", "region_id"),
    # "observation" or "tag"
    Column("what", Word, nullable=False),
    Column("name", Word, nullable=False),
    # What the user's own statement was before and is after; SQL NULL: there was none.
    Column("before", JsonOrNull),
    Column("after", JsonOrNull),
    Column("undone", Boolean, nullable=False, server_default=text("false")),
    Column("at", Moment, nullable=False),
    Index("ix_edits_batch", "batch"),
    Index("ix_edits_region_id", "region_id"),
    sqlite_autoincrement=True,
)

audits = Table(
    "audits",
    metadata,
    row_id(),
    Column("counts", Json, nullable=False),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

events = Table(
    "events",
    metadata,
    row_id(),
    Column("type", Word, nullable=False),
    Column("public_id", Word),
    Column("details", Json, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_events_type_at", "type", "at"),
    sqlite_autoincrement=True,
)


def embeddings_table(number: int) -> Table:
    """The vectors of the space whose row number is ``number``.

    ``vector`` is little-endian float16, ``2 * dimensions`` bytes. Ids are never used twice,
    so an index may hold them beyond a deletion.
    """
    name = f"embeddings_{number}"
    known = metadata_of_embeddings.tables.get(name)
    if known is not None:
        return known
    return Table(
        name,
        metadata_of_embeddings,
        Column("id", RowId, primary_key=True, autoincrement=True),
        Column("region_id", RowId, ForeignKey(regions.c.id, ondelete="CASCADE"), nullable=False),
        Column("start_s", Double, nullable=False),
        Column("end_s", Double, nullable=False),
        Column("is_window", Boolean, nullable=False),
        Column("vector", LargeBinary, nullable=False),
        Index(f"ix_{name}_region_id", "region_id"),
        sqlite_autoincrement=True,
    )


# Apart from ``metadata``, because these tables are made at run time.
metadata_of_embeddings = MetaData()
