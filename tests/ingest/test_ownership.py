"""A dead run's leases are free at once, a living one's never."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

from sonoteca.catalogue.store import leases
from sonoteca.catalogue.store.library import open_library
from sonoteca.ingest.ownership import Heartbeat, is_dead, new_owner, release_dead

SCRIPT = "from sonoteca.ingest.ownership import new_owner; print(new_owner())"


def test_only_an_ended_process_of_this_machine_is_dead(tmp_path: Path) -> None:
    mine = new_owner()
    ended = subprocess.run([sys.executable, "-c", SCRIPT], capture_output=True, text=True, check=True).stdout.strip()
    machine, pid, started, word = mine.split("|")
    reused = "|".join((machine, pid, f"{float(started) - 5:.2f}", word))
    elsewhere = "|".join(("another machine", ended.split("|", 1)[1]))
    assert [is_dead(owner) for owner in (mine, ended, reused, elsewhere, "odd", "")] == [
        False, True, True, False, False, False,
    ]  # fmt: skip
    with open_library(tmp_path / "library.sonoteca", mode="create") as library, library.write() as connection:
        for number, owner in enumerate((mine, ended, elsewhere)):
            leases.claim(connection, [f"sound:{number}"], owner)
        assert release_dead(connection) == 1
        assert leases.claim(connection, ["sound:0", "sound:1", "sound:2"], "third") == {"sound:1"}


def test_a_heartbeat_keeps_a_lease_beyond_its_time(tmp_path: Path) -> None:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        owner = new_owner()
        with library.write() as connection:
            leases.claim(connection, ["sound:1"], owner, ttl_s=0.3)
        with Heartbeat(library, owner, every_s=0.05):
            time.sleep(0.6)
            with library.write() as connection:
                assert leases.claim(connection, ["sound:1"], "rival") == set()
