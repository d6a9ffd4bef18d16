"""Short marks for files that are not there: a narrow column of a table, explained once below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

# By what an answer says of a file (``Whereabouts.absence``). Short, so that no width cuts or wraps it.
AWAY_MARKS: Final[Mapping[str | None, str]] = {"disk not there": "away", "file missing": "gone"}
_MEANINGS = {"away": "the disk is not there", "gone": "the file is missing"}


def explain_marks(absences: Sequence[str | None]) -> None:
    """Say below a table what its marks mean, those that are in it."""
    from sonoteca.cli.output import note

    marks = [AWAY_MARKS[absence] for absence in absences if absence in AWAY_MARKS]
    if marks:
        told = [f"{mark}: {meaning} ({marks.count(mark)})" for mark, meaning in _MEANINGS.items() if mark in marks]
        note("; ".join(told))
