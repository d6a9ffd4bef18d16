"""What a one-shot is: kick, snare, hat ..."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.analysis.labels import strike
from sonoteca.domain.descriptor import SOUND_CLASS, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature
from sonoteca.models.files import load_network

# A second more than is described, for silence before the onset.
_READ_S = strike.LONGEST_S + 1.0


class ClassOfOneShot:
    """Sound class from the spectrum in slices after the onset.

    Trained on synthesised drums, General MIDI fonts and free packages; see
    ``training/labels/README.md``. Two labels are for what fits no other drum or tone:
    percussion and fx. Silence has no class.
    """

    id: ClassVar[str] = "labels.sound_class.slices"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (SOUND_CLASS,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = ()
    model_files: ClassVar[tuple[str, ...]] = ("sound_class.npz",)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.ONE_SHOT})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        start_s = region.region.start_s
        sound = region.signal(start_s, min(region.region.end_s, start_s + _READ_S))
        vector = strike.describe(sound.samples[0], sound.sample_rate)
        if vector is None:
            return
        network = load_network("sound_class.npz", "sound_class", strike.INPUTS)
        shares = network.probabilities(vector[None])[0]
        best = int(shares.argmax())
        yield Observation(SOUND_CLASS, network.labels[best], float(shares[best]), measured_by(self))
