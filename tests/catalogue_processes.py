"""What other processes do to a library in tests: importable, so that spawn finds it."""

from __future__ import annotations

from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

from sonoteca.catalogue import leases
from sonoteca.catalogue.library import open_library


def claim_one_by_one(
    location: str, owner: str, count: int, barrier: Barrier, taken: Queue[tuple[str, set[str]]]
) -> None:
    """Claim ``key:0`` ... in single transactions, as fast as the other process lets us."""
    with open_library(location) as library:
        barrier.wait()
        for number in range(count):
            with library.write() as connection:
                held = leases.claim(connection, [f"key:{number}"], owner)
            taken.put((owner, held))
