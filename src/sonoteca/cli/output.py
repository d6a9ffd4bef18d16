"""How answers, errors and progress reach a terminal or a program.

Results go to stdout, everything else to stderr. What comes from files (titles, names) may
hold control characters; ``printable`` makes them visible before a terminal obeys them.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

from sonoteca.cli.hints import remedy_of
from sonoteca.errors import QuerySyntaxError, SonotecaError


def console() -> Console:
    """For tables on stdout; colour only on a terminal."""
    # A pipe has no width: cells are not folded for it.
    return Console(highlight=False, width=None if sys.stdout.isatty() else 1000)


def messages() -> Console:
    """For messages and progress, on stderr."""
    return Console(stderr=True, highlight=False, soft_wrap=True)


def printable(text: object) -> str:
    """Text safe for a terminal: control, bidirectional and undecodable characters as escapes.

    >>> printable("a\\x1b[31m\\u202eb")
    'a\\\\x1b[31m\\\\u202eb'
    """
    return "".join(
        character
        if unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Zl", "Zp")
        else character.encode("unicode_escape", "surrogatepass").decode("ascii")
        for character in str(text)
    )


def print_json(value: Any) -> None:
    """One JSON document on one line of stdout. Bytes that are no UTF-8 stay escaped, so it round-trips."""
    sys.stdout.write(json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(", ", ": ")) + "\n")
    sys.stdout.flush()


def print_error(error: SonotecaError) -> None:
    """Code, sentence and remedy on stderr; a query error also points at the character."""
    out = messages()
    out.print(Text.assemble(("error", "bold red"), f" [{error.code}] ", printable(error.message)))
    if isinstance(error, QuerySyntaxError) and error.query:
        out.print(Text("  " + printable(error.query)))
        # `printable` may widen what stands before the mark.
        out.print(Text("  " + " " * len(printable(error.query[: error.position])) + "^"))
    if remedy := remedy_of(error):
        out.print(Text("  " + printable(remedy), style="dim"))


def note(text: str) -> None:
    """A sentence for the person, on stderr."""
    messages().print(Text(printable(text)))


def print_table(columns: Sequence[str | tuple[str, str]], rows: Iterable[Sequence[object]], *, title: str = "") -> None:
    """A table on stdout; nothing without rows. A column is its heading, or (heading, "right")."""
    table = Table(title=title or None, title_justify="left", header_style="bold", box=None, pad_edge=False)
    for column in columns:
        heading, justify = (column, "left") if isinstance(column, str) else column
        table.add_column(heading, justify="right" if justify == "right" else "left", overflow="fold")
    for row in rows:
        table.add_row(*(Text("–" if cell is None else printable(cell)) for cell in row))
    if table.row_count:
        console().print(table)


def print_pairs(pairs: Mapping[str, object]) -> None:
    """Names and values, one a line."""
    width = max((len(name) for name in pairs), default=0)
    out = console()
    for name, value in pairs.items():
        out.print(Text(f"{name:<{width}}  {'–' if value is None else printable(value)}"))


def clock(seconds: float | None) -> str:
    """Duration for people: ``0:07.5``, ``3:05``, ``1:02:03``.

    >>> clock(7.5), clock(185), clock(3723)
    ('0:07.5', '3:05', '1:02:03')
    """
    if seconds is None:
        return "–"
    if seconds < 10:
        return f"0:{seconds:04.1f}"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
