"""A walk leads from one sound to another, step by step through the embedding space."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.errors import ConstraintsConflict, RequestError, about
from sonoteca.search.result_row import ResultRow, region_facts
from sonoteca.search.selection import selected_ids
from sonoteca.sequence.candidates import candidate_regions
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.recordings import Copies
from sonoteca.sequence.tracks import FloatColumn, Tracks
from sonoteca.sequence.transition import TransitionStyle, transitions
from sonoteca.sequence.weights import GivenWeights, Weights, weights_of

MODE = "path"
# Sounds that may take each place: those nearest to where the place is.
_PER_PLACE = 96
# What a step that leads twice as far as its share costs, beside the square of its length.
_UNEVEN = 0.25


class WalkRequest(Request):
    """A question: which sounds lead from one to another.

    Attributes
    ----------
    start, end : str
        Sounds of the library by any of their names.
    steps : int in 0..200
        Sounds in between.
    filter : str or None
        A query that those in between satisfy. Unless it speaks of kinds, and where both ends are of
        one kind, they are of that kind.
    mixable : float >= 0
        What a good transition counts beside a small step: 0 only sound decides, 1 as much.
    doubletime : bool
        Whether half and double tempo fit too.
    key_lock : bool
        Whether a stretch keeps the pitch, as DJ programs do.
    weights : mapping or None
        Numbers of ``sequence.weights`` that replace the shipped ones; ``key=0,tempo.half_pct=3`` is read too.
    """

    start: str
    end: str
    steps: int = Field(default=5, ge=0, le=200)
    filter: str | None = None
    mixable: float = Field(default=0.0, ge=0.0)
    doubletime: bool = True
    key_lock: bool = True
    weights: GivenWeights = None


@dataclass(frozen=True, slots=True, repr=False)
class WalkAnswer(Rows):
    """Rows from the first sound to the last.

    Attributes
    ----------
    request : WalkRequest
    rows : tuple of ResultRow
    start, end : str
        Public ids of the two ends.
    notes : tuple of str
        Where the library had too little between them, as sentences.
    """

    request: WalkRequest
    rows: tuple[ResultRow, ...]
    start: str
    end: str
    notes: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        found = {"start": self.start, "end": self.end, "notes": list(self.notes)}
        return {"query": {"mode": MODE, **self.request.as_json(), **found}, "results": self.as_rows()}


@dataclass(frozen=True, slots=True, eq=False)
class Walk:
    """Places of tracks from the first to the last, how far along each is (0..1, rising), and how near the line."""

    order: tuple[int, ...]
    progress: FloatColumn
    nearness: FloatColumn


def walk(library: Library, request: WalkRequest) -> WalkAnswer:
    """Lead from one sound to another through sounds that are each a little nearer to the end than the one before.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the names.
    RequestError
        One of the two has no vector.
    ConstraintsConflict
        They are the same sound.
    """
    names = (request.start, request.end)
    with library.read() as connection:
        ends = []
        for field, name in zip(("start", "end"), names, strict=True):
            with about(field):
                ends.append(resolve_sound(connection, name))
        if ends[0].id == ends[1].id:
            raise ConstraintsConflict(f"{names[0]} and {names[1]} are the same sound.", "Name two sounds.")
        ids = [each.id for each in ends]
        wholes = whole_regions(connection, ids)
        facts = region_facts(connection, list(wholes.values()))
        kinds = {facts[wholes[each]].kind for each in ids}
        where = candidate_regions(connection, request.filter, kind=kinds.pop() if len(kinds) == 1 else None)
        tracks = load_tracks(library, connection, where, also_sounds=ids)
        choosable = np.isin(tracks.region_ids, selected_ids(connection, where))
    at = tracks.index_of_sounds()
    first, last = at[ids[0]], at[ids[1]]
    for name, place in zip(names, (first, last), strict=True):
        if not tracks.whole[place].any():
            raise RequestError(f"{name} has no vector to walk by.", "It is silent, or not analysed yet.")
    found = walk_between(
        tracks,
        choosable,
        first,
        last,
        request.steps,
        mixable=request.mixable,
        weights=weights_of(request.weights),
        style=TransitionStyle(request.doubletime, request.key_lock),
    )
    notes = []
    if len(found.order) < request.steps + 2:
        notes.append(f"Only {len(found.order) - 2} sounds lie between the two without going back.")
    with library.read() as connection:
        facts = region_facts(connection, tracks.region_ids[list(found.order)].tolist())
    rows = tuple(_rows(tracks, found, facts))
    return WalkAnswer(request, rows, ends[0].public_id, ends[1].public_id, tuple(notes))


def walk_between(
    tracks: Tracks,
    choosable: NDArray[np.bool_],
    first: int,
    last: int,
    steps: int,
    *,
    mixable: float,
    weights: Weights,
    style: TransitionStyle | None = None,
) -> Walk:
    """Find the walk of least cost that never goes back, over sounds near to evenly spaced places on the way.

    How far along a sound is: its place on the line from the first to the last vector. A step costs the
    square of its length, so that many small steps beat one large one; what it leads along more or
    less than its share; and ``mixable`` times what the transition lacks: all of the order of 1.
    Found by dynamic programming over the candidates of each place (Bellman, "On a routing problem",
    QAM 16(1), 1958). Where the library has too few sounds in between, the walk is shorter. A recording is
    walked through once, however many encodings of it there are.
    """
    vectors = tracks.whole.astype(np.float64)
    line = vectors[last] - vectors[first]
    length = float(line @ line)
    progress = (vectors - vectors[first]) @ line / max(length, 1e-12)
    off = np.linalg.norm(vectors - vectors[first] - progress[:, None] * line, axis=1)
    usable = choosable & vectors.any(axis=1) & (progress > 1e-6) & (progress < 1.0 - 1e-6)
    copies = Copies(tracks, weights.lint.same_sound)
    usable[[first, last, *copies.of(first), *copies.of(last)]] = False
    order: tuple[int, ...] = (first, last)
    count = min(steps, int(usable.sum()))
    while count > 0:
        places = [
            _nearest(vectors, usable, vectors[first] + share * line) for share in np.linspace(0, 1, count + 2)[1:-1]
        ]
        places = [np.array([first]), *places, np.array([last])]
        inner = _cheapest(tracks, vectors, progress, places, mixable, weights, style)
        if inner is None:
            count -= 1
            continue
        again = {copy for at, index in enumerate(inner) for copy in copies.of(index) if copy in inner[at + 1 :]}
        if not again:
            order = tuple(inner)
            break
        # One recording twice: the walk is looked for again without the second.
        usable[list(again)] = False
        count = min(count, int(usable.sum()))
    along = progress[list(order)]
    along[[0, -1]] = 0.0, 1.0
    nearness = 1.0 / (1.0 + off[list(order)])
    return Walk(order, along.astype(np.float32), nearness.astype(np.float32))


def _nearest(vectors: NDArray[np.float64], usable: NDArray[np.bool_], target: NDArray[np.float64]) -> NDArray[np.intp]:
    """The usable sounds nearest to a point, in order of their place in the columns."""
    candidates = np.flatnonzero(usable)
    distances = np.linalg.norm(vectors[candidates] - target, axis=1)
    return np.sort(candidates[np.argsort(distances, kind="stable")[:_PER_PLACE]])


def _cheapest(
    tracks: Tracks,
    vectors: NDArray[np.float64],
    progress: NDArray[np.float64],
    places: list[NDArray[np.intp]],
    mixable: float,
    weights: Weights,
    style: TransitionStyle | None,
) -> list[int] | None:
    """One sound per place with rising progress at least cost; None if there is none."""
    along = [progress[place] for place in places]
    along[0], along[-1] = np.zeros(1), np.ones(1)
    n_steps = len(places) - 1
    cost = np.zeros(1)
    came_from: list[NDArray[np.intp]] = []
    for before, after, from_, to in zip(places[:-1], places[1:], along[:-1], along[1:], strict=True):
        # Vectors have unit length.
        steps = 2.0 - 2.0 * (vectors[before] @ vectors[after].T)
        steps += _UNEVEN * np.square(n_steps * (to[None, :] - from_[:, None]) - 1.0)
        if mixable:
            steps = steps + mixable * (1.0 - transitions(tracks.take(before), tracks.take(after), weights, style).total)
        total = np.where(from_[:, None] < to[None, :] - 1e-9, cost[:, None] + steps, np.inf)
        came_from.append(total.argmin(axis=0))
        cost = total.min(axis=0)
    if not np.isfinite(cost[0]):
        return None
    found, at = [], 0
    for place, previous in zip(reversed(places[1:]), reversed(came_from), strict=True):
        found.append(int(place[at]))
        at = int(previous[at])
    return [int(places[0][0]), *reversed(found)]


def _rows(tracks: Tracks, walk: Walk, facts: Mapping[int, Any]) -> list[ResultRow]:
    rows = []
    for step, index in enumerate(walk.order):
        fact = facts[int(tracks.region_ids[index])]
        likeness = None if step == 0 else float(tracks.whole[walk.order[step - 1]] @ tracks.whole[index])
        parts = {
            "progress": float(walk.progress[step]),
            "step": None if likeness is None else max(0.0, likeness),
            "nearness": float(walk.nearness[step]),
        }
        words = "where the walk begins" if likeness is None else f"{walk.progress[step]:.0%} of the way"
        rows.append(
            ResultRow.of(
                fact,
                start_s=fact.start_s,
                end_s=fact.end_s,
                score=float(walk.nearness[step]),
                mode=MODE,
                parts=parts,
                reasons=(words,),
            )
        )
    return rows
