"""Every clip of an arrangement is judged against what plays with it, by the axes, the flags and the gate of a match.

Nothing of it is kept: an arrangement that was made long ago is judged by what is known of its
sounds today, and by the weights that the library uses now.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.arrangement import SAME_BAR, Arrangement, Clip
from sonoteca.arrange.choose.loops import find_loops
from sonoteca.arrange.choose.pairwise_fit import counted_scores, fit_beside
from sonoteca.arrange.choose.place import placements_of_clips
from sonoteca.arrange.choose.wanted import regions_of_contents
from sonoteca.catalogue.store.library import Library
from sonoteca.match.axes import tempo_axis
from sonoteca.match.fit import Fits
from sonoteca.match.gate import PASS, STATUS_NAMES, find_flags, find_rejections, gate
from sonoteca.match.library_weights import library_weights
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.reasons import sentences_of_flags
from sonoteca.match.region_table import ROLES, RegionTable
from sonoteca.match.weights import AXES, FLAGS, Weights

# What is known of a clip by itself; all other axes compare it with another.
_OWN_AXES = ("tempo", "role_confidence")


@dataclass(frozen=True, slots=True)
class ClipFit:
    """How a clip goes with what plays at the same time.

    Attributes
    ----------
    axes : mapping of str to float or None
        Each of ``match.weights.AXES``, 0..1: the mean over what plays with it, after stretch and shift; ``tempo``
        says how little it was stretched, ``role_confidence`` how sure it plays its role. None where evidence is
        missing, or nothing plays with it.
    total_score : float or None
        The mean match, 0..1, of both directions; None where nothing plays with it.
    quality_flags : tuple of str
        Of ``match.weights.FLAGS``, in their order.
    gating_status : str
        ``pass``, ``capped`` or ``rejected``: the worst that the gate of a match would say.
    """

    axes: Mapping[str, float | None]
    total_score: float | None
    quality_flags: tuple[str, ...]
    gating_status: str

    @property
    def risk_reasons(self) -> list[str]:
        """Each flag as a sentence for a person."""
        return sentences_of_flags(self.quality_flags)


def fit_as_json(fit: ClipFit | None) -> dict[str, Any]:
    """Write what a match row says under the same names; all null for a sound of which nothing is known."""
    if fit is None:
        return dict.fromkeys(("fit", "fit_scores", "quality_flags", "gating_status", "risk_reasons"))
    values = {**fit.axes, "total_score": fit.total_score}
    scores = {name: None if value is None else round(value, 4) for name, value in values.items()}
    return {
        "fit": scores,
        "fit_scores": scores,
        "quality_flags": list(fit.quality_flags),
        "gating_status": fit.gating_status,
        "risk_reasons": fit.risk_reasons,
    }


def fit_clips(library: Library, arrangement: Arrangement) -> tuple[ClipFit | None, ...]:
    """Judge every clip, in the order of the arrangement's clips; None where its sound is gone or is no loop.

    Costs about a ``match.fit`` for each placement that is in the arrangement, however often it plays.
    """
    found = regions_of_contents(library, (clip.content_hash for clip in arrangement.clips))
    loops = find_loops(load_region_table(library, where=found))
    known = set(loops.regions.content_hashes)
    parts: dict[_Part, int] = {}
    numbers = [
        parts.setdefault(_part(clip), len(parts)) if clip.content_hash in known else None for clip in arrangement.clips
    ]
    first = dict(zip(reversed(numbers), reversed(arrangement.clips), strict=True))
    placements = placements_of_clips(loops, [first[number] for number in range(len(parts))])
    if placements is None:
        return (None,) * len(numbers)
    beside = _beside(arrangement.clips, numbers)
    partners: list[set[int]] = [set() for _ in parts]
    for number, others in zip(numbers, beside, strict=True):
        if number is not None:
            partners[number] |= others
    judged = _Judged.of(
        placements.as_they_sound(),
        [sorted(others) for others in partners],
        tempo_ratio=placements.tempo_ratio,
        semitone_shift=placements.semitone_shift,
        roles=np.array([ROLES.index(role) for role in placements.loops.roles], np.int64),
        weights=library_weights(library),
    )
    fits: dict[tuple[int, tuple[int, ...]], ClipFit] = {}
    answer: list[ClipFit | None] = []
    for number, others in zip(numbers, beside, strict=True):
        if number is None:
            answer.append(None)
            continue
        key = number, tuple(sorted(others))
        if key not in fits:
            fits[key] = judged.fit_of(*key)
        answer.append(fits[key])
    return tuple(answer)


# What is the same wherever it plays: content, start of the span, role, stretch and shift.
_Part = tuple[str, float, str, float, int]


def _part(clip: Clip) -> _Part:
    return clip.content_hash, clip.start_s, clip.role, clip.tempo_ratio, clip.semitone_shift


def _beside(clips: Sequence[Clip], numbers: Sequence[int | None]) -> list[set[int]]:
    """List, for each clip, the parts of other roles that play while it does."""
    return [
        {
            number
            for other, number in zip(clips, numbers, strict=True)
            if number is not None
            and other.role != clip.role
            and min(clip.end_bar, other.end_bar) - max(clip.start_bar, other.start_bar) > SAME_BAR
        }
        for clip in clips
    ]


@dataclass(frozen=True, slots=True, eq=False)
class _Judged:
    """What the match says of each part beside each other that it plays with; pairs are (listened to, judged)."""

    own: Mapping[str, NDArray[np.float32]]
    axes: dict[tuple[int, int], dict[str, float]] = field(default_factory=dict)
    scores: dict[tuple[int, int], float] = field(default_factory=dict)
    flags: dict[tuple[int, int], frozenset[str]] = field(default_factory=dict)
    status: dict[tuple[int, int], int] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        sounding: RegionTable,
        partners: Sequence[Sequence[int]],
        *,
        tempo_ratio: NDArray[np.float64],
        semitone_shift: NDArray[np.int64],
        roles: NDArray[np.int64],
        weights: Weights,
    ) -> _Judged:
        rows = np.arange(len(sounding))
        judged = cls({"tempo": tempo_axis(tempo_ratio), "role_confidence": sounding.roles[rows, roles]})
        for number, others in enumerate(partners):
            # Where it plays alone it is laid beside itself: that finds what is wrong with it and nothing else.
            at = np.array([number, *others], np.int64)
            fits = fit_beside(sounding, number, at, weights)
            judged._take(number, at, fits)
            one, beside = sounding.take([number]), sounding.take(at)
            ratio, shift, role = tempo_ratio[at], semitone_shift[at], roles[at]
            flags = find_flags(one, beside, ratio, fits.tempo_level, shift, fits.axes, role, is_role_asked=True)
            rejections = find_rejections(beside, ratio, role, weights)
            rejections["shift"] = np.abs(shift) > weights.gate.widest_shift
            status, _ = gate(flags, rejections, weights, strict=False)
            for i, other in enumerate(at.tolist()):
                judged.flags[number, other] = frozenset(name for name, found in flags.items() if found[i])
                judged.status[number, other] = int(status[i])
        return judged

    def _take(self, number: int, at: NDArray[np.int64], fits: Fits) -> None:
        scores = counted_scores(fits)
        for i, other in enumerate(at.tolist()):
            self.axes[number, other] = {name: float(fits.axes[name][i]) for name in AXES}
            self.scores[number, other] = float(scores[i])

    def fit_of(self, number: int, beside: Sequence[int]) -> ClipFit:
        pairs = [(other, number) for other in beside or [number]]
        axes: dict[str, float | None] = {}
        for name in AXES:
            if name in _OWN_AXES:
                values = [float(self.own[name][number])]
            else:
                values = [self.axes[pair][name] for pair in pairs if beside]
            there = [value for value in values if np.isfinite(value)]
            axes[name] = float(np.mean(there)) if there else None
        both = [0.5 * (self.scores[other, number] + self.scores[number, other]) for other in beside]
        flags = frozenset[str]().union(*(self.flags[pair] for pair in pairs))
        return ClipFit(
            axes=axes,
            total_score=float(np.mean(both)) if both else None,
            quality_flags=tuple(name for name in FLAGS if name in flags),
            gating_status=STATUS_NAMES[max((self.status[pair] for pair in pairs), default=PASS)],
        )
