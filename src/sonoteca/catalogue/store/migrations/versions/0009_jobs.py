"""Jobs: work that was asked for, waits in a queue, and survives whoever works on it.

Written out, not taken from the schema: a migration is history and does not change with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0009"
down_revision: str | None = "0008"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "jobs",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("public_id", WORD, nullable=False),
        sa.Column("kind", WORD, nullable=False),
        sa.Column("request", JSON, nullable=False),
        sa.Column("state", WORD, nullable=False),
        sa.Column("attempts", sa.SmallInteger(), server_default=sa.text("0"), nullable=False),
        sa.Column("owner", WORD, nullable=True),
        sa.Column("lease_ends_ms", sa.BigInteger(), nullable=True),
        sa.Column("heartbeat_at", WORD, nullable=True),
        sa.Column("cancel_asked_at", WORD, nullable=True),
        sa.Column("progress", JSON, nullable=True),
        sa.Column("result", JSON, nullable=True),
        sa.Column("error", JSON, nullable=True),
        sa.Column("callback_url", sa.Text(), nullable=True),
        sa.Column("callback", JSON, nullable=True),
        sa.Column("callback_due_ms", sa.BigInteger(), nullable=True),
        sa.Column("change", sa.BigInteger(), nullable=False),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("started_at", WORD, nullable=True),
        sa.Column("finished_at", WORD, nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done', 'failed', 'cancelled')", name="ck_jobs_state"),
        sa.PrimaryKeyConstraint("id", name="pk_jobs"),
        sa.UniqueConstraint("public_id", name="uq_jobs_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_jobs_state", "jobs", ["state", "id"])
    op.create_index("ix_jobs_change", "jobs", ["change"], unique=True)
    op.create_index("ix_jobs_callback_due_ms", "jobs", ["callback_due_ms"])
