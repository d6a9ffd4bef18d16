"""A shop's list of its sounds as CSV: one header, one row a sound.

Columns, in any order and case: ``path``, ``id`` or ``external_id`` say which sound a row is about;
``external_id``, ``title``, ``price``, ``currency`` and ``url`` say what the shop knows. An empty cell says nothing.
"""

from __future__ import annotations

import codecs
import csv
import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from itertools import chain, islice
from pathlib import Path
from typing import Any, TextIO
from urllib.parse import urlsplit

from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.shop import NamedBy, ShopFacts, find_named, numbers_taken, set_shop_facts
from sonoteca.catalogue.identity.sound_names import candidates
from sonoteca.catalogue.store import events
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import is_storable
from sonoteca.domain.request import Request
from sonoteca.errors import FileUnreadable, RequestError

NAME_COLUMNS: dict[NamedBy, str] = {"path": "path", "id": "id", "external": "external_id"}
FACT_COLUMNS = ("external_id", "title", "price", "currency", "url")
# Written at once: a writer keeps others waiting for a tenth of a second at most.
_ROWS_AT_ONCE = 1_000
_LONGEST = 4_000
_MINUS = ("-", "\u2212")
# 1,250.00, 1.250,00, 1'250: more than one sign between digits, or one before three of them.
_GROUPED = re.compile(r"\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?")
_PRICE = re.compile(r"\d{1,12}(?:[.,]\d{1,2}|\.\d+)?")
# Checked at once for being text: a list is small, a wrong file may not be.
_CHARACTERS_AT_ONCE = 1 << 20
_SEPARATOR_LINE = re.compile(r'"?sep=(.)"?[\s,;|]*', re.IGNORECASE)
_CURRENCY = re.compile(r"[A-Z]{3}")


class ShopCsvRequest(Request):
    """Which list of a shop is read, and how.

    Attributes
    ----------
    file : Path
        Separated by comma, semicolon, tab or bar, as its header is, or by what a first line ``sep=;`` says.
    match : "path", "id", "external" or None
        Which column says what sound a row is about; None: the first of them that is there.
    encoding : str or None
        Of the file; None: UTF-16 with a byte order mark, else UTF-8.
    """

    file: Path
    match: NamedBy | None = None
    encoding: str | None = None


@dataclass(frozen=True, slots=True)
class BadRow:
    """A row that could not be used: ``line`` of the file, from 1, and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class ShopRow:
    """What the row that begins on ``line`` says of the sound that ``name`` means."""

    line: int
    name: str
    facts: ShopFacts


@dataclass(frozen=True, slots=True)
class MovedNumber:
    """A shop's number that another sound has now: public ids and names of the two; the former one has none now."""

    external_id: str
    former: str
    former_name: str
    now: str
    now_name: str


@dataclass(slots=True)
class ShopImport:
    """What an import did. ``rows`` counts those below the header; every one is changed, unchanged or bad.

    ``moved`` are the shop's numbers that were taken from one sound and given to another.
    """

    named_by: NamedBy
    unread_columns: tuple[str, ...]
    rows: int = 0
    changed: int = 0
    unchanged: int = 0
    bad: list[BadRow] = field(default_factory=list)
    moved: list[MovedNumber] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        return {
            "match": self.named_by,
            "rows": self.rows,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "unread_columns": list(self.unread_columns),
            "failed": [{"line": each.line, "message": each.message} for each in self.bad],
            "moved": [asdict(each) for each in self.moved],
        }


def import_shop_csv(library: Library, request: ShopCsvRequest) -> ShopImport:
    """Take over what a shop's list says, row by row; bad rows are reported and the others kept.

    Parameters
    ----------
    library : Library
        Open for writing. Rows are written a thousand at a time; importing again changes nothing.

    Raises
    ------
    FileUnreadable
        The file cannot be read.
    RequestError
        It is no text of its encoding, has no header, or none of its columns names a sound or says something;
        nothing was written.
    """
    path = request.file
    with _opened(path, request.encoding) as stream:
        _require_text(stream, path, request.encoding)
        told = _import_all(library, stream, path, request.match)
    with library.write() as connection:
        counts = {"rows": told.rows, "changed": told.changed, "failed": len(told.bad)}
        events.record(connection, "imported", details={"format": "csv", "file": path.name, **counts})
    return told


_READ_COLUMNS = {*NAME_COLUMNS.values(), *FACT_COLUMNS}


def _import_all(library: Library, stream: TextIO, path: Path, named_by: NamedBy | None) -> ShopImport:
    reader, n_before = _reader(stream, path)
    header = _header(reader, path)
    named_by = named_by or _named_by(header, path)
    _require(header, named_by, path)
    told = ShopImport(named_by, tuple(name for name in header if name and name not in _READ_COLUMNS))
    told_on_line: dict[int, int] = {}
    given_on_line: dict[str, int] = {}
    rows = _rows(reader, header, NAME_COLUMNS[named_by], n_before)
    while some := list(islice(rows, _ROWS_AT_ONCE)):
        _import_some(library, some, told, told_on_line, given_on_line)
    return told


def _import_some(
    library: Library,
    rows: Sequence[ShopRow | BadRow],
    told: ShopImport,
    told_on_line: dict[int, int],
    given_on_line: dict[str, int],
) -> None:
    """Write these rows in one transaction; the dicts know which line told of which sound and gave which id."""
    facts: dict[int, ShopFacts] = {}
    bad = [row for row in rows if isinstance(row, BadRow)]
    good = [row for row in rows if isinstance(row, ShopRow)]
    with library.write() as connection:
        meant = find_named(connection, [row.name for row in good], told.named_by)
        for row in good:
            sound_ids = sorted(set(meant[row.name]))
            given = row.facts.external_id
            if not sound_ids:
                bad.append(BadRow(row.line, f"no sound in the library answers to {row.name!r}"))
            elif len(sound_ids) > 1:
                bad.append(BadRow(row.line, f"{len(sound_ids)} sounds answer to {row.name!r}"))
            elif sound_ids[0] in told_on_line:
                bad.append(BadRow(row.line, f"line {told_on_line[sound_ids[0]]} told of the same sound"))
            elif given is not None and given in given_on_line:
                bad.append(BadRow(row.line, f"line {given_on_line[given]} gave {given!r} to another sound"))
            else:
                facts[sound_ids[0]] = row.facts
                told_on_line[sound_ids[0]] = row.line
                if given is not None:
                    given_on_line[given] = row.line
        taken = numbers_taken(connection, facts)
        changed = set_shop_facts(connection, facts)
        told.moved += _named_moves(connection, taken)
    told.rows += len(rows)
    told.changed += changed
    told.unchanged += len(facts) - changed
    told.bad += sorted(bad, key=lambda each: each.line)


def _named_moves(connection: Connection, taken: Mapping[str, tuple[int, int]]) -> list[MovedNumber]:
    names = {each: candidates(connection, [each])[0] for pair in taken.values() for each in pair}
    return [
        MovedNumber(number, names[former].id, names[former].name, names[now].id, names[now].name)
        for number, (former, now) in sorted(taken.items())
    ]


def _opened(path: Path, encoding: str | None) -> TextIO:
    try:
        with path.open("rb") as stream:
            is_utf16 = stream.read(2) in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)
        return path.open(encoding=encoding or ("utf-16" if is_utf16 else "utf-8-sig"), newline="")
    except LookupError as error:
        raise RequestError(
            f"{encoding} is not an encoding.", "Write utf-8, cp1252, latin-1 ...", field="encoding"
        ) from error
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read ({error.strerror}).") from error


def _require_text(stream: TextIO, path: Path, encoding: str | None) -> None:
    """RequestError if the file is written in another encoding: titles would be lost, or stored with wrong letters."""
    try:
        while stream.read(_CHARACTERS_AT_ONCE):
            pass
    except UnicodeError as error:
        name = stream.encoding.upper().removesuffix("-SIG") if encoding is None else encoding
        remedy = "Name its encoding, e.g. cp1252." if encoding is None else "Name another encoding."
        raise RequestError(f"{path} is not {name} text.", remedy, field="encoding") from error
    stream.seek(0)


def _reader(stream: TextIO, path: Path) -> tuple[Any, int]:
    """A CSV reader, and how many lines stand before the header.

    Spreadsheets write the separator as a first line ``sep=;``; without one it is what is most frequent in the header.
    """
    first = stream.readline()
    said = _SEPARATOR_LINE.fullmatch(first.rstrip("\r\n"))
    header = stream.readline() if said else first
    if not header.strip():
        raise RequestError(f"{path} begins with an empty line.", "The first line names the columns.")
    delimiter = said[1] if said else max((",", ";", "\t", "|"), key=header.count)
    return csv.reader(chain([header], stream), delimiter=delimiter, strict=True), int(said is not None)


def _header(reader: Any, path: Path) -> list[str]:
    try:
        header = [re.sub(r"[\s-]+", "_", name.strip().lower()) for name in next(reader)]
    except csv.Error as error:
        raise RequestError(f"The header of {path} cannot be read ({error}).") from error
    for name in header:
        if name in _READ_COLUMNS and header.count(name) > 1:
            raise RequestError(f"{path} has two columns {name!r}.", "Keep one of them.")
    return header


def _named_by(header: Sequence[str], path: Path) -> NamedBy:
    for named_by, column in NAME_COLUMNS.items():
        if column in header:
            return named_by
    raise RequestError(
        f"No column of {path} says which sound a row is about: {', '.join(header)}.",
        "Name one path, id or external_id.",
    )


def _require(header: Sequence[str], named_by: NamedBy, path: Path) -> None:
    column = NAME_COLUMNS[named_by]
    if column not in header:
        raise RequestError(
            f"{path} has no column {column!r}, but {', '.join(header)}.", "Choose another.", field="match"
        )
    if not any(name in header and name != column for name in FACT_COLUMNS):
        raise RequestError(
            f"No column of {path} says anything of a sound: {', '.join(header)}.", f"Known: {', '.join(FACT_COLUMNS)}."
        )


def _rows(reader: Any, header: Sequence[str], name_column: str, n_before: int) -> Iterator[ShopRow | BadRow]:
    """The rows below the header; ``n_before`` lines of the file are not the reader's."""
    while True:
        line = n_before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            # A quote that is never closed takes all that follows with it.
            last = n_before + reader.line_num
            lost = f"; lines {line} to {last} were not read" if last > line else ""
            yield BadRow(line, f"{error}{lost}")
            continue
        if not any(cell.strip() for cell in cells):
            continue
        try:
            yield _row(line, cells, header, name_column)
        except ValueError as error:
            yield BadRow(line, str(error))


def _row(line: int, cells: Sequence[str], header: Sequence[str], name_column: str) -> ShopRow:
    """ValueError with a sentence for a row that cannot be used."""
    if len(cells) != len(header):
        raise ValueError(f"{len(cells)} cells where the header has {len(header)}")
    said = {name: cell.strip() for name, cell in zip(header, cells, strict=True) if name in _READ_COLUMNS}
    for name, cell in said.items():
        if not is_storable(cell):
            raise ValueError(f"{name} holds characters that are no text")
        if len(cell) > _LONGEST:
            raise ValueError(f"{name} has {len(cell)} characters, more than {_LONGEST}")
    name = said.pop(name_column)
    if not name:
        raise ValueError(f"{name_column} is empty")
    facts = ShopFacts(
        external_id=said.get("external_id") or None,
        title=said.get("title") or None,
        price=_price(said.get("price", "")),
        currency=_currency(said.get("currency", "")),
        url=_url(said.get("url", "")),
    )
    if not facts.said:
        raise ValueError(f"nothing is said of {name!r}")
    return ShopRow(line, name, facts)


def _price(text: str) -> float | None:
    if not text:
        return None
    # The sign of a currency says no more than its own column does, and $ is that of many.
    number = "".join(each for each in text if unicodedata.category(each) != "Sc").strip()
    if not _PRICE.fullmatch(number):
        if number[:1] in _MINUS and _PRICE.fullmatch(number[1:].strip()):
            raise ValueError(f"{text!r} is not a price: none is below 0")
        grouped = "" if not _GROUPED.fullmatch(number) else ", without thousands separators"
        raise ValueError(f"{text!r} is not a price: write 12.50{grouped}")
    return float(number.replace(",", "."))


def _currency(text: str) -> str | None:
    if not text:
        return None
    if not _CURRENCY.fullmatch(text.upper()):
        raise ValueError(f"{text!r} is not a currency: write EUR, USD ... (ISO 4217)")
    return text.upper()


def _url(text: str) -> str | None:
    if not text:
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.netloc or re.search(r"[\s\x00-\x1f]", text):
        raise ValueError(f"{text!r} is not an address: write https://...")
    return text
