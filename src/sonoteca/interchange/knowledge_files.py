"""Pieces of advice as JSON Lines and CSV, in the shape that a ``music_knowledge`` table of PostgreSQL exports.

Columns are ``id``, ``topic``, ``category``, ``suggestion`` (JSON, or a plain text), ``confidence``, ``source``,
``created_at`` and ``updated_at``; ours are ``conditions`` and ``about`` besides. A vector that comes along is not read: it
is of a model that nobody names.
"""

from __future__ import annotations

import csv
import io
import json
import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final, Literal

from sonoteca.catalogue.made.knowledge import StoredAdvice, save_advice
from sonoteca.catalogue.store import clock
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.file_paths import FilePath
from sonoteca.domain.request import Request
from sonoteca.errors import FileUnreadable, RequestError
from sonoteca.knowledge.base import KnowledgeEntry, checked_entry
from sonoteca.knowledge.starter_base import all_advice, put_in_starter_base
from sonoteca.whole_file import write_whole

KnowledgeFormat = Literal["jsonl", "csv"]
COLUMNS: Final = (
    "id", "topic", "category", "suggestion", "confidence", "source", "conditions", "about", "created_at", "updated_at",
)  # fmt: skip
_OF_SUGGESTION: Final = ("title", "description", "parameters")
# Ids that are no UUID, and entries without one, get the same one whenever they come.
_NAMESPACE: Final = uuid.UUID("4b0c7a0e-3a63-5b0b-9d55-0c8f7f1f6f10")
_LONGEST_TITLE: Final = 80


class ExportKnowledgeRequest(Request):
    """Which entries are written where.

    Attributes
    ----------
    output : path
        A file, replaced if it exists.
    format : "jsonl", "csv" or None
        None: as the file's name ends, else JSON Lines.
    topic : str or None
        Only those of it.
    """

    output: FilePath
    format: KnowledgeFormat | None = None
    topic: str | None = None


@dataclass(frozen=True, slots=True)
class ExportKnowledgeAnswer:
    """How many entries were written."""

    request: ExportKnowledgeRequest
    format: KnowledgeFormat
    entries: int

    def as_json(self) -> dict[str, Any]:
        return {"path": self.request.output, "format": self.format, "entries": self.entries}


def knowledge_lines(library: Library, *, format: KnowledgeFormat = "jsonl", topic: str | None = None) -> Iterator[str]:
    """Tell the entries of a library as lines of a file, without their line breaks; CSV begins with its header."""
    entries = [KnowledgeEntry(each).as_json() for each in all_advice(library, topic=topic)]
    if format == "jsonl":
        yield from (_json(each) for each in entries)
        return
    yield ",".join(COLUMNS)
    for each in entries:
        cells = [_cell(each[name]) for name in COLUMNS]
        written = io.StringIO()
        csv.writer(written, lineterminator="").writerow(cells)
        yield written.getvalue()


def export_knowledge(library: Library, request: ExportKnowledgeRequest) -> ExportKnowledgeAnswer:
    """Write the entries of a library to a file, which is there complete or not at all.

    Raises
    ------
    RequestError
        The file cannot be written there.
    """
    form = request.format or _format_of(request.output)
    lines = list(knowledge_lines(library, format=form, topic=request.topic))
    try:
        write_whole(request.output, (f"{line}\n".encode() for line in lines))
    except OSError as error:
        sentence = f"{request.output} cannot be written ({error.strerror})."
        raise RequestError(sentence, "Name a file that you may write.", field="output") from error
    return ExportKnowledgeAnswer(request, form, len(lines) - (form == "csv"))


class ImportKnowledgeRequest(Request):
    """Which file of entries is read.

    Attributes
    ----------
    file : path
        In UTF-8.
    format : "jsonl", "csv" or None
        None: as the file's name ends, else JSON Lines.
    """

    file: FilePath
    format: KnowledgeFormat | None = None


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that is no entry: the ``line`` it begins on, from 1, and why."""

    line: int
    message: str


@dataclass(frozen=True, slots=True)
class ImportKnowledgeAnswer:
    """What an import did: every one of ``rows`` was added, changed, unchanged or refused."""

    request: ImportKnowledgeRequest
    rows: int
    added: int
    changed: int
    unchanged: int
    refused: tuple[RefusedRow, ...]
    unread_columns: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "rows": self.rows,
            "added": self.added,
            "changed": self.changed,
            "unchanged": self.unchanged,
            "refused": [{"line": each.line, "message": each.message} for each in self.refused],
            "unread_columns": list(self.unread_columns),
        }


def import_knowledge(library: Library, request: ImportKnowledgeRequest) -> ImportKnowledgeAnswer:
    """Take over entries from a file; rows that are none are named by their lines, and the others kept.

    All of it is one change, which can be undone; importing again changes nothing.

    Raises
    ------
    FileUnreadable
        The file cannot be read, is no UTF-8, or a CSV without a header that names topic and suggestion.
    """
    rows = _rows_of(request)
    read: dict[str, StoredAdvice] = {}
    line_of: dict[str, int] = {}
    refused: list[RefusedRow] = []
    unread: dict[str, None] = {}
    for line, row in rows:
        try:
            if isinstance(row, str):
                raise RequestError(row)
            unread |= dict.fromkeys(name for name in row if name not in COLUMNS)
            advice = _advice(row)
        except RequestError as error:
            refused.append(RefusedRow(line, error.message))
            continue
        except ValueError as error:
            # A number that JSON has no word for, or half of a character.
            refused.append(RefusedRow(line, f"it cannot be kept ({error})"))
            continue
        if advice.public_id in read:
            sentence = f"line {line_of[advice.public_id]} told of the same entry"
            refused.append(RefusedRow(line, sentence))
            continue
        read[advice.public_id], line_of[advice.public_id] = advice, line
    put_in_starter_base(library)
    with library.write() as connection:
        saved = save_advice(connection, list(read.values()))
    counts = (len(saved.added), len(saved.changed), len(saved.unchanged))
    return ImportKnowledgeAnswer(request, len(rows), *counts, tuple(refused), tuple(unread))


def _format_of(path: str) -> KnowledgeFormat:
    return "csv" if path.lower().endswith(".csv") else "jsonl"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(", ", ": "))


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else _json(value)


def _rows_of(request: ImportKnowledgeRequest) -> Sequence[tuple[int, Mapping[str, Any] | str]]:
    """The rows with the lines they begin on; a text says why one is none."""
    try:
        text = Path(request.file).read_bytes().decode("utf-8-sig")
    except OSError as error:
        raise FileUnreadable(f"{request.file} cannot be read ({error.strerror}).") from error
    except UnicodeDecodeError as error:
        raise FileUnreadable(f"{request.file} is no UTF-8 (byte {error.start}).", "Save it as UTF-8.") from error
    if (request.format or _format_of(request.file)) == "csv":
        return list(_csv_rows(text, request.file))
    return list(_json_rows(text))


def _json_rows(text: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    # Only these end a line of JSON: U+2028 may stand within a text.
    for number, line in enumerate(text.replace("\r\n", "\n").split("\n"), start=1):
        if not line.strip():
            continue
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            yield number, f"no JSON: {error}"
            continue
        yield number, row if isinstance(row, dict) else "no JSON object"


def _csv_rows(text: str, name: str) -> Iterator[tuple[int, Mapping[str, Any] | str]]:
    # Rows of vectors have cells of many kB.
    former = csv.field_size_limit(1 << 24)
    try:
        reader = csv.reader(io.StringIO(text, newline=""))
        header = [column.strip().lower() for column in next(reader, [])]
        if missing := {"topic", "suggestion"} - {*header}:
            raise FileUnreadable(
                f"The header of {name} does not name {' and '.join(sorted(missing))}.",
                f"Its columns are {', '.join(COLUMNS)}; topic, category and suggestion are needed.",
            )
        line = reader.line_num + 1
        for cells in reader:
            begins, line = line, reader.line_num + 1
            if not any(cells):
                continue
            if len(cells) != len(header):
                yield begins, f"{len(cells)} cells, and the header has {len(header)}"
            else:
                yield begins, {column: cell for column, cell in zip(header, cells, strict=True) if cell != ""}
    except csv.Error as error:
        raise FileUnreadable(f"{name} is no CSV: {error} (line {reader.line_num}).", "Save it as CSV.") from error
    finally:
        csv.field_size_limit(former)


def _advice(row: Mapping[str, Any]) -> StoredAdvice:
    """A row as an entry; RequestError says what is wrong with it."""
    said = {name: row[name] for name in ("topic", "category", "source", "about") if row.get(name) is not None}
    said["suggestion"] = _suggestion(row.get("suggestion"))
    said["confidence"] = _number(row.get("confidence"))
    said["conditions"] = _parsed(row.get("conditions"), "conditions") or []
    said.setdefault("source", None)
    given = row.get("id")
    named = {"id": str(_uuid(f"id:{given}" if given not in (None, "") else _json(said), given))}
    advice = checked_entry(named | said).stored()
    created, updated = (_moment(row.get(name), name) for name in ("created_at", "updated_at"))
    return replace(advice, created_at=created, updated_at=updated)


def _uuid(text: str, given: object) -> uuid.UUID:
    try:
        return uuid.UUID(str(given))
    except ValueError:
        return uuid.uuid5(_NAMESPACE, text)


def _suggestion(given: Any) -> dict[str, Any]:
    """A suggestion that may be JSON, JSON in a text, or a plain text, whose first sentence is its title then."""
    if isinstance(given, str):
        if not given.lstrip().startswith("{"):
            first, *_ = given.strip().replace("\n", ". ").split(". ")
            title = first if len(first) <= _LONGEST_TITLE else first[: _LONGEST_TITLE - 1].rstrip() + "…"
            return {"title": title, "description": given}
        given = _parsed(given, "suggestion")
    if not isinstance(given, dict):
        raise RequestError("suggestion is missing" if given is None else "suggestion is no JSON object and no text")
    parameters = given.get("parameters")
    others = {name: value for name, value in given.items() if name not in _OF_SUGGESTION}
    if isinstance(parameters, dict):
        others = parameters | others
    elif parameters is not None:
        others["parameters"] = parameters
    told = {name: given[name] for name in ("title", "description") if name in given}
    return told | {"parameters": {name: _value(value) for name, value in others.items() if value not in (None, "")}}


def _value(value: Any) -> Any:
    """A number or a text; what is neither as the JSON it is."""
    return value if isinstance(value, int | float | str) and not isinstance(value, bool) else _json(value)


def _parsed(given: Any, name: str) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return json.loads(given)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{name} is no JSON: {error}") from None


def _number(given: Any) -> Any:
    if not isinstance(given, str):
        return given
    try:
        return float(given)
    except ValueError:
        raise RequestError(f"confidence cannot be {given!r}: it is a number from 0 to 1") from None


def _moment(given: Any, name: str) -> str | None:
    if given is None:
        return None
    try:
        when = datetime.fromisoformat(given)
        # A moment without a zone is taken for one of UTC, which databases export.
        return clock.moment(when if when.tzinfo is not None else when.replace(tzinfo=UTC))
    except (ValueError, TypeError, OverflowError):
        raise RequestError(f"{name} is no moment: {given!r}") from None
