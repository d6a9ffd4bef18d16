"""The table of result rows that several commands answer with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sonoteca.cli.output import clock, note, print_json, print_table

if TYPE_CHECKING:
    from sonoteca import HumAnswer, ResultRow, TapAnswer


def print_results(rows: Sequence[ResultRow], *, notes: Sequence[str] = ()) -> None:
    """Result rows as a table: score, aspects, moment, sound, reasons."""
    aspects = list(rows[0].parts) if rows else []
    print_table(
        [("score", "right"), *((name, "right") for name in aspects), "moment", "sound", "why"],
        [
            (
                f"{row.score:.2f}",
                *(None if row.parts[name] is None else f"{row.parts[name]:.2f}" for name in aspects),
                f"{clock(row.start_s)}-{clock(row.end_s)}",
                row.path or row.title or row.id,
                ", ".join(row.reasons),
            )
            for row in rows
        ],
    )
    for text in notes or (() if rows else ("no sound answers",)):
        note(text)


def print_heard(answer: HumAnswer | TapAnswer, *, as_json: bool) -> None:
    """What answers to one recording: the verdict and a table, or one line of JSON."""
    if as_json:
        print_json(answer.as_json())
        return
    for sentence in answer.sentences():
        note(f"{answer.request.file}: {sentence}")
    print_results(answer.rows)
