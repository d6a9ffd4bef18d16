"""A transition is scored by its parts, and by their weighted mean over what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from sonoteca.sequence.axes import (
    Axis,
    Stretch,
    energy_axis,
    key_axis,
    rhythm_axis,
    stretch,
    tempo_axis,
    timbre_axis,
)
from sonoteca.sequence.tracks import FloatColumn, Tracks
from sonoteca.sequence.weights import AXES, Weights


@dataclass(frozen=True, slots=True)
class TransitionStyle:
    """How tracks are mixed into each other.

    ``double_time``: half and double tempo fit too; ``key_lock``: a stretch keeps the pitch;
    ``direction``: energy is wished to go down (-1), to hold (0) or up (1).
    """

    double_time: bool = True
    key_lock: bool = True
    direction: int = 0


@dataclass(frozen=True, slots=True, eq=False)
class Transitions:
    """The scores of all transitions from m tracks to n.

    Attributes
    ----------
    parts : mapping of axis to float32 (m, n)
        NaN where evidence is missing on either side.
    total : float32 (m, n)
        Weighted mean of the known parts; 0 where nothing is known.
    played : Stretch
    """

    parts: Mapping[str, FloatColumn]
    total: FloatColumn
    played: Stretch


@dataclass(frozen=True, slots=True, eq=False)
class Sums:
    """Weighted sums (m, n) over the known parts, and the sums of their weights: what is left to add is freshness."""

    scores: FloatColumn
    weights: FloatColumn

    def mean(self) -> FloatColumn:
        return np.asarray(self.scores / np.maximum(self.weights, 1e-9), np.float32)


def axes_of(ends: Tracks, starts: Tracks, weights: Weights, style: TransitionStyle) -> tuple[dict[str, Axis], Stretch]:
    """Score every axis but freshness, and say how the starting tracks are played."""
    played = stretch(ends, starts, double_time=style.double_time)
    return {
        "tempo": tempo_axis(played, weights.tempo),
        "key": key_axis(ends, starts, played, weights.key, key_lock=style.key_lock),
        "energy": energy_axis(ends, starts, weights.energy, direction=style.direction),
        "timbre": timbre_axis(ends, starts),
        "rhythm": rhythm_axis(ends, starts, played, weights.rhythm),
    }, played


def weighted_sums(axes: Mapping[str, Axis], weights: Weights) -> Sums:
    """Add up the axes given; an axis without evidence adds to neither."""
    some = next(iter(axes.values()))
    scores = np.zeros(some.score.shape, np.float32)
    counted = np.zeros(some.score.shape, np.float32)
    for name, axis in axes.items():
        weight = np.float32(getattr(weights.axes, name))
        if weight:
            scores += np.where(axis.known, weight * axis.score, np.float32(0.0))
            counted += weight * axis.known
    return Sums(scores, counted)


def transitions(
    ends: Tracks,
    starts: Tracks,
    weights: Weights,
    style: TransitionStyle | None = None,
    *,
    freshness: Axis | None = None,
) -> Transitions:
    """Score every transition from ``ends`` (m) to ``starts`` (n).

    Parameters
    ----------
    freshness : Axis, optional
        Of the starting tracks; without it freshness is not part of the total.
    """
    axes, played = axes_of(ends, starts, weights, style or TransitionStyle())
    if freshness is not None:
        axes["freshness"] = freshness
    unknown = np.full(played.log2_ratio.shape, np.nan, np.float32)
    parts = {name: np.where(axes[name].known, axes[name].score, unknown) if name in axes else unknown for name in AXES}
    return Transitions(parts, weighted_sums(axes, weights).mean(), played)
