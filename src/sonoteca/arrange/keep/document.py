"""An arrangement as a JSON document and back, without loss.

``schema`` 1. Everything but ``schema``, ``tempo_bpm``, ``beats_per_bar``, ``sections`` and
``clips`` may be left out of a document that is read; names it does not know are ignored, so that
a file may carry more.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.catalogue.store.names import is_storable
from sonoteca.domain.music import Key
from sonoteca.errors import RequestError

SCHEMA = 1
_LARGEST = 1e12
_REMEDY = "Write it with `sonoteca arrange export ID --format json`."


def as_document(arrangement: Arrangement) -> dict[str, Any]:
    """The arrangement as JSON values; see docs/arranging.md for the fields."""
    return {
        "schema": SCHEMA,
        "id": arrangement.public_id,
        "title": arrangement.title,
        "tempo_bpm": arrangement.tempo_bpm,
        "beats_per_bar": arrangement.beats_per_bar,
        "key": None if arrangement.key is None else arrangement.key.name,
        "bars": arrangement.bars,
        "duration_s": arrangement.duration_s,
        "seed": arrangement.seed,
        "muted": sorted(arrangement.muted),
        "locked": [list(pair) for pair in sorted(arrangement.locked)],
        "details": dict(arrangement.details),
        "sections": [
            {"name": each.name, "start_bar": each.start_bar, "bars": each.bars} for each in arrangement.sections
        ],
        "clips": [
            {
                "role": clip.role,
                "content_hash": clip.content_hash,
                "start_s": clip.start_s,
                "end_s": clip.end_s,
                "start_bar": clip.start_bar,
                "bars": clip.bars,
                "pass_bars": arrangement.pass_bars(clip),
                "tempo_ratio": clip.tempo_ratio,
                "semitone_shift": clip.semitone_shift,
                "gain_db": clip.gain_db,
                "score": clip.score,
                "reasons": list(clip.reasons),
            }
            for clip in arrangement.clips
        ],
    }


def from_document(document: Any) -> Arrangement:
    """The arrangement that a document describes.

    Raises
    ------
    RequestError
        It is no such document; the sentence names the field.
    """
    fields = _Fields(document, "the document")
    if fields.whole("schema") != SCHEMA:
        raise RequestError(f"The document has schema {document['schema']!r}, this program knows {SCHEMA}.", _REMEDY)
    key_name = fields.text_or_none("key")
    try:
        return Arrangement(
            tempo_bpm=fields.number("tempo_bpm"),
            beats_per_bar=fields.whole("beats_per_bar"),
            key=None if key_name is None else Key.parse(key_name),
            sections=tuple(_section(each) for each in fields.objects("sections", "section")),
            clips=tuple(_clip(each) for each in fields.objects("clips", "clip")),
            seed=fields.whole("seed", default=0),
            title=fields.text_or_none("title"),
            muted=frozenset(fields.texts("muted")),
            locked=frozenset(_pair(each) for each in document.get("locked") or []),
            details=dict(document.get("details") or {}),
            public_id=fields.text_or_none("id"),
        )
    except (TypeError, ValueError) as error:
        raise RequestError(f"The document is no arrangement: {error}.", _REMEDY) from error


def _section(fields: _Fields) -> Section:
    return Section(fields.text("name"), fields.whole("start_bar"), fields.whole("bars"))


def _clip(fields: _Fields) -> Clip:
    return Clip(
        role=fields.text("role"),
        content_hash=fields.text("content_hash"),
        start_s=fields.number("start_s"),
        end_s=fields.number("end_s"),
        start_bar=fields.number("start_bar"),
        bars=fields.number("bars"),
        tempo_ratio=fields.number("tempo_ratio", default=1.0),
        semitone_shift=fields.whole("semitone_shift", default=0),
        gain_db=fields.number("gain_db", default=0.0),
        score=None if fields.values.get("score") is None else fields.number("score"),
        reasons=fields.texts("reasons"),
    )


def _is_number(value: Any) -> bool:
    """A number of a size that means something; NaN is not."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= _LARGEST


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and is_storable(value)


def _pair(value: Any) -> tuple[str, str]:
    role, section = value
    return str(role), str(section)


class _Fields:
    """The fields of one JSON object, each read as the type it has to have."""

    def __init__(self, values: Any, where: str) -> None:
        if not isinstance(values, Mapping):
            raise RequestError(f"{where[0].upper()}{where[1:]} is no JSON object.", _REMEDY)
        self.values = values
        self.where = where

    def number(self, name: str, *, default: float | None = None) -> float:
        value: Any = self.values.get(name, default)
        if not _is_number(value):
            raise self._not(name, value, "a number")
        return float(value)

    def whole(self, name: str, *, default: int | None = None) -> int:
        value: Any = self.values.get(name, default)
        if not _is_number(value) or value != int(value):
            raise self._not(name, value, "a whole number")
        return int(value)

    def text(self, name: str) -> str:
        value = self.values.get(name)
        if not isinstance(value, str) or not is_storable(value):
            raise self._not(name, value, "text")
        return value

    def text_or_none(self, name: str) -> str | None:
        return None if self.values.get(name) is None else self.text(name)

    def texts(self, name: str) -> tuple[str, ...]:
        value = self.values.get(name) or []
        if not isinstance(value, Sequence) or isinstance(value, str) or not all(map(_is_text, value)):
            raise self._not(name, value, "a list of texts")
        return tuple(value)

    def objects(self, name: str, each: str) -> list[_Fields]:
        value = self.values.get(name)
        if not isinstance(value, list):
            raise self._not(name, value, "a list")
        return [_Fields(item, f"{each} {number}") for number, item in enumerate(value, 1)]

    def _not(self, name: str, value: Any, what: str) -> RequestError:
        return RequestError(f"In {self.where}, {name} is {value!r}, not {what}.", _REMEDY)
