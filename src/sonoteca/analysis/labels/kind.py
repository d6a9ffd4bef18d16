"""What a region is: track, loop, one-shot or field recording."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.labels.content import CONTENT_OF, class_shares
from sonoteca.analysis.labels.envelope import Envelope, trace
from sonoteca.analysis.labels.summary import INPUTS, summarise
from sonoteca.analysis.labels.texture import STEP
from sonoteca.analysis.labels.timeline import silent_frames
from sonoteca.domain.descriptor import KIND, Descriptor
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Content, Kind
from sonoteca.features.feature import Feature
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import SpectralTraits
from sonoteca.models.files import load_network

LOG_MEL, TRAITS, SEMITONES = LogMel(), SpectralTraits(), SemitoneSpectrum()
# Two bars at 240 bpm last 2 s, one bar half of that: what is shorter cannot be a loop, nor a
# piece, nor tell a place.
SHORTEST_LOOP_S = 0.9
# 16 bars at 80 bpm are 48 s: what is longer is a piece or a recording.
LONGEST_LOOP_S = 48.0
# The longest cymbals and drones of sample packs.
LONGEST_ONE_SHOT_S = 20.0
# A word, a call, a whoosh: what is shorter is one event, not a place.
SHORTEST_FIELD_RECORDING_S = 3.0
SHORTEST_TRACK_S = 26.0
# What has fallen this far by its last quarter, after one strike, does not loop.
RUNG_OUT_DB = -25.0
# All 600 real and development sounds this holds for were one-shots; a thunderclap need not be.
RINGING_CONFIDENCE = 0.97


class KindOfRegion:
    """Kind from length, onsets, their repetition, the envelope and the spectrum.

    Lengths that a kind cannot have rule it out; between the rest a small network decides
    whose inputs are `summary.summarise`. One strike that dies away is a one-shot. What is too long for a loop is a track if most of it
    is music. Silence has no kind.
    """

    id: ClassVar[str] = "labels.kind.summary"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (KIND,)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (LOG_MEL, TRAITS, SEMITONES)
    model_files: ClassVar[tuple[str, ...]] = ("kind.npz", "content.npz")
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
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
        if region.duration_s <= LONGEST_ONE_SHOT_S and rings_out(trace(frames.values, frames.frame_rate)):
            yield Observation(KIND, Kind.ONE_SHOT.value, RINGING_CONFIDENCE, measured_by(self))
            return
        network = load_network("kind.npz", "kind", INPUTS)
        shares = network.probabilities(vector[None])[0]
        if region.duration_s > LONGEST_LOOP_S:
            music = self._share_of_music(region)
            shares = np.array([music if label == Kind.TRACK else 1.0 - music for label in network.labels], np.float32)
        possible = np.array([Kind(label) in possible_kinds(region.duration_s) for label in network.labels])
        shares = np.where(possible, np.maximum(shares, 1e-6), 0.0)
        shares /= shares.sum()
        best = int(shares.argmax())
        yield Observation(KIND, network.labels[best], float(shares[best]), measured_by(self))

    def _share_of_music(self, region: RegionView) -> float:
        """Mean probability of music and singing over the windows that are heard."""
        frames = region.frames(LOG_MEL)
        network, fine = class_shares(frames, region.frames(TRAITS), region.frames(SEMITONES))
        is_music = [CONTENT_OF[label] in (Content.MUSIC, Content.SINGING) for label in network.labels]
        centres = np.minimum(np.arange(len(fine)) * STEP + STEP // 2, frames.n_frames - 1)
        heard = ~silent_frames(frames.values, frames.frame_rate)[centres]
        share = fine[:, is_music].sum(axis=1)
        return float(share[heard].mean() if heard.any() else share.mean())


def rings_out(envelope: Envelope) -> bool:
    """One strike that decays to nothing, however long that takes: a cymbal, a bell, a boom."""
    quarter = max(1, len(envelope.level_db) // 4)
    starts_loud = bool(envelope.level_db[:quarter].max() >= envelope.level_db[quarter:].max(initial=-np.inf))
    return len(envelope.onsets) <= 2 and starts_loud and float(envelope.level_db[-quarter:].max()) < RUNG_OUT_DB


def possible_kinds(duration_s: float) -> frozenset[Kind]:
    """Kinds that a sound of this length can have."""
    if duration_s < SHORTEST_LOOP_S:
        return frozenset({Kind.ONE_SHOT})
    kinds: set[Kind] = set()
    if duration_s >= SHORTEST_FIELD_RECORDING_S:
        kinds.add(Kind.FIELD_RECORDING)
    if duration_s <= LONGEST_ONE_SHOT_S:
        kinds.add(Kind.ONE_SHOT)
    if duration_s <= LONGEST_LOOP_S:
        kinds.add(Kind.LOOP)
    if duration_s >= SHORTEST_TRACK_S:
        kinds.add(Kind.TRACK)
    return frozenset(kinds)
