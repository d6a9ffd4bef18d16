"""What a long-lived program leaves beside its library stays small."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

import sonoteca
from sonoteca.catalogue.store import database, disks, events, leases
from sonoteca.catalogue.store import library as library_module
from sonoteca.catalogue.store.disks import network_disk
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.upkeep import disk_warnings
from sonoteca.upkeep.disk_warnings import library_warnings

MEGABYTE = 2**20


def write(library: Library, megabytes: int) -> None:
    for _ in range(megabytes):
        with library.write() as connection:
            events.record(connection, "test", details={"text": "x" * MEGABYTE})


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "library.sonoteca"


def test_the_log_of_a_busy_library_is_cut_to_nothing(file: Path) -> None:
    with open_library(file, mode="create") as library:
        # A reader that stays keeps all that was written since in the log.
        with library.read() as reader:
            reader.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
            write(library, 12)
            assert library.log_bytes > 10 * MEGABYTE
            kept = sonoteca.tidy_library(library)
            assert kept.log_bytes_after == kept.log_bytes_before > 10 * MEGABYTE
        answer = sonoteca.tidy_library(library)
        assert answer.log_bytes_before > 10 * MEGABYTE
        assert (answer.log_bytes_after, library.log_bytes) == (0, 0)
        assert answer.freed_bytes == answer.log_bytes_before
        with library.read() as connection:
            assert connection.exec_driver_sql("SELECT count(*) FROM events").scalar_one() == 12


def test_a_writer_shortens_the_log_by_itself(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(library_module, "MOST_LOG_BYTES", 2 * MEGABYTE)
    monkeypatch.setattr(library_module, "_SHORTEN_AGAIN_S", 0.0)
    with open_library(file, mode="create") as library:
        largest = 0
        for _ in range(20):
            write(library, 1)
            largest = max(largest, library.log_bytes)
        # The limit, and what one transaction writes.
        assert largest < 5 * MEGABYTE


def test_a_log_that_readers_kept_long_is_cut_to_the_limit_by_the_next_that_begins_it_anew(
    file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "MOST_LOG_BYTES", MEGABYTE)
    with open_library(file, mode="create") as library:
        with library.read() as reader:
            reader.exec_driver_sql("SELECT count(*) FROM events").scalar_one()
            write(library, 10)
        write(library, 1)
        write(library, 1)
        assert library.log_bytes <= 3 * MEGABYTE


def test_leases_of_the_dead_go_and_a_writer_at_work_is_left_alone(library: Library) -> None:
    with library.write() as connection:
        leases.claim(connection, ["a", "b"], "dead", ttl_s=-1.0)
        leases.claim(connection, ["c"], "alive")
    assert sonoteca.tidy_library(library).as_json()["expired_leases"] == 2
    assert sonoteca.tidy_library(library).as_json()["expired_leases"] == 0


def test_whoever_only_reads_tidies_nothing(file: Path) -> None:
    open_library(file, mode="create").close()
    with open_library(file, mode="read") as library:
        assert library.shorten_log()
        assert (file.stat().st_mode & 0o777) != 0


# --- the disk it lies on ----------------------------------------------------------------------------

MOUNTS = b"""\
/dev/sda1 / ext4 rw 0 0
nas:/shop /shop nfs4 rw,vers=4.2 0 0
/dev/sdb1 /shop/local\\040disk ext4 rw 0 0
//pc/share /mnt/share cifs rw 0 0
me@host: /home/me/far fuse.sshfs rw 0 0
lxcfs /proc/cpuinfo fuse.lxcfs rw 0 0
nas:/old /over nfs rw 0 0
/dev/sdc1 /over xfs rw 0 0
broken
"""


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("/shop/mine.sonoteca", "nfs4"),
        ("/shop", "nfs4"),
        ("/shopping/mine.sonoteca", None),
        ("/shop/local disk/mine.sonoteca", None),
        ("/mnt/share/deep/down/mine.sonoteca", "cifs"),
        ("/home/me/far/mine.sonoteca", "fuse.sshfs"),
        ("/home/me/mine.sonoteca", None),
        # What was mounted later at one place is what is there.
        ("/over/mine.sonoteca", None),
    ],
)
def test_a_network_disk_is_known_by_its_mount(path: str, kind: str | None) -> None:
    assert network_disk(Path(path), mounts=MOUNTS) == kind


def test_a_link_is_followed_to_the_disk(tmp_path: Path) -> None:
    if not hasattr(os, "symlink"):
        return
    (tmp_path / "far").mkdir()
    (tmp_path / "near").symlink_to(tmp_path / "far")
    mounts = f"/dev/sda1 / ext4 rw 0 0\nnas:/x {os.path.realpath(tmp_path / 'far')} nfs rw 0 0\n".encode()
    assert network_disk(tmp_path / "near" / "mine.sonoteca", mounts=mounts) == "nfs"


def test_a_library_on_a_network_disk_is_warned_about(library: Library, monkeypatch: pytest.MonkeyPatch) -> None:
    assert library_warnings(library) == ()
    monkeypatch.setattr(disk_warnings, "network_disk", lambda _: "nfs4")
    if library.path is None:
        assert library_warnings(library) == ()
        return
    [warning] = library_warnings(library)
    assert warning.code == "network_disk"
    assert "nfs4" in warning.message
    assert str(library.path) in warning.message
    assert sonoteca.library_status(library).as_json()["warnings"][0]["code"] == "network_disk"


def test_where_the_system_tells_of_no_mounts_nothing_is_known(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(disks, "_MOUNTS", tmp_path / "none")
    assert network_disk(tmp_path) is None
