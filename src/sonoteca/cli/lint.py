"""``sonoteca lint``: what is wrong with a playlist."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import filter_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, FilterOption, JsonOption, LibraryOption, open_named_library
from sonoteca.cli.style_options import DoubleTimeOption, KeyLockOption
from sonoteca.cli.weights import WeightsOption, weights_text

if TYPE_CHECKING:
    from sonoteca import LintAnswer

# Entries with one and the same fault are told together from here on, so that they bury nothing else.
_TOLD_ONE_BY_ONE = 2


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("lint tonight.m3u8", "lint friday -o better.m3u8"))(lint)


def lint(
    playlist: Annotated[str, typer.Argument(metavar="PLAYLIST|FILE.m3u", help="A playlist of the library, or a file.")],
    repair: Annotated[
        bool, typer.Option("--repair/--no-repair", help="Look for the smallest repairs, or do not.")
    ] = True,
    only: FilterOption = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write the repaired playlist here.")
    ] = None,
    exit_zero: Annotated[bool, typer.Option("--exit-zero", help="End with 0 even if something is flagged.")] = False,
    double_time: DoubleTimeOption = True,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Find what is wrong with a playlist, and how to repair it.

    Tempo cliffs, key clashes, energy drops, artists and tracks that come again, and missing files are flagged. Ends with 1 if anything is flagged. The filter is about tracks that may replace others.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    write = None if output is None else sonoteca.WriteRepairedRequest(output=str(output))
    request = sonoteca.LintRequest(
        playlist=playlist,
        repair=repair,
        filter=filter_text(only),
        doubletime=double_time,
        key_lock=key_lock,
        weights=weights_text(weights),
    )
    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.lint(opened, request)
        if write is not None:
            sonoteca.write_repaired(opened, answer, write)
            note(f"{len(answer.repaired)} entries written to {output}")
    if as_json:
        print_json(answer.as_json())
    else:
        _print_lint(answer)
    if answer.findings and not exit_zero:
        raise typer.Exit(1)


def _print_lint(answer: LintAnswer) -> None:
    from collections import Counter

    from sonoteca.cli.output import counted, note, print_table, print_text

    alike = Counter(each.state for each in answer.findings if each.state is not None)
    many = [state for state, count in alike.items() if count > _TOLD_ONE_BY_ONE]
    if rest := [each for each in answer.findings if each.state not in many]:
        print_table(
            [("at", "right"), "what", ("why", "below")], [(each.position, each.code, each.message) for each in rest]
        )
    for state in many:
        print_text(f"{alike[state]} entries, of each: {state}")
        for each in answer.findings:
            if each.state == state:
                print_text(f"  {each.position} {each.entry}")
    if answer.repairs:
        print_table(
            [("", "right"), "repair", ("flags in the order", "right"), ("score", "right")],
            [
                (
                    number,
                    f"{each.message}{' (the score falls)' if _falls(each.score_before, each.score_after) else ''}",
                    f"{each.flags_before} to {each.flags_after}",
                    f"{_score(each.score_before)} to {_score(each.score_after)}",
                )
                for number, each in enumerate(answer.repairs, start=1)
            ],
            title="\nsmallest repairs, one after the other",
        )
    score = f", mean transition {answer.score:.2f}" if answer.score is not None else ""
    note(f"{counted(answer.entries, 'entry', 'entries')}{score}: {_count_text(answer)}")
    if answer.findings and answer.request.repair and not answer.repairs:
        note("No repair was found that leaves fewer flags.")


def _count_text(answer: LintAnswer) -> str:
    """How much is flagged; of the files themselves, and of their order, where there is both."""
    files = sum(each.state is not None for each in answer.findings)
    order = len(answer.findings) - files
    both = f" ({order} in the order, {files} of files)" if files and order else ""
    return f"{len(answer.findings) or 'nothing'} flagged{both}"


def _falls(before: float | None, after: float | None) -> bool:
    """Whether a score is lower afterwards, as it is printed."""
    return before is not None and after is not None and round(after, 2) < round(before, 2)


def _score(score: float | None) -> str:
    return "–" if score is None else f"{score:.2f}"
