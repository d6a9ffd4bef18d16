"""From chances of the 24 keys to the key that is stated, its alternatives, and keys over time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.harmony.chord_decoding import best_path
from sonoteca.analysis.harmony.hearing import Hearing, window_keys
from sonoteca.domain.music import Key
from sonoteca.models.network import Network

Array = NDArray[np.float32]

# Below this chance that there is any harmony no key is named. The network was trained with as
# many chances to be wrong on either side; a bass loop without its key is the worse mistake.
TONAL_ENOUGH = 0.45
N_ALTERNATIVES = 4
# A modulation is looked for with windows of this length, moved by this step.
WINDOW_S, WINDOW_STEP_S = 16.0, 4.0
# Nepers of evidence a change of key has to bring.
CHANGE_COST = 9.0
# Shorter keys are episodes, not modulations.
SHORTEST_S = 10.0


@dataclass(frozen=True, slots=True)
class KeySpan:
    """A stretch in one key."""

    start_s: float
    end_s: float
    key: Key


def key_of_index(index: int) -> Key:
    """Keys count C major, C minor, C# major ..."""
    return Key(index // 2, "minor" if index % 2 else "major")


def alternatives(chances: Array) -> list[tuple[Key, float]]:
    """The best other keys by chance, the relative and the fifths above and below always among them."""
    best = int(chances.argmax())
    key = key_of_index(best)
    named = [2 * other.tonic + (other.mode == "minor") for other in (key.relative, key.transpose(7), key.transpose(-7))]
    likely = [int(i) for i in np.argsort(-chances) if i != best][:N_ALTERNATIVES]
    order = sorted(dict.fromkeys([*likely, *named]), key=lambda i: -float(chances[i]))
    return [(key_of_index(i), float(chances[i])) for i in order]


def key_spans(
    hearing: Hearing, network: Network, start_s: float, end_s: float, *, change_cost: float = CHANGE_COST
) -> list[KeySpan]:
    """Gapless keys from ``start_s`` to ``end_s``; one span where nothing modulates.

    Windows are judged one by one, then the path through the keys that explains them best
    with few changes is found (Viterbi). The whole sound's chances count in every window,
    so a short ambiguous passage keeps the key of its surroundings.
    """
    whole = key_of_index(int(hearing.keys.argmax()))
    duration_s = end_s - start_s
    if duration_s < 2 * SHORTEST_S:
        return [KeySpan(start_s, end_s, whole)]
    starts = np.arange(start_s, max(end_s - WINDOW_S, start_s) + 1e-6, WINDOW_STEP_S)
    chances = window_keys(
        hearing.frames,
        hearing.frame_rate,
        hearing.first_frame,
        hearing.chords,
        hearing.times_s,
        starts,
        WINDOW_S,
        network,
    )
    evidence = np.log(chances + 1e-4) * (WINDOW_STEP_S / WINDOW_S * 3.0)
    path = best_path(evidence.astype(np.float32), np.full(len(evidence), change_cost))
    borders = np.flatnonzero(np.diff(path)) + 1
    if not len(borders):
        return [KeySpan(start_s, end_s, whole)]
    times = [start_s, *(float(starts[b]) + (WINDOW_S - WINDOW_STEP_S) / 2 for b in borders), end_s]
    spans: list[KeySpan] = []
    for i, at in enumerate([0, *borders]):
        spans.append(KeySpan(times[i], times[i + 1], key_of_index(int(path[at]))))
    spans = _without_episodes(_relatives_joined(spans))
    return spans if len(spans) > 1 else [KeySpan(start_s, end_s, whole)]


def _relatives_joined(spans: list[KeySpan]) -> list[KeySpan]:
    """Neighbours that share a scale become one, in the key of the longer.

    A turn to the relative is heard too unreliably to call it a modulation: on the
    development songs, which do not modulate, every false change was one.
    """
    joined = spans[:1]
    for span in spans[1:]:
        last = joined[-1]
        if span.key in (last.key, last.key.relative):
            longer = max(last, span, key=lambda each: each.end_s - each.start_s)
            joined[-1] = KeySpan(last.start_s, span.end_s, longer.key)
        else:
            joined.append(span)
    return joined


def _without_episodes(spans: list[KeySpan]) -> list[KeySpan]:
    """Spans shorter than ``SHORTEST_S`` join the longer neighbour; equal neighbours merge."""
    while len(spans) > 1:
        shortest = min(range(len(spans)), key=lambda i: spans[i].end_s - spans[i].start_s)
        if spans[shortest].end_s - spans[shortest].start_s >= SHORTEST_S:
            break
        neighbours = [i for i in (shortest - 1, shortest + 1) if 0 <= i < len(spans)]
        host = max(neighbours, key=lambda i: spans[i].end_s - spans[i].start_s)
        low, high = min(host, shortest), max(host, shortest)
        spans[low : high + 1] = [KeySpan(spans[low].start_s, spans[high].end_s, spans[host].key)]
    merged = spans[:1]
    for span in spans[1:]:
        if span.key == merged[-1].key:
            merged[-1] = KeySpan(merged[-1].start_s, span.end_s, span.key)
        else:
            merged.append(span)
    return merged
