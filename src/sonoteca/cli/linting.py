"""``sonoteca lint``: what is wrong with a playlist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import FilterOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.sequencing import DoubleTimeOption, KeyLockOption, WeightsOption

if TYPE_CHECKING:
    from sonoteca.sequence.lint import LintAnswer


def register(app: typer.Typer) -> None:
    app.command()(lint)


def lint(
    playlist: Annotated[str, typer.Argument(metavar="PLAYLIST|FILE.m3u", help="A playlist of the library, or a file.")],
    repair: Annotated[bool, typer.Option("--repair/--no-repair", help="Look for the smallest repairs.")] = True,
    only: FilterOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write the repaired playlist.")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 even if something is flagged.")] = False,
    double_time: DoubleTimeOption = True,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Flag tempo cliffs, key clashes, energy drops, artists and tracks that come again, and files that are missing.

    Ends with 1 if anything is flagged. The filter is about tracks that may replace others.
    """
    from sonoteca.cli.output import note, print_json
    from sonoteca.cli.weights import sequence_weights
    from sonoteca.sequence.lint import lint as judge_playlist
    from sonoteca.sequence.playlist_file import check_playlist_file, named_entries, write_entries

    check_playlist_file(output)
    chosen = sequence_weights(weights)
    with open_named_library(library, mode="read") as opened:
        with opened.read() as connection:
            entries = named_entries(connection, playlist)
        answer = judge_playlist(
            opened,
            entries,
            only=query_text([only]) if only else None,
            repair=repair,
            weights=chosen,
            double_time=double_time,
            key_lock=key_lock,
            query={"playlist": playlist, "filter": only, "doubletime": double_time, "key_lock": key_lock},
        )
        if output is not None:
            with opened.read() as connection:
                write_entries(connection, output, answer.repaired)
            note(f"{len(answer.repaired)} entries written to {output}")
    if as_json:
        print_json(answer.as_json())
    else:
        _print_lint(answer)
    if answer.findings and not exit_zero:
        raise typer.Exit(1)


def _print_lint(answer: LintAnswer) -> None:
    from sonoteca.cli.output import note, print_table

    if answer.findings:
        print_table(
            [("at", "right"), "what", "why"],
            [(each.position, each.code, each.message) for each in answer.findings],
        )
    if answer.repairs:
        print_table(
            [("", "right"), "repair", ("flags", "right"), ("score", "right")],
            [
                (
                    number,
                    each.message,
                    f"{each.flags_before} to {each.flags_after}",
                    f"{_score(each.score_before)} to {_score(each.score_after)}",
                )
                for number, each in enumerate(answer.repairs, start=1)
            ],
            title="\nsmallest repairs, one after the other",
        )
    score = f", mean transition {answer.score:.2f}" if answer.score is not None else ""
    note(f"{answer.query['entries']} entries{score}: {len(answer.findings) or 'nothing'} flagged")


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"
