"""Which melody and which rhythm of a sound are searched, where several stand side by side."""

from __future__ import annotations

import sqlalchemy as sa

import catalogue_samples as samples
from sonoteca.catalogue.heard.observations import row_of
from sonoteca.catalogue.heard.rhythms import rhythms_of_regions
from sonoteca.catalogue.identity.sounds import whole_regions
from sonoteca.catalogue.made.melodies import import_melodies, melodies_of_regions, melody_stamp
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import observations
from sonoteca.domain.descriptor import NOTES
from sonoteca.domain.melody import NamedMelody, Note
from sonoteca.domain.observation import JsonValue, Observation, Provenance
from sonoteca.domain.vocabulary import Source

LINE: JsonValue = [{"start_s": 0.0, "end_s": 0.5, "midi": 60}]
MANY: JsonValue = {"starts_s": [0.0], "ends_s": [0.5], "midi": [60], "chance": [0.7], "lines": [1]}
SAID: JsonValue = [{"start_s": 0.0, "end_s": 0.5, "midi": 72}]


def test_what_is_possible_is_searched_until_a_person_says_what_the_notes_are(library: Library) -> None:
    with library.write() as connection:
        new = samples.add(connection, "new.wav", "x1:new", kind="loop", notes=LINE, possible_notes=MANY)
        old = samples.add(connection, "old.wav", "x1:old", kind="loop", notes=LINE)
        import_melodies(connection, [NamedMelody("7", "A tune", (Note(0.0, 0.5, 64.0),))], "test")
        regions = whole_regions(connection, [new, old])
    with library.read() as connection:
        before, stamp = dict(melodies_of_regions(connection)), melody_stamp(connection)
    assert before[regions[new]] == MANY
    assert before[regions[old]] == LINE
    assert [value for region, value in before.items() if region not in regions.values()] == [
        [{"start_s": 0.0, "end_s": 0.5, "midi": 64.0}]
    ]
    with library.write() as connection:
        user = Observation(NOTES, SAID, None, Provenance(Source.USER, "me", 1))
        connection.execute(sa.insert(observations), [row_of(regions[new], user, "2030-01-01T00:00:00.000000Z")])
    with library.read() as connection:
        assert dict(melodies_of_regions(connection)) == {**before, regions[new]: SAID}
        assert melody_stamp(connection) != stamp


def test_onsets_come_with_their_accents_where_an_analysis_left_some(library: Library) -> None:
    drums: JsonValue = {"value": "drums", "scores": {"drums": 1.0}}
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", kind="loop", role=drums, onsets_s=[0.0, 0.5], onset_accents=[1.0, 0.1])
        samples.add(connection, "b.wav", "x1:b", kind="loop", role=drums, onsets_s=[0.0, 1.0])
        samples.add(connection, "c.wav", "x1:c", kind="track", role=drums, onsets_s=[0.2], onset_accents=[1.0, 1.0])
    with library.read() as connection:
        found = {tuple(each.onsets_s): (each.accents, each.loop_s) for each in rhythms_of_regions(connection)}
    assert found == {(0.0, 0.5): ([1.0, 0.1], 2.0), (0.0, 1.0): (None, 2.0), (0.2,): (None, None)}
