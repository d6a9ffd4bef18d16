"""An arrangement is composed in five steps: loops, grid, placements, choice, clips."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import numpy as np

from sonoteca.arrange.arrangement import SAME_BAR, Arrangement, Clip, Section
from sonoteca.arrange.choose.beam import Cell, choose, is_edge
from sonoteca.arrange.choose.conflicts import no_loops, none_in_reach, none_of_role, not_in_reach
from sonoteca.arrange.choose.grid import Grid, find_grid
from sonoteca.arrange.choose.loops import Loops, find_loops
from sonoteca.arrange.choose.pairwise_fit import PairwiseFit, fit_pairs
from sonoteca.arrange.choose.place import Limits, Placements, clip_of, draw, place
from sonoteca.arrange.choose.reasons import mean_fit, reasons_of
from sonoteca.arrange.choose.wanted import Wanted, find_wanted, regions_to_use, resolve_names, true_peaks
from sonoteca.arrange.form import DEFAULT_ROLES, FormPart, roles_by_section, sections_of
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import storable
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.vocabulary import Role
from sonoteca.match.library_weights import weights_in_use
from sonoteca.match.load_regions import load_region_table

# Placements per role that the search looks at: the willing ones.
POOL = 32
# With fewer loops that end with the section, those that are cut short may play too.
_ENOUGH = 4
# How far chance moves the worth of a loop.
_CHANCE = 0.15


def compose_arrangement(library: Library, request: ArrangeRequest) -> Arrangement:
    """Compose an arrangement of the library's loops; it is not stored.

    Parameters
    ----------
    library : Library
    request : ArrangeRequest

    Returns
    -------
    Arrangement
        The same for the same request, sounds and weights. ``details["asked"]`` is the request,
        ``details["notes"]`` says what was assumed where nothing was asked for.

    Raises
    ------
    ConstraintsConflict
        The wishes exclude each other in this library; the remedy names the one to loosen.
    SoundNotFound, AmbiguousSound
        From a name.
    """
    weights = weights_in_use(library, request.weights)
    form, limits = request.form_parts, Limits(request.max_stretch / 100.0, request.max_shift)
    named = resolve_names(library, request)
    loops = find_loops(load_region_table(library, where=regions_to_use(library, request, named)))
    roles, notes = _roles(loops, request, form)
    plan = roles_by_section(form, roles)
    wanted = find_wanted(library, loops, plan, form, named)
    needed = [role for role in Role if any(role in playing for playing in plan.values())]
    grounded = find_grid(
        loops,
        needed,
        tempo_bpm=request.bpm,
        key=request.key_asked,
        beats_per_bar=request.beats_per_bar,
        seed=wanted.seed,
    )
    grid = grounded.grid
    placements, reach = place(loops, grid, limits)
    for number, shown in wanted.shown.items():
        if not reach.in_key[number]:
            raise not_in_reach(shown, number, loops, reach, grid, limits)
    hashes = {loops.regions.content_hashes[number] for number in wanted.shown}
    pool = _pool(placements, needed, hashes, request.random_seed)
    cells = _cells(plan, form, pool, wanted, loops)
    for cell in cells:
        if not cell.options:
            raise none_in_reach(cell.role, loops, reach, grid, limits)
    pairwise = fit_pairs(pool, weights)
    chosen = choose(cells, pool, pairwise)
    sections = sections_of(form)
    choice = {(cell.section, cell.role): number for cell, number in zip(cells, chosen, strict=True)}
    return Arrangement(
        tempo_bpm=grid.tempo_bpm,
        beats_per_bar=grid.beats_per_bar,
        key=grid.key,
        sections=sections,
        clips=_lay(sections, plan, choice, pool, pairwise, grid, true_peaks(library, pool.loops)),
        seed=request.random_seed,
        title=None if request.title is None else storable(request.title),
        details={
            "asked": {name: _storable(value) for name, value in request.as_json().items()},
            "notes": [*notes, *grounded.notes, *_shared(choice, pool, wanted), *_cut_short(sections, choice, pool)],
            "weights_version": weights.version,
        },
    )


def _storable(value: JsonValue) -> JsonValue:
    """Write the texts of a request as every database takes them: a path may be of any bytes."""
    if isinstance(value, list):
        return [_storable(each) for each in value]
    if isinstance(value, dict):
        return {storable(name): _storable(each) for name, each in value.items()}
    return storable(value) if isinstance(value, str) else value


def _roles(loops: Loops, request: ArrangeRequest, form: Sequence[FormPart]) -> tuple[tuple[Role, ...], list[str]]:
    """Choose the roles that play where the form does not say, and make a sentence for each that is left out."""
    there, roles_asked, has_filter = set(loops.roles), request.roles_asked, bool(request.filter)
    if not there:
        raise no_loops(has_filter=has_filter)
    for role in (*(roles_asked or ()), *(role for part in form for role in part.roles or ())):
        if role not in there:
            raise none_of_role(role, has_filter=has_filter, loops=loops)
    if roles_asked is not None:
        return roles_asked, []
    roles = tuple(role for role in DEFAULT_ROLES if role in there) or tuple(role for role in Role if role in there)
    are_open = any(part.roles is None for part in form)
    absent = [role for role in DEFAULT_ROLES if role not in there]
    return roles, [f"No {role}: there is no {role} loop." for role in absent if are_open]


def _pool(placements: Placements, roles: Sequence[Role], named: set[str], random_seed: int) -> Placements:
    """Take the most willing placements of each of these roles, chance included, and all of the sounds that are named."""
    worth = placements.worth + _CHANCE * (draw(random_seed, placements.loops) - 0.5)
    order = np.argsort(-worth, kind="stable").tolist()
    per_role: dict[str, int] = {}
    kept: list[int] = []
    for number in order:
        role = placements.loops.roles[number]
        per_role[role] = per_role.get(role, 0) + 1
        is_named = placements.loops.regions.content_hashes[number] in named
        if role in roles and (is_named or per_role[role] <= POOL):
            kept.append(number)
    return replace(placements, worth=worth).take(kept)


def _cells(
    plan: Mapping[str, tuple[Role, ...]], form: Sequence[FormPart], pool: Placements, wanted: Wanted, loops: Loops
) -> list[Cell]:
    """List what is to be decided, the fullest sections first, in each the seed's role first."""
    bars = {part.name: [each.bars for each in form if each.name == part.name] for part in form}
    names = sorted(plan, key=lambda name: (-len(plan[name]), -sum(bars[name])))
    first = None if wanted.seed is None else loops.roles[wanted.seed]
    cells: list[Cell] = []
    for name in names:
        for role in sorted(plan[name], key=lambda role: role != first):
            options = [number for number in range(len(pool)) if pool.loops.roles[number] == role]
            number = wanted.cells.get((name, role))
            if number is not None:
                wish = loops.regions.content_hashes[number]
                options = [each for each in options if pool.loops.regions.content_hashes[each] == wish]
            else:
                # Loops that end with the section, as long as there is a choice of them.
                fitting = [each for each in options if all(_divides(pool.pass_bars[each], n) for n in bars[name])]
                options = fitting if len(fitting) >= _ENOUGH else options
            cells.append(Cell(name, str(role), tuple(options)))
    return cells


def _divides(pass_bars: float, bars: int) -> bool:
    passes = bars / pass_bars
    return abs(passes - round(passes)) < SAME_BAR


def _lay(
    sections: Sequence[Section],
    plan: Mapping[str, tuple[Role, ...]],
    choice: Mapping[tuple[str, str], int],
    pool: Placements,
    pairwise: PairwiseFit,
    grid: Grid,
    peaks: Mapping[int, float],
) -> tuple[Clip, ...]:
    """Lay a clip per section and role, over the whole section."""
    clips: list[Clip] = []
    for section in sections:
        playing = {role: choice[section.name, role] for role in plan[section.name]}
        for role in sorted(playing, key=tuple(Role).index):
            number = playing[role]
            beside = [other for other in playing.values() if other != number]
            clips.append(
                clip_of(
                    pool,
                    number,
                    start_bar=section.start_bar,
                    bars=section.bars,
                    true_peak_dbtp=peaks.get(int(pool.loops.regions.region_ids[number])),
                    score=mean_fit(number, beside, pairwise),
                    reasons=reasons_of(number, beside, pool, pairwise, grid.key),
                )
            )
    return tuple(clips)


def _shared(choice: Mapping[tuple[str, str], int], pool: Placements, wanted: Wanted) -> list[str]:
    """Make a sentence per role that plays the same where it was to differ; not where somebody wants it so."""
    sentences = []
    for role in dict.fromkeys(role for _, role in choice):
        names = [
            section
            for section, playing in choice
            if playing == role and not is_edge(section) and (section, role) not in wanted.cells
        ]
        hashes = {pool.loops.regions.content_hashes[choice[name, role]] for name in names}
        if len(names) > 1 and len(hashes) == 1:
            sentences.append(f"{' and '.join(names)} have the same {role}: nothing else fits as well.")
    return sentences


def _cut_short(sections: Sequence[Section], choice: Mapping[tuple[str, str], int], pool: Placements) -> list[str]:
    sentences = []
    for (name, role), number in choice.items():
        pass_bars = float(pool.pass_bars[number])
        for bars in dict.fromkeys(section.bars for section in sections if section.name == name):
            if not _divides(pass_bars, bars):
                sentences.append(
                    f"{name} has {bars} bars: its {role} loop of {pass_bars:g} bars is cut short at the end; "
                    f"a multiple of {pass_bars:g} would not cut it."
                )
    return sentences
