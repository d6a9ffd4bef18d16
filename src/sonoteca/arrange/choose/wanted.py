"""A person names sounds: the seed that an arrangement grows from, and those that must play."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray

from sonoteca.arrange.choose.loops import Loops
from sonoteca.arrange.form import FormPart
from sonoteca.arrange.request import ArrangeRequest
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import regions, sounds, summaries
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import ConstraintsConflict
from sonoteca.search.selection import allowed_regions


@dataclass(frozen=True, slots=True)
class Wanted:
    """Where named sounds have to play, by the numbers of their loops.

    ``seed`` is the seed's loop; ``cells`` the loop that (section name, role) has to play; ``shown`` how people know each.
    """

    seed: int | None
    cells: Mapping[tuple[str, str], int]
    shown: Mapping[int, str]


@dataclass(frozen=True, slots=True)
class NamedSounds:
    """The sounds that a request names, as content hashes."""

    seed: str | None
    must: tuple[str, ...]


def resolve_names(library: Library, request: ArrangeRequest) -> NamedSounds:
    """Find the sounds that a request names; SoundNotFound, AmbiguousSound for a name that means none or several."""
    with library.read() as connection:
        seed = None if request.seed is None else resolve_sound(connection, request.seed).content_hash
        return NamedSounds(seed, tuple(resolve_sound(connection, name).content_hash for name in request.must))


def regions_to_use(library: Library, request: ArrangeRequest, named: NamedSounds) -> NDArray[np.int64] | None:
    """Give the row numbers of the regions that the filter leaves and of the sounds that are named; None is all."""
    found = allowed_regions(library, request.filter)
    if found is None:
        return None
    hashes = [each for each in (named.seed, *named.must) if each is not None]
    with library.read() as connection:
        query = sa.select(regions.c.id).join(sounds, sounds.c.id == regions.c.sound_id)
        own = connection.execute(query.where(sounds.c.content_hash.in_(hashes), regions.c.number == 0)).scalars().all()
    return np.union1d(found, np.array(own, np.int64))


def regions_of_contents(library: Library, hashes: Iterable[str]) -> NDArray[np.int64]:
    """Give the row numbers of all regions of the sounds of these contents; what is not in the library is left out."""
    wanted = list(dict.fromkeys(hashes))
    query = sa.select(regions.c.id).join(sounds, sounds.c.id == regions.c.sound_id)
    with library.read() as connection:
        found = [
            number
            for some in chunks(wanted)
            for number in connection.execute(query.where(sounds.c.content_hash.in_(some))).scalars()
        ]
    return np.array(found, np.int64)


def find_wanted(
    library: Library,
    loops: Loops,
    plan: Mapping[str, tuple[Role, ...]],
    form: Sequence[FormPart],
    named: NamedSounds,
) -> Wanted:
    """Choose where the named sounds play.

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
    if named.seed is not None:
        seed, shown[seed] = loop_of(library, loops, named.seed)
        names = _sections_of(loops.roles[seed], plan, form, shown[seed])
        cells[names[0], loops.roles[seed]] = seed
    for content_hash in dict.fromkeys(named.must):
        if content_hash == named.seed:
            continue
        number, shown[number] = loop_of(library, loops, content_hash)
        role = loops.roles[number]
        free = [name for name in _sections_of(role, plan, form, shown[number]) if (name, role) not in cells]
        if not free:
            raise ConstraintsConflict(
                f"No section is left in which {shown[number]} could play {role}.",
                "Name fewer sounds of this role, or lengthen the form by a section of another name.",
                field="must",
            )
        cells[free[0], role] = number
    if seed is not None:
        for name in _sections_of(loops.roles[seed], plan, form, shown[seed]):
            cells.setdefault((name, loops.roles[seed]), seed)
    return Wanted(seed, cells, shown)


def loop_of(library: Library, loops: Loops, content_hash: str) -> tuple[int, str]:
    """Find the number of a sound's loop, and how people know it; ConstraintsConflict if it is none."""
    with library.read() as connection:
        query = (
            sa.select(sounds.c.public_id, sounds.c.title, summaries.c.path, summaries.c.kind)
            .join(summaries, summaries.c.sound_id == sounds.c.id)
            .where(sounds.c.content_hash == content_hash, summaries.c.number == 0)
        )
        row = connection.execute(query).first()
    name = content_hash if row is None else row.path or row.title or row.public_id
    if content_hash in loops.regions.content_hashes:
        return loops.regions.content_hashes.index(content_hash), name
    kind = "" if row is None or row.kind is None else f" (it was heard as {row.kind.replace('_', ' ')})"
    raise ConstraintsConflict(
        f"{name} is not a loop with a role and whole bars{kind}.",
        "Do not ask for this sound, or correct what was heard in it.",
    )


def _sections_of(role: str, plan: Mapping[str, tuple[Role, ...]], form: Sequence[FormPart], shown: str) -> list[str]:
    """Names of the sections in which a role plays, the longest first."""
    bars = {name: sum(part.bars for part in form if part.name == name) for name in plan}
    names = [name for name in sorted(plan, key=lambda name: -bars[name]) if role in plan[name]]
    if not names:
        raise ConstraintsConflict(
            f"{shown} plays {role}, and no section has {role}.",
            f"Loosen the roles or the form: add {role}.",
            field="roles",
        )
    return names


def true_peaks(library: Library, loops: Loops) -> dict[int, float]:
    """Read the true peak in dBTP by region row number, of those where it is known."""
    found: dict[int, float] = {}
    with library.read() as connection:
        for some in chunks([int(each) for each in np.unique(loops.regions.region_ids)]):
            query = sa.select(summaries.c.region_id, summaries.c.true_peak_dbtp)
            for row in connection.execute(query.where(summaries.c.region_id.in_(some))):
                if row.true_peak_dbtp is not None:
                    found[row.region_id] = row.true_peak_dbtp
    return found
