from __future__ import annotations

import multiprocessing
import time

from catalogue_processes import claim_one_by_one
from catalogue_samples import EAR, SPACE, info, part
from sonoteca.catalogue.heard import pending
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.locations import SeenFile, mark_missing, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.identity.sounds import mark_failed
from sonoteca.catalogue.store import leases
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.sound_analysis import Identity, SoundAnalysis
from sonoteca.errors import WorkerCrashed


def test_a_key_has_one_owner_until_it_is_released(library: Library) -> None:
    with library.write() as connection:
        assert leases.claim(connection, ["a", "b"], "first") == {"a", "b"}
        assert leases.claim(connection, ["b", "c"], "second") == {"c"}
        assert leases.claim(connection, ["a"], "first") == {"a"}
        assert leases.release(connection, "first", ["b"]) == 1
        assert leases.claim(connection, ["a", "b"], "second") == {"b"}
        assert leases.release(connection, "second") == 2


def test_who_does_not_renew_loses_the_lease(library: Library) -> None:
    with library.write() as connection:
        leases.claim(connection, ["a", "b"], "dead", ttl_s=0.0)
        leases.claim(connection, ["c"], "alive", ttl_s=0.05)
        assert leases.renew(connection, "alive", ttl_s=60.0) == 1
        time.sleep(0.06)
        assert leases.claim(connection, ["a", "c"], "next") == {"a"}
        assert leases.remove_expired(connection) == 1


def test_owners_are_told_apart() -> None:
    assert leases.new_owner() != leases.new_owner()


def files(library: Library, count: int) -> list[int]:
    with library.write() as connection:
        root = ensure_root(connection, "/music").root
        seen = [(SeenFile(f"{n}.wav".encode(), 1, 1), f"x1:{n}") for n in range(count)]
        return [recorded.sound_id for recorded in record_files(connection, root, seen)]


def done(sound_id: int, number: int) -> SoundResult:
    return SoundResult(sound_id, info(f"x1:{number}"), SoundAnalysis((part(0, 0.0, 2.0),)))


def test_only_what_is_still_pending_is_claimed(library: Library) -> None:
    first, second, third = files(library, 3)
    with library.write() as connection:
        assert pending.claim_sounds(connection, [first, second], "one", [EAR]) == [first, second]
        store_results(connection, [done(first, 0)], identities=[EAR], owner="one")
        # The first is done and its lease is gone; the second is the other's.
        assert pending.claim_sounds(connection, [first, second, third], "two", [EAR]) == [third]
        assert pending.claim_sounds(connection, [first], "two", [EAR], force=True) == [first]


def test_a_new_version_or_a_new_space_makes_sounds_pending_again(library: Library) -> None:
    [sound_id] = files(library, 1)
    newer, other = Identity(EAR.producer, 2, ""), Identity("test.other", 1, "")
    with library.write() as connection:
        assert pending.pending_sounds(connection, [EAR]) == [sound_id]
        store_results(connection, [done(sound_id, 0)], identities=[EAR])
        assert pending.pending_sounds(connection, [EAR]) == []
        assert pending.pending_sounds(connection, [newer]) == [sound_id]
        assert pending.pending_sounds(connection, [EAR, other]) == [sound_id]
        assert pending.pending_sounds(connection, [EAR], spaces=[SPACE]) == [sound_id]
        by_stage = pending.pending_by_stage(connection, [EAR, other], [SPACE])
    assert by_stage == {"analysis": 1, "analysis:test.other": 1, f"embedding:{SPACE.id}": 1}


def test_a_producer_that_is_gone_leaves_nothing_to_do(library: Library) -> None:
    [sound_id] = files(library, 1)
    other = Identity("test.other", 1, "")
    both = SoundAnalysis((part(0, 0.0, 2.0),))
    with library.write() as connection:
        store_results(connection, [SoundResult(sound_id, info("x1:0"), both)], identities=[EAR, other])
        assert pending.pending_sounds(connection, [EAR]) == []


def test_what_cannot_be_reached_is_not_pending_and_what_failed_only_on_retry(library: Library) -> None:
    first, second = files(library, 2)
    with library.write() as connection:
        mark_failed(connection, {first: WorkerCrashed("The worker died on 0.wav.")})
        assert pending.pending_sounds(connection, [EAR]) == [second]
        assert pending.pending_sounds(connection, [EAR], retry_failed=True) == [first, second]
        mark_missing(connection, [1, 2])
        assert pending.pending_sounds(connection, [EAR], retry_failed=True) == []


def test_two_processes_never_hold_the_same_key(library_location: str) -> None:
    count = 40
    context = multiprocessing.get_context("spawn")
    barrier, taken = context.Barrier(2), context.Queue()
    workers = [
        context.Process(target=claim_one_by_one, args=(library_location, owner, count, barrier, taken))
        for owner in ("one", "two")
    ]
    for worker in workers:
        worker.start()
    claims = [taken.get(timeout=60) for _ in range(2 * count)]
    for worker in workers:
        worker.join()
    keys = [key for _, held in claims for key in held]
    assert sorted(keys) == sorted(f"key:{number}" for number in range(count))
