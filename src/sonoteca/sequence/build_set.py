"""Sets: orders of tracks for a night, with an energy curve, locked tracks and several candidates to choose from."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.locations import whereabouts
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import counted
from sonoteca.search.result_row import region_facts
from sonoteca.sequence.axes import stretches_beyond
from sonoteca.sequence.beam import DeadEnd, search
from sonoteca.sequence.energy_plan import energy_plan
from sonoteca.sequence.reasons import TransitionFacts
from sonoteca.sequence.recordings import Copies
from sonoteca.sequence.set_conflicts import check_room, explain_dead_end
from sonoteca.sequence.set_pool import Wishes, pool
from sonoteca.sequence.set_problem import SetProblem, TransitionRows, Worth, scored_chain, worth_of
from sonoteca.sequence.set_request import SetRequest
from sonoteca.sequence.set_rows import SetTrack, set_tracks
from sonoteca.sequence.tracks import FloatColumn, Tracks
from sonoteca.sequence.transition import TransitionStyle
from sonoteca.sequence.weights import Weights, weights_of

MODE = "set"
# What most DJs stay below.
_GENTLE_PCT = 5.0


@dataclass(frozen=True, slots=True)
class SetCandidate:
    """One order.

    ``shared`` counts, per better candidate (from 1), the tracks both have. ``cliffs`` is a sentence where transitions
    stretch by more than a tempo cliff, None where none does.
    """

    tracks: tuple[SetTrack, ...]
    worth: Worth
    shared: Mapping[int, int]
    reasons: tuple[str, ...]
    cliffs: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {
            "cliffs": self.cliffs,
            "score": round(self.worth.total, 4),
            "parts": {name: None if part is None else round(part, 4) for name, part in self.worth.parts.items()},
            "duration_s": round(self.worth.duration_s, 3),
            "shared_tracks": {str(number): count for number, count in self.shared.items()},
            "reasons": list(self.reasons),
            "tracks": [track.as_json() for track in self.tracks],
        }


@dataclass(frozen=True, slots=True, repr=False)
class SetAnswer:
    """Candidates, best first.

    Attributes
    ----------
    request : SetRequest
    candidates : tuple of SetCandidate
    choosable : int
        How many tracks could be chosen freely.
    notes : tuple of str
        What was left out, as sentences.
    away_note : str or None
        That of the notes which says how many tracks could not be chosen because their disk is not there.
    """

    request: SetRequest
    candidates: tuple[SetCandidate, ...]
    choosable: int
    notes: tuple[str, ...] = ()
    away_note: str | None = None

    def as_json(self) -> dict[str, Any]:
        found = {"choosable": self.choosable, "notes": list(self.notes)}
        return {
            "query": {"mode": MODE, **self.request.as_json(), **found},
            "results": [candidate.as_json() for candidate in self.candidates],
        }

    def as_rows(self) -> list[dict[str, Any]]:
        """The tracks of all sets as plain values, each with the number of its ``set`` from 1."""
        return [
            {"set": number, **track.as_json()}
            for number, candidate in enumerate(self.candidates, start=1)
            for track in candidate.tracks
        ]

    def __repr__(self) -> str:
        worths = ", ".join(f"{candidate.worth.total:.2f}" for candidate in self.candidates)
        return f"<SetAnswer: {counted(len(self.candidates), 'set')}, worth {worths}>"


def build_set(library: Library, request: SetRequest, *, may_be_file: bool = True) -> SetAnswer:
    """Find orders of tracks that meet the request.

    The same request on the same library gives the same answer.

    Parameters
    ----------
    may_be_file : bool
        Whether the energy curve may be a file of this machine; else it is one that has a name.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From a name.
    ConstraintsConflict
        Not all wishes can be met; the sentence says which one to loosen.
    """
    weights = weights_of(request.weights)
    with library.read() as connection:
        wishes = Wishes.of(connection, request)
        tracks, choosable, sieves, away_note = pool(library, connection, request, wishes)
        problem = _problem(request, wishes, tracks, choosable, weights, may_be_file=may_be_file)
        check_room(problem, sieves)
        try:
            orders = _orders(problem, request)
        except DeadEnd as found:
            raise explain_dead_end(problem, found, lambda index: _name(connection, tracks, index)) from found
        chosen = sorted({index for order in orders for index in order})
        facts = region_facts(connection, tracks.region_ids[chosen].tolist())
        places = whereabouts(connection, [each.sound_id for each in facts.values()])
    ranked = sorted(((worth_of(problem, order), order) for order in orders), key=lambda each: (-each[0].total, each[1]))
    notes = [f"{sieve.taken} tracks were not considered: {sieve.wish}." for sieve in sieves if sieve.is_note]
    notes += _unfilled(problem, *ranked[0])
    if len(ranked) < request.alternatives:
        notes.append(f"These tracks make only {counted(len(ranked), 'set')}.")
    notes += [] if away_note is None else [away_note]
    candidates = []
    for number, (worth, order) in enumerate(ranked, start=1):
        shared = {earlier: len({*order} & {*ranked[earlier - 1][1]}) for earlier in range(1, number)}
        chain = scored_chain(tracks, order, weights, problem.style)
        rows = set_tracks(problem, order, chain, facts, places)
        candidates.append(
            SetCandidate(rows, worth, shared, _reasons(problem, order, worth, rows), _cliffs(problem, rows))
        )
    return SetAnswer(request, tuple(candidates), int(choosable.sum()), tuple(notes), away_note)


def _problem(
    request: SetRequest,
    wishes: Wishes,
    tracks: Tracks,
    choosable: NDArray[np.bool_],
    weights: Weights,
    *,
    may_be_file: bool,
) -> SetProblem:
    at = tracks.index_of_sounds()
    plan = None
    if request.curve is not None:
        plan = energy_plan(request.curve, tracks.level[choosable], may_be_file=may_be_file)
    random = np.random.default_rng(request.seed)
    # Seed 0 has no taste of its own: the best that is found.
    taste = weights.set.taste * random.random(len(tracks)) if request.seed else np.zeros(len(tracks))
    return SetProblem(
        tracks=tracks,
        choosable=choosable,
        n_tracks=request.wished_length.n_tracks,
        duration_s=request.wished_length.duration_s,
        locked={position: at[sound] for position, sound in wishes.locked.items()},
        last=None if wishes.last is None else at[wishes.last],
        musts=tuple(at[sound] for sound in wishes.musts),
        plan=plan,
        weights=weights,
        style=TransitionStyle(request.doubletime, request.key_lock),
        widest_pct=request.tempo_pct,
        preference=taste.astype(np.float32),
    )


# --- finding -------------------------------------------------------------------------------------


def _orders(problem: SetProblem, request: SetRequest) -> list[tuple[int, ...]]:
    """Different orders, each the best where tracks of those before it are worth less."""
    rows = TransitionRows(problem.tracks, problem.weights, problem.style)
    preference: FloatColumn = problem.preference
    found: list[tuple[int, ...]] = []
    for _ in range(request.alternatives):
        current = replace(problem, preference=preference)
        ends = search(current, rows, seed=request.seed)
        order = max(ends, key=lambda order: (_valued(current, order), order))
        if order in found:
            break
        found.append(order)
        preference = preference.copy()
        preference[list(order)] -= np.float32(problem.weights.set.reuse)
    return found


def _valued(problem: SetProblem, order: Sequence[int]) -> float:
    return worth_of(problem, order).total + float(problem.preference[list(order)].mean())


def _name(connection: Connection, tracks: Tracks, index: int) -> str:
    """How sentences call a track."""
    region_id = int(tracks.region_ids[index])
    return region_facts(connection, [region_id])[region_id].name


def _unfilled(problem: SetProblem, worth: Worth, order: Sequence[int]) -> list[str]:
    """A sentence where the tracks do not fill the time that was asked for, to within one of them."""
    if problem.duration_s is None or problem.duration_s - worth.duration_s <= problem.mean_duration_s:
        return []
    in_set = set(order)
    left = [index for index in np.flatnonzero(problem.choosable).tolist() if index not in in_set]
    copies = Copies(problem.tracks, problem.weights.lint.same_sound)
    # Asked of the few tracks that are in: one is a copy of the other both ways.
    again = {copy for index in order for copy in copies.of(index)}
    why = _why_unfilled(len(left), len(again.intersection(left)))
    return [
        f"Only {counted(len(order), 'track')}, {_clock(worth.duration_s)}, match, and {_clock(problem.duration_s)} were "
        f"asked for: {why}."
    ]


def _why_unfilled(left: int, copies: int) -> str:
    """Why none of the tracks left comes in: so many of them are copies of tracks that are in.

    >>> _why_unfilled(1, 1), _why_unfilled(5, 2)
    ('the other one is a copy of a track already in', 'none of the other 5 fits (2 are copies of tracks already in)')
    """
    if not left:
        return "there are no more"
    if copies == left:
        if left == 1:
            return "the other one is a copy of a track already in"
        return f"the other {left} are copies of tracks already in"
    why = "the other one does not fit" if left == 1 else f"none of the other {left} fits"
    if copies:
        why += f" ({copies} {'is a copy of a track' if copies == 1 else 'are copies of tracks'} already in)"
    return why


def _clock(seconds: float) -> str:
    """A time in hours, minutes and seconds.

    >>> _clock(2971.0), _clock(36000.0)
    ('49:31', '10:00:00')
    """
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes // 60}:{minutes % 60:02d}:{rest:02d}" if minutes >= 60 else f"{minutes}:{rest:02d}"


def _stretches(rows: Sequence[SetTrack]) -> list[float]:
    """Of each transition whose tempi are known, percent either way."""
    into = [row.transition for row in rows if row.transition is not None]
    return [abs(pct) for each in into if (pct := each.stretch_pct) is not None]


def _beyond(stretches: Sequence[float], limit_pct: float) -> list[float]:
    """Those that are tempo cliffs, as lists are judged."""
    ratios = np.log2(1.0 + np.asarray(stretches, np.float32) / 100.0)
    return [pct for pct, is_cliff in zip(stretches, stretches_beyond(ratios, limit_pct), strict=True) if is_cliff]


def _key_sentence(into: Sequence[TransitionFacts]) -> str | None:
    """In how many of the transitions keys clash, as each of them says it; None where no keys are known."""
    known = [each for each in into if each.key is not None]
    if not known:
        return None
    clashes = sum(each.key_clash for each in known)
    may = sum(each.may_clash for each in known)
    words = f"keys clash in {clashes} of {counted(len(known), 'transition')}" if clashes else "no keys clash"
    if clashes and len(known) < len(into):
        words += " whose keys are known"
    if not may:
        return words
    return (
        f"{words}, and may clash in {may}, where they are not sure"
        if clashes
        else (f"keys may clash in {may} of {counted(len(known), 'transition')}, where they are not sure")
    )


def _cliffs(problem: SetProblem, rows: Sequence[SetTrack]) -> str | None:
    beyond = _beyond(_stretches(rows), problem.weights.lint.tempo_cliff_pct)
    if not beyond:
        return None
    if len(beyond) == 1:
        return f"1 transition stretches by {beyond[0]:.0f} %: a tempo cliff"
    return f"{len(beyond)} transitions stretch by up to {max(beyond):.0f} %: tempo cliffs"


def _reasons(problem: SetProblem, order: Sequence[int], worth: Worth, rows: Sequence[SetTrack]) -> tuple[str, ...]:
    """What the set is like, in three sentences at most."""
    sentences = []
    into = [row.transition for row in rows if row.transition is not None]
    stretches, limit = _stretches(rows), problem.weights.lint.tempo_cliff_pct
    if stretches:
        gentle = sum(pct < _GENTLE_PCT for pct in stretches)
        sentences.append(
            f"{gentle} of {len(stretches)} transitions stretch by less than {_GENTLE_PCT:g} %, "
            f"{len(stretches) - len(_beyond(stretches, limit))} by no more than {limit:g} % (mixable), "
            f"the widest by {max(stretches):.1f} %"
        )
    if (keys := _key_sentence(into)) is not None:
        sentences.append(keys)
    fits = [(row.curve_fit, row.position) for row in rows if row.curve_fit is not None]
    if problem.plan is not None and fits:
        levels = 1.0 + 9.0 * problem.tracks.level[list(order)]
        sentences.append(
            f"energy runs from {np.nanmin(levels):.0f} to {np.nanmax(levels):.0f}, {worth.parts['curve']:.0%} on the "
            f"curve {problem.plan.name}, furthest off at position {min(fits)[1]}"
        )
    return tuple(sentences)
