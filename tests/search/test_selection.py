"""Which sounds a text means where a query is asked for, and people paste names."""

from __future__ import annotations

import pytest

import catalogue_samples as samples
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.identity.sounds import get_sound, short_ids
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
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
        ("wav remix", ["Drums/kick wav remix.flac"]),
        # Several are called so: all of them.
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


@pytest.fixture
def titled(library: Library) -> dict[str, int]:
    titles = [
        ("n.wav", "Nightbus", "DJ Kestrel"),
        ("r.wav", "Nightbus (Remix)", "DJ Kestrel"),
        ("o.wav", "Re:Birth", "Other"),
        ("k.wav", "Rain", "DJ Kestrel"),
    ]
    with library.write() as connection:
        found = {}
        for path, title, artist in titles:
            claims = [Claim("title", title, "tags"), Claim("artist", artist, "tags")]
            found[path] = samples.add(connection, path, f"x1:{path}", claims=claims)
    return found


def _ids(library: Library, numbers: dict[str, int]) -> dict[str, str]:
    with library.read() as connection:
        public = {path: get_sound(connection, number).public_id for path, number in numbers.items()}
    short = short_ids(library, public.values())
    return {path: short[each] for path, each in public.items()}


def test_short_ids_mean_their_sounds_one_or_several(library: Library, titled: dict[str, int]) -> None:
    ids = _ids(library, titled)
    with library.read() as connection:
        for path, each in ids.items():
            assert select_sounds(connection, each) == [titled[path]]
        several = f"{ids['o.wav']} {ids['n.wav']}"
        assert select_sounds(connection, several) == sorted([titled["n.wav"], titled["o.wav"]])
    assert [row.sound_id for row in list_sounds(library, ListRequest(filter=ids["n.wav"])).rows] == [titled["n.wav"]]
    assert {row.sound_id for row in list_sounds(library, ListRequest(filter=several)).rows} == {
        titled["n.wav"],
        titled["o.wav"],
    }


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("DJ Kestrel - Nightbus", "n.wav"),
        ("dj kestrel \u2013 nightbus", "n.wav"),
        ("Nightbus (Remix)", "r.wav"),
        ("Re:Birth", "o.wav"),
    ],
)
def test_an_exact_name_is_no_query_of_its_words(library: Library, titled: dict[str, int], text: str, path: str) -> None:
    with library.read() as connection:
        assert select_sounds(connection, text) == [titled[path]]
    assert [row.sound_id for row in list_sounds(library, ListRequest(filter=text)).rows] == [titled[path]]


def test_plain_words_list_all_that_have_them_and_change_the_one_called_so(
    library: Library, titled: dict[str, int]
) -> None:
    assert {row.sound_id for row in list_sounds(library, ListRequest(filter="nightbus")).rows} == {
        titled["n.wav"],
        titled["r.wav"],
    }
    with library.read() as connection:
        assert select_sounds(connection, "nightbus") == [titled["n.wav"]]
        assert select_sounds(connection, '"nightbus"') == sorted([titled["n.wav"], titled["r.wav"]])
        assert select_sounds(connection, "kestrel") == sorted([titled["n.wav"], titled["r.wav"], titled["k.wav"]])


def test_words_that_nothing_has_are_refused_with_what_is_called_nearly_so_and_rules_are_not(
    library: Library, titled: dict[str, int]
) -> None:
    with library.read() as connection:
        with pytest.raises(SoundNotFound) as refused:
            select_sounds(connection, "nightbuss")
        assert [each.name for each in refused.value.candidates][:1] == ["DJ Kestrel - Nightbus"]
        assert select_sounds(connection, "bpm:300") == []


def test_an_id_that_is_a_word_of_others_too_is_refused(library: Library, titled: dict[str, int]) -> None:
    ids = _ids(library, titled)
    with library.write() as connection:
        samples.add(connection, f"x/{ids['n.wav']} loop.wav", "x1:other")
    with library.read() as connection, pytest.raises(AmbiguousSound):
        select_sounds(connection, ids["n.wav"])
