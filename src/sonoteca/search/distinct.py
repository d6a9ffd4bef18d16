"""A ranking answers each recording once: the best of its encodings stands for the others, and names them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.same_recording import MOST_COMPARED, Recordings, recordings_of_regions
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.domain.page import Page, page_of
from sonoteca.search.result_row import Copy, region_facts

# So many more than are answered are looked at for copies, which are left out.
_SPARE = 24


def distinct_page(
    connection: Connection, region_ids: NDArray[np.int64], k: int, offset: int, *, before: Sequence[int]
) -> tuple[Page[int], Recordings]:
    """Cut a page of a ranking that holds every region, so that each recording stands in it once.

    Parameters
    ----------
    region_ids : int64 (n,)
        Row numbers, best first.
    before : sequence of int
        Row numbers of sounds that were answered already; other encodings of these do not answer either.

    Returns
    -------
    Page of places in ``region_ids``, and which of the regions looked at are of one recording.
    """
    wanted = offset + k + 1
    looked_at = wanted + _SPARE
    while True:
        some = region_ids[:looked_at].tolist()
        known = recordings_of_regions(connection, some, before=before)
        kept = [place for place, region_id in enumerate(some) if not known.is_copy(region_id)]
        is_all = looked_at >= len(region_ids)
        if len(kept) >= wanted or is_all:
            break
        looked_at *= 2
    # Copies are known among so many; how many recordings there are among more is not.
    total = len(kept) if is_all and len(region_ids) + len(before) <= MOST_COMPARED else None
    return page_of(kept, k, offset, is_all=False, total=total), known


def copies_by_region(
    connection: Connection, known: Recordings, region_ids: Sequence[int]
) -> dict[int, tuple[Copy, ...]]:
    """For which sounds that are (still) there each of these regions stands."""
    copies = {region_id: known.copies(region_id) for region_id in region_ids}
    wholes = whole_regions(connection, [copy for some in copies.values() for copy in some])
    facts = region_facts(connection, list(wholes.values()))
    said = {fact.sound_id: Copy(fact.id, fact.path) for fact in facts.values()}
    return {region_id: tuple(said[copy] for copy in some if copy in said) for region_id, some in copies.items()}
