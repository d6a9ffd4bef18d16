"""How answers, errors and progress reach a terminal or a program.

Results go to stdout, everything else to stderr. What comes from files (titles, names) may
hold control characters; ``printable`` makes them visible before a terminal obeys them, and
replaces what the terminal's encoding lacks. On a terminal lines end within its width and
between words; a pipe has no width: nothing is cut for it, unless COLUMNS says how wide it is.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any, TextIO

from rich.console import Console
from rich.text import Text

from sonoteca.cli.hints import as_called, remedy_of
from sonoteca.cli.table import ColumnLike, as_column, laid_out, pairs_laid_out
from sonoteca.cli.text_width import NO_BREAK, cells, wrapped
from sonoteca.errors import OutputUnwritable, QuerySyntaxError, SonotecaError

_UNSAFE = ("Cc", "Cf", "Cs", "Zl", "Zp")
# Joiners shape Persian and Indic letters and emoji; nothing is hidden by them.
_JOINERS = "\u200c\u200d"
_PLAIN = {
    "–": "-", "—": "-", "−": "-", "…": "...", "’": "'", "‘": "'", "“": '"', "”": '"', "„": '"',
    "×": "x", "→": "->", "♭": "b", "♯": "#", "·": ".", "•": "*", "ø": "o", "Ø": "O", "ß": "ss", "æ": "ae", "Æ": "AE",
    "ł": "l", "Ł": "L", "đ": "d", "Đ": "D", "œ": "oe", "Œ": "OE", "\u00a0": "\u00a0", "\u200c": "", "\u200d": "",
}  # fmt: skip
# Encodings of terminals that have every character.
_WHOLE = ("utf", "gb18030")


class _Console(Console):
    """A console that leaves a reader who went away to ``_written``."""

    def on_broken_pipe(self) -> None:
        raise BrokenPipeError


def line_width(stream: TextIO | None = None) -> int | None:
    """Cells of a line of stdout (or ``stream``); None where lines have no end, in a pipe or a file.

    COLUMNS counts before what the terminal says, so that a pipe may be told how wide it is.
    """
    named = os.environ.get("COLUMNS", "")
    if named.isdecimal() and int(named) > 0:
        return int(named)
    stream = stream or sys.stdout
    if not stream.isatty():
        return None
    with contextlib.suppress(OSError, ValueError):
        if columns := os.get_terminal_size(stream.fileno()).columns:
            return columns
    return 80


def messages() -> Console:
    """For progress, on stderr."""
    return _Console(stderr=True, highlight=False, soft_wrap=True)


def printable(text: object) -> str:
    """Text safe for a terminal: control, bidirectional and undecodable characters as escapes.

    A character that the terminal's encoding lacks is replaced by one alike, or by a question mark.

    >>> printable("a\\x1b[31m\\u202eb")
    'a\\\\x1b[31m\\\\u202eb'
    """
    text = str(text)
    if text.isascii() and text.isprintable():
        return text
    encoding = _screen_encoding()
    return "".join(_shown(character, encoding) for character in text)


def _shown(character: str, encoding: str) -> str:
    if unicodedata.category(character) in _UNSAFE and character not in _JOINERS:
        return character.encode("unicode_escape", "surrogatepass").decode("ascii")
    if encoding.startswith(_WHOLE) or _has(encoding, character):
        return character
    if character in _PLAIN:
        return _PLAIN[character]
    bare = "".join(part for part in unicodedata.normalize("NFKD", character) if not unicodedata.combining(part))
    return bare if bare and _has(encoding, bare) else "" if unicodedata.combining(character) else "?"


def _has(encoding: str, text: str) -> bool:
    try:
        text.encode(encoding)
    except UnicodeEncodeError:
        return False
    return True


def _screen_encoding() -> str:
    """The encoding of what reads stdout; ASCII in a locale named C, although Python writes UTF-8 there."""
    encoding = (getattr(sys.stdout, "encoding", None) or "utf-8").lower()
    named = os.environ.get("PYTHONIOENCODING") or os.environ.get("PYTHONUTF8") == "1"
    locale = os.environ.get("LC_ALL") or os.environ.get("LANG")
    # Where LANG is C, Python itself sets LC_CTYPE to C.UTF-8.
    chosen = "" if os.environ.get("LC_ALL") else os.environ.get("LC_CTYPE", "").removeprefix("C.UTF-8")
    if encoding.startswith("utf") and not named and not chosen and locale in ("C", "POSIX"):
        return "ascii"
    return encoding


def print_json(value: Any) -> None:
    """One JSON document on one line of stdout. Bytes that are no UTF-8 stay escaped, so it round-trips."""
    write_out(json.dumps(value, ensure_ascii=True, allow_nan=False, separators=(", ", ": ")) + "\n")


def write_out(text: str) -> None:
    """Text as it is on stdout, at once; OutputUnwritable if it cannot be written."""
    with _written():
        sys.stdout.write(text)
        sys.stdout.flush()


@contextlib.contextmanager
def _written() -> Iterator[None]:
    """A full disk behind stdout becomes a sentence; where the reader went away (``| head``) all ends, quietly."""
    try:
        yield
    except BrokenPipeError:
        drop_output()
        raise SystemExit(0) from None
    except OSError as error:
        raise OutputUnwritable(f"The output could not be written ({error.strerror or error}).") from error


def drop_output() -> None:
    """Send what is still buffered nowhere, so that the end of the process does not fail on it again."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        if stream is sys.stdout or not _flushes(stream):
            os.dup2(nowhere, stream.fileno())
    os.close(nowhere)


def _flushes(stream: TextIO) -> bool:
    try:
        stream.flush()
    except OSError:
        return False
    return True


def print_lines(lines: Iterable[Text | str]) -> None:
    """Lines on stdout as they are, with their styles where it is a terminal that shows any."""
    _print(sys.stdout, lines)


def _print(stream: TextIO, lines: Iterable[Text | str]) -> None:
    with _written():
        if not stream.isatty() or os.environ.get("NO_COLOR") or os.environ.get("TERM") in ("dumb", "unknown"):
            stream.writelines(f"{line}\n" for line in lines)
            stream.flush()
            return
        console = _Console(file=stream, highlight=False)
        for line in lines:
            console.print(Text(line) if isinstance(line, str) else line, soft_wrap=True)


def print_error(error: SonotecaError) -> None:
    """Code, sentence and remedy on stderr; a query error also points at the character."""
    sentence = fitted(f"error [{error.code}] {printable(error.message)}", indent="  ")
    lines = [Text.assemble(("error", "bold red"), sentence[0].removeprefix("error")), *map(Text, sentence[1:])]
    if isinstance(error, QuerySyntaxError) and error.query:
        lines.append(Text("  " + printable(error.query)))
        # `printable` may widen what stands before the mark.
        lines.append(Text("  " + " " * cells(printable(error.query[: error.position])) + "^"))
    if remedy := remedy_of(error):
        first, *rest = fitted(printable(remedy), indent="  ")
        lines += [Text(line, style="dim") for line in ("  " + first, *rest)]
    _say(lines)


def note(text: str) -> None:
    """A sentence for the person, on stderr."""
    _say([line for part in as_called(text).split("\n") for line in fitted(printable(part))])


def _say(lines: Iterable[Text | str]) -> None:
    # Who cannot be told that nobody can be told: the work is not stopped by it.
    with contextlib.suppress(OutputUnwritable):
        _print(sys.stderr, lines)


def fitted(text: str, *, indent: str = "") -> list[str]:
    """Text in lines for stderr's terminal; paths and commands stay whole, so that they can be copied."""
    width = line_width(sys.stderr)
    if width is None:
        return [text]
    # A command between backticks is not divided either: copied, its halves would be two commands.
    kept = re.sub(r"`[^`]+`", lambda command: command[0].replace(" ", NO_BREAK), text)
    first, *rest = (line.replace(NO_BREAK, " ") for line in wrapped(kept, max(1, width - len(indent)), is_whole=True))
    return [first, *(indent + line for line in rest)]


def print_table(
    columns: Sequence[ColumnLike], rows: Iterable[Sequence[object]], *, title: str = "", empty: str = ""
) -> None:
    """A table on stdout, as wide as the terminal at most (see ``sonoteca.cli.table``).

    Parameters
    ----------
    columns : sequence of str, (heading, kind) or Column
        What it is called, and how it is laid out.
    rows : iterable of sequences
        A value per column; None where it is not known.
    title : str
        Stands above the table.
    empty : str
        The sentence that is said, on stderr, where there are no rows. Without it nothing is printed.
    """
    table = [[None if cell is None else printable(cell) for cell in row] for row in rows]
    if not table:
        if empty:
            note(empty)
        return
    width = line_width()
    titles = [line for part in title.split("\n") for line in _wrapped_out(printable(part), width)] if title else []
    laid = laid_out(
        [as_column(column) for column in columns], table, width=width, dash=printable("–"), mark=printable("…")
    )
    print_lines([*(Text(line, style="italic") for line in titles), *laid])


def print_text(text: str, *, style: str = "") -> None:
    """A sentence on stdout, wrapped between words."""
    lines = [line for part in text.split("\n") for line in _wrapped_out(printable(part), line_width())]
    print_lines(Text(line, style=style) for line in lines)


def _wrapped_out(text: str, width: int | None) -> list[str]:
    return [text] if width is None else wrapped(text, width)


def print_pairs(pairs: Mapping[str, object] | Sequence[tuple[str, object]]) -> None:
    """Names and values, one a line; a long value is wrapped below itself, and a line of it stays one."""
    given = pairs.items() if isinstance(pairs, Mapping) else pairs
    shown = [
        (printable(name), "\n".join(map(printable, ("–" if value is None else str(value)).split("\n"))))
        for name, value in given
    ]
    print_lines(pairs_laid_out(shown, width=line_width()))


def counted(number: int, one: str, many: str = "") -> str:
    """A number with its noun, in the singular or the plural.

    >>> counted(1, "sound"), counted(2, "sound"), counted(0, "melody", "melodies")
    ('1 sound', '2 sounds', '0 melodies')
    """
    return f"{number} {one if number == 1 else many or one + 's'}"


def page_text(shown: int, offset: int, total: int | None, next_offset: int | None) -> str:
    """Which rows of how many were shown, and how to see what follows.

    >>> page_text(10, 0, 25, 10), page_text(5, 20, None, None)
    ('10 of 25 shown; --offset 10 shows what follows', '21 to 25 shown')
    """
    rows = f"{offset + 1} to {offset + shown}" if offset else str(shown)
    of = "" if total is None else f" of {total}"
    more = "" if next_offset is None else f"; --offset {next_offset} shows what follows"
    return f"{rows}{of} shown{more}"


def local_time(moment: str | None) -> str | None:
    """A moment of the catalogue (UTC) as the clock on the wall shows it, to the minute."""
    if moment is None:
        return None
    return datetime.fromisoformat(moment).astimezone().strftime("%Y-%m-%d %H:%M")


def clock(seconds: float | None) -> str:
    """Duration for people: ``0:07.5``, ``3:05``, ``1:02:03``.

    >>> clock(7.5), clock(185), clock(3723), clock(0)
    ('0:07.5', '3:05', '1:02:03', '0:00')
    """
    if seconds is None:
        return "–"
    if 0 < seconds < 9.95:
        return f"0:{seconds:04.1f}"
    whole = round(seconds)
    hours, rest = divmod(whole, 3600)
    return f"{hours}:{rest // 60:02d}:{rest % 60:02d}" if hours else f"{rest // 60}:{rest % 60:02d}"
