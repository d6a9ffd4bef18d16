"""A page of rows with a cursor to the next: an assistant asks the same again with the cursor it was given."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sonoteca.errors import RequestError
from sonoteca.server.mcp.bounds import ANSWER_BYTES, bounded, plain, size_of

# Rows of a page that nobody asked for otherwise, and of the longest that may be asked for.
USUAL_ROWS, MOST_ROWS = 20, 50
_CURSOR = re.compile(r"(?P<offset>[0-9]{1,12})\.(?P<digest>[0-9a-f]{10})")
# Half of an answer at most is beside its rows.
_BESIDE_BYTES = ANSWER_BYTES // 2


def digest_of(tool: str, values: Mapping[str, Any]) -> str:
    """What tells one question from another: the tool and all that was asked but the size of a page."""
    asked = {name: value for name, value in values.items() if name not in ("k", "limit", "offset")}
    return hashlib.sha256(json.dumps([tool, asked], sort_keys=True, default=str).encode()).hexdigest()[:10]


def offset_of(cursor: str, digest: str) -> int:
    """Where the page begins that a cursor stands for; RequestError for one of another question.

    >>> offset_of("20.0123456789", "0123456789")
    20
    """
    found = _CURSOR.fullmatch(cursor)
    if found is None or found["digest"] != digest:
        raise RequestError(
            f"{cursor[:40]!r} is no cursor of this question.",
            "Ask with the same arguments as before and the cursor of that answer, or without one.",
            field="cursor",
        )
    return int(found["offset"])


@dataclass(frozen=True, slots=True)
class Told:
    """An answer before it is cut to size: compact rows if it has any, and what else there is to say.

    ``total`` is how many rows there are in all, None where nobody counted them. ``follows`` says whether
    there are more behind these.
    """

    beside: Mapping[str, Any] = field(default_factory=dict)
    rows: Sequence[Mapping[str, Any]] | None = None
    total: int | None = None
    follows: bool = False


def page(told: Told, offset: int, digest: str | None) -> dict[str, Any]:
    """The answer as an assistant gets it, at most ``ANSWER_BYTES`` of JSON; without a digest nobody can ask on.

    Returns
    -------
    dict
        Without rows what is told, with ``cut`` where something was left out. With rows besides ``rows``,
        ``total``, ``cursor`` (None where nothing follows) and ``truncated``.
    """
    if told.rows is None:
        return bounded(told.beside, ANSWER_BYTES)
    answer = bounded(told.beside, _BESIDE_BYTES)
    room = ANSWER_BYTES - size_of(answer) - 200
    rows: list[dict[str, Any]] = []
    for row in told.rows:
        short = bounded(plain(row), max(room // 4, 400))
        if size_of(short) + 2 > room and rows:
            break
        room -= size_of(short) + 2
        rows.append(short)
    follows = told.follows or len(rows) < len(told.rows)
    end = offset + len(rows)
    cursor = f"{end}.{digest}" if follows and digest is not None else None
    is_cut = "cut" in answer or any("cut" in row for row in rows)
    return {"total": told.total, "truncated": follows or is_cut, "cursor": cursor, **answer, "rows": rows}
