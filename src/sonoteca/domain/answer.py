"""What answers that hold rows have in common: a short text for a notebook, and rows as plain values.

``pandas.DataFrame(answer.as_rows())`` is any answer as a table.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol


class Row(Protocol):
    """One row of an answer."""

    def as_json(self) -> dict[str, Any]:
        """The row as JSON values under public names."""
        ...


class Rows:
    """Base of answers with ``rows``: an answer tells how many they are and what stands first.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> @dataclass(frozen=True)
    ... class Sound:
    ...     path: str
    ...     score: float
    ...     def as_json(self):
    ...         return {"path": self.path, "score": self.score}
    >>> @dataclass(frozen=True, slots=True, repr=False)
    ... class LikeAnswer(Rows):
    ...     rows: tuple[Sound, ...]
    >>> LikeAnswer((Sound("loops/a.wav", 0.814), Sound("loops/b.wav", 0.5)))
    <LikeAnswer: 2 rows, best 0.81 loops/a.wav>
    >>> LikeAnswer(()).as_rows()
    []
    """

    __slots__ = ()

    rows: Sequence[Any]

    def as_rows(self) -> list[dict[str, Any]]:
        """The rows as plain values, which a table of any kind can be made of."""
        return [row.as_json() for row in self.rows]

    def __repr__(self) -> str:
        first = f", {_first(self.rows[0])}" if self.rows else ""
        return f"<{type(self).__name__}: {counted(len(self.rows), 'row')}{first}>"


@dataclass(frozen=True, slots=True)
class MeantSounds:
    """How many sounds are meant; ``first`` names a few of them, each as ``id (name)``."""

    count: int
    first: tuple[str, ...] = ()

    @property
    def told(self) -> str:
        """
        >>> MeantSounds(2, ("abcd (Rain)",)).told
        '2 sounds: abcd (Rain) and 1 more'
        >>> MeantSounds(1, ("abcd (Rain)",)).told
        '1 sound: abcd (Rain)'
        """
        more = self.count - len(self.first)
        named = ", ".join(self.first)
        if named and more > 0:
            named += f" and {more:,} more"
        return counted(self.count, "sound") + (f": {named}" if named else "")


def counted(count: int, one: str, many: str | None = None) -> str:
    """A number with its noun.

    >>> counted(1, "row"), counted(2, "row"), counted(0, "entry", "entries")
    ('1 row', '2 rows', '0 entries')
    """
    return f"{count:,} {one if count == 1 else many or one + 's'}"


def _first(row: Row) -> str:
    """The row that stands first in a few words: how well it answers, if it says so, and its name."""
    values = row.as_json()
    name = next((str(values[key]) for key in ("path", "title", "name", "id", "public_id") if values.get(key)), "?")
    score = values.get("score")
    return f"first {name}" if score is None else f"best {score:.2f} {name}"
