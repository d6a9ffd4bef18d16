"""A linter for playlists: what is wrong with an order, and the smallest repairs, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from sonoteca.catalogue.library import Library
from sonoteca.domain.vocabulary import Kind
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts
from sonoteca.sequence.candidates import candidate_regions, selected_ids
from sonoteca.sequence.flags import Fault, Judgement, flags_of, judge, score_of
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.playlist_entries import Entry, EntryState, existing_paths, file_name
from sonoteca.sequence.reasons import transition_facts
from sonoteca.sequence.repair import Edit, EditKind, changed, smallest_edit
from sonoteca.sequence.shelf import Shelf
from sonoteca.sequence.tracks import Tracks
from sonoteca.sequence.transition import Manner, transitions
from sonoteca.sequence.weights import Weights, default_weights

MODE = "lint"
_MOST_REPAIRS = 50
_STATE_WORDS = {
    EntryState.MOVED: "is not there any more; the library has it at {path}",
    EntryState.MISSING: "is known to the library, but its file is missing",
    EntryState.NOT_IN_LIBRARY: "is not in the library, so nothing can be said about it",
    EntryState.NOT_FOUND: "is nowhere: no such file, and nothing of that name in the library",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. Positions count from 1; ``earlier`` is None for a fault of one entry alone."""

    code: str
    position: int
    earlier: int | None
    message: str

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "position": self.position, "earlier": self.earlier, "message": self.message}


@dataclass(frozen=True, slots=True)
class Repair:
    """One change, applied after those before it. ``replacement`` is the library's track that takes a place."""

    kind: EditKind
    message: str
    replacement: ResultRow | None
    flags_before: int
    flags_after: int
    score_before: float | None
    score_after: float | None

    def as_json(self) -> dict[str, Any]:
        return {
            "kind": str(self.kind),
            "message": self.message,
            "replacement": None if self.replacement is None else self.replacement.as_json(),
            "flags": {"before": self.flags_before, "after": self.flags_after},
            "score": {"before": _rounded(self.score_before), "after": _rounded(self.score_after)},
        }


@dataclass(frozen=True, slots=True)
class LintAnswer:
    """What was found, and the repairs in order. ``score`` is the mean transition, None where none can be judged."""

    findings: tuple[Finding, ...]
    repairs: tuple[Repair, ...]
    score: float | None
    repaired: tuple[Entry, ...]
    query: Mapping[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        return {
            "query": dict(self.query),
            "score": _rounded(self.score),
            "results": [finding.as_json() for finding in self.findings],
            "repairs": [repair.as_json() for repair in self.repairs],
        }


def _rounded(score: float | None) -> float | None:
    return None if score is None else round(score, 4)


def lint(
    library: Library,
    entries: Sequence[Entry],
    *,
    only: str | None = None,
    repair: bool = True,
    weights: Weights | None = None,
    double_time: bool = True,
    key_lock: bool = True,
    query: Mapping[str, Any] | None = None,
) -> LintAnswer:
    """Judge an order of entries, and find the smallest changes that leave fewer flags.

    Parameters
    ----------
    entries : sequence of Entry
        From ``playlist_entries``.
    only : str, optional
        A query that replacements from the library have to satisfy.
    repair : bool
        Whether to look for repairs.
    double_time, key_lock : bool
        See ``axes``.
    query : mapping, optional
        What to print as the question.

    Notes
    -----
    Repairs are tried smallest first: dropping what is there twice, swapping neighbours, moving one
    entry, replacing one from the library. Each has to leave fewer flags than before it; among equals
    it is the one after which the order scores best. Entries that the library does not know stay
    where they are, and nothing is said of the transitions beside them.
    """
    weights = weights or default_weights()
    manner = Manner(double_time, key_lock)
    with library.read() as connection:
        where = candidate_regions(connection, only, kind=Kind.TRACK)
        if not repair:
            where = where.where(sa.false())
        # Loaded together, so that artists have one numbering.
        tracks = load_tracks(library, connection, where, also_sounds=_sound_ids(entries))
        choosable = np.isin(tracks.region_ids, selected_ids(connection, where))
        items, known = _items(tracks, entries)
        facts = region_facts(connection, np.unique(items.region_ids[known]).tolist())
    pool = _pool(tracks, choosable, entries) if repair else None
    judgement = judge(items, known, weights, manner)
    order = list(range(len(entries)))
    names = [_name(entry, facts, items, at) for at, entry in enumerate(entries)]
    findings = [*_unplayable(entries), *_flagged(judgement, order, items, names, weights, manner)]
    score = score_of(judgement, order)
    repairs: tuple[Repair, ...] = ()
    repaired = tuple(entries)
    if pool is not None:
        repairs, repaired = _Repairing(library, Shelf(pool, weights, manner), items, known, names, entries).run()
    asked = {"mode": MODE, **(query or {}), "entries": len(entries), "known": int(known.sum())}
    findings.sort(key=lambda finding: (finding.position, finding.earlier or 0, finding.code))
    return LintAnswer(tuple(findings), repairs, score, repaired, asked)


# --- entries as items ----------------------------------------------------------------------------


def _sound_ids(entries: Sequence[Entry]) -> list[int]:
    return list(dict.fromkeys(entry.sound_id for entry in entries if entry.sound_id is not None))


def _pool(tracks: Tracks, choosable: NDArray[np.bool_], entries: Sequence[Entry]) -> Tracks:
    """Tracks that can be judged and are not in the playlist."""
    is_new = choosable & ~np.isnan(tracks.tempo_start) & ~np.isin(tracks.sound_ids, _sound_ids(entries))
    return tracks.take(np.flatnonzero(is_new))


def _items(tracks: Tracks, entries: Sequence[Entry]) -> tuple[Tracks, NDArray[np.bool_]]:
    """One row of facts per entry; rows of entries that are not known are those of any track."""
    at = tracks.index_of_sounds()
    known = np.array([entry.sound_id is not None for entry in entries], bool)
    if not known.any():
        return Tracks.unknown(len(entries), like=tracks), known
    return tracks.take([at[entry.sound_id] if entry.sound_id is not None else 0 for entry in entries]), known


def _name(entry: Entry, facts: Mapping[int, RegionFacts], items: Tracks, at: int) -> str:
    fact = facts.get(int(items.region_ids[at])) if entry.sound_id is not None else None
    return (fact.title if fact is not None else None) or file_name(entry.name)


# --- findings ------------------------------------------------------------------------------------


def _unplayable(entries: Sequence[Entry]) -> list[Finding]:
    return [
        Finding(str(entry.state), at + 1, None, f"{entry.name} {_STATE_WORDS[entry.state].format(path=entry.path)}")
        for at, entry in enumerate(entries)
        if entry.state is not EntryState.FOUND
    ]


def _flagged(
    judgement: Judgement,
    order: Sequence[int],
    items: Tracks,
    names: Sequence[str],
    weights: Weights,
    manner: Manner,
) -> list[Finding]:
    findings = []
    for flag in flags_of(judgement, order):
        one, other = order[flag.earlier], order[flag.later]
        end, start = items.take([one]), items.take([other])
        words = transition_facts(transitions(end, start, weights, manner), end, start, (0, 0), manner)
        distance = flag.later - flag.earlier
        message = {
            Fault.TEMPO_CLIFF: f"{names[other]} would have to stretch by {words.stretch_pct or 0.0:+.1f} % to fit {names[one]}",
            Fault.KEY_CLASH: f"{names[other]} after {names[one]}: {words.key or 'keys clash'}",
            Fault.ENERGY_DROP: f"{names[other]} after {names[one]}: {words.energy or 'energy falls'}",
            Fault.ARTIST_REPEAT: f"{names[other]} is by the artist of {names[one]}, {distance} before it",
            Fault.DUPLICATE: f"{names[other]} is there already at {flag.earlier + 1}",
            Fault.NEAR_DUPLICATE: f"{names[other]} sounds like the same recording as {names[one]} at {flag.earlier + 1}",
        }[flag.fault]
        findings.append(Finding(str(flag.fault), flag.later + 1, flag.earlier + 1, message))
    return findings


# --- repairs -------------------------------------------------------------------------------------


class _Repairing:
    """Applies the smallest repair again and again; items of replacements are appended to those of the entries."""

    def __init__(
        self,
        library: Library,
        shelf: Shelf,
        items: Tracks,
        known: NDArray[np.bool_],
        names: Sequence[str],
        entries: Sequence[Entry],
    ) -> None:
        self.library = library
        self.shelf = shelf
        self.items = items
        self.known = known
        self.names = list(names)
        self.entries = list(entries)

    def run(self) -> tuple[tuple[Repair, ...], tuple[Entry, ...]]:
        """The repairs in order, and the entries after all of them."""
        order = list(range(len(self.entries)))
        judgement = judge(self.items, self.known, self.shelf.weights, self.shelf.manner)
        repairs: list[Repair] = []
        while len(repairs) < _MOST_REPAIRS:
            edit = smallest_edit(judgement, order, self.items, self.shelf)
            if edit is None:
                break
            before, score_before = len(flags_of(judgement, order)), score_of(judgement, order)
            replacement, item = None, None
            message = self._message(edit, order)
            if edit.track is not None:
                replacement, item = self._take_in(edit.track)
                message += self.names[item]
                judgement = judge(self.items, self.known, self.shelf.weights, self.shelf.manner)
            order = changed(order, edit, item)
            after, score_after = len(flags_of(judgement, order)), score_of(judgement, order)
            repairs.append(Repair(edit.kind, message, replacement, before, after, score_before, score_after))
        return tuple(repairs), tuple(self.entries[item] for item in order)

    def _message(self, edit: Edit, order: Sequence[int]) -> str:
        name = self.names[order[edit.place]]
        match edit.kind:
            case EditKind.DROP:
                return f"drop {name} at {edit.place + 1}, which is there already"
            case EditKind.SWAP:
                return f"swap {name} at {edit.place + 1} with {self.names[order[edit.place + 1]]} after it"
            case EditKind.MOVE:
                assert edit.to is not None
                return f"move {name} from {edit.place + 1} to {edit.to + 1}"
            case EditKind.REPLACE:
                return f"replace {name} at {edit.place + 1} by "

    def _take_in(self, track: int) -> tuple[ResultRow, int]:
        """Make an item of a track of the library; it is on the shelf no longer."""
        chosen = self.shelf.tracks.take([track])
        self.shelf.taken[track] = True
        region_id, sound_id = int(chosen.region_ids[0]), int(chosen.sound_ids[0])
        with self.library.read() as connection:
            facts = region_facts(connection, [region_id])[region_id]
            path = existing_paths(connection, [sound_id])[sound_id]
        state = EntryState.MISSING if path is None else EntryState.FOUND
        self.items = self.items.joined(chosen)
        self.known = np.append(self.known, True)
        self.names.append(facts.title or file_name(facts.path or facts.id))
        self.entries.append(Entry(path or facts.id, state, sound_id, path))
        row = ResultRow.of(facts, start_s=facts.start_s, end_s=facts.end_s, score=0.0, mode=MODE, parts={}, reasons=())
        return row, len(self.entries) - 1
