"""Choices say which matches people liked: the event log keeps them, tables hold them, tuning learns from them."""

from __future__ import annotations

import csv
import json
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.events import list_events, record
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError, SoundNotFound
from sonoteca.match.examples import Examples
from sonoteca.match.fit import Fits, fit
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.region_table import ROLES, RegionTable
from sonoteca.match.weights import AXES, Weights

ACCEPTED, REJECTED = "match_accepted", "match_rejected"
# What a choice is called where events are told to other programs.
CHOICE_KINDS = ("accepted", "rejected")
COLUMNS = ("query", "candidate", "liked")
_YES, _NO = ("1", "yes", "true", "y", "liked"), ("0", "no", "false", "n", "disliked")


@dataclass(frozen=True, slots=True)
class Judged:
    """What a match said of one pair: ``axes`` by name, None where missing; ``cost`` of moving the candidate."""

    role: Role | None
    axes: Mapping[str, float | None]
    cost: float
    tempo_ratio: float | None
    semitone_shift: int


@dataclass(frozen=True, slots=True)
class Choice:
    """Somebody took a candidate for a query, or turned it down.

    ``query`` and ``candidate`` are public ids; the query's may be that of a file that is in no library. ``role``
    is what was asked for. ``judged`` is what the match said then; None where it was not kept. ``candidate_region`` is
    the number of the candidate's region; 0 is the whole.
    """

    query: str
    candidate: str
    liked: bool
    role: Role | None = None
    judged: Judged | None = None
    candidate_region: int = 0

    @property
    def about(self) -> tuple[str, str, int, Role | None]:
        """What it was said of: of several choices about the same the last counts."""
        return self.query, self.candidate, self.candidate_region, self.role


def judge(one: RegionTable, candidate: RegionTable, weights: Weights, *, role: Role | None = None) -> Judged:
    """Say what a match makes of one pair."""
    return _judged(fit(one, candidate, weights, role=role), 0)


def record_choice(connection: Connection, choice: Choice, *, weights_version: str) -> None:
    """Keep a choice in the event log, with what was asked and what the match said."""
    judged = choice.judged
    details: dict[str, JsonValue] = {
        "query": choice.query,
        "candidate_region": choice.candidate_region,
        "role": None if choice.role is None else choice.role.value,
        "weights_version": weights_version,
    }
    if judged is not None:
        details |= {
            "judged_as": None if judged.role is None else judged.role.value,
            "axes": {name: None if value is None else round(value, 5) for name, value in judged.axes.items()},
            "cost": round(judged.cost, 5),
            "tempo_ratio": judged.tempo_ratio,
            "semitone_shift": judged.semitone_shift,
        }
    record(connection, ACCEPTED if choice.liked else REJECTED, public_id=choice.candidate, details=details)


def recorded_choices(connection: Connection) -> list[Choice]:
    """Read the choices of the event log, oldest first; of several about one pair and role, the last."""
    found: dict[tuple[str, str, int, Role | None], Choice] = {}
    events = [event for type in (ACCEPTED, REJECTED) for event in list_events(connection, type=type)]
    for event in sorted(events, key=lambda each: each.id):
        choice = choice_then(event.details, str(event.public_id), liked=event.type == ACCEPTED)
        found.pop(choice.about, None)
        found[choice.about] = choice
    return list(found.values())


def choice_then(details: Mapping[str, Any], candidate: str, *, liked: bool) -> Choice:
    """Read a choice back from what ``record_choice`` kept; KeyError, ValueError where that was something else."""
    role = details.get("role")
    return Choice(
        str(details["query"]),
        candidate,
        liked,
        None if role is None else Role(role),
        _judged_then(details),
        # Whole sounds were all that could be chosen before this was kept.
        int(details.get("candidate_region", 0)),
    )


def _judged_then(details: Mapping[str, Any]) -> Judged | None:
    axes = details.get("axes")
    if axes is None:
        return None
    judged_as = details.get("judged_as")
    return Judged(
        None if judged_as is None else Role(judged_as),
        axes,
        details["cost"],
        details["tempo_ratio"],
        details["semitone_shift"],
    )


def read_pairs(connection: Connection, path: str | os.PathLike[str]) -> list[Choice]:
    """Read choices from a table with the columns query, candidate, liked and, if wanted, role.

    Sounds are named as everywhere (id, unique prefix, path, external:ID); ``liked`` is 1 or 0, yes or no.

    Raises
    ------
    RequestError
        For a file that cannot be read, a column that is missing, and a row that cannot be understood: the
        sentence names its line.
    """
    name = os.fspath(path)
    try:
        with open(name, encoding="utf-8-sig", newline="") as file:
            rows = csv.DictReader(file)
            missing = [column for column in COLUMNS if column not in (rows.fieldnames or ())]
            if missing:
                raise RequestError(
                    f"{name} has no column {', '.join(missing)}.",
                    "The first line is query,candidate,liked.",
                    field="pairs",
                )
            return [_choice(connection, row, f"{name}, line {rows.line_num}") for row in rows]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise RequestError(f"{name} cannot be read as a table: {error}.", field="pairs") from error


def read_event_lines(path: str | os.PathLike[str]) -> list[Choice]:
    """Read the choices of exported events (JSON Lines); of several about one pair and role, the last.

    Lines of other kinds of events are passed over.

    Raises
    ------
    RequestError
        For a file that cannot be read, and a line that cannot be understood: the sentence names it.
    """
    name = os.fspath(path)
    found: dict[tuple[str, str, int, Role | None], Choice] = {}
    number = 0
    try:
        with open(name, encoding="utf-8") as file:
            for line in file:
                number += 1
                told = json.loads(line) if line.strip() else {}
                if told.get("kind") not in CHOICE_KINDS:
                    continue
                choice = choice_then(told, str(told["candidate"]), liked=told["kind"] == CHOICE_KINDS[0])
                found.pop(choice.about, None)
                found[choice.about] = choice
    except OSError as error:
        raise RequestError(f"{name} cannot be read: {error.strerror}.", field="pairs") from error
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise RequestError(f"{name}, line {max(number, 1)}: this is no exported event.", field="pairs") from error
    return list(found.values())


def _choice(connection: Connection, row: Mapping[str, str | None], where: str) -> Choice:
    query, candidate, liked = ((row[column] or "").strip() for column in COLUMNS)
    role = (row.get("role") or "").strip()
    if liked.lower() not in (*_YES, *_NO):
        raise RequestError(f"{where}: {liked!r} is neither liked nor not.", "Write 1 or 0, yes or no.", field="pairs")
    if role and role not in tuple(Role):
        raise RequestError(f"{where}: {role!r} is not a role.", f"Roles are {', '.join(Role)}.", field="pairs")
    try:
        ids = [resolve_sound(connection, each).public_id for each in (query, candidate)]
    except SoundNotFound as error:
        raise RequestError(f"{where}: {error}", error.remedy, field="pairs") from error
    return Choice(ids[0], ids[1], liked.lower() in _YES, Role(role) if role else None)


def examples_of(library: Library, choices: Sequence[Choice], weights: Weights) -> tuple[Examples, int]:
    """Turn choices into examples to learn from, and count those that had to be left out.

    A pair of sounds that are both in the library is judged anew, with today's analysis; of others counts what
    was kept with the choice. Left out is what is neither, and what no match would show: gated out, or silent.
    """
    table = load_region_table(library)
    rows = {
        (name, number): row for row, (name, number) in enumerate(zip(table.ids, table.numbers.tolist(), strict=True))
    }
    groups: dict[tuple[str, Role | None], list[int]] = {}
    judged: list[Judged | None] = [None] * len(choices)
    for number, choice in enumerate(choices):
        if (choice.query, 0) in rows and (choice.candidate, choice.candidate_region) in rows:
            groups.setdefault((choice.query, choice.role), []).append(number)
        else:
            judged[number] = choice.judged
    for (query, role), numbers in groups.items():
        offered = [(choices[number].candidate, choices[number].candidate_region) for number in numbers]
        candidates = table.take([rows[each] for each in offered])
        fits = fit(table.take([rows[query, 0]]), candidates, weights, role=role)
        shown = set(fits.best(len(numbers)).tolist())
        for i, number in enumerate(numbers):
            judged[number] = _judged(fits, i) if i in shown else None
    kept = [(choice, said) for choice, said in zip(choices, judged, strict=True) if said is not None and said.role]
    return _stacked(kept), len(choices) - len(kept)


def _stacked(kept: Iterable[tuple[Choice, Judged]]) -> Examples:
    pairs = list(kept)
    # Numbered by name, so that the order in which choices were made changes nothing.
    queries = {name: number for number, name in enumerate(sorted({choice.query for choice, _ in pairs}))}
    axes = np.full((len(pairs), len(AXES)), np.nan)
    for row, (_, said) in enumerate(pairs):
        for column, name in enumerate(AXES):
            value = said.axes.get(name)
            if value is not None:
                axes[row, column] = value
    return Examples(
        axes=axes,
        cost=np.array([said.cost for _, said in pairs], np.float64),
        roles=np.array([ROLES.index(said.role) for _, said in pairs if said.role is not None], np.int64),
        liked=np.array([choice.liked for choice, _ in pairs], np.bool_),
        queries=np.array([queries[choice.query] for choice, _ in pairs], np.int64),
    )


def _judged(fits: Fits, i: int) -> Judged:
    role = ROLES[fits.roles[i]] if fits.roles[i] >= 0 else None
    ratio = float(fits.tempo_ratio[i])
    return Judged(
        role=role,
        axes={name: float(values[i]) if np.isfinite(values[i]) else None for name, values in fits.axes.items()},
        cost=float(fits.cost[i]),
        tempo_ratio=ratio if np.isfinite(ratio) else None,
        semitone_shift=int(fits.semitone_shift[i]),
    )
