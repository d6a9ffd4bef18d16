"""A document is an arrangement as JSON, written and read back without loss.

``schema`` 1. Everything but ``schema``, ``tempo_bpm``, ``beats_per_bar``, ``sections`` and
``clips`` may be left out of a document that is read; names it does not know are ignored, so that
a file may carry more. ``docs/arrangement.schema.json`` is the JSON schema of these classes.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, JsonValue, Strict, ValidationError
from pydantic_core import PydanticCustomError

from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.keep.clip_fits import ClipFit, fit_as_json
from sonoteca.arrange.sources import Source
from sonoteca.catalogue.store.names import is_storable
from sonoteca.domain.music import Key
from sonoteca.errors import RequestError

SCHEMA = 1
_LARGEST = 1e12
_REMEDY = "Export an arrangement as JSON to see how one is written."


def _whole(value: Any) -> Any:
    """What stands for a whole number: ``4.0`` does, ``True``, ``"4"`` and ``4.5`` do not."""
    if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) <= _LARGEST:
        raise PydanticCustomError("whole_number", "not a whole number")
    return value


def _storable(text: str) -> str:
    if not is_storable(text):
        raise PydanticCustomError("text", "not text")
    return text


def _empty_list(value: Any) -> Any:
    return [] if value is None else value


def _empty_mapping(value: Any) -> Any:
    return {} if value is None else value


# A number of a size that means something; NaN is none.
Number = Annotated[float, Strict(), Field(ge=-_LARGEST, le=_LARGEST, allow_inf_nan=False)]
Whole = Annotated[int, BeforeValidator(_whole)]
Text = Annotated[str, Strict(), AfterValidator(_storable)]
Texts = Annotated[tuple[Text, ...], BeforeValidator(_empty_list)]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True)


class SectionDocument(_Part):
    """A named stretch of whole bars, counted from 0."""

    name: Text
    start_bar: Whole
    bars: Whole


class ClipDocument(_Part):
    """A span of a sound on the grid; ``pass_bars`` is told to the reader and not read back."""

    role: Text
    content_hash: Text
    start_s: Number
    end_s: Number
    start_bar: Number
    bars: Number
    pass_bars: Number | None = None
    tempo_ratio: Number = 1.0
    semitone_shift: Whole = 0
    gain_db: Number = 0.0
    score: Number | None = None
    reasons: Texts = ()


class ArrangementDocument(_Part):
    """An arrangement; ``bars`` and ``duration_s`` are told to the reader and not read back."""

    version: Annotated[Whole, Field(alias="schema")]
    id: Text | None = None
    title: Text | None = None
    tempo_bpm: Number
    beats_per_bar: Whole
    key: Text | None = None
    bars: Number | None = None
    duration_s: Number | None = None
    seed: Whole = 0
    muted: Texts = ()
    locked: Annotated[tuple[tuple[Text, Text], ...], BeforeValidator(_empty_list)] = ()
    details: Annotated[dict[str, JsonValue], BeforeValidator(_empty_mapping)] = {}
    sections: list[SectionDocument]
    clips: list[ClipDocument]


class FittedClipDocument(ClipDocument):
    """A clip, and how it goes with what plays with it, in the names of a match: told to the reader and not read back."""

    fit: dict[str, Number | None] | None = None
    fit_scores: dict[str, Number | None] | None = None
    quality_flags: tuple[str, ...] | None = None
    gating_status: str | None = None
    risk_reasons: tuple[str, ...] | None = None


class NamedSound(_Part):
    """How the library that wrote a document knew one of its sounds."""

    id: str | None
    path: str | None
    shown: str
    missing: str | None


class FullDocument(ArrangementDocument):
    """An arrangement with what its sounds are called, by content hash; reading needs none of the names."""

    # A list is read whole: what was written for each clip stands in it.
    clips: list[FittedClipDocument]  # type: ignore[assignment]
    sounds: dict[str, NamedSound] = {}


def as_document(arrangement: Arrangement) -> dict[str, Any]:
    """Write the arrangement as JSON values; see docs/arranging.md for the fields."""
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


def full_document(
    arrangement: Arrangement, sources: Mapping[str, Source], fits: Sequence[ClipFit | None] | None = None
) -> dict[str, Any]:
    """Write the arrangement with its ``sounds``, per content hash what the library knows of each today.

    ``fits`` are those of its clips, in their order; without them nothing is known of any.
    """
    sounds = {
        each.content_hash: {
            "id": each.public_id,
            "path": None if each.path is None else str(each.path),
            "shown": each.shown,
            "missing": each.why_missing,
        }
        for each in sources.values()
    }
    document = as_document(arrangement)
    known = [None] * len(arrangement.clips) if fits is None else fits
    clips = [clip | fit_as_json(fit) for clip, fit in zip(document["clips"], known, strict=True)]
    return {**document, "clips": clips, "sounds": sounds}


def from_document(document: Any) -> Arrangement:
    """Read the arrangement that a document describes.

    Raises
    ------
    RequestError
        It is no such document; the sentence names the field.
    """
    if isinstance(document, Mapping) and "schema" in document and document["schema"] != SCHEMA:
        raise RequestError(f"The document has schema {document['schema']!r}, this program knows {SCHEMA}.", _REMEDY)
    try:
        read = ArrangementDocument.model_validate(document)
    except ValidationError as error:
        raise RequestError(_sentence(error), _REMEDY) from error
    try:
        return Arrangement(
            tempo_bpm=read.tempo_bpm,
            beats_per_bar=read.beats_per_bar,
            key=None if read.key is None else Key.parse(read.key),
            sections=tuple(Section(each.name, each.start_bar, each.bars) for each in read.sections),
            clips=tuple(_clip(each) for each in read.clips),
            seed=read.seed,
            title=read.title,
            muted=frozenset(read.muted),
            locked=frozenset(read.locked),
            details=read.details,
            public_id=read.id,
        )
    except ValueError as error:
        raise RequestError(f"The document is no arrangement: {error}.", _REMEDY) from error


def _clip(read: ClipDocument) -> Clip:
    return Clip(
        role=read.role,
        content_hash=read.content_hash,
        start_s=read.start_s,
        end_s=read.end_s,
        start_bar=read.start_bar,
        bars=read.bars,
        tempo_ratio=read.tempo_ratio,
        semitone_shift=read.semitone_shift,
        gain_db=read.gain_db,
        score=read.score,
        reasons=read.reasons,
    )


# What a field has to be, by the kind of pydantic's error.
_WANTED = {
    "model_type": "a JSON object",
    "dict_type": "a JSON object",
    "list_type": "a list",
    "tuple_type": "a list of texts",
    "string_type": "text",
    "text": "text",
    "whole_number": "a whole number",
    "int_from_float": "a whole number",
}


def _sentence(error: ValidationError) -> str:
    """Say of the first thing that is wrong where it stands and what it should be."""
    details = error.errors(include_url=False)[0]
    place, name, wanted = "the document", "", _WANTED.get(details["type"], "a number")
    for step in details["loc"]:
        if isinstance(step, int) and name in ("sections", "clips"):
            place, name = f"{name.removesuffix('s')} {step + 1}", ""
        elif isinstance(step, int):
            name = f"{name}[{step}]"
        elif not name:
            name = step
    if not name:
        return f"{place[0].upper()}{place[1:]} is no JSON object."
    if details["type"] == "missing":
        return f"In {place}, {name} is None, and has to be given."
    return f"In {place}, {name} is {details['input']!r}, not {wanted}."
