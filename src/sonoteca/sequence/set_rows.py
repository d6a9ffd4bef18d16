"""The tracks of an order as result rows, each with the transition that leads into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from sonoteca.catalogue.identity.locations import Whereabouts
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.music import Key
from sonoteca.search.result_row import RegionFacts, ResultRow
from sonoteca.sequence.energy_plan import fit_to_plan
from sonoteca.sequence.next_track import next_row
from sonoteca.sequence.reasons import TransitionFacts, transition_facts
from sonoteca.sequence.set_problem import SetProblem, shares_of
from sonoteca.sequence.transition import Transitions

MODE = "set"


@dataclass(frozen=True, slots=True)
class SetTrack:
    """A track at its place.

    ``at_s`` is when it starts within the set, overlaps taken off. ``transition`` is that from the
    track before, None for the first. ``curve_fit`` is None without a curve or a known energy. ``place`` is where
    its file is now. ``key_certainty`` says how sure the ``key`` is.
    """

    position: int
    at_s: float
    row: ResultRow
    tempo_bpm: float | None
    key: Key | None
    energy_level: float | None
    transition: TransitionFacts | None
    curve_fit: float | None
    is_locked: bool
    place: Whereabouts
    key_certainty: Certainty | None = None

    def as_json(self) -> dict[str, Any]:
        """The result row and its place; ``score`` is the transition's, null for the first track."""
        ratio = None if self.transition is None else self.transition.tempo_ratio
        return {
            "position": self.position,
            "at_s": round(self.at_s, 3),
            **self.row.as_json(),
            "bpm": self.tempo_bpm,
            "camelot": None if self.key is None else self.key.camelot,
            "key_certainty": None if self.key_certainty is None else self.key_certainty.value,
            "energy_level": self.energy_level,
            "duration_s": round(self.row.end_s - self.row.start_s, 3),
            "score": None if self.transition is None else round(self.transition.score, 4),
            "tempo_ratio": None if ratio is None else round(ratio, 5),
            "missing": [] if self.transition is None else list(self.transition.missing),
            "curve": None if self.curve_fit is None else round(self.curve_fit, 4),
            "locked": self.is_locked,
            "there": self.place.path is not None,
            "disk_away": self.place.is_disk_away,
        }


def set_tracks(
    problem: SetProblem,
    order: Sequence[int],
    chain: Transitions,
    facts: Mapping[int, RegionFacts],
    places: Mapping[int, Whereabouts],
) -> tuple[SetTrack, ...]:
    """Rows of an order.

    ``facts`` are those of its regions, ``chain`` its transitions (``scored_chain``), ``places`` where its sounds are.
    """
    tracks = problem.tracks
    ends, starts = tracks.take(list(order[:-1])), tracks.take(list(order[1:]))
    durations = problem.durations_s()[list(order)].astype(np.float64)
    begins = np.concatenate([[0.0], np.cumsum(durations)[:-1]])
    fits = None
    if problem.plan is not None:
        wished = problem.plan.at(shares_of(problem, durations))
        fits = fit_to_plan(tracks.level[list(order)], wished, problem.weights.set.half_off_curve)
    fixed = {*problem.locked.values(), *problem.musts, problem.last}
    rows = []
    for at, index in enumerate(order):
        fact = facts[int(tracks.region_ids[index])]
        transition = None
        if at:
            before = facts[int(tracks.region_ids[order[at - 1]])]
            clash_below = problem.weights.lint.key_clash
            transition = transition_facts(
                chain, ends, starts, (at - 1, at - 1), problem.style, clash_below=clash_below, wholes=(before, fact)
            )
        row = first_row(fact) if transition is None else next_row(fact, transition, MODE).row
        fit = None if fits is None or np.isnan(fits[at]) else float(fits[at])
        level = float(tracks.level[index])
        rows.append(
            SetTrack(
                position=at + 1,
                at_s=float(begins[at]),
                row=row,
                tempo_bpm=fact.tempo_bpm,
                key=fact.key,
                energy_level=None if np.isnan(level) else round(1.0 + 9.0 * level, 2),
                transition=transition,
                curve_fit=fit,
                is_locked=index in fixed,
                place=places[fact.sound_id],
                key_certainty=fact.certainty.get("key"),
            )
        )
    return tuple(rows)


def first_row(facts: RegionFacts) -> ResultRow:
    """The row of a track that nothing leads into."""
    return ResultRow.of(
        facts, start_s=facts.start_s, end_s=facts.end_s, score=0.0, mode=MODE, parts={}, reasons=("opens the set",)
    )
