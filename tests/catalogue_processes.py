"""What other processes do to a library in tests: importable, so that spawn finds it."""

from __future__ import annotations

import os
import signal
import sys
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import catalogue_samples as samples
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made.edit import edit
from sonoteca.catalogue.made.removals import remove_with_a_way_back
from sonoteca.catalogue.made.statement import shifted_grid
from sonoteca.catalogue.store import leases
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.descriptor import GRID_SHIFT


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


def shift_grid(location: str, sound_id: int, times: int, barrier: Barrier) -> None:
    """Shift the grid of a sound by 10 ms, in single edits, while others do the same."""
    with open_library(location) as library:
        barrier.wait()
        for _ in range(times):
            with library.write() as connection:
                region = whole_regions(connection, [sound_id])[sound_id]
                edit(connection, [region], {GRID_SHIFT: shifted_grid(0.01)})


def die_removing(location: str) -> None:
    """Remove all sounds, and be killed before the transaction ends."""
    with open_library(location) as library, library.write() as connection:
        remove_with_a_way_back(connection, list(range(1, 6)))
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    if sys.argv[1] == "die-removing":
        die_removing(sys.argv[2])
    store_for_ever(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
