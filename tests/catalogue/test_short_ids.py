"""Short ids: as short as the library allows, of one length, and taken for the sounds that they stand for."""

from __future__ import annotations

import itertools

from sonoteca.catalogue.identity.sounds import ensure_sounds, resolve_sound, short_ids
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.names import public_id


def test_a_short_id_names_its_sound_and_grows_only_where_it_has_to(library: Library) -> None:
    assert short_ids(library, []) == {}
    hashes = [f"x1:{number:032x}" for number in range(3000)]
    with library.write() as connection:
        ensure_sounds(connection, hashes)
    ids = sorted(map(public_id, hashes))
    shared = {a: next(n for n in range(16) if a[n] != b[n]) for a, b in itertools.pairwise(ids)}
    closest = max(shared, key=lambda each: shared[each])
    assert len(short_ids(library, [closest])[closest]) == max(4, shared[closest] + 1) > 4
    short = short_ids(library, ids[:20])
    assert len({len(each) for each in short.values()}) == 1
    with library.read() as connection:
        assert {resolve_sound(connection, each).public_id for each in short.values()} == set(ids[:20])
