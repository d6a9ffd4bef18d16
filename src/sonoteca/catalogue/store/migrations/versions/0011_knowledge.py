"""Pieces of advice, which can be found by their words.

Written out, not taken from the schema: a migration is history and does not change with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0011"
down_revision: str | None = "0010"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "knowledge",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("public_id", WORD, nullable=False),
        sa.Column("topic", WORD, nullable=False),
        sa.Column("category", WORD, nullable=False),
        # As text on both databases: JSONB would put the parameters into an order of its own.
        sa.Column("suggestion", sa.JSON(), nullable=False),
        sa.Column("confidence", sa.Double(), nullable=True),
        sa.Column("source", sa.Text(), nullable=True),
        sa.Column("conditions", JSON, nullable=False),
        sa.Column("about", sa.Text(), nullable=True),
        sa.Column("shipped", WORD, nullable=True),
        sa.Column("embedding", sa.LargeBinary(), nullable=True),
        sa.Column("embedding_model", WORD, nullable=True),
        sa.Column("embedding_version", WORD, nullable=True),
        sa.Column("created_at", WORD, nullable=False),
        sa.Column("updated_at", WORD, nullable=False),
        sa.CheckConstraint(
            "(embedding IS NULL) = (embedding_model IS NULL) AND (embedding IS NULL) = (embedding_version IS NULL)",
            name="ck_knowledge_embedding",
        ),
        sa.PrimaryKeyConstraint("id", name="pk_knowledge"),
        sa.UniqueConstraint("public_id", name="uq_knowledge_public_id"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_knowledge_topic_category", "knowledge", ["topic", "category"], unique=False)
    if op.get_bind().dialect.name == "sqlite":
        op.execute("CREATE VIRTUAL TABLE knowledge_text USING fts5(words, tokenize = 'ascii', columnsize = 0)")
        return
    op.execute(
        "CREATE TABLE knowledge_text (knowledge_id bigint PRIMARY KEY REFERENCES knowledge (id) ON DELETE CASCADE,"
        " words tsvector NOT NULL)"
    )
    op.execute("CREATE INDEX ix_knowledge_text_words ON knowledge_text USING gin (words)")
