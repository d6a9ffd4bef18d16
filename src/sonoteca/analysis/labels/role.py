"""What a region does in a piece: drums, bass, harmony, melody, vocal, fx or everything at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.analysis.labels.summary import INPUTS, summarise
from sonoteca.domain.descriptor import KIND, ROLE, SOUND_CLASS, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind, Role, SoundClass
from sonoteca.features.feature import Feature
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import SpectralTraits
from sonoteca.models.files import load_network

LOG_MEL, TRAITS, SEMITONES = LogMel(), SpectralTraits(), SemitoneSpectrum()
ROLE_OF_CLASS = {
    SoundClass.KICK: Role.DRUMS,
    SoundClass.SNARE: Role.DRUMS,
    SoundClass.HAT: Role.DRUMS,
    SoundClass.CYMBAL: Role.DRUMS,
    SoundClass.TOM: Role.DRUMS,
    SoundClass.CLAP: Role.DRUMS,
    SoundClass.PERCUSSION: Role.DRUMS,
    SoundClass.BASS: Role.BASS,
    SoundClass.CHORD: Role.HARMONY,
    SoundClass.STAB: Role.HARMONY,
    SoundClass.NOTE: Role.MELODY,
    SoundClass.VOCAL: Role.VOCAL,
    SoundClass.FX: Role.FX,
}


class RoleOfRegion:
    """Role from the region's summary; a one-shot has the role of its class.

    The value is ``{"value", "scores"}``; scores are probabilities that sum to 1.
    """

    id: ClassVar[str] = "labels.role.summary"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (ROLE,)
    requires: ClassVar[tuple[Descriptor, ...]] = (KIND, SOUND_CLASS)
    features: ClassVar[tuple[Feature, ...]] = (LOG_MEL, TRAITS, SEMITONES)
    model_files: ClassVar[tuple[str, ...]] = ("role.npz",)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TRACK, Kind.LOOP, Kind.ONE_SHOT})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        sound_class = known.get(SOUND_CLASS)
        if sound_class is not None:
            role = ROLE_OF_CLASS[SoundClass(str(sound_class.value))]
            share = 1.0 if sound_class.confidence is None else sound_class.confidence
            # What is left is spread evenly: the class says nothing about the other roles.
            scores = {name.value: (1.0 - share) / (len(Role) - 1) for name in Role} | {role.value: share}
            yield self._statement(scores, sound_class.confidence)
            return
        kind = known.get(KIND)
        if kind is not None and kind.value == Kind.ONE_SHOT:
            return  # without a class a one-shot is no sound: nothing but direct current, or silence
        frames = region.frames(LOG_MEL)
        vector = summarise(
            frames.values,
            region.frames(TRAITS).values,
            region.frames(SEMITONES).values,
            frame_rate=frames.frame_rate,
            duration_s=region.duration_s,
        )
        if vector is None:
            return
        network = load_network("role.npz", "role", INPUTS)
        shares = network.probabilities(vector[None])[0]
        scores = {name.value: 0.0 for name in Role} | {
            label: float(share) for label, share in zip(network.labels, shares, strict=True)
        }
        yield self._statement(scores, float(shares.max()))

    def _statement(self, scores: dict[str, float], confidence: float | None) -> Observation:
        best = max(scores, key=scores.__getitem__)
        rounded: dict[str, JsonValue] = {name: round(score, 4) for name, score in scores.items()}
        return Observation(ROLE, {"value": best, "scores": rounded}, confidence, measured_by(self))
