from __future__ import annotations

import pytest

from sonoteca.catalogue.made.match_weights import (
    CHANGED,
    add_weights,
    find_active_weights,
    get_weights,
    list_weights,
    use_weights,
)
from sonoteca.catalogue.store.events import list_events
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError


def test_a_library_without_versions_uses_the_shipped_numbers(library: Library) -> None:
    with library.read() as connection:
        assert find_active_weights(connection) is None
        assert list_weights(connection) == []


def test_the_newest_version_is_used_until_an_older_one_is(library: Library) -> None:
    with library.write() as connection:
        first = add_weights(connection, "[role.bass]\nchord = 5.0\n", note="first")
        second = add_weights(connection, "[role.bass]\nchord = 6.0\n")
    with library.read() as connection:
        active = find_active_weights(connection)
        assert active is not None
        assert (active.version, active.toml) == (second, "[role.bass]\nchord = 6.0\n")
    with library.write() as connection:
        use_weights(connection, first)
    with library.read() as connection:
        assert [(each.version, each.is_active, each.note) for each in list_weights(connection)] == [
            (first, True, "first"),
            (second, False, None),
        ]


def test_a_version_can_be_kept_without_being_used_and_the_shipped_numbers_come_back(library: Library) -> None:
    with library.write() as connection:
        used = add_weights(connection, "a")
        add_weights(connection, "b", use=False)
        active = find_active_weights(connection)
        assert active is not None
        assert active.version == used
        use_weights(connection, None)
        assert find_active_weights(connection) is None
        assert [event.details["version"] for event in list_events(connection, type=CHANGED)] == [used, None]


def test_a_version_that_is_not_there_is_refused_and_the_one_in_use_stays(library: Library) -> None:
    with library.write() as connection:
        used = add_weights(connection, "a")
        with pytest.raises(RequestError, match="no match weights 77"):
            use_weights(connection, 77)
        assert get_weights(connection, used).is_active
