"""Compact rows: of each answer's rows what an assistant needs to choose and to ask on; what is not known is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePath
from typing import Any

from sonoteca.server.mcp.pages import USUAL_ROWS, Told

Document = Mapping[str, Any]
Tell = Callable[[Document, int], Told]

_NAMED = ("id", "external_id", "title", "artist", "path")
RESULT = (*_NAMED, "region", "start_s", "end_s", "score", "reasons", "price", "currency")
SOUND = (
    *_NAMED,
    "duration_s", "kind", "role", "sound_class", "bpm", "key", "camelot", "energy_level", "rating", "tags", "price",
    "currency", "missing", "region",
)  # fmt: skip
MATCH = (
    *RESULT,
    "role", "fit_scores", "tempo_ratio", "semitone_shift", "gating_status", "quality_flags", "risk_reasons",
)  # fmt: skip
NEXT = (*RESULT, "bpm", "camelot", "energy_level", "duration_s", "tempo_ratio")
ENTRY = ("position", "id", "title", "artist", "path", "state", "bpm", "camelot", "energy_level", "duration_s")
ADVICE = ("id", "topic", "category", "suggestion", "confidence", "source", "about", "score", "reasons")
_TRACK = ("position", "at_s", *_NAMED, "bpm", "camelot", "energy_level", "duration_s", "score", "tempo_ratio", "locked")
_SET = ("score", "duration_s", "cliffs", "reasons")
_CHANGE = ("id", "path", "field", "from", "to")
_REPAIRS = 10


def picked(row: Document, names: Sequence[str]) -> dict[str, Any]:
    """These values of a row, without those that are unknown, empty or no; numbers no finer than anybody reads.

    >>> picked({"id": "k3", "title": None, "score": 0.81234, "reasons": [], "missing": False}, ("id", "score", "missing"))
    {'id': 'k3', 'score': 0.812}
    """
    known = {name: _short(row[name]) for name in names if name in row}
    told = {name: value for name, value in known.items() if value is not None and value is not False and value != []}
    if told.get("region") == 0:
        del told["region"]
    if "title" not in told and "path" in told:
        # What a person would call it; the path stays, it is a name too.
        told["title"] = PurePath(told["path"]).name
    return told


def _short(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 3)
    if isinstance(value, Mapping):
        return {name: _short(each) for name, each in value.items() if each is not None}
    return value


def results(names: Sequence[str], *asked: str) -> Tell:
    """How an answer with ``results`` is told: these names of its rows, and these of its ``query`` beside them.

    Answers that page themselves say how many there are and whether more follow; of others the page is cut here.
    """

    def tell(document: Document, offset: int) -> Told:
        query, rows = document.get("query", {}), document["results"]
        beside = {name: query[name] for name in ("notes", *asked) if query.get(name) not in (None, [], "")}
        if "next_offset" in query:
            compact = [picked(row, names) for row in rows]
            return Told(beside, compact, query["total"], query["next_offset"] is not None)
        return cut_here([picked(row, names) for row in rows], offset, beside)

    return tell


def cut_here(rows: Sequence[Mapping[str, Any]], offset: int, beside: Document) -> Told:
    """A page of rows that all are there."""
    end = offset + USUAL_ROWS
    return Told(beside, rows[offset:end], len(rows), end < len(rows))


def whole(document: Document, offset: int) -> Told:
    """An answer without rows, as it is."""
    return Told(document)


def sets(document: Document, offset: int) -> Told:
    """The tracks of all sets as rows, and the worth of each set beside them."""
    found = document["results"]
    tracks = [
        {"set": number, **picked(track, _TRACK)}
        for number, candidate in enumerate(found, start=1)
        for track in candidate["tracks"]
    ]
    return cut_here(
        tracks, offset, {"sets": [picked(each, _SET) for each in found], "notes": document["query"]["notes"]}
    )


def findings(document: Document, offset: int) -> Told:
    """What is wrong with a playlist as rows, and the repairs beside them."""
    repairs = [
        {"message": each["message"], "flags": each["flags"], "score": each["score"]}
        | ({} if each["replacement"] is None else {"replacement": picked(each["replacement"], _NAMED)})
        for each in document["repairs"]
    ]
    beside = {
        "score": document["score"],
        "entries": document["query"]["entries"],
        "known": document["query"]["known"],
        "repairs": repairs[:_REPAIRS],
        "repairs_total": len(repairs),
    }
    return cut_here(
        [picked(row, ("position", "earlier", "code", "message")) for row in document["results"]], offset, beside
    )


def changes(document: Document, offset: int) -> Told:
    """What an edit or an undo changed."""
    told = [dict(each) for each in document["changes"]]
    return cut_here(told, offset, {name: value for name, value in document.items() if name != "changes"})


def arrangement(document: Document, offset: int) -> Told:
    """An arrangement: its form and numbers, and its clips as rows."""
    sounds = document["sounds"]
    names = ("id", "title", "tempo_bpm", "beats_per_bar", "key", "bars", "duration_s", "muted", "sections")
    return cut_here(list(_clips(document["clips"], sounds)), offset, {name: document.get(name) for name in names})


def _clips(clips: Sequence[Document], sounds: Mapping[str, Document]) -> Iterator[dict[str, Any]]:
    for clip in clips:
        sound = sounds.get(clip["content_hash"], {})
        told = picked(
            clip, ("role", "start_bar", "bars", "start_s", "end_s", "tempo_ratio", "semitone_shift", "gain_db")
        )
        yield told | {"sound": sound.get("id"), "name": sound.get("shown")}


def audited(document: Document, offset: int) -> Told:
    """The counts of an audit; the files behind two of them as rows."""
    rows = [
        {"state": state, "path": path}
        for state, name in (("missing", "missing_files"), ("gone", "gone_files"))
        for path in document[name]
    ]
    return cut_here(rows, offset, {name: value for name, value in document.items() if not isinstance(value, list)})
