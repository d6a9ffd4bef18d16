"""The first library."""

from alembic import op

from sonoteca.catalogue import schema
from sonoteca.catalogue.fulltext import create_fulltext

revision: str = "0001"
down_revision: str | None = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    schema.metadata.create_all(op.get_bind(), checkfirst=False)
    create_fulltext(op.get_bind())
