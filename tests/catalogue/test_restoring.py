"""A library is restored from a backup by where it is, the newest if none is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlalchemy as sa

from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.store.library import open_library
from sonoteca.catalogue.store.restoring import plan_restore, restore_library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.errors import LibraryMissing, RequestError


def add(place: Path, *names: str) -> None:
    with open_library(place, mode="create") as library, library.write() as connection:
        ensure_sounds(connection, names)


def count(place: Path) -> int:
    with open_library(place, mode="read") as library, library.read() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(sounds)).scalar_one()


def test_the_newest_backup_takes_the_place_and_the_former_state_is_kept(tmp_path: Path) -> None:
    place = tmp_path / "library.sonoteca"
    add(place, "x1:a")
    with open_library(place, mode="read") as library:
        backup = library.backup()
    add(place, "x1:b")
    plan = plan_restore(place)
    assert (plan.path, plan.source, plan.replaces, plan.kept) == (place, backup, True, None)
    done = restore_library(place)
    assert count(place) == 1
    assert done.kept is not None
    assert count(done.kept) == 2
    place.unlink()
    assert not plan_restore(place, backup).replaces
    assert restore_library(place, backup).kept is None
    assert count(place) == 1


def test_without_a_backup_or_a_file_there_is_nothing_to_restore(tmp_path: Path) -> None:
    with pytest.raises(LibraryMissing, match="no backup"):
        plan_restore(tmp_path / "library.sonoteca")
    with pytest.raises(RequestError, match="server"):
        plan_restore("postgresql://example/music")
