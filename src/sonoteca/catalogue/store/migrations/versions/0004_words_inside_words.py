"""Words that begin inside others, other spellings, and scripts without blanks can be searched for.

The words of all sounds are split anew (``word_splitting``) and written; nothing is heard again. 100,000 sounds take a few
seconds.
"""

from __future__ import annotations

from collections import defaultdict

import sqlalchemy as sa
from alembic import op
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import fulltext

revision: str = "0004"
down_revision: str | None = "0003"
branch_labels = None
depends_on = None

_BATCH = 10_000

# What the texts of a sound were at this revision, each in the order in which they are written.
_PLACES = (
    "SELECT l.sound_id, r.name || '/' || l.display_path AS text FROM locations l JOIN roots r ON r.id = l.root_id"
    " WHERE l.sound_id BETWEEN :first AND :last ORDER BY l.id"
)
_TAGS = (
    "SELECT DISTINCT g.sound_id, t.tag AS text, t.region_id FROM tags t JOIN regions g ON g.id = t.region_id"
    " WHERE g.sound_id BETWEEN :first AND :last AND NOT EXISTS (SELECT 1 FROM tags d WHERE d.region_id = t.region_id"
    " AND d.tag = t.tag AND NOT d.present) ORDER BY t.region_id, t.tag"
)


def upgrade() -> None:
    connection = op.get_bind()
    op.execute("DELETE FROM sound_text")
    last = connection.execute(sa.text("SELECT max(id) FROM sounds")).scalar() or 0
    for first in range(1, last + 1, _BATCH):
        fulltext.write(connection, _texts(connection, first, first + _BATCH - 1))


def _texts(connection: Connection, first: int, last: int) -> dict[int, dict[fulltext.TextField, list[str]]]:
    span = {"first": first, "last": last}
    found: dict[int, dict[fulltext.TextField, list[str]]] = {}
    named = sa.text("SELECT id, title, artist, album FROM sounds WHERE id BETWEEN :first AND :last ORDER BY id")
    for sound_id, *texts in connection.execute(named, span):
        found[sound_id] = defaultdict(list)
        for field, text in zip(fulltext.FIELDS[:3], texts, strict=True):
            if text is not None:
                found[sound_id][field].append(text)
    for sound_id, text in connection.execute(sa.text(_PLACES), span):
        found[sound_id]["path"].append(text)
    for sound_id, text, _ in connection.execute(sa.text(_TAGS), span):
        if text not in found[sound_id]["tags"]:
            found[sound_id]["tags"].append(text)
    return found
