"""Values are cut until their JSON fits into what an assistant can read: lists and texts end early, and it is said where."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

# Bytes of JSON: of one answer of a tool, and of a resource, which was asked for by its name.
ANSWER_BYTES = 24_000
RESOURCE_BYTES = 96_000
MOST_TEXT = 300
_SHORTEST_TEXT = 40
# Lists of so many items, then of fewer.
_STEPS = (200, 100, 50, 25, 12, 6, 3, 1)


@dataclass(slots=True)
class Cut:
    """Where a value was cut: per place, how many items or characters are shown, and of how many."""

    places: dict[str, dict[str, int]] = field(default_factory=dict)

    def note(self, place: str, shown: int, of: int) -> None:
        # Many rows are cut alike: the first few say it.
        if len(self.places) < 12:
            self.places[place] = {"shown": shown, "of": of}


def size_of(value: Any) -> int:
    """How many bytes of JSON a value is."""
    return len(json.dumps(value, ensure_ascii=False, allow_nan=False).encode("utf-8", "replace"))


def plain(value: Any) -> Any:
    """The same value with text that every reader of JSON takes: bytes of a name that are no text become question marks."""
    if isinstance(value, str):
        return value if value.isascii() else value.encode("utf-8", "replace").decode().replace("\0", "")
    if isinstance(value, Mapping):
        return {plain(str(name)): plain(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [plain(each) for each in value]
    return value


def bounded(value: Mapping[str, Any], most_bytes: int) -> dict[str, Any]:
    """A JSON object that is no larger than ``most_bytes``, with ``cut`` where something of it was left out.

    >>> bounded({"beats_s": [0.5, 1.0, 1.5]}, 100)
    {'beats_s': [0.5, 1.0, 1.5]}
    >>> bounded({"beats_s": [0.5] * 100}, 100)
    {'beats_s': [0.5, 0.5, 0.5, 0.5, 0.5, 0.5], 'cut': {'beats_s': {'shown': 6, 'of': 100}}}
    """
    whole = plain(value)
    for most_text in (MOST_TEXT, _SHORTEST_TEXT):
        for most_items in _STEPS:
            cut = Cut()
            short = _shortened(whole, most_items, most_text, cut, "")
            told = short | {"cut": cut.places} if cut.places else short
            if size_of(told) <= most_bytes:
                return dict(told)
    return {"cut": {"": {"shown": 0, "of": len(whole)}}}


def _shortened(value: Any, most_items: int, most_text: int, cut: Cut, place: str) -> Any:
    if isinstance(value, str):
        if len(value) <= most_text:
            return value
        cut.note(place, most_text, len(value))
        return value[:most_text] + "…"
    if isinstance(value, dict):
        # Names say more than items: four times as many are kept.
        kept = list(value.items())[: 4 * max(most_items, 10)]
        if len(kept) < len(value):
            cut.note(place, len(kept), len(value))
        return {
            name[:most_text]: _shortened(each, most_items, most_text, cut, f"{place}.{name[:most_text]}".lstrip("."))
            for name, each in kept
        }
    if isinstance(value, list):
        if len(value) > most_items:
            cut.note(place, most_items, len(value))
        return [_shortened(each, most_items, most_text, cut, place) for each in value[:most_items]]
    return value
