"""The harmony analyzers: tuning, chroma and tonality; key and its changes; chords."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar

import numpy as np

from sonoteca.analysis.analyzer import ALL_KINDS, Known, RegionView, measured_by
from sonoteca.analysis.harmony.chord_decoding import ChordSpan, decode_chords
from sonoteca.analysis.harmony.chord_steps import step_times
from sonoteca.analysis.harmony.confidence import calibrated
from sonoteca.analysis.harmony.hearing import FEATURE, Hearing, chord_posteriors, hear
from sonoteca.analysis.harmony.key_finding import TONAL_ENOUGH, alternatives, key_of_index, key_spans
from sonoteca.analysis.harmony.pitch_classes import HIGH
from sonoteca.analysis.harmony.weights import CONFIDENCE_FILE, WEIGHTS_FILE, harmony_networks
from sonoteca.domain.descriptor import BEATS, CHORDS, CHROMA, KEY, KEY_SEGMENTS, KIND, TONALITY, TUNING, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.feature import Feature

# A one-shot gets a key only if it is a chord beyond doubt: a single note has a pitch, a drum neither.
ONE_SHOT_TONAL_ENOUGH = 0.9
ONE_SHOT_CLASSES = 3
# Peaks that agree less than this on a tuning have none (noise gives 0.0 to 0.2).
TUNED_ENOUGH = 0.3


class PitchContent:
    """Tuning, mean chroma and tonality: what can be said of pitch before any key is named."""

    id: ClassVar[str] = "harmony.pitch_content.notes"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (TUNING, CHROMA, TONALITY)
    requires: ClassVar[tuple[Descriptor, ...]] = ()
    features: ClassVar[tuple[Feature, ...]] = (FEATURE,)
    model_files: ClassVar[tuple[str, ...]] = (WEIGHTS_FILE,)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        hearing = hear(region)
        if not hearing.frames.any():
            return
        by = measured_by(self)
        yield Observation(TONALITY, round(hearing.tonal, 4), None, by)
        if hearing.tonal >= TONAL_ENOUGH and hearing.tuning_agreement >= TUNED_ENOUGH:
            yield Observation(TUNING, round(float(np.clip(hearing.tuning_cents, -50.0, 50.0)), 2), None, by)
        chroma = hearing.frames[:36].sum(axis=1, dtype=np.float64).reshape(3, 12).sum(axis=0)
        if chroma.sum() > 0:
            yield Observation(CHROMA, [round(float(share), 5) for share in chroma / chroma.sum()], None, by)


class KeyOfRegion:
    """The key, from notes, bass, first and last sounds and chords, judged by a network from each tonic.

    Nothing is said where the tonality network hears no harmony. Tested on composed music
    only in major and minor: modal music gets the nearest of the two.
    """

    id: ClassVar[str] = "harmony.key.notes_and_chords"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (KEY, KEY_SEGMENTS)
    requires: ClassVar[tuple[Descriptor, ...]] = (KIND,)
    features: ClassVar[tuple[Feature, ...]] = (FEATURE,)
    model_files: ClassVar[tuple[str, ...]] = (WEIGHTS_FILE, CONFIDENCE_FILE)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        hearing = hear(region)
        if hearing.tonal < TONAL_ENOUGH:
            return
        kind = known.get(KIND)
        is_one_shot = kind is not None and kind.value == Kind.ONE_SHOT
        if is_one_shot and (hearing.tonal < ONE_SHOT_TONAL_ENOUGH or sounding_classes(hearing) < ONE_SHOT_CLASSES):
            return
        key = key_of_index(int(hearing.keys.argmax()))
        others: list[JsonValue] = [
            {"name": other.name, "score": round(chance, 4)} for other, chance in alternatives(hearing.keys)
        ]
        value: JsonValue = {"tonic": key.tonic, "mode": key.mode, "alternatives": others}
        yield Observation(KEY, value, calibrated("key", float(hearing.keys.max())), measured_by(self))
        start_s, end_s = region.region.start_s, region.region.end_s
        spans: list[JsonValue] = [
            {"start_s": round(span.start_s, 3), "end_s": round(span.end_s, 3), "name": span.key.name}
            for span in key_spans(hearing, harmony_networks().key, start_s, end_s)
        ]
        yield Observation(KEY_SEGMENTS, spans, None, measured_by(self))


class ChordsOfRegion:
    """Chords by beats where beats are known, by 0.37 s else: a network judges each step from every root, Viterbi joins.

    Smoothing as in Sheh & Ellis, "Chord segmentation and recognition using EM-trained
    hidden Markov models", ISMIR 2003; steps by beats as in Bello & Pickens, "A robust
    mid-level representation for harmonic content in music signals", ISMIR 2005.
    """

    id: ClassVar[str] = "harmony.chords.notes"
    version: ClassVar[int] = 2
    produces: ClassVar[tuple[Descriptor, ...]] = (CHORDS,)
    requires: ClassVar[tuple[Descriptor, ...]] = (BEATS,)
    features: ClassVar[tuple[Feature, ...]] = (FEATURE,)
    model_files: ClassVar[tuple[str, ...]] = (WEIGHTS_FILE, CONFIDENCE_FILE)
    kinds: ClassVar[frozenset[Kind]] = ALL_KINDS

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        hearing = hear(region)
        if hearing.tonal < TONAL_ENOUGH:
            return
        start_s, end_s = region.region.start_s, region.region.end_s
        spans = chord_spans(hearing, known.get(BEATS), start_s, end_s)
        if all(span.label == "N" for span in spans):
            return
        value: JsonValue = [
            {"start_s": round(span.start_s, 4), "end_s": round(span.end_s, 4), "label": span.label} for span in spans
        ]
        yield Observation(CHORDS, value, calibrated("chords", mean_posterior(spans)), measured_by(self))


def sounding_classes(hearing: Hearing) -> int:
    """How many of the twelve pitch classes are heard as notes, each at its clearest moment."""
    notes = hearing.frames[: 12 * (HIGH + 1)].reshape(HIGH + 1, 12, -1).sum(axis=0)
    return int((notes.max(axis=1) > 0.5).sum())


def chord_spans(hearing: Hearing, beats: Observation | None, start_s: float, end_s: float) -> list[ChordSpan]:
    """Chords on the beats where there are at least two, else on steps of 0.37 s."""
    times_s, posteriors = hearing.times_s, hearing.chords
    if beats is not None and isinstance(beats.value, list) and len(beats.value) >= 2:
        times_s = step_times(start_s, end_s, np.asarray(beats.value, dtype=np.float64))
        posteriors = chord_posteriors(
            hearing.frames, hearing.frame_rate, hearing.first_frame, times_s, harmony_networks()
        )
    return decode_chords(posteriors, times_s)


def mean_posterior(spans: list[ChordSpan]) -> float:
    """Of the chords, by their length."""
    lengths = np.array([span.end_s - span.start_s for span in spans])
    return float(np.average([span.confidence for span in spans], weights=lengths + 1e-9))
