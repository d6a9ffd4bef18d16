"""Which sounds a text means where a query is asked for, and people paste names."""

from __future__ import annotations

import pytest

import catalogue_samples as samples
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import AmbiguousSound, SoundNotFound
from sonoteca.search.listing import ListRequest, list_sounds
from sonoteca.search.selection import select_sounds


@pytest.fixture
def named(library: Library) -> dict[str, int]:
    with library.write() as connection:
        paths = ("Drums/kick.wav", "Drums/kick wav remix.flac", "Loops/a b.wav", "x/snare.wav", "y/snare.wav")
        found = {path: samples.add(connection, path, f"x1:{path}") for path in paths}
        set_shop_facts(connection, {found["Loops/a b.wav"]: ShopFacts(external_id="LP-1")})
    return found


@pytest.mark.parametrize(
    ("text", "paths"),
    [
        ("/music/Loops/a b.wav", ["Loops/a b.wav"]),
        ("'/music/Loops/a b.wav' ", ["Loops/a b.wav"]),
        ("file:///music/Loops/a%20b.wav", ["Loops/a b.wav"]),
        ("C:\\music\\Loops\\a b.wav", ["Loops/a b.wav"]),
        ("external:LP-1", ["Loops/a b.wav"]),
        (" external:LP-1 ", ["Loops/a b.wav"]),
        ("external:lp-1", ["Loops/a b.wav"]),
        ("external:any", ["Loops/a b.wav"]),
        ("external:none path:drums", ["Drums/kick.wav", "Drums/kick wav remix.flac"]),
        # A file is meant, and not what begins so.
        ("kick.wav", ["Drums/kick.wav"]),
        ("kick", ["Drums/kick.wav", "Drums/kick wav remix.flac"]),
        # Several are called so: a query finds them all.
        ("snare.wav", ["x/snare.wav", "y/snare.wav"]),
        ("/drums", ["Drums/kick.wav", "Drums/kick wav remix.flac"]),
    ],
)
def test_a_pasted_name_means_its_sound_and_other_text_is_a_query(
    library: Library, named: dict[str, int], text: str, paths: list[str]
) -> None:
    with library.read() as connection:
        assert select_sounds(connection, text) == sorted(named[path] for path in paths)
    rows = list_sounds(library, ListRequest(filter=text)).rows
    assert sorted((row.path or "").removeprefix("/music/") for row in rows) == sorted(paths)


def test_an_external_id_in_another_case_is_found_where_only_one_is_meant(
    library: Library, named: dict[str, int]
) -> None:
    with library.write() as connection:
        set_shop_facts(connection, {named["Drums/kick.wav"]: ShopFacts(external_id="lp-1")})
    with library.read() as connection:
        assert select_sounds(connection, "external:lp-1") == [named["Drums/kick.wav"]]
        assert select_sounds(connection, "external:LP-1") == [named["Loops/a b.wav"]]
        with pytest.raises(AmbiguousSound):
            select_sounds(connection, "external:Lp-1")


def test_an_external_id_that_nothing_has_is_an_empty_list_and_no_sound_to_change(
    library: Library, named: dict[str, int]
) -> None:
    assert list_sounds(library, ListRequest(filter="external:LP-2")).total == 0
    with library.read() as connection, pytest.raises(SoundNotFound):
        select_sounds(connection, "external:LP-2")
