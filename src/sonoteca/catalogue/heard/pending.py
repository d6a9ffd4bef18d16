"""What is still to be done: sounds without a complete run of today's producers.

A producer's identity is (id, version, settings). A sound is pending for analysis while one of
today's identities has no run on its region 0: done, skipped and failed runs all count as tried
(``sonoteca retry`` tries failed ones again). It is pending too when a person has said something
since that analyzers build on, such as its kind: then ``sounds.analysis_identity`` is NULL. An embedding space is a producer like any other:
``embedding.<model>`` with the space's version and digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store import leases
from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import locations, observations, regions, runs, sounds
from sonoteca.domain.descriptor import LOCKED
from sonoteca.domain.embedding import Space
from sonoteca.domain.melody import MELODY_HASH_PREFIX
from sonoteca.domain.sound_analysis import Identity
from sonoteca.domain.vocabulary import Source

# No digest: the single runs are looked at.
_AS_BEFORE = "as before"
# An imported melody was never sound: there is nothing to analyse or embed.
IS_SOUND = ~sounds.c.content_hash.startswith(MELODY_HASH_PREFIX)
_WAS_HEARD = (sounds.c.status == "analysed") & IS_SOUND
# What is known of it stays as it is until a person unlocks it: it is not heard again.
_IS_LOCKED = (
    sa.select(observations.c.region_id)
    .join(regions, regions.c.id == observations.c.region_id)
    .where(
        regions.c.sound_id == sounds.c.id,
        regions.c.number == 0,
        observations.c.descriptor == LOCKED.name,
        observations.c.source == Source.USER,
    )
    .exists()
)


def embedding_identity(space: Space) -> Identity:
    """The producer that fills a space."""
    return Identity(f"embedding.{space.model}", space.version, space.digest)


def identity_digest(identities: Iterable[Identity]) -> str:
    """What ``sounds.analysis_identity`` holds when all of these have run: order does not matter."""
    lines = sorted(f"{each.producer}\t{each.version}\t{each.settings}" for each in identities)
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16]


def pending_sounds(
    connection: Connection, identities: Sequence[Identity], *, spaces: Sequence[Space] = (), retry_failed: bool = False
) -> list[int]:
    """Sounds to analyse or embed, oldest first; those without a present file are left out.

    Parameters
    ----------
    identities : sequence of Identity
        Today's analysis producers (``engine.identities``).
    spaces : sequence of Space
        Today's embedding spaces.
    retry_failed : bool
        Take sounds that failed, or of which one producer failed, too.
    """
    is_pending = _is_pending(identities, spaces, retry_failed=retry_failed)
    query = sa.select(sounds.c.id).where(is_pending, _has_present_file()).order_by(sounds.c.id)
    return list(connection.execute(query).scalars())


def _has_present_file() -> sa.ColumnElement[bool]:
    return (
        sa.select(locations.c.id)
        .where(locations.c.sound_id == sounds.c.id, locations.c.missing_since.is_(None))
        .exists()
    )


def _is_pending(
    identities: Sequence[Identity], spaces: Sequence[Space], *, retry_failed: bool
) -> sa.ColumnElement[bool]:
    """Condition on ``sounds``."""
    conditions = [sounds.c.status == "pending"]
    if identities:
        conditions.append(_WAS_HEARD & _lacks_analysis(identities) & ~_IS_LOCKED)
    conditions += [_WAS_HEARD & ~_has_run(embedding_identity(space)) & ~_IS_LOCKED for space in spaces]
    if retry_failed:
        failed_run = (
            sa.select(runs.c.region_id)
            .join(regions, regions.c.id == runs.c.region_id)
            .where(regions.c.sound_id == sounds.c.id, runs.c.outcome == "failed")
            .exists()
        )
        conditions += [sounds.c.status == "failed", failed_run & ~_IS_LOCKED]
    return sa.or_(*conditions)


def _lacks_analysis(identities: Sequence[Identity]) -> sa.ColumnElement[bool]:
    # The digest answers for nearly all; only where it differs are the single runs looked at: a
    # producer that was removed since makes another digest, but nothing to do.
    is_outdated = sounds.c.analysis_identity.is_(None)
    differs = sounds.c.analysis_identity != identity_digest(identities)
    return is_outdated | (differs & sa.or_(sa.false(), *(~_has_run(identity) for identity in identities)))


def outdate(connection: Connection, region_ids: Sequence[int]) -> None:
    """Make the sounds pending whose region 0 is among these: what they were heard as no longer holds."""
    for some in chunks(list(region_ids)):
        of_whole = sa.select(regions.c.sound_id).where(regions.c.id.in_(some), regions.c.number == 0)
        was_heard = (sounds.c.status == "analysed") & sounds.c.id.in_(of_whole)
        connection.execute(sa.update(sounds).where(was_heard).values(analysis_identity=None))


def restore(connection: Connection, region_ids: Sequence[int]) -> None:
    """Take back ``outdate``: what these sounds were heard as holds again, and whether runs are missing is looked up."""
    for some in chunks(list(region_ids)):
        of_whole = sa.select(regions.c.sound_id).where(regions.c.id.in_(some), regions.c.number == 0)
        is_outdated = sounds.c.id.in_(of_whole) & (sounds.c.status == "analysed") & sounds.c.analysis_identity.is_(None)
        connection.execute(sa.update(sounds).where(is_outdated).values(analysis_identity=_AS_BEFORE))


def _has_run(identity: Identity) -> sa.ColumnElement[bool]:
    return (
        sa.select(runs.c.region_id)
        .join(regions, regions.c.id == runs.c.region_id)
        .where(
            regions.c.sound_id == sounds.c.id,
            regions.c.number == 0,
            runs.c.producer == identity.producer,
            runs.c.version == identity.version,
            runs.c.settings == identity.settings,
        )
        .exists()
    )


def pending_by_stage(
    connection: Connection, identities: Sequence[Identity], spaces: Sequence[Space] = ()
) -> dict[str, int]:
    """Counts per stage: ``analysis``, each ``analysis:<producer>`` that lacks runs, each ``embedding:<space id>``.

    A sound that was never analysed counts for ``analysis`` and every space, not for each producer.
    """

    def count(condition: sa.ColumnElement[bool]) -> int:
        return connection.execute(sa.select(sa.func.count()).select_from(sounds).where(condition)).scalar_one()

    never = sounds.c.status == "pending"
    analysed, may_be_heard = _WAS_HEARD, ~_IS_LOCKED
    lacks_some = analysed & _lacks_analysis(identities) & may_be_heard
    counts = {"analysis": count(never | lacks_some if identities else never)}
    differs = sounds.c.analysis_identity.is_distinct_from(identity_digest(identities))
    if count(analysed & differs):
        for identity in identities:
            if lacking := count(analysed & differs & ~_has_run(identity) & may_be_heard):
                counts[f"analysis:{identity.producer}"] = lacking
    for space in spaces:
        lacks_space = analysed & ~_has_run(embedding_identity(space)) & may_be_heard
        counts[f"embedding:{space.id}"] = count(never | lacks_space)
    return counts


def claim_sounds(
    connection: Connection,
    sound_ids: Sequence[int],
    owner: str,
    identities: Sequence[Identity],
    *,
    spaces: Sequence[Space] = (),
    retry_failed: bool = False,
    force: bool = False,
    ttl_s: float = leases.DEFAULT_TTL_S,
) -> list[int]:
    """Take a lease on those of ``sound_ids`` that nobody works on *and* that are still pending.

    Call it in a write transaction. ``force`` claims also what is done, but nothing that is locked. The lease key of a sound is
    ``sound_key(id)``; ``results.store_results`` releases it with the results.

    Returns
    -------
    list of int
        In the order given.
    """
    wanted = list(dict.fromkeys(sound_ids))
    if not force:
        is_pending = _is_pending(identities, spaces, retry_failed=retry_failed)
        still: set[int] = set()
        for some in chunks(wanted):
            still.update(connection.execute(sa.select(sounds.c.id).where(sounds.c.id.in_(some), is_pending)).scalars())
        wanted = [sound_id for sound_id in wanted if sound_id in still]
    else:
        locked = locked_sounds(connection, wanted)
        wanted = [sound_id for sound_id in wanted if sound_id not in locked]
    held = leases.claim(connection, [sound_key(sound_id) for sound_id in wanted], owner, ttl_s=ttl_s)
    return [sound_id for sound_id in wanted if sound_key(sound_id) in held]


def locked_sounds(connection: Connection, sound_ids: Sequence[int]) -> set[int]:
    """Those of these sounds that were heard, and whose values a person has locked."""
    found: set[int] = set()
    for some in chunks(list(sound_ids)):
        locked = sa.select(sounds.c.id).where(sounds.c.id.in_(some), sounds.c.status == "analysed", _IS_LOCKED)
        found.update(connection.execute(locked).scalars())
    return found


def sound_key(sound_id: int) -> str:
    """The key of the lease on a sound."""
    return f"sound:{sound_id}"
