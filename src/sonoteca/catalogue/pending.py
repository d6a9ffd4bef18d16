"""What is still to be done: sounds without a complete run of today's producers.

A producer's identity is (id, version, settings). A sound is pending for analysis while one of
today's identities has no run on its region 0: done, skipped and failed runs all count as tried
(``sonoteca retry`` tries failed ones again). An embedding space is a producer like any other:
``embedding.<model>`` with the space's version and digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.analysis.engine import Identity
from sonoteca.catalogue import leases
from sonoteca.catalogue.database import chunks
from sonoteca.catalogue.schema import regions, runs, sounds
from sonoteca.domain.embedding import Space


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
    """Sounds to analyse or embed, oldest first.

    Parameters
    ----------
    identities : sequence of Identity
        Today's analysis producers (``engine.identities``).
    spaces : sequence of Space
        Today's embedding spaces.
    retry_failed : bool
        Take sounds that failed, or of which one producer failed, too.
    """
    raise NotImplementedError


def pending_by_stage(
    connection: Connection, identities: Sequence[Identity], spaces: Sequence[Space] = ()
) -> dict[str, int]:
    """Counts per stage: ``hash``, ``analysis``, each ``analysis:<producer>``, each ``embedding:<space id>``."""
    raise NotImplementedError


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

    Call it in a write transaction. ``force`` claims also what is done. The lease key of a sound is
    ``sound_key(id)``; ``results.store_results`` releases it with the results.
    """
    raise NotImplementedError


def sound_key(sound_id: int) -> str:
    return f"sound:{sound_id}"


_ = (sa, chunks, regions, runs, sounds)
