"""How a table is laid out in the width that there is.

Without a width (a pipe, a file) nothing is cut and each row is one line. On a terminal the
columns keep what they need while it fits; then, in this order: reasons go on lines of their
own below the row, columns that can be spared are left out, names are cut and texts wrapped
between words, and at last each row becomes a list of its values. No number is ever cut, and
decimal points stand below each other. A column in which nothing is known is left out.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

from rich.text import Text

from sonoteca.cli.text_width import NO_BREAK, cells, cut, longest_word, wrapped

Kind = Literal["left", "right", "name", "below"]
_GAP = 2
# A column of wrapped text is not narrower than this, if its longest word is longer: it is divided then.
_TEXT_CELLS = 24
# Columns are spared so that names have this much: room for most, and never for the longest.
_NAME_CELLS = 32
_NUMBER = re.compile(r"[-+]?[\d:]+((?:\.\d+)?\??)")


@dataclass(frozen=True, slots=True)
class Column:
    """What a table says of a column.

    Parameters
    ----------
    heading : str
    kind : "left", "right", "name" or "below"
        ``left`` is text that may be wrapped between words; ``right`` a number, which is always whole; ``name`` may be
        cut to ``least`` cells; ``below`` is a sentence that stands on lines below its row where there is no room.
    spare : int >= 0
        Columns with a number are left out where there is no room, those with the highest together and first; 0: never.
    least : int > 0
        Cells that a name is not cut below, unless all the rest is at its least too.
    """

    heading: str
    kind: Kind = "left"
    spare: int = 0
    least: int = 24


ColumnLike = str | tuple[str, Kind] | Column


def as_column(column: ColumnLike) -> Column:
    """A heading alone is a column of text; a pair says of which kind it is."""
    if isinstance(column, str):
        return Column(column)
    return column if isinstance(column, Column) else Column(*column)


def laid_out(
    columns: Sequence[Column], rows: Sequence[Sequence[str | None]], *, width: int | None, dash: str, mark: str
) -> list[Text]:
    """The lines of a table, none longer than ``width`` cells.

    Parameters
    ----------
    rows : sequence of sequences of str or None
        A value per column; None where it is not known.
    width : int or None
        None: nothing is cut or wrapped, and each row is one line.
    dash, mark : str
        What stands for an unknown value, and for what was cut.
    """
    known = [at for at in range(len(columns)) if any(row[at] is not None for row in rows)]
    columns = [columns[at] for at in known]
    table = [[row[at] for at in known] for row in rows]
    for at, column in enumerate(columns):
        if column.kind == "right":
            for row, value in zip(table, _points_aligned([row[at] for row in table]), strict=True):
                row[at] = value
    below = [at for at, column in enumerate(columns) if column.kind == "below"]
    beside = [at for at, column in enumerate(columns) if column.kind != "below"]
    natural = [
        max(cells(column.heading), *(cells(dash if row[at] is None else str(row[at])) for row in table))
        for at, column in enumerate(columns)
    ]
    if width is None or _total(natural) <= width or not beside:
        below, beside = [], [*beside, *below]
    widths = _fitted(columns, table, natural, beside, width)
    if widths is None:
        return list(_as_values(columns, table, width or 1, dash))
    return list(_as_rows(columns, table, widths, below, width=width, dash=dash, mark=mark))


def _points_aligned(values: Sequence[str | None]) -> list[str | None]:
    """Numbers with spaces behind those that have fewer decimals or no mark; all as they are if one is no number."""
    read = [None if value is None else _NUMBER.fullmatch(value) for value in values]
    if any(value is not None and found is None for value, found in zip(values, read, strict=True)):
        return list(values)
    decimals = [0 if found is None else len(found[1]) for found in read]
    most = max(decimals, default=0)
    return [None if value is None else value + " " * (most - n) for value, n in zip(values, decimals, strict=True)]


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + _GAP * (len(widths) - 1)


def _fitted(
    columns: Sequence[Column],
    table: Sequence[Sequence[str | None]],
    natural: Sequence[int],
    beside: list[int],
    width: int | None,
) -> dict[int, int] | None:
    """Cells of each column that is shown beside the others; None where they have no room in any way."""
    if width is None:
        return {at: natural[at] for at in beside}
    # A word is divided only where the columns have no room otherwise.
    for longest in (width, _TEXT_CELLS):
        shown = list(beside)
        least = {at: _least(columns[at], [row[at] for row in table], natural[at], longest) for at in shown}
        wanted = {at: max(least[at], min(natural[at], _wish(columns[at]))) for at in shown}
        while _total([wanted[at] for at in shown]) > width:
            spared = max(columns[at].spare for at in shown)
            if spared == 0:
                break
            shown = [at for at in shown if columns[at].spare != spared]
        if _total([least[at] for at in shown]) <= width:
            return _shared({at: natural[at] for at in shown}, least, width - _GAP * (len(shown) - 1))
    return None


def _least(column: Column, values: Sequence[str | None], natural: int, longest: int) -> int:
    if column.kind == "right":
        return natural
    if column.kind == "name":
        return min(natural, column.least)
    words = max(map(longest_word, (column.heading, *(each for each in values if each is not None))))
    return min(words, longest)


def _wish(column: Column) -> int:
    return {"name": max(_NAME_CELLS, column.least), "left": _TEXT_CELLS}.get(column.kind, 10_000)


def _shared(natural: dict[int, int], least: dict[int, int], room: int) -> dict[int, int]:
    """Every column has its least; what is left goes to those that want more, the same to each."""
    widths = {at: least[at] for at in natural}
    left = room - sum(widths.values())
    wanting = [at for at in natural if widths[at] < natural[at]]
    while left > 0 and wanting:
        each = max(1, left // len(wanting))
        for at in wanting:
            more = min(each, natural[at] - widths[at], left)
            widths[at] += more
            left -= more
        wanting = [at for at in wanting if widths[at] < natural[at]]
    return widths


def _as_rows(
    columns: Sequence[Column],
    table: Sequence[Sequence[str | None]],
    widths: dict[int, int],
    below: Sequence[int],
    *,
    width: int | None,
    dash: str,
    mark: str,
) -> Iterator[Text]:
    if any(columns[at].heading for at in widths):
        yield Text(_line([(columns[at], columns[at].heading, widths[at]) for at in widths]), style="bold")
    first = next(iter(widths.values()), 0)
    indent = min(first, 8) + _GAP
    for row in table:
        lines = {
            at: _cell_lines(columns[at], dash if (value := row[at]) is None else value, widths[at], width, mark)
            for at in widths
        }
        for number in range(max(map(len, lines.values()))):
            parts = [(columns[at], lines[at][number] if number < len(lines[at]) else "", widths[at]) for at in widths]
            yield Text(_line(parts))
        for at in below:
            if value := row[at]:
                for line in wrapped(value, (width or 80) - indent):
                    yield Text(" " * indent + _spaces(line), style="dim")


def _cell_lines(column: Column, text: str, width: int, full: int | None, mark: str) -> list[str]:
    if full is None or cells(text) <= width:
        return [text]
    return [cut(text, width, mark=mark)] if column.kind == "name" else wrapped(text, width)


def _line(parts: Sequence[tuple[Column, str, int]]) -> str:
    padded = [
        (" " * (width - cells(text)) + text) if column.kind == "right" else text + " " * (width - cells(text))
        for column, text, width in parts
    ]
    return _spaces((" " * _GAP).join(padded)).rstrip()


def _spaces(text: str) -> str:
    return text.replace(NO_BREAK, " ")


def _as_values(
    columns: Sequence[Column], table: Sequence[Sequence[str | None]], width: int, dash: str
) -> Iterator[Text]:
    for number, row in enumerate(table):
        if number:
            yield Text("")
        pairs = [(column.heading, value) for column, value in zip(columns, row, strict=True) if value is not None]
        yield from pairs_laid_out(pairs or [("", dash)], width=width)


def pairs_laid_out(pairs: Sequence[tuple[str, str]], *, width: int | None) -> list[Text]:
    """Names and values, one below the other; a long value goes on below itself."""
    names = max((cells(name) for name, _ in pairs), default=0)
    indent = names + _GAP if names else 0
    if width is not None and width - indent < min(_TEXT_CELLS, width // 2):
        indent = 2
    lines: list[str] = []
    for name, value in pairs:
        texts = value.split("\n") if width is None else wrapped(value, max(1, width - indent))
        if name and cells(name) + _GAP > indent:
            lines.append(name)
            name = ""
        for text in texts:
            lines.append(name + " " * (indent - cells(name)) + _spaces(text))
            name = ""
    return [Text(line.rstrip()) for line in lines]
