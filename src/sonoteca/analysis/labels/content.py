"""What fills a region over time: music, speech, singing, noise, nature, mechanical or silence; and events in it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.labels.texture import INPUTS, STEP, describe_windows
from sonoteca.analysis.labels.timeline import Span, silent_frames, smoothest_path, spans_of
from sonoteca.domain.descriptor import CONTENT, EVENTS, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Content, Kind
from sonoteca.features.feature import Feature
from sonoteca.features.frame_series import FrameSeries
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_semitones import SemitoneSpectrum
from sonoteca.features.mel_traits import SpectralTraits
from sonoteca.models.files import load_network
from sonoteca.models.network import Network

LOG_MEL, TRAITS, SEMITONES = LogMel(), SpectralTraits(), SemitoneSpectrum()
# The network tells finer classes apart; each belongs to one content label. ``effect`` are
# impacts, bleeps and weapons, for which the vocabulary has no label of its own.
CONTENT_OF = {
    "music": Content.MUSIC,
    "speech": Content.SPEECH,
    "singing": Content.SINGING,
    "noise": Content.NOISE,
    "effect": Content.NOISE,
    "rain": Content.NATURE,
    "wind": Content.NATURE,
    "thunder": Content.NATURE,
    "water": Content.NATURE,
    "fire": Content.NATURE,
    "bird": Content.NATURE,
    "insect": Content.NATURE,
    "animal": Content.NATURE,
    "engine": Content.MECHANICAL,
    "machine": Content.MECHANICAL,
}
EVENT_LABELS = ("rain", "wind", "thunder", "water", "fire", "bird", "insect", "animal", "engine", "machine")
# An event is only told when its mean probability over its span reaches this, for this long.
EVENT_EVIDENCE = 0.7
SHORTEST_EVENT_S = 0.7
# Level decides about silence; a wrong call needs a noise floor within 50 dB of the programme.
SILENCE_CONFIDENCE = 0.95


def class_shares(
    log_mel: FrameSeries, traits: FrameSeries, semitones: FrameSeries
) -> tuple[Network, NDArray[np.float32]]:
    """The content network and its probabilities, shape (n_windows, n_classes)."""
    network = load_network("content.npz", "content", INPUTS)
    return network, network.probabilities(describe_windows(log_mel.values, traits.values, semitones.values))


def content_shares(network: Network, shares: NDArray[np.float32]) -> NDArray[np.float32]:
    """Probabilities of the content labels in the order of `Content`, silence 0; shape (n_windows, 7)."""
    order = list(Content)
    sums = np.zeros((len(shares), len(order)), np.float32)
    for column, label in enumerate(network.labels):
        sums[:, order.index(CONTENT_OF[label])] += shares[:, column]
    return sums


class ContentTimeline:
    """Gapless content of a region of any length, and the events that stand out in it.

    A perceptron over window statistics, smoothed by a hidden Markov model with one switching
    cost; borders are then moved to the sharpest change of the spectrum nearby. Silence is
    told by level. Lu, Zhang and Jiang, "Content Analysis for Audio Classification and
    Segmentation", IEEE TSAP 10(7), 2002, is the ancestor.
    """

    id: ClassVar[str] = "labels.content.windows"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (CONTENT, EVENTS)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (LOG_MEL, TRAITS, SEMITONES)
    model_files: ClassVar[tuple[str, ...]] = ("content.npz",)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        frames = region.frames(LOG_MEL)
        silent = silent_frames(frames.values, frames.frame_rate)
        network, fine = class_shares(frames, region.frames(TRAITS), region.frames(SEMITONES))
        shares = content_shares(network, fine)
        spans = spans_of(smoothest_path(shares), silent, frames.values)
        timeline: list[JsonValue] = []
        weighted = 0.0
        for span in spans:
            label = Content.SILENCE if span.label < 0 else list(Content)[span.label]
            confidence = SILENCE_CONFIDENCE if span.label < 0 else _mean_share(shares[:, span.label], span, silent)
            weighted += confidence * (span.stop - span.first)
            timeline.append({**_times(span, frames, region), "label": label.value, "confidence": round(confidence, 3)})
        yield Observation(CONTENT, timeline, min(1.0, weighted / frames.n_frames), measured_by(self))
        events = list(self._events(network, fine, silent, frames, region))
        if events:
            yield Observation(EVENTS, events, None, measured_by(self))

    def _events(
        self,
        network: Network,
        fine: NDArray[np.float32],
        silent: NDArray[np.bool_],
        frames: FrameSeries,
        region: RegionView,
    ) -> Iterable[JsonValue]:
        for span in spans_of(smoothest_path(fine), silent, frames.values):
            if span.label < 0 or network.labels[span.label] not in EVENT_LABELS:
                continue
            confidence = _mean_share(fine[:, span.label], span, silent)
            if confidence >= EVENT_EVIDENCE and (span.stop - span.first) / frames.frame_rate >= SHORTEST_EVENT_S:
                name = network.labels[span.label]
                yield {**_times(span, frames, region), "label": name, "confidence": round(confidence, 3)}


def _mean_share(share: NDArray[np.float32], span: Span, silent: NDArray[np.bool_]) -> float:
    """Mean probability over the windows that lie in a span, those not in silence if there are any."""
    first = min(span.first // STEP, len(share) - 1)
    stop = max(first + 1, -(-span.stop // STEP))
    centres = np.minimum(np.arange(first, min(stop, len(share))) * STEP + STEP // 2, len(silent) - 1)
    heard = ~silent[centres]
    values = share[first : first + len(centres)]
    return float(values[heard].mean() if heard.any() else values.mean())


def _times(span: Span, frames: FrameSeries, region: RegionView) -> dict[str, JsonValue]:
    """Seconds of the sound; the outer edges are the region's own, so the timeline has no gap."""
    start_s, end_s = region.region.start_s, region.region.end_s
    per_frame = 1.0 / frames.frame_rate
    first = start_s if span.first == 0 else (frames.first_frame + span.first) * per_frame
    stop = end_s if span.stop == frames.n_frames else (frames.first_frame + span.stop) * per_frame
    return {"start_s": min(max(first, start_s), end_s), "end_s": min(max(stop, start_s), end_s)}
