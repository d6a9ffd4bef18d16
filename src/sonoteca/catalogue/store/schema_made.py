"""The tables of what people make of their sounds, know of them, and ask for: playlists, arrangements, weights, maps, knowledge, jobs.

Conventions are those of ``schema.py``. What is made outlives what it is made of: an entry or a
clip names a sound by its content hash, never by a row, so that it stays when the sound is
removed and finds it again when it comes back. Only a map is derived, and goes with its regions.
A job is work that waits, runs or has ended (``made/jobs.py``).
"""

from __future__ import annotations

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Double,
    Index,
    Integer,
    LargeBinary,
    SmallInteger,
    Table,
    Text,
    text,
)

from sonoteca.catalogue.store.schema import Json, JsonOrNull, Moment, RowId, Word, metadata, parent_id, row_id

playlists = Table(
    "playlists",
    metadata,
    row_id(),
    Column("name", Word, nullable=False, unique=True),
    # How it came about, if a program made it: what was asked for, scores, reasons.
    Column("details", JsonOrNull),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

playlist_entries = Table(
    "playlist_entries",
    metadata,
    parent_id("playlists", "playlist_id", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("content_hash", Word, nullable=False),
    # NULL: the whole sound.
    Column("start_s", Double),
    Column("end_s", Double),
    Index("ix_playlist_entries_content_hash", "content_hash"),
)

# What playlists, advice and removed sounds were before a change (``made/former_states.py``).
former_states = Table(
    "former_states",
    metadata,
    row_id(),
    # Of one row of numbers with ``edits.batch``.
    Column("batch", Integer, nullable=False),
    # "playlist", "sound" or "knowledge"
    Column("what", Word, nullable=False),
    Column("name", Text, nullable=False),
    # A compressed document; NULL: there was none, or it is there again.
    Column("before", LargeBinary),
    # What it became, for people; NULL: nothing.
    Column("after", JsonOrNull),
    Column("undone", Boolean, nullable=False, server_default=text("false")),
    Column("at", Moment, nullable=False),
    Index("ix_former_states_batch", "batch"),
    sqlite_autoincrement=True,
)

arrangements = Table(
    "arrangements",
    metadata,
    row_id(),
    Column("public_id", Word, nullable=False, unique=True),
    Column("title", Text),
    Column("tempo_bpm", Double, nullable=False),
    Column("beats_per_bar", SmallInteger, nullable=False),
    Column("tonic", SmallInteger),
    Column("mode", Word),
    # Of the random choices: the same seed and library give the same arrangement.
    Column("seed", Integer, nullable=False),
    # What was asked for, and which version of the weights chose.
    Column("details", Json, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("changed_at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

arrangement_sections = Table(
    "arrangement_sections",
    metadata,
    parent_id("arrangements", "arrangement_id", primary_key=True),
    Column("position", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False),
    Column("start_bar", Double, nullable=False),
    Column("bars", Double, nullable=False),
)

arrangement_clips = Table(
    "arrangement_clips",
    metadata,
    parent_id("arrangements", "arrangement_id", primary_key=True),
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("role", Word, nullable=False),
    Column("content_hash", Word, nullable=False),
    # The span of the sound that is played.
    Column("start_s", Double, nullable=False),
    Column("end_s", Double, nullable=False),
    # Where it is played, in bars from the start.
    Column("start_bar", Double, nullable=False),
    Column("bars", Double, nullable=False),
    Column("tempo_ratio", Double, nullable=False),
    Column("semitone_shift", SmallInteger, nullable=False),
    Column("gain_db", Double, nullable=False),
    Column("score", Double),
    Column("reasons", Json, nullable=False),
    CheckConstraint("end_s > start_s AND bars > 0 AND tempo_ratio > 0", name="span"),
    Index("ix_arrangement_clips_content_hash", "content_hash"),
)

# Versions of the match weights of this library, beside those that the program brings.
match_weights = Table(
    "match_weights",
    metadata,
    Column("version", RowId, primary_key=True, autoincrement=True),
    Column("toml", Text, nullable=False),
    Column("note", Text),
    Column("active", Boolean, nullable=False, server_default=text("false")),
    Column("at", Moment, nullable=False),
    sqlite_autoincrement=True,
)

map_layouts = Table(
    "map_layouts",
    metadata,
    row_id(),
    parent_id("spaces", "space"),
    Column("method", Word, nullable=False),
    Column("settings", Json, nullable=False),
    # What places a new sound without moving the others.
    Column("model", LargeBinary, nullable=False),
    Column("at", Moment, nullable=False),
    Index("ix_map_layouts_space", "space"),
    sqlite_autoincrement=True,
)

map_points = Table(
    "map_points",
    metadata,
    parent_id("map_layouts", "layout_id", primary_key=True),
    parent_id("regions", "region_id", primary_key=True),
    Column("x", Double, nullable=False),
    Column("y", Double, nullable=False),
    Index("ix_map_points_region_id", "region_id"),
)

# Pieces of advice (``made/knowledge.py``); the index of their words differs per database, so the migrations make it.
knowledge = Table(
    "knowledge",
    metadata,
    row_id(),
    # A UUID, which files carry from one library to another.
    Column("public_id", Word, nullable=False, unique=True),
    Column("topic", Word, nullable=False),
    Column("category", Word, nullable=False),
    # title, description, parameters; as text on both databases: JSONB would put the parameters into an order of its own.
    Column("suggestion", JSON, nullable=False),
    Column("confidence", Double),
    Column("source", Text),
    Column("conditions", Json, nullable=False),
    # Which sounds of the library it speaks of, as a query.
    Column("about", Text),
    # Of an entry that came with the program: a digest of what it said then. One that says something else was edited.
    Column("shipped", Word),
    # Little-endian float32; of its text as it is, else NULL.
    Column("embedding", LargeBinary),
    Column("embedding_model", Word),
    Column("embedding_version", Word),
    Column("created_at", Moment, nullable=False),
    Column("updated_at", Moment, nullable=False),
    CheckConstraint(
        "(embedding IS NULL) = (embedding_model IS NULL) AND (embedding IS NULL) = (embedding_version IS NULL)",
        name="embedding",
    ),
    Index("ix_knowledge_topic_category", "topic", "category"),
    sqlite_autoincrement=True,
)

jobs = Table(
    "jobs",
    metadata,
    row_id(),
    # Drawn at random: an id tells nothing of how many there are.
    Column("public_id", Word, nullable=False, unique=True),
    Column("kind", Word, nullable=False),
    Column("request", Json, nullable=False),
    Column("state", Word, nullable=False),
    # How often it was begun, without those times when it was given back in good order.
    Column("attempts", SmallInteger, nullable=False, server_default=text("0")),
    # Who works on it, until when it may be silent, and when it was last heard of.
    Column("owner", Word),
    Column("lease_ends_ms", BigInteger),
    Column("heartbeat_at", Moment),
    Column("cancel_asked_at", Moment),
    Column("progress", JsonOrNull),
    Column("result", JsonOrNull),
    # Code, message and remedy.
    Column("error", JsonOrNull),
    # Who is told when it ends; what became of that; when it is tried (again), NULL: not any more.
    Column("callback_url", Text),
    Column("callback", JsonOrNull),
    Column("callback_due_ms", BigInteger),
    # One number for all jobs that grows with every change of one of them.
    Column("change", BigInteger, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("started_at", Moment),
    Column("finished_at", Moment),
    CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="state"),
    Index("ix_jobs_state", "state", "id"),
    Index("ix_jobs_change", "change", unique=True),
    Index("ix_jobs_callback_due_ms", "callback_due_ms"),
    sqlite_autoincrement=True,
)


def all_tables() -> list[Table]:
    """Every table of a library, parents before children; those of vectors are made at run time."""
    return list(metadata.sorted_tables)
