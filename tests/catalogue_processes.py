"""What other processes do to a library in tests: importable, so that spawn finds it."""

from __future__ import annotations

import sys
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import catalogue_samples as samples
from sonoteca.catalogue.store import leases
from sonoteca.catalogue.store.library import open_library


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


def create_at_once(location: str, barrier: Barrier, made: Queue[str]) -> None:
    """Create the library at the moment the others do; tells its uuid."""
    barrier.wait()
    with open_library(location, mode="create") as library:
        made.put(library.uuid)


def store_for_ever(location: str, first: int, batch: int) -> None:
    """Record and store batches until killed; prints the number of sounds after every commit."""
    number = first
    with open_library(location) as library:
        while True:
            with library.write() as connection:
                for _ in range(batch):
                    samples.add(connection, f"{number}.wav", f"x1:{number}", kind="loop", tempo={"bpm": 120.0})
                    number += 1
            print(number, flush=True)


if __name__ == "__main__":
    store_for_ever(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
