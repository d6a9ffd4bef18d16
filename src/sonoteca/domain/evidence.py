"""What was heard and what is claimed of a sound's tempo and key, side by side, and where they contradict each other."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from sonoteca.domain.certainty import THRESHOLDS, decide
from sonoteca.domain.contradiction import TempoRelation, relation_to_heard
from sonoteca.domain.descriptor import BARS, KEY, METER, TEMPO
from sonoteca.domain.music import Key, KeyRelation, key_relation
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.precedence import heard_of, winning
from sonoteca.domain.vocabulary import Source

# Descriptors that files claim.
CLAIMABLE = (TEMPO.name, KEY.name)
# Those whose statements are needed to see that there is no doubt. Whether there is one, all of them say.
DOUBTED_BY = (*CLAIMABLE, BARS.name, METER.name)
_SAYS = {"tags": "The tags say", "riff": "The chunks of the file say", "aiff": "The chunks of the file say"}
_NAME_SAYS = "The name of the file says"
# Between the claim and what was heard.
_STANDS = {
    TempoRelation.HALF: ", half of the {heard} that are heard",
    TempoRelation.DOUBLE: ", double of the {heard} that are heard",
    TempoRelation.OTHER_COUNT: ", which counts the beats otherwise; heard is {heard}",
    TempoRelation.AGAINST_LENGTH: ", which does not fill the loop; heard is {heard}",
}


@dataclass(frozen=True, slots=True)
class Doubt:
    """A claim that the sound contradicts with some certainty.

    ``about`` is ``tempo`` or ``key``; ``code`` a ``TempoRelation`` or a ``KeyRelation`` other than same;
    ``claimed`` and ``heard`` are beats per minute or names of keys; ``by`` is the claim's producer;
    ``confidence`` the probability of what was heard; ``is_believed`` says whether the claim stands.
    """

    about: str
    code: str
    claimed: float | str
    by: str
    heard: float | str
    confidence: float
    is_believed: bool

    @property
    def message(self) -> str:
        """Both, in one sentence.

        >>> Doubt("tempo", "half", 64.0, "tags", 128.0, 0.98, True).message
        'The tags say 64 bpm, half of the 128 bpm that are heard (98% sure). The claim is taken.'
        """
        says = _NAME_SAYS if self.by.endswith("name") else _SAYS.get(self.by, f"{self.by} says")
        stands = _STANDS.get(TempoRelation(self.code)) if self.about == TEMPO.name else None
        heard = (stands or "; heard is {heard}").format(heard=_shown(self.heard))
        taken = "The claim is taken." if self.is_believed else "What is heard is taken."
        # Nothing is heard beyond doubt.
        return f"{says} {_shown(self.claimed)}{heard} ({min(self.confidence, 0.99):.0%} sure). {taken}"

    def as_json(self) -> dict[str, JsonValue]:
        return {
            "about": self.about,
            "code": self.code,
            "claimed": self.claimed,
            "by": self.by,
            "heard": self.heard,
            "confidence": self.confidence,
            "believed": "claimed" if self.is_believed else "heard",
            "message": self.message,
        }


def _shown(value: float | str) -> str:
    return value if isinstance(value, str) else f"{value:.5g} bpm"


@dataclass(frozen=True, slots=True)
class Evidence:
    """Statements about tempo and key that are no user's: ``heard`` at most one each, ``claimed`` any number."""

    heard: tuple[Observation, ...] = ()
    claimed: tuple[Observation, ...] = ()
    doubts: tuple[Doubt, ...] = ()

    def as_json(self) -> dict[str, JsonValue]:
        """By descriptor: ``heard`` (null or its value and ``confidence``) and ``claimed`` (values and ``by`` whom)."""
        told: dict[str, JsonValue] = {}
        for name in CLAIMABLE:
            heard = next((each for each in self.heard if each.descriptor.name == name), None)
            claimed: list[JsonValue] = [
                _value_json(each) | {"by": each.provenance.producer}
                for each in self.claimed
                if each.descriptor.name == name
            ]
            told[name] = {
                "heard": None if heard is None else _value_json(heard) | {"confidence": heard.confidence},
                "claimed": claimed,
            }
        return told


def evidence_of(
    observations: Iterable[Observation], *, duration_s: float | None = None, trust_names: bool = False
) -> Evidence:
    """The evidence among all statements about one region.

    What was heard but is not said (``certainty``) is no evidence. A doubt is raised where what was heard is stated, not
    only likely, and nothing of the user's settles it. ``duration_s`` is the length of the region.
    """
    given = tuple(observations)
    heard = decide(heard_of(given), duration_s).stated
    claimed = tuple(each for each in given if each.provenance.source is Source.IMPORT and _said(each) is not None)
    believed = winning(given, trust_names=trust_names)
    found = (
        _doubt(claim, heard, believed[claim.descriptor.name])
        for claim in claimed
        if believed[claim.descriptor.name].provenance.source is not Source.USER
    )
    return Evidence(
        tuple(held for name in CLAIMABLE if (held := heard.get(name)) is not None and _said(held) is not None),
        claimed,
        tuple(doubt for doubt in found if doubt is not None),
    )


def _doubt(claim: Observation, heard: Mapping[str, Observation], believed: Observation) -> Doubt | None:
    name = claim.descriptor.name
    held = heard.get(name)
    confidence = None if held is None else held.confidence
    if held is None or confidence is None or confidence < THRESHOLDS[name].stated:
        return None
    claimed_value, heard_value = _said(claim), _said(held)
    if claimed_value is None or heard_value is None:
        return None
    relation = relation_to_heard(claim, heard) if name == TEMPO.name else key_relation(key_of(claim), key_of(held))
    if relation in (None, TempoRelation.SAME, KeyRelation.SAME):
        return None
    is_believed = _said(believed) == claimed_value
    return Doubt(name, str(relation), claimed_value, claim.provenance.producer, heard_value, confidence, is_believed)


def _said(observation: Observation) -> float | str | None:
    """Beats per minute or the name of a key; None for anything else."""
    value = observation.value
    if observation.descriptor == TEMPO and isinstance(value, dict):
        bpm = value.get("bpm")
        return float(bpm) if isinstance(bpm, int | float) else None
    if observation.descriptor == KEY and isinstance(value, dict):
        return key_of(observation).name
    return None


def key_of(observation: Observation) -> Key:
    """The key that a statement of KEY names; ValueError where it names none."""
    value = observation.value
    tonic, mode = (value.get("tonic"), value.get("mode")) if isinstance(value, dict) else (None, None)
    if not isinstance(tonic, int) or mode not in ("major", "minor"):
        raise ValueError(f"a key has a tonic 0..11 and a mode, got {value!r}")
    return Key(tonic, "minor" if mode == "minor" else "major")


def _value_json(observation: Observation) -> dict[str, JsonValue]:
    if observation.descriptor == KEY:
        key = key_of(observation)
        return {"name": key.name, "camelot": key.camelot, "open_key": key.open_key}
    return {"bpm": _said(observation)}
