"""The sounds that a person names: the seed an arrangement grows from, and those that must play."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from sonoteca.arrange.choose.loops import Loops
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import regions, sounds, summaries
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import ConstraintsConflict


@dataclass(frozen=True, slots=True)
class Wanted:
    """``seed`` is its loop's number; ``cells`` the loop that (section name, role) has to play; ``shown`` their names."""

    seed: int | None
    cells: Mapping[tuple[str, str], int]
    shown: Mapping[int, str]


def regions_to_use(library: Library, request: ArrangeRequest) -> NDArray[np.int64] | None:
    """Row numbers of the regions that the filter leaves and of the sounds that are named; None is all."""
    if request.where is None:
        return None
    named = [each for each in (request.seed, *request.must) if each is not None]
    with library.read() as connection:
        query = sa.select(regions.c.id).join(sounds, sounds.c.id == regions.c.sound_id)
        own = connection.execute(query.where(sounds.c.content_hash.in_(named), regions.c.number == 0)).scalars().all()
    return np.union1d(request.where, np.array(own, np.int64))


def find_wanted(
    library: Library, loops: Loops, plan: Mapping[str, tuple[Role, ...]], request: ArrangeRequest
) -> Wanted:
    """Where the named sounds play.

    The seed plays in every section in which its role does. A sound that must play takes the longest
    section of its role that is free; the seed keeps the longest and gives way elsewhere.

    Raises
    ------
    ConstraintsConflict
        A sound is no loop, its role does not play, or more of a role are named than there are sections.
    """
    shown: dict[int, str] = {}
    cells: dict[tuple[str, str], int] = {}
    seed = None
    if request.seed is not None:
        seed, shown[seed] = loop_of(library, loops, request.seed)
        names = _sections_of(loops.roles[seed], plan, request, shown[seed])
        cells[names[0], loops.roles[seed]] = seed
    for content_hash in dict.fromkeys(request.must):
        if content_hash == request.seed:
            continue
        number, shown[number] = loop_of(library, loops, content_hash)
        role = loops.roles[number]
        free = [name for name in _sections_of(role, plan, request, shown[number]) if (name, role) not in cells]
        if not free:
            raise ConstraintsConflict(
                f"No section is left in which {shown[number]} could play {role}.",
                "Loosen --must: name fewer sounds of this role, or lengthen --form by a section of another name.",
            )
        cells[free[0], role] = number
    if seed is not None:
        for name in _sections_of(loops.roles[seed], plan, request, shown[seed]):
            cells.setdefault((name, loops.roles[seed]), seed)
    return Wanted(seed, cells, shown)


def loop_of(library: Library, loops: Loops, content_hash: str) -> tuple[int, str]:
    """The number of a sound's loop, and how people know it; ConstraintsConflict if it is none."""
    with library.read() as connection:
        query = (
            sa.select(sounds.c.public_id, sounds.c.title, summaries.c.path, summaries.c.kind)
            .join(summaries, summaries.c.sound_id == sounds.c.id)
            .where(sounds.c.content_hash == content_hash, summaries.c.number == 0)
        )
        row = connection.execute(query).first()
    name = content_hash if row is None else row.path or row.title or row.public_id
    if content_hash in loops.evidence.content_hashes:
        return loops.evidence.content_hashes.index(content_hash), name
    kind = "" if row is None or row.kind is None else f" (it was heard as {row.kind.replace('_', ' ')})"
    raise ConstraintsConflict(
        f"{name} is not a loop with a role and whole bars{kind}.",
        "Do not ask for this sound, or correct it with `sonoteca edit`.",
    )


def _sections_of(role: str, plan: Mapping[str, tuple[Role, ...]], request: ArrangeRequest, shown: str) -> list[str]:
    """Names of the sections in which a role plays, the longest first."""
    bars = {name: sum(part.bars for part in request.form if part.name == name) for name in plan}
    names = [name for name in sorted(plan, key=lambda name: -bars[name]) if role in plan[name]]
    if not names:
        raise ConstraintsConflict(
            f"{shown} plays {role}, and no section has {role}.", f"Loosen --roles or --form: add {role}."
        )
    return names


def true_peaks(library: Library, loops: Loops) -> dict[int, float]:
    """True peak in dBTP by region row number, of those where it is known."""
    found: dict[int, float] = {}
    with library.read() as connection:
        for some in chunks([int(each) for each in np.unique(loops.evidence.region_ids)]):
            query = sa.select(summaries.c.region_id, summaries.c.true_peak_dbtp)
            for row in connection.execute(query.where(summaries.c.region_id.in_(some))):
                if row.true_peak_dbtp is not None:
                    found[row.region_id] = row.true_peak_dbtp
    return found
