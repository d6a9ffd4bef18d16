"""A scan, eight writers and twenty readers on one library at once: nobody is told that the database is locked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
import sonoteca
from sonoteca.catalogue.store import events
from sonoteca.catalogue.store.database import MOST_LOG_BYTES
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.search.event_recorder import EventRecorder

WRITERS, READERS, SECONDS = 8, 20, 12.0


def test_threads_that_hold_a_connection_each_get_a_second(library: Library) -> None:
    all_hold_one = threading.Barrier(20)
    answers: list[int] = []

    def ask() -> None:
        with library.read() as one:
            assert one.execute(sa.select(sa.literal(1))).scalar() == 1
            all_hold_one.wait(timeout=60)
            with library.read() as another:
                answers.append(another.execute(sa.select(sa.literal(2))).scalar_one())

    threads = [threading.Thread(target=ask, daemon=True) for _ in range(all_hold_one.parties)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert answers == [2] * 20


@pytest.mark.slow
def test_nobody_is_told_that_the_database_is_locked(tmp_path: Path) -> None:
    place = tmp_path / "busy.sonoteca"
    with open_library(place, mode="create") as library, library.write() as connection:
        for number in range(200):
            samples.add(connection, f"{number}.wav", f"x1:{number}", kind="loop", tempo={"bpm": 100.0 + number})
    faults: list[BaseException] = []
    done = {"scan": 0, "writes": 0, "reads": 0}
    largest_log = [0]
    lock = threading.Lock()
    until = time.monotonic() + SECONDS

    def repeat(what: str, act: Callable[[int], None]) -> None:
        number = 0
        try:
            while time.monotonic() < until:
                act(number)
                number += 1
        except BaseException as error:
            faults.append(error)
        with lock:
            done[what] += number

    # The scan has its own library, as another process has; readers and writers share one, as threads of a server do.
    with open_library(place) as scanning, open_library(place) as shared, EventRecorder(shared) as recorder:

        def scan(number: int) -> None:
            with scanning.write() as connection:
                for each in range(20):
                    samples.add(connection, f"new {number} {each}.wav", f"x1:new {number} {each}", kind="loop")

        def write(number: int) -> None:
            request = sonoteca.EditRequest(query="/music/7.wav", tags=(f"+t{number % 50}",))
            if number % 2:
                sonoteca.edit(shared, request)
            else:
                with shared.write() as connection:
                    events.record(connection, "test", details={"text": "x" * 20_000})

        def read(number: int) -> None:
            answer = sonoteca.list_sounds(shared, sonoteca.ListRequest(filter="kind:loop bpm:100..200", limit=50))
            assert len(answer.rows) == 50
            words = sonoteca.search_words(shared, sonoteca.WordsRequest(words=str(number % 200)))
            recorder.note("search", words)
            # As people do, who look at what they got: threads that never wait leave a writer no processor.
            time.sleep(0.1)
            largest_log[0] = max(largest_log[0], shared.log_bytes)

        threads = [threading.Thread(target=repeat, args=("scan", scan))]
        threads += [threading.Thread(target=repeat, args=("writes", write)) for _ in range(WRITERS)]
        threads += [threading.Thread(target=repeat, args=("reads", read)) for _ in range(READERS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert faults == []
        assert min(done.values()) > 0, done
        assert recorder.flush()
        assert recorder.lost == 0
        assert largest_log[0] < 2 * MOST_LOG_BYTES
        counts = _sounds(shared)
        assert counts == 200 + 20 * done["scan"]
        assert sonoteca.tidy_library(shared).log_bytes_after == 0
    print(f"{done}, log at most {largest_log[0] / 2**20:.0f} MB")


def _sounds(library: Library) -> int:
    return sonoteca.list_sounds(library, sonoteca.ListRequest(limit=0)).total
