"""Repairs of a playlist, one after the other, and the list that is left."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sonoteca.catalogue.identity.locations import whereabouts
from sonoteca.catalogue.store.library import Library
from sonoteca.search.result_row import ResultRow, region_facts
from sonoteca.sequence.flags import count_flags, judge, score_of
from sonoteca.sequence.playlist_entries import Entry, entry_at
from sonoteca.sequence.repair import Edit, EditKind, changed, smallest_edit
from sonoteca.sequence.replacement_pool import ReplacementPool
from sonoteca.sequence.tracks import Tracks

MODE = "lint"
_MOST_REPAIRS = 50
# What follows nothing: entries before the first that is known.
_NOTHING = -1


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
            "score": {"before": rounded(self.score_before), "after": rounded(self.score_after)},
        }


def rounded(score: float | None) -> float | None:
    """A score as it is printed."""
    return None if score is None else round(score, 4)


class Repairing:
    """Applies the smallest repair again and again.

    Items are the entries that the library knows, and after them the replacements; the others stay
    after the item they follow.

    Parameters
    ----------
    items : Tracks (n,)
    names : sequence of str (n,)
        How messages call them.
    entries : sequence of Entry
        All of them; item ``i`` is ``entries[places[i]]``.
    places : sequence of int (n,)
    """

    def __init__(
        self,
        library: Library,
        pool: ReplacementPool,
        items: Tracks,
        names: Sequence[str],
        entries: Sequence[Entry],
        places: Sequence[int],
    ) -> None:
        self.library = library
        self.pool = pool
        self.items = items
        self.names = list(names)
        self.entries = [entries[place] for place in places]
        self.followers: dict[int, list[Entry]] = {}
        item_at, last = {place: item for item, place in enumerate(places)}, _NOTHING
        for place, entry in enumerate(entries):
            if place in item_at:
                last = item_at[place]
            else:
                self.followers.setdefault(last, []).append(entry)

    def run(self) -> tuple[tuple[Repair, ...], tuple[Entry, ...]]:
        """The repairs in order, and the entries after all of them."""
        order = list(range(len(self.entries)))
        judgement = judge(self.items, self.pool.weights, self.pool.style)
        repairs: list[Repair] = []
        while len(repairs) < _MOST_REPAIRS:
            edit = smallest_edit(judgement, order, self.items, self.pool)
            if edit is None:
                break
            before, score_before = count_flags(judgement, order), score_of(judgement, order)
            message, replacement, item = self._message(edit, order), None, None
            if edit.track is not None:
                replacement, item = self._take_in(edit.track)
                message += self.names[item]
                judgement = judge(self.items, self.pool.weights, self.pool.style)
            self._pass_on_followers(order, edit, item)
            order = changed(order, edit, item)
            after, score_after = count_flags(judgement, order), score_of(judgement, order)
            repairs.append(Repair(edit.kind, message, replacement, before, after, score_before, score_after))
        return tuple(repairs), tuple(self._listed(order))

    def _listed(self, order: Sequence[int]) -> list[Entry]:
        entries = list(self.followers.get(_NOTHING, ()))
        for item in order:
            entries += [self.entries[item], *self.followers.get(item, ())]
        return entries

    def _position(self, order: Sequence[int], place: int) -> int:
        """Where a place of the order stands in the whole list, from 1."""
        before = [_NOTHING, *order[:place]]
        return place + 1 + sum(len(self.followers.get(item, ())) for item in before)

    def _pass_on_followers(self, order: Sequence[int], edit: Edit, item: int | None) -> None:
        """Entries that followed one that goes now follow its replacement, or the one before it."""
        if edit.kind not in (EditKind.DROP, EditKind.REPLACE):
            return
        heir = item if item is not None else (order[edit.place - 1] if edit.place else _NOTHING)
        if left := self.followers.pop(order[edit.place], None):
            self.followers.setdefault(heir, []).extend(left)

    def _message(self, edit: Edit, order: Sequence[int]) -> str:
        """What the change does; the name of a replacement is still to be added."""
        name, position = self.names[order[edit.place]], self._position(order, edit.place)
        match edit.kind:
            case EditKind.DROP:
                return f"drop {name} at {position}, which is there already"
            case EditKind.SWAP:
                return f"swap {name} at {position} with {self.names[order[edit.place + 1]]} after it"
            case EditKind.MOVE:
                assert edit.to is not None
                return f"move {name} from {position} to {self._position(changed(order, edit), edit.to)}"
            case EditKind.REPLACE:
                return f"replace {name} at {position} by "

    def _take_in(self, track: int) -> tuple[ResultRow, int]:
        """Make an item of a track of the library; it is on the pool no longer."""
        chosen = self.pool.tracks.take([track])
        self.pool.taken[track] = True
        region_id, sound_id = int(chosen.region_ids[0]), int(chosen.sound_ids[0])
        with self.library.read() as connection:
            facts = region_facts(connection, [region_id])[region_id]
            place = whereabouts(connection, [sound_id])[sound_id]
        self.items = self.items.joined(chosen)
        self.names.append(facts.name)
        self.entries.append(entry_at(place, sound_id, unnamed=facts.id))
        row = ResultRow.of(facts, start_s=facts.start_s, end_s=facts.end_s, score=0.0, mode=MODE, parts={}, reasons=())
        return row, len(self.entries) - 1
