"""The store keeps arrangements in the library: with an id, opened again as they were, changed with a way back.

It works within the transaction it is given; ``arrange.keep.arrangements`` holds the calls of a library.
"""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import Any

from sqlalchemy.engine import Connection

from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.keep.document import as_document, from_document
from sonoteca.catalogue.made.arrangements import (
    ArrangementRows,
    insert_arrangement,
    load_arrangement_rows,
    replace_arrangement,
    resolve_arrangement,
)
from sonoteca.catalogue.store import events
from sonoteca.domain.music import Key
from sonoteca.errors import RequestError

# How many changes can be taken back.
KEPT_STATES = 50


def save_new(connection: Connection, arrangement: Arrangement) -> Arrangement:
    """Keep an arrangement under an id of its own; returned with it."""
    public_id = insert_arrangement(connection, _rows(arrangement, before=[]))
    events.record(connection, "arrangement_made", details={"arrangement": public_id, "clips": len(arrangement.clips)})
    return replace(arrangement, public_id=public_id)


def load_arrangement(connection: Connection, name: str) -> Arrangement:
    """Load the arrangement of an id or a unique prefix of one, exactly as it was saved.

    Raises
    ------
    ArrangementNotFound, AmbiguousArrangement
    """
    rows = load_arrangement_rows(connection, resolve_arrangement(connection, name))
    header = rows.header
    details = dict(header["details"])
    return Arrangement(
        tempo_bpm=header["tempo_bpm"],
        beats_per_bar=header["beats_per_bar"],
        key=None if header["tonic"] is None else Key(header["tonic"], header["mode"]),
        sections=tuple(Section(row["name"], round(row["start_bar"]), round(row["bars"])) for row in rows.sections),
        clips=tuple(_clip(row) for row in rows.clips),
        seed=header["seed"],
        title=header["title"],
        muted=frozenset(details.pop("muted", ())),
        locked=frozenset((role, section) for role, section in details.pop("locked", ())),
        details={name: value for name, value in details.items() if name != "before"},
        public_id=header["public_id"],
    )


def save_changed(connection: Connection, arrangement: Arrangement, *, instead_of: Arrangement) -> None:
    """Put a changed arrangement in the place of the one it was made from, which can be had back with ``undo_change``.

    Raises
    ------
    ArrangementNotFound
        There is none of its id.
    RequestError
        Somebody else changed it in the meantime: their work is not overwritten.
    """
    public_id = _id_of(arrangement)
    held = load_arrangement(connection, public_id)
    if held != instead_of:
        raise RequestError(f"Arrangement {public_id} was changed in the meantime.", "Look at it and edit it again.")
    before = [*_states_before(connection, public_id), as_document(held)][-KEPT_STATES:]
    replace_arrangement(connection, public_id, _rows(arrangement, before=before))
    events.record(connection, "arrangement_changed", details={"arrangement": public_id})


def undo_change(connection: Connection, name: str) -> Arrangement:
    """Take back the last change that was not taken back yet.

    Raises
    ------
    RequestError
        Nothing was changed since it was made (or since the oldest state that is kept).
    """
    public_id = resolve_arrangement(connection, name)
    before = _states_before(connection, public_id)
    if not before:
        raise RequestError(f"Arrangement {public_id} has no change to take back.", "It is as it was made.")
    restored = from_document(before[-1])
    replace_arrangement(connection, public_id, _rows(restored, before=before[:-1]))
    events.record(connection, "arrangement_changed", details={"arrangement": public_id, "undo": True})
    return restored


def _states_before(connection: Connection, public_id: str) -> list[dict[str, Any]]:
    states: list[dict[str, Any]] = load_arrangement_rows(connection, public_id).header["details"].get("before", [])
    return states


def _id_of(arrangement: Arrangement) -> str:
    if arrangement.public_id is None:
        raise ValueError("an arrangement that was never saved cannot be replaced")
    return arrangement.public_id


def _rows(arrangement: Arrangement, *, before: list[dict[str, Any]]) -> ArrangementRows:
    key = arrangement.key
    details = {
        **arrangement.details,
        "muted": sorted(arrangement.muted),
        "locked": [list(pair) for pair in sorted(arrangement.locked)],
        "before": before,
    }
    header = {
        "title": arrangement.title,
        "tempo_bpm": arrangement.tempo_bpm,
        "beats_per_bar": arrangement.beats_per_bar,
        "tonic": None if key is None else key.tonic,
        "mode": None if key is None else key.mode,
        "seed": arrangement.seed,
        "details": details,
    }
    sections = [asdict(section) for section in arrangement.sections]
    clips = [{**asdict(clip), "role": str(clip.role), "reasons": list(clip.reasons)} for clip in arrangement.clips]
    return ArrangementRows(header, sections, clips)


def _clip(row: Any) -> Clip:
    values = {name: value for name, value in row.items() if name not in ("number", "reasons")}
    return Clip(**values, reasons=tuple(row["reasons"]))
