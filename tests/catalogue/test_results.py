from __future__ import annotations

from dataclasses import replace

import pytest
import sqlalchemy as sa

import catalogue_samples as samples
from catalogue_samples import EAR, SPACE, heard, info, part, vectors
from sonoteca.catalogue.heard import embeddings, observations, pending, tags
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.heard.statements import statements_of
from sonoteca.catalogue.identity.sounds import ensure_sounds, get_sound, whole_regions
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.domain.descriptor import KEY, TEMPO
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.sound_analysis import Identity, SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome
from sonoteca.errors import SpaceMismatch, WriteSwallowed


def summary(library: Library, sound_id: int) -> sa.Row[tuple[object, ...]]:
    with library.read() as connection:
        where = (schema.summaries.c.sound_id == sound_id) & (schema.summaries.c.number == 0)
        return connection.execute(sa.select(schema.summaries).where(where)).one()


def test_what_was_stored_is_what_comes_back(library: Library) -> None:
    tempo: JsonValue = {"bpm": 120.5, "alternatives_bpm": [60.25]}
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        analysis = SoundAnalysis((part(0, 0.0, 2.0, heard(kind="loop", tempo=tempo, brightness=0.25)),), ("quiet",))
        result = SoundResult(
            sound_id, info("x1:a"), analysis, (Claim("title", "Löve", "tags"),), {SPACE.id: vectors([1, 0, 0, 0])}
        )
        store_results(connection, [result], identities=[EAR], spaces=[SPACE])
    with library.read() as connection:
        sound = get_sound(connection, sound_id)
        assert (sound.status, sound.title, sound.duration_s, sound.warnings) == ("analysed", "Löve", 2.0, ["quiet"])
        [whole] = statements_of(connection, sound_id)
        assert whole.believed["tempo"].value == tempo
        assert whole.believed["tempo"].confidence == 0.9
        assert whole.believed["tempo"].provenance.producer == EAR.producer
        assert whole.believed["tempo"].provenance.at is not None
        space = embeddings.find_space(connection, SPACE.id)
        assert space is not None
        assert space.space == SPACE
        [(ids, matrix)] = embeddings.vector_batches(connection, space)
        assert ids.tolist() == [1]
        assert matrix.tolist() == [[1, 0, 0, 0]]
        assert pending.pending_sounds(connection, [EAR], spaces=[SPACE]) == []
    row = summary(library, sound_id)
    assert (row.kind, row.tempo_bpm, row.brightness, row.tonic) == ("loop", 120.5, 0.25, None)


def test_a_new_analysis_replaces_the_old_one_but_not_what_the_file_says(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(
            connection, "a.wav", "x1:a", claims=[Claim("tempo_bpm", 174.0, "tags")], tempo={"bpm": 87.0}, warmth=0.5
        )
        samples.add(connection, "a.wav", "x1:a", claims=[Claim("tempo_bpm", 174.0, "tags")], tempo={"bpm": 88.0})
    row = summary(library, sound_id)
    assert (row.tempo_bpm, row.tempo_confidence, row.warmth) == (174.0, None, None)


def test_a_claim_of_the_name_is_believed_only_where_nothing_was_heard(library: Library) -> None:
    named = [Claim("tempo_bpm", 120.0, "name"), Claim("key", "A minor", "name")]
    with library.write() as connection:
        sound_id = samples.add(connection, "a_120_Am.wav", "x1:a", claims=named, tempo={"bpm": 87.0})
    row = summary(library, sound_id)
    assert (row.tempo_bpm, row.tonic, row.mode) == (87.0, 9, "minor")


def test_trusted_names_rank_with_tags(library: Library) -> None:
    named = (Claim("tempo_bpm", 120.0, "name"),)
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        analysis = SoundAnalysis((part(0, 0.0, 2.0, heard(tempo={"bpm": 87.0})),))
        store_results(
            connection, [SoundResult(sound_id, info("x1:a"), analysis, named)], identities=[EAR], trust_names=True
        )
    assert summary(library, sound_id).tempo_bpm == 120.0


def test_a_producer_that_fails_today_leaves_its_old_value(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", tempo={"bpm": 87.0})
        failed = part(0, 0.0, 2.0, (), outcome=RunOutcome.FAILED, reason="ValueError: no")
        store_results(connection, [SoundResult(sound_id, info("x1:a"), SoundAnalysis((failed,)))], identities=[EAR])
    assert summary(library, sound_id).tempo_bpm == 87.0
    with library.read() as connection:
        [whole] = statements_of(connection, sound_id)
        assert [(each.producer, each.reason) for each in whole.skipped] == [("test.ear", "ValueError: no")]
        assert pending.pending_sounds(connection, [EAR]) == []
        assert pending.pending_sounds(connection, [EAR], retry_failed=True) == [sound_id]


def test_event_regions_found_again_keep_their_row_and_others_are_replaced(library: Library) -> None:
    def analysis(*spans: tuple[float, float]) -> SoundAnalysis:
        events = [part(number, *span, heard(brightness=0.1)) for number, span in enumerate(spans, start=1)]
        return SoundAnalysis((part(0, 0.0, 9.0), *events))

    def store(connection: sa.Connection, *spans: tuple[float, float]) -> list[tuple[int, int, float]]:
        result = SoundResult(
            sound_id, info("x1:a", 9.0), analysis(*spans), (), {SPACE.id: vectors(*[[1, 0, 0, 0]] * (len(spans) + 1))}
        )
        store_results(connection, [result], identities=[EAR], spaces=[SPACE])
        query = sa.select(schema.regions).where(schema.regions.c.sound_id == sound_id).order_by(schema.regions.c.number)
        return [(row.id, row.number, row.start_s) for row in connection.execute(query)]

    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        first = store(connection, (1.0, 2.0), (3.0, 4.0), (5.0, 6.0))
        second = store(connection, (0.2, 0.5), (3.0, 4.0))
        assert [row[1:] for row in second] == [(0, 0.0), (1, 0.2), (2, 3.0)]
        assert (second[0][0], second[2][0]) == (first[0][0], first[2][0])
        space = embeddings.find_space(connection, SPACE.id)
        assert space is not None
        assert embeddings.count_vectors(connection, space) == 3
        removed, _mark = embeddings.removed_ids(connection, space)
        assert sorted(removed.tolist()) == [1, 2, 3, 4]
        # An id is never given twice, for an index may still hold it.
        assert embeddings.embedding_ids(connection, space).tolist() == [5, 6, 7]


def test_a_region_that_a_person_edited_stays(library: Library) -> None:
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        events = (part(0, 0.0, 9.0), part(1, 1.0, 2.0), part(2, 3.0, 4.0))
        store_results(connection, [SoundResult(sound_id, info("x1:a", 9.0), SoundAnalysis(events))], identities=[EAR])
        edited = schema.regions.c.number == 2
        connection.execute(sa.update(schema.regions).where(edited).values(edited=True))
        events = (part(0, 0.0, 9.0), part(1, 3.1, 4.1), part(2, 8.0, 8.5))
        store_results(connection, [SoundResult(sound_id, info("x1:a", 9.0), SoundAnalysis(events))], identities=[EAR])
        rows = connection.execute(sa.select(schema.regions).order_by(schema.regions.c.number)).all()
    assert [(row.number, row.start_s, row.edited) for row in rows] == [(0, 0.0, False), (1, 3.0, True), (2, 8.0, False)]


def test_genres_become_tags_and_a_null_is_kept_apart_from_nothing(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", claims=[Claim("genre", "Drum & Bass", "tags")])
        region_id = whole_regions(connection, [sound_id])[sound_id]
        assert [tag.tag for tag in tags.tags_of(connection, [region_id])[region_id]] == ["drum & bass"]


def test_vectors_of_another_space_are_refused(library: Library) -> None:
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        analysis = SoundAnalysis((part(0, 0.0, 2.0),))
        short = {SPACE.id: vectors([1, 0, 0])}
        with pytest.raises(SpaceMismatch, match="4 dimensions"):
            store_results(
                connection, [SoundResult(sound_id, info("x1:a"), analysis, (), short)], identities=[EAR], spaces=[SPACE]
            )


def test_a_swallowed_write_is_an_error_and_nothing_is_kept(library: Library) -> None:
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        if library.is_sqlite:
            connection.exec_driver_sql(
                "CREATE TRIGGER swallow BEFORE INSERT ON observations BEGIN SELECT RAISE(IGNORE); END"
            )
        else:
            connection.exec_driver_sql(
                "CREATE FUNCTION swallow() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'"
            )
            connection.exec_driver_sql(
                "CREATE TRIGGER swallow BEFORE INSERT ON observations FOR EACH ROW EXECUTE FUNCTION swallow()"
            )
    analysis = SoundAnalysis((part(0, 0.0, 2.0, heard(kind="loop")),))
    with (
        pytest.raises(WriteSwallowed, match="1 row was written to observations, but 0"),
        library.write() as connection,
    ):
        store_results(connection, [SoundResult(sound_id, info("x1:a"), analysis)], identities=[EAR])
    with library.read() as connection:
        assert get_sound(connection, sound_id).status == "pending"


def test_stated_values_are_handed_to_the_analyzers(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", claims=[Claim("key", "8A", "tags")], tempo={"bpm": 90.0})
        known = observations.stated(connection, [sound_id])[sound_id]
    assert KEY in known
    assert TEMPO not in known


@pytest.mark.parametrize("value", [float("nan"), "a\x00b"])
def test_a_value_that_cannot_be_stored_is_refused_and_the_library_goes_on(library: Library, value: JsonValue) -> None:
    def store() -> None:
        with library.write() as connection:
            samples.add(connection, "a.wav", "x1:a", instrument=value)

    if library.is_sqlite and isinstance(value, str):
        store()
    else:
        with pytest.raises(ValueError, match=r"takes no such value|JSON compliant"):
            store()
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", instrument="guitar")


def test_of_two_producers_both_are_stored_and_the_preferred_one_is_believed(library: Library) -> None:
    first, second = Identity("z.preferred", 1, ""), Identity("a.other", 9, "")
    said = [
        replace(each, provenance=replace(each.provenance, preference=place))
        for place, identity in enumerate((first, second))
        for each in heard(identity, tempo={"bpm": 100.0 + place, "alternatives_bpm": []})
    ]
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        result = SoundResult(sound_id, info("x1:a"), SoundAnalysis((part(0, 0.0, 2.0, said),)))
        store_results(connection, [result], identities=[EAR])
    with library.read() as connection:
        (whole,) = whole_regions(connection, [sound_id]).values()
        stored = observations.load(connection, [whole])[whole]
    assert sorted((each.provenance.preference, each.provenance.producer) for each in stored) == [
        (0, "z.preferred"), (1, "a.other"),
    ]  # fmt: skip
    assert summary(library, sound_id).tempo_bpm == 100.0
