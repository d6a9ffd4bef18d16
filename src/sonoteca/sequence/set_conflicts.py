"""Wishes for a set that cannot all be met, said in a sentence that names the one to loosen."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from sonoteca.domain.music import stretch_percent
from sonoteca.errors import ConstraintsConflict
from sonoteca.sequence.axes import stretch
from sonoteca.sequence.beam import DeadEnd
from sonoteca.sequence.set_problem import SetProblem
from sonoteca.sequence.set_request import SetRequest

# A set may be so much longer than asked for before what is locked is called too long.
_TOO_LONG = 1.1


@dataclass(frozen=True, slots=True)
class Sieve:
    """What one wish took away from the tracks that may be chosen; ``loosen`` is what to do about it.

    ``is_note``: it is no wish of the person's, who is told in any case.
    """

    wish: str
    taken: int
    loosen: str
    is_note: bool = False


def check_locks(request: SetRequest, named: Sequence[tuple[str, int, int | None]]) -> None:
    """Refuse sounds locked to one place, or one sound locked to two.

    Parameters
    ----------
    named : sequence of (name, sound, position from 1 or None)
        What is asked for; the end of the set has the position of its last track, or None where that is
        not known.
    """
    n_tracks = request.wished_length.n_tracks
    at: dict[int, tuple[str, int]] = {}
    for name, sound, position in named:
        if position is None:
            continue
        if n_tracks is not None and position > n_tracks:
            raise ConstraintsConflict(
                f"{name} is locked to position {position}, but the set has {n_tracks} tracks.",
                f"Make the set at least {position} tracks long, or lock {name} to an earlier position.",
                field="must",
            )
        held = at.setdefault(position, (name, sound))
        if held[1] != sound:
            raise ConstraintsConflict(
                f"Position {position} is asked for by both {held[0]} and {name}.",
                f"Lock {name} to another position, or leave its position free.",
                field="must",
            )
    places: dict[int, tuple[str, int]] = {}
    for name, sound, position in named:
        if position is None:
            continue
        earlier = places.setdefault(sound, (name, position))
        if earlier[1] != position:
            raise ConstraintsConflict(
                f"{name} is asked for at positions {earlier[1]} and {position}, but a set never repeats a track.",
                "Keep one of the two.",
                field="must",
            )
    n_sounds = len({sound for _, sound, _ in named})
    if n_tracks is not None and n_sounds > n_tracks:
        raise ConstraintsConflict(
            f"{n_sounds} tracks are asked for by name, but the set has {n_tracks}.",
            f"Make the set at least {n_sounds} tracks long, or ask for fewer by name.",
            field="length",
        )


def check_room(problem: SetProblem, sieves: Sequence[Sieve]) -> None:
    """Refuse what is locked for longer than the set, and too few tracks to fill it, or none."""
    fixed = {*problem.locked.values(), *problem.musts, *([] if problem.last is None else [problem.last])}
    if not fixed and not problem.choosable.any() and not any(sieve.taken for sieve in sieves):
        raise ConstraintsConflict(
            "The library holds no tracks to choose from: a set is made of tracks, not of loops, one-shots and "
            "field recordings.",
            "Add tracks to the library, or say of a sound that it is one.",
        )
    if problem.duration_s is not None:
        locked_s = float(problem.durations_s()[sorted(fixed)].sum())
        if locked_s > _TOO_LONG * problem.duration_s:
            raise ConstraintsConflict(
                f"The tracks asked for by name last {locked_s / 60:.0f} minutes, longer than the set of "
                f"{problem.duration_s / 60:.0f}.",
                "Make the set longer, or ask for fewer tracks by name.",
                field="length",
            )
        reached_s = max(problem.locked, default=0) * problem.mean_duration_s
        if reached_s > _TOO_LONG * problem.duration_s:
            raise ConstraintsConflict(
                f"Position {max(problem.locked) + 1} comes after about {reached_s / 60:.0f} minutes, but the set has "
                f"{problem.duration_s / 60:.0f}.",
                "Make the set longer, or lock the track to an earlier position.",
                field="length",
            )
        return
    assert problem.n_tracks is not None
    free = int(np.delete(problem.choosable, sorted(fixed)).sum())
    if free + len(fixed) >= problem.n_tracks:
        return
    taking = [sieve for sieve in sieves if sieve.taken]
    told = "; ".join(f"{sieve.wish} takes {sieve.taken} away" for sieve in taking)
    raise ConstraintsConflict(
        f"The set wants {problem.n_tracks} tracks, but there are only {free + len(fixed)} to choose from"
        + (f": {told}." if told else "."),
        max(taking, key=lambda sieve: sieve.taken).loosen
        if taking
        else f"Ask for {free + len(fixed)} tracks at most, or add more to the library.",
    )


def explain_dead_end(problem: SetProblem, found: DeadEnd, name_of: Callable[[int], str]) -> ConstraintsConflict:
    """Explain why no set could be found: a search ends early only where the limit of tempo, or the pool, stops it.

    Parameters
    ----------
    name_of : function of a track
        How to call it.
    """
    position, limit = found.position, problem.widest_pct
    if limit is None or not found.before:
        return ConstraintsConflict(
            f"No track is left for position {position + 1}.",
            "Loosen the filter or what is avoided, or make the set shorter.",
        )
    before = found.before[-1]
    later = sorted(each for each in problem.locked if each >= position)
    target = problem.locked[later[0]] if later else problem.last
    bpm = f"{2.0 ** float(problem.tracks.tempo_end[before]):.4g} bpm"
    if target is not None:
        steps = (later[0] if later else (problem.n_tracks or position + 1) - 1) - position + 1
        played = stretch(
            problem.tracks.take([before]), problem.tracks.take([target]), double_time=problem.style.double_time
        )
        each_pct = abs(stretch_percent(2.0 ** (float(played.log2_ratio[0, 0]) / max(1, steps))))
        if each_pct > limit:
            return ConstraintsConflict(
                f"From {name_of(before)} ({bpm}) to {name_of(target)} "
                f"({2.0 ** float(problem.tracks.tempo_start[target]):.4g} bpm) every one of {max(1, steps)} transitions "
                f"would have to stretch by {each_pct:.1f} %, more than the {limit:g} % allowed.",
                f"Allow wider stretches, unlock {name_of(target)}, or leave more tracks between the two.",
                field="tempo_pct",
            )
    return ConstraintsConflict(
        f"After {name_of(before)} ({bpm}) no track within {limit:g} % is left for position {position + 1}.",
        "Allow wider stretches, or loosen the filter or what is avoided.",
        field="tempo_pct",
    )
