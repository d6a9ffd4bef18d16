"""What the verbs of ``sonoteca knowledge`` share: their options, and how the library is opened."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.options import open_named_library

if TYPE_CHECKING:
    from sonoteca import KnowledgeEntryAnswer, Library

TopicOption = Annotated[str | None, typer.Option(metavar="TOPIC", help="Only entries of this topic, such as mixing.")]
CategoryOption = Annotated[
    str | None, typer.Option(metavar="CATEGORY", help="Only entries of this category, such as vocals.")
]
ParameterOption = Annotated[
    list[str] | None,
    typer.Option("--parameter", "-p", metavar="NAME=VALUE", help="A number by its name, e.g. 'cut=2-4 dB'; repeat it."),
]
ConfidenceOption = Annotated[
    float | None, typer.Option(min=0.0, max=1.0, metavar="0..1", help="How surely it holds, 0 to 1.")
]
SourceOption = Annotated[str | None, typer.Option(metavar="TEXT", help="The standard, page or paper that states it.")]
AboutOption = Annotated[
    str | None, typer.Option(metavar="QUERY", help="The sounds of the library that it speaks of, e.g. role:vocal.")
]


def open_to_ask(library: str | None) -> Library:
    """Open the library, for writing where that is allowed: the first question puts the starter base in."""
    from sonoteca.errors import LibraryUnwritable

    try:
        return open_named_library(library, mode="write")
    except LibraryUnwritable:
        return open_named_library(library, mode="read")


def read_parameters(typed: Sequence[str] | None) -> dict[str, int | float | str] | None:
    """What ``--parameter`` says, numbers as numbers.

    >>> read_parameters(["Q=1.5", "cut=2-4 dB"])
    {'Q': 1.5, 'cut': '2-4 dB'}
    """
    from sonoteca.errors import RequestError

    if typed is None:
        return None
    read: dict[str, int | float | str] = {}
    for each in typed:
        name, equals, value = each.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise RequestError(f"{each!r} is no parameter.", "Write NAME=VALUE.", field="parameters")
        read[name.strip()] = _number(value.strip())
    return read


def _number(text: str) -> int | float | str:
    for kind in (int, float):
        try:
            value = kind(text)
        except ValueError:
            continue
        return value if abs(value) < float("inf") else text
    return text


def tell_entry(answer: KnowledgeEntryAnswer, verb: str, *, as_json: bool) -> None:
    """What became of an entry, as JSON or as a sentence."""
    from sonoteca.cli.output import note, print_json

    if as_json:
        print_json(answer.as_json())
        return
    entry = answer.entry
    note(f"{verb} {entry.id}: {entry.stored.title}" if answer.is_changed else f"{entry.id} says that already")


def parameter_lines(parameters: dict[str, Any]) -> list[str]:
    """Numbers by name, one a line.

    >>> parameter_lines({"Q": 1.5, "cut": "2-4 dB"})
    ['Q: 1.5', 'cut: 2-4 dB']
    """
    return [f"{name}: {value}" for name, value in parameters.items()]
