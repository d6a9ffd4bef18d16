"""What playlists and removed sounds were before a change, so that it can be undone.

Written out, not taken from the schema: a migration is history and does not change with it.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision: str = "0008"
down_revision: str | None = "0007"
branch_labels = None
depends_on = None

ROW_ID = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
WORD = sa.Text().with_variant(sa.TEXT(collation="C"), "postgresql")
JSON = sa.JSON().with_variant(postgresql.JSONB(), "postgresql")


def upgrade() -> None:
    op.create_table(
        "former_states",
        sa.Column("id", ROW_ID, autoincrement=True, nullable=False),
        sa.Column("batch", sa.Integer(), nullable=False),
        sa.Column("what", WORD, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("before", sa.LargeBinary(), nullable=True),
        sa.Column("after", JSON, nullable=True),
        sa.Column("undone", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.Column("at", WORD, nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_former_states"),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_former_states_batch", "former_states", ["batch"], unique=False)
