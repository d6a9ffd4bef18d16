"""Sections of a track: where the arrangement or the progression changes, and what returns."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise
from string import ascii_uppercase
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from sonoteca.analysis.analyzer import Known, RegionView, measured_by
from sonoteca.analysis.form.unit_vectors import unit_vectors
from sonoteca.domain.descriptor import BEATS, DOWNBEATS, SECTIONS, Descriptor
from sonoteca.domain.observation import JsonValue, Observation
from sonoteca.domain.vocabulary import Kind
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.feature import Feature
from sonoteca.features.onset import BandMagnitude

BANDS = BandMagnitude()
PITCHES = PitchSpectrum()
# A piece of fewer units has no sections to tell apart.
_LEAST_UNITS = 8
# Costs form a square of units; longer pieces are seen in longer units.
_MAX_UNITS = 600
# Without bars: a bar of 4/4 at 120 bpm.
_UNIT_S = 2.0
_SHORTEST_UNITS = 4
# A new section has to explain this much squared distance. Parting two phrases of eight bars
# explains 4 times their squared distance, so they have to differ by 2.5 dB in all bands, or by
# their chords; one whose chords are merely unevenly spread explains about 0.5.
_PENALTY = 1.0
# Sections of whole phrases cost less: that is how music is written.
_PHRASE = 4
_PHRASE_BONUS = 0.25
# Squared distance up to which sections repeat each other: 2 dB in all bands, or two chords of eight.
_REPEAT_SQUARED = 0.2
_SILENT = 1e-4


class Sections:
    """Gapless sections whose borders lie on bars; equal letters sound alike.

    Each bar is a vector of band levels and pitch classes. The borders are those that leave the
    least squared distance of bars to the mean of their section, at a price per section: the
    optimal partition of Jackson and others, "An algorithm for optimal partitioning of data on an
    interval", IEEE Signal Processing Letters 12(2), 2005. A progression of four chords changes
    in every bar, but its mean stands still until progression or arrangement change. Sections
    with nearly equal means share a label (after Cooper and Foote, "Summarizing popular music
    via structural similarity analysis", WASPAA 2003). A piece that does not change is one section.
    Where no bars are known, units of two seconds stand in for them.
    """

    id: ClassVar[str] = "form.sections.partition"
    version: ClassVar[int] = 1
    produces: ClassVar[tuple[Descriptor, ...]] = (SECTIONS,)
    requires: ClassVar[tuple[Descriptor, ...]] = (DOWNBEATS, BEATS)
    features: ClassVar[tuple[Feature, ...]] = (BANDS, PITCHES)
    kinds: ClassVar[frozenset[Kind]] = frozenset({Kind.TRACK})

    def analyze(self, region: RegionView, known: Known) -> Iterable[Observation]:
        bands = region.frames(BANDS)
        if float(bands.values.max()) < _SILENT:
            return
        start_s, end_s = region.region.start_s, region.region.end_s
        edges_s = unit_edges(_times(known, DOWNBEATS), _times(known, BEATS), start_s, end_s)
        if len(edges_s) - 1 < _LEAST_UNITS:
            return
        vectors = unit_vectors(bands, region.frames(PITCHES), edges_s)
        borders = partition(vectors)
        borders, labels = _joined(borders, _labels(vectors, borders))
        sections: list[JsonValue] = [
            {"start_s": round(float(edges_s[first]), 4), "end_s": round(float(edges_s[stop]), 4), "label": label}
            for (first, stop), label in zip(pairwise(borders), labels, strict=True)
        ]
        yield Observation(SECTIONS, sections, confidence=None, provenance=measured_by(self))


def unit_edges(
    downbeats_s: NDArray[np.float64], beats_s: NDArray[np.float64], start_s: float, end_s: float
) -> NDArray[np.float64]:
    """Edges of the units from ``start_s`` to ``end_s``: bars, else groups of four beats, else two seconds.

    An upbeat and a rest shorter than half a unit belong to their neighbours. Neighbouring
    units are joined until there are at most ``_MAX_UNITS``.

    >>> unit_edges(np.arange(1.0, 19.0, 2.0), np.zeros(0), 0.0, 20.0).tolist()
    [0.0, 3.0, 5.0, 7.0, 9.0, 11.0, 13.0, 15.0, 17.0, 20.0]
    """
    inner = downbeats_s if len(downbeats_s) >= _LEAST_UNITS else beats_s[::4]
    inner = inner[(inner > start_s) & (inner < end_s)]
    if len(inner) < _LEAST_UNITS:
        inner = np.arange(start_s + _UNIT_S, end_s, _UNIT_S)
    if len(inner) == 0:
        return np.array([start_s, end_s])
    unit_s = float(np.median(np.diff(inner))) if len(inner) > 1 else _UNIT_S
    # Before the first and after the last bar the beat may be silent for long: units go on at its pace.
    before = np.arange(inner[0] - unit_s, start_s, -unit_s)[::-1]
    after = np.arange(inner[-1] + unit_s, end_s, unit_s)
    inner = np.concatenate([before, inner, after])
    inner = inner[(inner - start_s > 0.51 * unit_s) & (end_s - inner > 0.51 * unit_s)]
    stride = -(-len(inner) // _MAX_UNITS) if len(inner) else 1
    return np.concatenate([[start_s], inner[stride - 1 :: stride] if stride > 1 else inner, [end_s]])


def partition(vectors: NDArray[np.float64]) -> list[int]:
    """Units at which sections begin, and the number of units, by dynamic programming."""
    n_units = len(vectors)
    total = np.concatenate([np.zeros((1, vectors.shape[1])), np.cumsum(vectors - vectors.mean(axis=0), axis=0)])
    gram = total @ total.T
    norms = np.diagonal(gram)
    squares = np.concatenate([[0.0], np.cumsum(np.square(vectors - vectors.mean(axis=0)).sum(axis=1))])
    best = np.full(n_units + 1, np.inf)
    best[0] = 0.0
    came_from = np.zeros(n_units + 1, int)
    for stop in range(_SHORTEST_UNITS, n_units + 1):
        first = np.arange(0, stop - _SHORTEST_UNITS + 1)
        lengths = stop - first
        # Squared distance to the mean: sum of squares less the squared sum over the length.
        spread = squares[stop] - squares[first] - (norms[stop] + norms[first] - 2.0 * gram[stop, first]) / lengths
        costs = best[first] + spread + _PENALTY - np.where(lengths % _PHRASE == 0, _PHRASE_BONUS, 0.0)
        came_from[stop] = int(costs.argmin())
        best[stop] = costs.min()
    borders = [n_units]
    while borders[-1] != 0:
        borders.append(int(came_from[borders[-1]]))
    return borders[::-1]


def _labels(vectors: NDArray[np.float64], borders: list[int]) -> list[str]:
    """A letter per section, in order of first appearance; equal ones repeat."""
    means = np.stack([vectors[first:stop].mean(axis=0) for first, stop in pairwise(borders)])
    groups: list[list[int]] = []
    label_of: list[int] = []
    for index, mean in enumerate(means):
        distances = [float(np.square(means[group] - mean).sum(axis=1).mean()) for group in groups]
        chosen = int(np.argmin(distances)) if distances else 0
        if not distances or distances[chosen] > _REPEAT_SQUARED:
            chosen = len(groups)
            groups.append([])
        groups[chosen].append(index)
        label_of.append(chosen)
    return [_letter(number) for number in label_of]


def _joined(borders: list[int], labels: list[str]) -> tuple[list[int], list[str]]:
    """Neighbours with one label are one section: nothing that can be heard parts them."""
    kept = [0, *(number for number in range(1, len(labels)) if labels[number] != labels[number - 1])]
    return [*(borders[number] for number in kept), borders[-1]], [labels[number] for number in kept]


def _times(known: Known, descriptor: Descriptor) -> NDArray[np.float64]:
    held = known.get(descriptor)
    return np.asarray(held.value, np.float64) if held is not None and isinstance(held.value, list) else np.zeros(0)


def _letter(number: int) -> str:
    """A..Z, then A2, B2 ...

    >>> _letter(0), _letter(27)
    ('A', 'B2')
    """
    turn, place = divmod(number, len(ascii_uppercase))
    return ascii_uppercase[place] + (str(turn + 1) if turn else "")
