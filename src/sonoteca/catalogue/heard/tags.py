"""Tags: words that a person, a file or an analyzer puts on a region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.word_splitting import fold
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.names import is_storable
from sonoteca.catalogue.store.schema import tags
from sonoteca.domain.vocabulary import Source
from sonoteca.errors import RequestError

LONGEST_TAG = 100


@dataclass(frozen=True, slots=True)
class Tag:
    """``tag`` is folded and compared, ``label`` is how it was written."""

    tag: str
    label: str
    source: Source
    confidence: float | None


def folded_tag(label: str) -> str:
    """What tags are compared by: lower case, no diacritics, single spaces.

    >>> folded_tag("  Lo-Fi  Café ")
    'lo-fi cafe'

    Raises
    ------
    RequestError
        For an empty or a very long tag.
    """
    tag = " ".join(fold(label).split())
    if not tag or len(tag) > LONGEST_TAG or not is_storable(tag):
        raise RequestError(f"{label!r} is not a tag: 1 to {LONGEST_TAG} readable characters.")
    return tag


# Made once: building it takes longer than answering it.
_TAGS = (
    sa.select(tags)
    .where(tags.c.region_id.in_(sa.bindparam("ids", expanding=True)))
    .order_by(tags.c.tag, sa.case({"user": 0, "import": 1}, value=tags.c.source, else_=2))
)


def tags_of(connection: Connection, region_ids: Sequence[int]) -> dict[int, list[Tag]]:
    """Per region the tags that hold, in alphabetical order; of equal ones the user's."""
    found: dict[int, dict[str, Tag]] = {region_id: {} for region_id in region_ids}
    refused: set[tuple[int, str]] = set()
    for some in chunks(list(region_ids)):
        for row in connection.execute(_TAGS, {"ids": some}):
            if not row.present:
                refused.add((row.region_id, row.tag))
            elif (row.region_id, row.tag) not in refused:
                found[row.region_id].setdefault(row.tag, Tag(row.tag, row.label, Source(row.source), row.confidence))
    return {region_id: list(by_tag.values()) for region_id, by_tag in found.items()}


def usable_labels(labels: Sequence[str]) -> dict[str, str]:
    """What files say, as tags: label by folded tag. Empty and overlong words are left out.

    >>> usable_labels(["Deep  House ", "deep house", "-" * 200])
    {'deep house': 'deep house'}
    """
    found = {}
    for label in labels:
        tag = " ".join(fold(label).split())
        if tag and len(tag) <= LONGEST_TAG:
            found[tag] = label.strip()
    return found


def replace_imported(connection: Connection, labels: Mapping[int, Sequence[str]]) -> None:
    """What files say: replaces earlier tags of source ``import`` on these regions. Unusable words are left out."""
    now = clock.now()
    for some in chunks(list(labels)):
        connection.execute(sa.delete(tags).where(tags.c.region_id.in_(some), tags.c.source == Source.IMPORT))
    rows = [
        {"region_id": region_id, "tag": tag, "source": str(Source.IMPORT), "label": label, "at": now}
        for region_id, words in labels.items()
        for tag, label in usable_labels(words).items()
    ]
    if rows:
        connection.execute(sa.insert(tags), rows)


def all_tags(connection: Connection) -> list[tuple[str, int]]:
    """Every tag that holds somewhere, with the number of regions, most frequent first."""
    refusal = tags.alias()
    is_refused = (
        sa.select(refusal.c.tag)
        .where(refusal.c.region_id == tags.c.region_id, refusal.c.tag == tags.c.tag, refusal.c.present.is_(False))
        .exists()
    )
    count = sa.func.count(tags.c.region_id.distinct())
    query = sa.select(tags.c.tag, count).where(~is_refused).group_by(tags.c.tag).order_by(count.desc(), tags.c.tag)
    return [(row[0], row[1]) for row in connection.execute(query)]
