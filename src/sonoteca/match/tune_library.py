"""A library learns its own match weights from what people accepted and rejected."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from typing import Any

import tomlkit

from sonoteca.catalogue.made.match_weights import add_weights, find_active_weights
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.match.choices import examples_of, read_event_lines, read_pairs, recorded_choices
from sonoteca.match.library_weights import library_weights
from sonoteca.match.tune import Tuning, tune
from sonoteca.match.weights import Weights

# Of a file of exported events; any other is a table.
EVENTS_SUFFIX = ".jsonl"


class TuneRequest(Request):
    """What to learn from.

    Attributes
    ----------
    pairs : str or None
        Path of a table with the columns query, candidate, liked (1 or 0) and, if wanted, role, or of exported
        events (``.jsonl``); without it, what was accepted and rejected in this library.
    """

    pairs: str | None = None


@dataclass(frozen=True, slots=True)
class TuneAnswer:
    """What was learnt.

    Attributes
    ----------
    request : TuneRequest
    tuning : Tuning
        The learnt weights, and how well they foretell choices held back.
    present : Weights
        Those in use, which were started from.
    choices, left_out : int
        How many pairs there were, and how many of them say nothing: gated out, not analysed, or no longer there.
    """

    request: TuneRequest
    tuning: Tuning
    present: Weights
    choices: int
    left_out: int

    def as_json(self) -> dict[str, Any]:
        return self.tuning.as_json() | {"left_out": self.left_out}


def tune_matches(library: Library, request: TuneRequest) -> TuneAnswer:
    """Learn weights from liked and disliked pairs, and measure the gain on pairs held back; nothing is changed.

    Raises
    ------
    RequestError
        No role has enough choices, or the table cannot be read.
    """
    if request.pairs is not None and request.pairs.lower().endswith(EVENTS_SUFFIX):
        choices = read_event_lines(request.pairs)
    else:
        with library.read() as connection:
            choices = recorded_choices(connection) if request.pairs is None else read_pairs(connection, request.pairs)
    present = library_weights(library)
    examples, left_out = examples_of(library, choices, present)
    return TuneAnswer(request, tune(examples, present), present, len(choices), left_out)


def keep_tuning(library: Library, tuning: Tuning, *, note: str | None = None) -> int:
    """Make what was learnt a version of the library's weights and use it; returns its number.

    The version names the learnt formulas and what the version in use named before; everything else
    stays with the shipped numbers, also when these change.

    Raises
    ------
    RequestError
        If the gain is inside the noise.
    """
    if not tuning.is_worth_keeping:
        raise RequestError(
            f"{tuning.verdict()} Nothing was changed.", "Mark more matches, with more different sounds, and try again."
        )
    with library.write() as connection:
        stored = find_active_weights(connection)
        named = tomllib.loads(stored.toml) if stored is not None else {}
        roles = {**named.get("role", {}), **tuning.changes["role"]}
        return add_weights(connection, tomlkit.dumps({**named, "role": roles}), note=note or tuning.verdict())
