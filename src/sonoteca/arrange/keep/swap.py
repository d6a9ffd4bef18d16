"""A swap puts another loop in a place of an arrangement: a named one, or the best that the library has besides."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from sonoteca.arrange.arrangement import Arrangement, Clip
from sonoteca.arrange.choose.beam import MEAN, WORST, WORTH
from sonoteca.arrange.choose.compose import POOL
from sonoteca.arrange.choose.conflicts import none_in_reach, none_of_role, not_in_reach
from sonoteca.arrange.choose.grid import Grid
from sonoteca.arrange.choose.loops import Loops, find_loops
from sonoteca.arrange.choose.pairwise_fit import fit_pairs, standing_of
from sonoteca.arrange.choose.place import Limits, Placements, clip_of, place, placements_of_clips
from sonoteca.arrange.choose.reasons import mean_fit, reasons_of
from sonoteca.arrange.choose.wanted import loop_of, regions_of_contents, true_peaks
from sonoteca.arrange.keep.edit import Target, clips_at, put_in, refuse_if_locked, sections_of_target
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import ConstraintsConflict
from sonoteca.match.library_weights import library_weights
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.weights import Weights


def swap(
    library: Library,
    arrangement: Arrangement,
    target: Target,
    content_hash: str | None = None,
    *,
    weights: Weights | None = None,
) -> Arrangement:
    """Let another loop play a role in the sections of a target.

    Parameters
    ----------
    target : Target
        Where; a section in which the role does not play yet is possible if it is named.
    content_hash : str, optional
        Of the sound that is to play, whatever role it was heard in. None: the loop of that role
        that goes best with what plays there, of those that do not play it anywhere yet.

    Raises
    ------
    ConstraintsConflict
        The loop, or none of the role, reaches tempo and key of the arrangement.
    RequestError
        The choice is locked, or the role plays nowhere and no section is named.
    """
    refuse_if_locked(arrangement, target)
    sections = sections_of_target(arrangement, target)
    if target.section is None:
        playing = {arrangement.section_at(arrangement.clips[n].start_bar) for n in clips_at(arrangement, target)}
        sections = [section for section in sections if section in playing]
    weights = library_weights(library) if weights is None else weights
    clips = arrangement.clips
    if content_hash is None:
        loops = find_loops(load_region_table(library))
    else:
        hashes = [content_hash, *(clip.content_hash for clip in clips)]
        loops = find_loops(load_region_table(library, where=regions_of_contents(library, hashes)))
    candidates = _candidates(library, arrangement, loops, target, content_hash)
    for name in dict.fromkeys(section.name for section in sections):
        same = [section for section in sections if section.name == name]
        beside = [
            clip
            for clip in arrangement.clips
            if clip.role != target.role and arrangement.section_at(clip.start_bar) == same[0]
        ]
        clip = _best(library, candidates, placements_of_clips(loops, beside), arrangement, weights)
        for section in same:
            number = [each.name for each in arrangement.sections[: arrangement.sections.index(section) + 1]].count(name)
            arrangement = put_in(arrangement, Target(target.role, f"{name}#{number}"), clip)
    return arrangement


def _candidates(
    library: Library, arrangement: Arrangement, loops: Loops, target: Target, content_hash: str | None
) -> Placements:
    """List the placements that may play the target's role on the grid of the arrangement, the most willing first."""
    grid = Grid(arrangement.tempo_bpm, arrangement.beats_per_bar, arrangement.key)
    if content_hash is not None:
        number, shown = loop_of(library, loops, content_hash)
        one = replace(loops.take([number]), roles=(target.role,))
        placements, reach = place(one, grid, Limits())
        if not len(placements):
            why = not_in_reach(shown, 0, one, reach, grid, Limits())
            raise ConstraintsConflict(why.message, "Name another sound.", field="replace")
        return placements
    if target.role not in loops.roles:
        why = none_of_role(target.role, has_filter=False, loops=loops)
        raise ConstraintsConflict(why.message, "Let a sound that was heard in another role play there.", field="other")
    used = {clip.content_hash for clip in arrangement.clips if clip.role == target.role}
    own = [n for n, role in enumerate(loops.roles) if role == target.role]
    placements, reach = place(loops.take(own), grid, Limits())
    if not len(placements):
        why = none_in_reach(target.role, loops.take(own), reach, grid, Limits())
        raise ConstraintsConflict(why.message, "Let a sound that was heard in another role play there.", field="other")
    order = np.argsort(-placements.worth, kind="stable").tolist()
    free = [n for n in order if placements.loops.regions.content_hashes[n] not in used]
    if not free:
        raise ConstraintsConflict(
            f"Every {target.role} loop that reaches this tempo and key plays already.",
            "Name one that plays there instead.",
            field="other",
        )
    return placements.take(free[: 2 * POOL])


def _best(
    library: Library,
    candidates: Placements,
    beside: Placements | None,
    arrangement: Arrangement,
    weights: Weights,
) -> Clip:
    """Find the candidate that goes best with what plays beside it, as a clip of one bar."""
    together = candidates if beside is None else candidates.joined(beside)
    pairwise = fit_pairs(together, weights)
    others = list(range(len(candidates), len(together)))
    scores = WORTH * candidates.worth
    if others:
        standing = standing_of(pairwise.total, together.loops.roles)
        pairs = standing[: len(candidates), len(candidates) :]
        scores = scores + MEAN * pairs.mean(axis=1) + WORST * pairs.min(axis=1)
    best = int(np.argmax(scores))
    peaks = true_peaks(library, candidates.loops.take([best]))
    return clip_of(
        candidates,
        best,
        start_bar=0.0,
        bars=1.0,
        true_peak_dbtp=next(iter(peaks.values()), None),
        score=mean_fit(best, others, pairwise),
        reasons=reasons_of(best, others, together, pairwise, arrangement.key),
    )
