"""What the verbs of ``sonoteca playlist`` share: how a playlist is named, and how each says what it did."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

if TYPE_CHECKING:
    from sonoteca import Repeat

NameArgument = Annotated[str, typer.Argument(metavar="NAME", help="A playlist of the library.")]
NewNameArgument = Annotated[str, typer.Argument(metavar="NAME", help="What it is to be called.")]
ReplaceOption = Annotated[bool, typer.Option("--replace", help="Let a playlist of that name give way.")]


def tell(message: str, document: dict[str, Any], *, as_json: bool, repeats: Sequence[Repeat] = ()) -> None:
    """What was done, as one JSON object on stdout or as a sentence; and what stands more than once by it."""
    from sonoteca.cli.output import note, print_json

    if as_json:
        print_json(document)
        return
    for each in repeats:
        note(f"{each.name} stands there more than once: at {numbered(each.positions)}")
    note(message)


def rule_text(query: str, limit: int | None) -> str:
    """A rule for people.

    >>> rule_text("kind:loop", 20), rule_text("", None)
    ('kind:loop, the first 20', 'everything')
    """
    return (query or "everything") + ("" if limit is None else f", the first {limit}")


def counted(count: int) -> str:
    return f"{count} entr{'y' if count == 1 else 'ies'}"


def numbered(numbers: Sequence[int]) -> str:
    """Positions for people, runs of three or more shortened.

    >>> numbered([1, 2, 4, 5, 6])
    '1, 2, 4-6'
    """
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    return ", ".join(
        f"{run[0]}-{run[-1]}" if len(run) > 2 else ", ".join(str(number) for number in run) for run in runs
    )
