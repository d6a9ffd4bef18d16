"""The table of result rows that several commands answer with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from sonoteca.cli.output import clock, note, page_text, print_json, print_table
from sonoteca.cli.sound_names import names_of
from sonoteca.cli.table import Column

if TYPE_CHECKING:
    from sonoteca import (
        HumAnswer,
        Library,
        MatchAnswer,
        NextAnswer,
        ResultRow,
        SimilarAnswer,
        TapAnswer,
        WordsAnswer,
    )


def print_results(
    rows: Sequence[ResultRow], ids: Mapping[str, str], *, notes: Sequence[str] = (), empty: str = "No sound answers."
) -> None:
    """Result rows as a table: score, id, aspects, moment, sound, reasons; ``ids`` are the short ones of the library."""
    aspects = [name for name in (rows[0].parts if rows else ()) if any(row.parts[name] is not None for row in rows)]
    print_table(
        [
            ("score", "right"),
            "id",
            *(Column(name, "right", spare=1) for name in aspects),
            "moment",
            ("sound", "name"),
            ("why", "below"),
        ],
        [
            (
                f"{row.score:.2f}",
                ids[row.id],
                *(None if (part := row.parts[name]) is None else f"{part:.2f}" for name in aspects),
                f"{clock(row.start_s)}-{clock(row.end_s)}",
                name,
                ", ".join(row.reasons) or None,
            )
            for row, name in zip(rows, names_of(rows), strict=True)
        ],
    )
    # What may be meant instead stands behind the sentence that there is nothing.
    said = " ".join([empty, *notes]) if empty and not rows else "\n".join(notes)
    if said:
        note(said)


def note_rest(answer: WordsAnswer | SimilarAnswer | NextAnswer | MatchAnswer) -> None:
    """How many there are in all, where that is known, and how to see what follows.

    The first page of a ranking in which nobody counts says nothing: something always follows.
    """
    shown, offset, total = len(answer.rows), answer.request.offset, answer.total
    if not shown:
        if offset:
            note(f"There are only {total}." if total is not None else "Nothing follows.")
        return
    if not offset and (total is None or total == shown):
        return
    note(page_text(shown, offset, total, answer.next_offset))


def ids_of(library: Library, rows: Sequence[ResultRow]) -> dict[str, str]:
    """The short ids of the sounds of these rows."""
    import sonoteca

    return sonoteca.short_ids(library, [row.id for row in rows])


def print_heard(library: Library, answer: HumAnswer | TapAnswer, *, as_json: bool) -> None:
    """What answers to one recording: the verdict and a table, or one line of JSON."""
    if as_json:
        print_json(answer.as_json())
        return
    for number, sentence in enumerate(answer.sentences()):
        note(sentence if number else f"{answer.request.file}: {sentence}")
    empty = "Nothing follows." if answer.request.offset else "No sound answers."
    print_results(answer.rows, ids_of(library, answer.rows), empty=empty)
    if answer.request.offset and answer.next_offset is not None:
        note(f"--offset {answer.next_offset} shows what follows")
