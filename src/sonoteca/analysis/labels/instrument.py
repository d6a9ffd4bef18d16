"""The family of instruments a region is played on, told only with evidence."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.analysis.labels.summary import INPUTS, summarise
from sonoteca.domain.descriptor import INSTRUMENT, KIND, SOUND_CLASS, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind, SoundClass
from sonoteca.features.feature import Feature
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import SpectralTraits
from sonoteca.models.files import load_network

LOG_MEL, TRAITS, SEMITONES = LogMel(), SpectralTraits(), SemitoneSpectrum()
# Below this probability nothing is told; above it nine of ten families of development loops are right.
EVIDENCE = 0.6
# The network's word for mixes and for what belongs to no family.
SEVERAL = "several"
DRUMS = frozenset(
    {
        SoundClass.KICK,
        SoundClass.SNARE,
        SoundClass.HAT,
        SoundClass.CYMBAL,
        SoundClass.TOM,
        SoundClass.CLAP,
        SoundClass.PERCUSSION,
    }
)


class InstrumentFamily:
    """drums, bass, piano, mallet, organ, guitar, strings, brass, woodwind, synth or voice.

    Loops go through a perceptron over the region's summary; a one-shot is told only where its
    class names the family. The families are those of General MIDI, on whose fonts it was
    trained: real recordings of rarer instruments are beyond it.
    """

    id: ClassVar[str] = "labels.instrument.summary"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (INSTRUMENT,)
    requires: ClassVar[tuple[Descriptor, ...]] = (KIND, SOUND_CLASS)
    features: ClassVar[tuple[Feature, ...]] = (LOG_MEL, TRAITS, SEMITONES)
    model_files: ClassVar[tuple[str, ...]] = ("instrument.npz",)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.LOOP, Kind.ONE_SHOT})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        kind, sound_class = known.get(KIND), known.get(SOUND_CLASS)
        if sound_class is not None:
            family = _family_of_class(SoundClass(str(sound_class.value)))
            if family and (sound_class.confidence is None or sound_class.confidence >= EVIDENCE):
                yield Observation(INSTRUMENT, family, sound_class.confidence, measured_by(self))
            return
        if kind is None or kind.value != Kind.LOOP:
            return
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
        network = load_network("instrument.npz", "instrument", INPUTS)
        shares = network.probabilities(vector[None])[0]
        best = int(shares.argmax())
        if network.labels[best] != SEVERAL and shares[best] >= EVIDENCE:
            yield Observation(INSTRUMENT, network.labels[best], float(shares[best]), measured_by(self))


def _family_of_class(name: SoundClass) -> str:
    if name in DRUMS:
        return "drums"
    return {SoundClass.BASS: "bass", SoundClass.VOCAL: "voice"}.get(name, "")
