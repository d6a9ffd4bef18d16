"""The object that ``inspect --json``, ``show`` and the API print for one sound (docs/sound-object.md).

Its names are a promise to programs outside the project. Every key is always there: a value
that is not known is null or an empty list. The functions are pure and take plain values, so
that a fresh analysis and rows of the catalogue become the same object.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeAlias

from sonoteca.domain.believed import believe
from sonoteca.domain.certainty import Decision, decide
from sonoteca.domain.descriptor import (
    BARS,
    BEATS,
    CHORDS,
    CHROMA,
    CONTENT,
    CUES,
    DESCRIPTORS,
    DOWNBEATS,
    ENERGY_CURVE,
    ENERGY_LEVEL,
    EVENTS,
    GRID,
    INSTRUMENT,
    KEY,
    KEY_SEGMENTS,
    KIND,
    LOOPABILITY,
    LOUDNESS,
    METER,
    NOTES,
    ONSETS,
    PITCH,
    QUALITY,
    ROLE,
    SCALAR_DESCRIPTORS,
    SECTIONS,
    SOUND_CLASS,
    SWING,
    TEMPO,
    TEMPO_CURVE,
    TUNING,
    Descriptor,
)
from sonoteca.domain.evidence import Evidence, evidence_of, key_of
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.region import Region
from sonoteca.domain.sound_analysis import Run, SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome
from sonoteca.errors import SonotecaError

SCHEMA = 1

JsonObject: TypeAlias = dict[str, JsonValue]
# Believed observation per descriptor name.
Believed: TypeAlias = Mapping[str, Observation]
# How sure a value is: ``confidence`` and ``certainty``.
Said: TypeAlias = Callable[[Descriptor], JsonObject]


@dataclass(frozen=True, slots=True)
class AudioFacts:
    """What the file is; None where it could not be found out."""

    duration_s: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    codec: str | None = None
    container: str | None = None
    content_hash: str | None = None


@dataclass(frozen=True, slots=True)
class Skipped:
    """A producer that gave no answer because it failed, or because what it needs did."""

    producer: str
    reason: str


@dataclass(frozen=True, slots=True)
class RegionStatements:
    """A region and what is believed about it."""

    region: Region
    believed: Believed = field(default_factory=dict)
    skipped: tuple[Skipped, ...] = ()
    evidence: Evidence = field(default_factory=Evidence)


def statements_of(
    analysis: SoundAnalysis, imported: Iterable[Observation] = (), *, trust_names: bool = False
) -> tuple[RegionStatements, ...]:
    """A fresh analysis as statements per region; ``imported`` belong to the whole sound."""
    claims = tuple(imported)
    return tuple(
        region_statements(
            part.region,
            (*part.observations, *(claims if part.region.is_whole else ())),
            skipped_runs(part.runs),
            trust_names=trust_names,
        )
        for part in analysis.regions
    )


def region_statements(
    region: Region, observations: Iterable[Observation], skipped: tuple[Skipped, ...], *, trust_names: bool = False
) -> RegionStatements:
    """All statements about a region, weighed."""
    given = tuple(observations)
    believed = believe(given, end_s=region.end_s, trust_names=trust_names)
    evidence = evidence_of(given, duration_s=region.end_s - region.start_s, trust_names=trust_names)
    return RegionStatements(region, believed, skipped, evidence)


def skipped_runs(runs: Iterable[Run]) -> tuple[Skipped, ...]:
    """The runs that ended without an answer though one was due."""
    return tuple(Skipped(run.producer, run.reason) for run in runs if run.outcome is not RunOutcome.DONE)


def sound_object(
    path: str | None,
    *,
    sound_id: str | None,
    audio: AudioFacts | None,
    statements: Sequence[RegionStatements] = (),
    error: SonotecaError | None = None,
    warnings: Iterable[str] = (),
) -> JsonObject:
    """One sound as JSON.

    Parameters
    ----------
    path : str or None
        As the person gave it, or the location's display path; None for a sound without one.
    sound_id : str or None
        The public id; None where the content could not be identified.
    audio : AudioFacts or None
        None for a file that could not be opened.
    statements : sequence of RegionStatements
        The whole sound and its event regions in any order; empty for a failed file.
    error : SonotecaError, optional
        Why there is no analysis; decides ``status``.
    warnings : iterable of str
        Sentences.

    Returns
    -------
    dict
        JSON with every key of docs/sound-object.md.

    Examples
    --------
    >>> silent = sound_object("a.wav", sound_id="s1", audio=AudioFacts(duration_s=1.0))
    >>> silent["status"], silent["tempo"], silent["beats_s"], silent["kind"]
    ('ok', None, [], {'value': None, 'confidence': None, 'certainty': 'unknown'})
    """
    whole = next((each for each in statements if each.region.is_whole), None)
    whole = whole or RegionStatements(Region(0, 0.0, 0.0))
    events = sorted((each for each in statements if not each.region.is_whole), key=lambda each: each.region.number)
    facts = audio or AudioFacts()
    head: JsonObject = {
        "schema": SCHEMA,
        "id": sound_id,
        "path": path,
        "status": "ok" if error is None else "failed",
        "error": None if error is None else {"code": error.code, "message": error.message, "remedy": error.remedy},
        "warnings": list(warnings),
        "skipped": _skipped(whole),
        "audio": {
            "duration_s": facts.duration_s,
            "sample_rate": facts.sample_rate,
            "channels": facts.channels,
            "codec": facts.codec,
            "container": facts.container,
            "content_hash": facts.content_hash,
        },
    }
    claimed: JsonObject = {
        "evidence": whole.evidence.as_json(),
        "doubts": [doubt.as_json() for doubt in whole.evidence.doubts],
    }
    return head | _analysis_keys(whole) | claimed | {"regions": [_event(each) for each in events]}


def _event(statements: RegionStatements) -> JsonObject:
    region = statements.region
    span: JsonObject = {"number": region.number, "start_s": region.start_s, "end_s": region.end_s}
    return span | {"skipped": _skipped(statements)} | _analysis_keys(statements)


def _skipped(statements: RegionStatements) -> JsonValue:
    return [{"producer": each.producer, "reason": each.reason} for each in statements.skipped]


def _analysis_keys(statements: RegionStatements) -> JsonObject:
    region = statements.region
    decision = decide(statements.believed, region.end_s - region.start_s)
    believed = decision.stated

    def said(descriptor: Descriptor) -> JsonObject:
        """How sure it is that a value holds, as every object of a value says it."""
        return {"confidence": _confidence(believed, descriptor), "certainty": decision.certainty(descriptor).value}

    tempo = _fields(believed, TEMPO)
    grid = _fields(believed, GRID)
    meter = _fields(believed, METER)
    pitch = _fields(believed, PITCH)
    role = _fields(believed, ROLE)
    loudness = _fields(believed, LOUDNESS) or {}
    return {
        "kind": {"value": _value(believed, KIND)} | said(KIND),
        "loudness": {name: loudness.get(name) for name in ("integrated_lufs", "range_lu", "true_peak_dbtp")},
        "tempo": None
        if tempo is None
        else {
            "bpm": tempo.get("bpm"),
            "alternatives_bpm": tempo.get("alternatives_bpm") or [],
        }
        | said(TEMPO),
        "tempo_curve": _list(believed, TEMPO_CURVE),
        "grid": None if grid is None else {"segments": grid.get("segments") or [], "drift_bpm": grid.get("drift_bpm")},
        "beats_s": _list(believed, BEATS),
        "downbeats_s": _list(believed, DOWNBEATS),
        "onsets_s": _list(believed, ONSETS),
        "meter": None
        if meter is None
        else {
            "beats_per_bar": meter.get("beats_per_bar"),
            "beat_unit": meter.get("beat_unit"),
        }
        | said(METER),
        "swing": _value(believed, SWING),
        "bars": _value(believed, BARS),
        "loopability": _value(believed, LOOPABILITY),
        "key": _key(believed, said),
        "key_segments": _list(believed, KEY_SEGMENTS),
        "chords": _list(believed, CHORDS),
        "role": None
        if role is None
        else {
            "value": role.get("value"),
            "scores": role.get("scores") or {},
        }
        | said(ROLE),
        "sound_class": _labelled(believed, SOUND_CLASS, said),
        "content": _list(believed, CONTENT),
        "events": _list(believed, EVENTS),
        "instrument": _labelled(believed, INSTRUMENT, said),
        "pitch": None if pitch is None else {"midi": pitch.get("midi"), "hz": pitch.get("hz")} | said(PITCH),
        "notes": _list(believed, NOTES),
        "chroma": _list(believed, CHROMA),
        "sections": _list(believed, SECTIONS),
        "cues": _cues(believed),
        "energy_level": _value(believed, ENERGY_LEVEL),
        "energy_curve": _list(believed, ENERGY_CURVE),
        "descriptors": _descriptors(believed),
        "quality": _list(believed, QUALITY),
        "unsaid": _unsaid(decision),
        "provenance": _provenance(believed),
    }


def _value(believed: Believed, descriptor: Descriptor) -> JsonValue:
    held = believed.get(descriptor.name)
    return None if held is None else held.value


def _confidence(believed: Believed, descriptor: Descriptor) -> JsonValue:
    held = believed.get(descriptor.name)
    return None if held is None else held.confidence


def _fields(believed: Believed, descriptor: Descriptor) -> JsonObject | None:
    """The object; a bare value, as a person types it, becomes its main field."""
    value = _value(believed, descriptor)
    if value is None or isinstance(value, dict):
        return value
    main_field = {TEMPO: "bpm", METER: "beats_per_bar", PITCH: "midi", ROLE: "value"}.get(descriptor)
    return None if main_field is None else {main_field: value}


def _list(believed: Believed, descriptor: Descriptor) -> JsonValue:
    value = _value(believed, descriptor)
    return value if isinstance(value, list) else []


def _cues(believed: Believed) -> JsonValue:
    """Each says who set it; where a person did, it does already."""
    held = believed.get(CUES.name)
    if held is None or not isinstance(held.value, list):
        return []
    source = held.provenance.source.value
    return [{**each, "source": each.get("source", source)} for each in held.value if isinstance(each, dict)]


def _labelled(believed: Believed, descriptor: Descriptor, said: Said) -> JsonValue:
    value = _value(believed, descriptor)
    if value is None:
        return None
    label = value.get("value") if isinstance(value, dict) else value
    return {"value": label} | said(descriptor)


def _key(believed: Believed, said: Said) -> JsonValue:
    fields = _fields(believed, KEY)
    if fields is None:
        return None
    key = key_of(believed[KEY.name])
    return {
        "tonic": key.tonic_name,
        "mode": key.mode,
        "name": key.name,
        "camelot": key.camelot,
        "open_key": key.open_key,
        **said(KEY),
        "tuning_cents": _value(believed, TUNING),
        "alternatives": fields.get("alternatives") or [],
    }


# Withheld values that are a label, or a number, by themselves; the others were counted from them.
_UNSAID = (KIND, ROLE, SOUND_CLASS, INSTRUMENT, TEMPO, METER, KEY, PITCH)


def _unsaid(decision: Decision) -> JsonValue:
    """What was heard and is not said, because it is hardly more than a guess or other evidence speaks against it."""
    heard = {each.name: decision.withheld[each.name] for each in _UNSAID if each.name in decision.withheld}
    return {name: {"value": held.value, "confidence": held.confidence} for name, held in heard.items()}


def _descriptors(believed: Believed) -> JsonValue:
    """The scalars by name, and whatever plugins state beyond the shipped descriptors."""
    scalars: JsonObject = {descriptor.name: _value(believed, descriptor) for descriptor in SCALAR_DESCRIPTORS}
    return scalars | {name: held.value for name, held in believed.items() if name not in DESCRIPTORS}


def _provenance(believed: Believed) -> JsonValue:
    return {
        name: {
            "source": held.provenance.source.value,
            "producer": held.provenance.producer,
            "version": held.provenance.version,
            "settings": held.provenance.settings,
            "at": held.provenance.at,
        }
        for name, held in sorted(believed.items())
    }
