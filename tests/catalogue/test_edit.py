from __future__ import annotations

from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from catalogue_samples import EAR, heard, info, part
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.heard.pending import claim_sounds, pending_sounds
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.heard.tags import all_tags, folded_tag, tags_of
from sonoteca.catalogue.identity.remove import remove_locations, remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds, known_sounds, whole_regions
from sonoteca.catalogue.made.edit import edit, parse_cues, parse_statements
from sonoteca.catalogue.made.statement import WITHDRAW, scaled_tempo, shifted_grid
from sonoteca.catalogue.made.undo import Undone, undo
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.events import list_events
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.domain.descriptor import GRID_SHIFT, KEY, KIND, LOCKED, OWN_CUES, ROLE, TEMPO
from sonoteca.domain.sound_analysis import Identity, SoundAnalysis
from sonoteca.errors import RequestError


def whole(connection: Connection, sound_id: int) -> int:
    return whole_regions(connection, [sound_id])[sound_id]


def bpm(connection: Connection) -> float | None:
    value: float | None = connection.execute(sa.select(schema.summaries.c.tempo_bpm)).scalar_one()
    return value


def taken(undone: Undone | None) -> tuple[int, int]:
    assert undone is not None
    return undone.number, undone.changed


def test_a_person_beats_a_tag_and_an_analyzer_also_after_a_new_analysis(library: Library) -> None:
    claims = [Claim("tempo_bpm", 87.0, "tags")]
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", claims=claims, tempo={"bpm": 88.0})
        edit(connection, [whole(connection, sound_id)], parse_statements(bpm="174"))
        assert bpm(connection) == 174.0
        samples.add(connection, "a.wav", "x1:a", claims=claims, tempo={"bpm": 90.0})
        assert bpm(connection) == 174.0


def test_absence_is_a_statement_and_withdrawing_it_shows_what_was_heard(library: Library) -> None:
    with library.write() as connection:
        region = whole(connection, samples.add(connection, "a.wav", "x1:a", tempo={"bpm": 88.0}))
        edit(connection, [region], parse_statements(bpm="none"))
        assert bpm(connection) is None
        edit(connection, [region], parse_statements(bpm="auto"))
        assert bpm(connection) == 88.0


def test_undo_goes_back_batch_by_batch(library: Library) -> None:
    with library.write() as connection:
        sounds = [samples.add(connection, f"{name}.wav", f"x1:{name}", kind="loop") for name in "ab"]
        regions = [whole(connection, sound_id) for sound_id in sounds]
        first = edit(connection, regions, parse_statements(kind="track", rating="5"), add_tags=["Dusty"])
        second = edit(connection, regions[:1], parse_statements(kind="one-shot"), remove_tags=["dusty"])
        assert (first.changed, second.changed) == (2, 1)
        kinds = sa.select(schema.summaries.c.kind).order_by(schema.summaries.c.region_id)
        assert connection.execute(kinds).scalars().all() == ["one_shot", "track"]
        assert taken(undo(connection)) == (second.number, 1)
        assert connection.execute(kinds).scalars().all() == ["track", "track"]
        assert [tag.label for tag in tags_of(connection, regions)[regions[0]]] == ["Dusty"]
        assert taken(undo(connection)) == (first.number, 2)
        assert connection.execute(kinds).scalars().all() == ["loop", "loop"]
        assert connection.execute(sa.select(schema.summaries.c.rating)).scalars().all() == [None, None]
        assert tags_of(connection, regions) == {region: [] for region in regions}
        assert not connection.execute(sa.select(sa.func.count()).where(schema.regions.c.edited)).scalar_one()
        assert undo(connection) is None
        assert [event.type for event in list_events(connection)] == ["edited", "edited", "undone", "undone"]


def test_saying_the_same_again_is_no_edit(library: Library) -> None:
    with library.write() as connection:
        region = whole(connection, samples.add(connection, "a.wav", "x1:a"))
        assert edit(connection, [region], parse_statements(key="Am"), add_tags=["x"]).changed == 1
        assert edit(connection, [region], parse_statements(key="8A"), add_tags=["x"]).changed == 0


def test_a_tag_of_a_file_that_a_person_took_off_stays_off(library: Library) -> None:
    claims = [Claim("genre", "Jazz", "tags")]
    with library.write() as connection:
        region = whole(connection, samples.add(connection, "a.wav", "x1:a", claims=claims))
        edit(connection, [region], {}, remove_tags=["jazz"])
        samples.add(connection, "a.wav", "x1:a", claims=claims)
        assert tags_of(connection, [region])[region] == []
        assert all_tags(connection) == []
        undo(connection)
        assert all_tags(connection) == [("jazz", 1)]


def test_tags_compare_without_case_and_accents() -> None:
    assert folded_tag(" Élan  VITAL ") == folded_tag("elan vital")
    for label in ("", "  ", "x" * 101):
        with pytest.raises(RequestError):
            folded_tag(label)


def test_a_tag_cannot_be_added_and_removed_at_once(library: Library) -> None:
    with library.write() as connection:
        region = whole(connection, samples.add(connection, "a.wav", "x1:a"))
        with pytest.raises(RequestError, match="at once"):
            edit(connection, [region], {}, add_tags=["Jazz"], remove_tags=["jazz"])


def test_values_are_read_as_people_write_them() -> None:
    statements = parse_statements(bpm="128.5", key="Bbm", kind="field recording", role="Drums")
    assert statements[TEMPO] == {"bpm": 128.5, "alternatives_bpm": []}
    assert statements[KEY] == {"tonic": 10, "mode": "minor", "alternatives": []}
    assert statements[KIND] == "field_recording"
    role = statements[ROLE]
    assert isinstance(role, dict)
    assert (role["value"], sum(role["scores"].values())) == ("drums", 1.0)  # type: ignore[union-attr,arg-type]
    assert parse_statements(bpm="auto")[TEMPO] is WITHDRAW
    assert parse_statements() == {}


@pytest.mark.parametrize(
    ("bpm", "key"), [("127,5 BPM", "B\u266d MINOR"), ("12750", "3A"), ("127.5", "b-moll"), ("bpm 127.5", "Bbm/3A")]
)
def test_edits_take_the_spellings_of_tags(bpm: str, key: str) -> None:
    statements = parse_statements(bpm=bpm, key=key)
    assert statements[TEMPO] == {"bpm": 127.5, "alternatives_bpm": []}
    assert statements[KEY] == {"tonic": 10, "mode": "minor", "alternatives": []}


@pytest.mark.parametrize(
    "wrong",
    [
        {"bpm": "fast"},
        {"bpm": "-3"},
        {"bpm": "nan"},
        {"key": "H"},
        {"kind": "symphony"},
        {"role": "x"},
        {"rating": "6"},
    ],
)
def test_values_that_cannot_be_meant_are_refused_with_what_could_be(wrong: dict[str, str]) -> None:
    with pytest.raises(RequestError, match=next(iter(wrong.values()))):
        parse_statements(**wrong)


def test_a_removed_sound_leaves_nothing_behind_and_can_come_back(library: Library) -> None:
    with library.write() as connection:
        sound_id = samples.add(connection, "a.wav", "x1:a", claims=[Claim("genre", "Jazz", "tags")], kind="loop")
        edit(connection, [whole(connection, sound_id)], parse_statements(rating="3"))
        assert remove_sounds(connection, [sound_id, sound_id]) == 1
        for table in schema.metadata.sorted_tables:
            if table.name not in {"meta", "roots", "events", "alembic_version"}:
                assert not connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one(), table.name
        assert not connection.execute(sa.text("SELECT count(*) FROM sound_text")).scalar_one()
        again = samples.add(connection, "a.wav", "x1:a", kind="loop")
        assert again != sound_id


def test_a_removed_location_leaves_its_sound(library: Library) -> None:
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a")
        location_id = connection.execute(sa.select(schema.locations.c.id)).scalar_one()
        assert remove_locations(connection, [location_id]) == 1
        assert connection.execute(sa.select(schema.summaries.c.path)).scalar_one() is None


def test_an_edit_marks_an_event_region_as_kept(library: Library) -> None:
    with library.write() as connection:
        [sound_id] = ensure_sounds(connection, ["x1:a"]).values()
        split = SoundAnalysis((part(0, 0.0, 9.0), part(1, 1.0, 2.0)))
        store_results(connection, [SoundResult(sound_id, info("x1:a", 9.0), split)], identities=[EAR])
        event = connection.execute(sa.select(schema.regions.c.id).where(schema.regions.c.number == 1)).scalar_one()
        edit(connection, [event], {}, add_tags=["thunder"])
        whole_only = SoundAnalysis((part(0, 0.0, 9.0),))
        store_results(connection, [SoundResult(sound_id, info("x1:a", 9.0), whole_only)], identities=[EAR])
        assert [tag.tag for tag in tags_of(connection, [event])[event]] == ["thunder"]


BEATS = [round(each * 60 / 174, 4) for each in range(16)]


def a_loop(connection: Connection, name: str = "a") -> int:
    """A loop at 174 with a grid; the row number of its region 0."""
    sound_id = samples.add(
        connection,
        f"{name}.wav",
        f"x1:{name}",
        duration_s=16 * 60 / 174,
        kind="loop",
        tempo={"bpm": 174.0, "alternatives_bpm": []},
        beats_s=BEATS,
        downbeats_s=BEATS[::4],
        meter={"beats_per_bar": 4, "beat_unit": 4},
        grid={"segments": [{"start_s": 0.0, "bpm": 174.0}], "drift_bpm": 0.0},
        bars=4,
        cues=[{"at_s": 0.0, "type": "start", "name": "Start"}],
    )
    return whole(connection, sound_id)


def shown(connection: Connection, region: int) -> dict[str, Any]:
    sound_id = connection.execute(
        sa.select(schema.regions.c.sound_id).where(schema.regions.c.id == region)
    ).scalar_one()
    found: dict[str, Any] = stored_sound_object(connection, sound_id)
    return found


def test_half_the_tempo_halves_the_grid_and_undo_gives_it_back_exactly(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        before = shown(connection, region)
        done = edit(connection, [region], {TEMPO: scaled_tempo(0.5)})
        now = shown(connection, region)
        assert now["tempo"]["bpm"] == 87.0
        assert now["beats_s"] == BEATS[::2]
        assert now["downbeats_s"] == BEATS[::8]
        assert now["bars"] == 2
        assert now["grid"]["segments"] == [{"start_s": 0.0, "bpm": 87.0}]
        assert now["provenance"]["beats_s"]["source"] == "user"
        assert connection.execute(sa.select(schema.summaries.c.tempo_bpm, schema.summaries.c.bars)).one() == (87.0, 2.0)
        [told] = done.told
        assert (told.name, told.before["bpm"], told.after["bpm"]) == ("tempo", 174.0, 87.0)  # type: ignore[index, call-overload]
        taken_back = undo(connection)
        assert taken_back is not None
        assert [each.after["bpm"] for each in taken_back.told] == [174.0]  # type: ignore[index, call-overload]
        assert shown(connection, region) == before


def test_what_was_heard_is_never_changed_by_a_correction(library: Library) -> None:
    of_an_ear = sa.select(schema.observations).where(schema.observations.c.source == "analyzer")
    with library.write() as connection:
        region = a_loop(connection)
        before = connection.execute(of_an_ear).all()
        edit(connection, [region], parse_statements(bpm="100") | {GRID_SHIFT: shifted_grid(0.012)})
        assert connection.execute(of_an_ear).all() == before
        a_loop(connection)
        assert shown(connection, region)["grid"]["segments"] == [{"start_s": 0.012, "bpm": 100.0}]


def test_shifts_add_up_and_cues_come_and_go(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        before = shown(connection, region)
        for _ in range(2):
            edit(connection, [region], {GRID_SHIFT: shifted_grid(0.012)})
        assert shown(connection, region)["beats_s"][:2] == [0.024, round(60 / 174 + 0.024, 4)]
        edit(connection, [region], {OWN_CUES: parse_cues(["2.5=Drop", "0:01=Here"], [])})
        edit(connection, [region], {OWN_CUES: parse_cues([], ["start", "here"])})
        assert shown(connection, region)["cues"] == [{"at_s": 2.5, "type": "drop", "name": "Drop", "source": "user"}]
        with pytest.raises(RequestError, match="no cue 4 s"):
            edit(connection, [region], {OWN_CUES: parse_cues([], ["4"])})
        with pytest.raises(RequestError, match="the sound ends"):
            edit(connection, [region], {OWN_CUES: parse_cues(["99=Late"], [])})
        while (undone := undo(connection)) is not None:
            assert undone.number
        assert shown(connection, region) == before


def test_a_cue_beyond_the_end_changes_nothing_else_either(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        before = shown(connection, region)
        late = {**parse_statements(bpm="121"), OWN_CUES: parse_cues(["1:05=Drop"], [])}
        with pytest.raises(RequestError, match=r"no moment 1:05\.0: the sound ends at 0:"):
            edit(connection, [region], late, add_tags=["x"])
        assert shown(connection, region) == before
        long = whole(connection, samples.add(connection, "long.wav", "x1:long", duration_s=90.0))
        with pytest.raises(RequestError, match=r"It does not fit a\.wav \([a-z2-7]{16}\)\."):
            edit(connection, [long, region], late)
        assert shown(connection, region) == before
        edit(connection, [long], late)
        assert shown(connection, long)["cues"][0]["at_s"] == 65.0


def test_a_value_that_fits_no_sound_refuses_the_others_with_it(library: Library) -> None:
    with library.write() as connection:
        bare = whole(connection, samples.add(connection, "rain.wav", "x1:rain"))
        with pytest.raises(RequestError, match="No tempo is known"):
            edit(connection, [bare], {**parse_statements(rating="3"), TEMPO: scaled_tempo(0.5)})
        done = edit(connection, [bare, a_loop(connection)], {**parse_statements(rating="3"), TEMPO: scaled_tempo(0.5)})
        assert (done.changed, [each.region_id for each in done.unfit]) == (2, [bare])


def test_a_cue_of_a_person_that_goes_shows_what_it_stood_for(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        edit(connection, [region], {OWN_CUES: parse_cues(["0.01=Mine"], [])})
        assert [each["name"] for each in shown(connection, region)["cues"]] == ["Mine"]
        edit(connection, [region], {OWN_CUES: parse_cues([], ["Mine"])})
        assert [each["name"] for each in shown(connection, region)["cues"]] == ["Start"]
        edit(connection, [region], {OWN_CUES: parse_cues([], ["Start"])})
        assert shown(connection, region)["cues"] == []
        edit(connection, [region], {OWN_CUES: parse_cues([], ["auto"])})
        assert [each["source"] for each in shown(connection, region)["cues"]] == ["analyzer"]


def test_an_undo_after_an_edit_that_changed_nothing_takes_nothing_back(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        edit(connection, [region], parse_statements(rating="3"))
        assert edit(connection, [region], parse_statements(rating="3")).number == 0
        first, second = undo(connection), undo(connection)
        assert first is not None
        assert (first.number, first.changed) == (0, 0)
        assert second is not None
        assert (second.number, second.changed) == (1, 1)
        assert undo(connection) is None


def test_what_has_no_tempo_cannot_be_halved(library: Library) -> None:
    with library.write() as connection:
        bare = whole(connection, samples.add(connection, "rain.wav", "x1:rain"))
        with pytest.raises(RequestError, match="No tempo is known"):
            edit(connection, [bare], {TEMPO: scaled_tempo(0.5)})
        # Of several those that have one are.
        assert edit(connection, [bare, a_loop(connection)], {TEMPO: scaled_tempo(0.5)}).changed == 1


def test_the_class_of_a_sound_is_a_person_s_word_too(library: Library) -> None:
    with library.write() as connection:
        region = whole(connection, samples.add(connection, "k.wav", "x1:k", kind="one_shot", sound_class="tom"))
        edit(connection, [region], parse_statements(sound_class="kick"))
        assert connection.execute(sa.select(schema.summaries.c.sound_class)).scalar_one() == "kick"
        now = shown(connection, region)["sound_class"]
        assert (now["value"], now["confidence"]) == ("kick", None)


@pytest.mark.parametrize(
    ("field", "typed", "meant"),
    [("role", "bas", "bass"), ("kind", "trak", "track"), ("sound_class", "snair", "snare"), ("role", "perc", None)],
)
def test_a_mistyped_word_is_answered_with_the_nearest(field: str, typed: str, meant: str | None) -> None:
    with pytest.raises(RequestError) as refused:
        parse_statements(**{field: typed})
    assert refused.value.field == field
    assert (f"Did you mean {meant}?" in refused.value.remedy) == (meant is not None)


def test_a_locked_sound_keeps_its_values_until_it_is_unlocked(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        edit(connection, [region], parse_statements(bpm="87") | {LOCKED: True})
        before = shown(connection, region)
        assert before["locked"] is True
        with pytest.raises(RequestError, match="locked") as refused:
            edit(connection, [region], parse_statements(bpm="100"))
        assert refused.value.field == "unlock"
        # A new analysis, also one by other ears, finds nothing to do and changes nothing.
        other = Identity("test.ear", 2, "")
        [sound_id] = known_sounds(connection, ["x1:a"]).values()
        assert pending_sounds(connection, [other]) == []
        assert claim_sounds(connection, [sound_id], "me", [other], force=True) == []
        a_loop_heard_otherwise = SoundAnalysis((part(0, 0.0, 5.0, heard(tempo={"bpm": 90.0})),))
        store_results(
            connection, [SoundResult(sound_id, info("x1:a", 5.0), a_loop_heard_otherwise)], identities=[other]
        )
        assert shown(connection, region) == before
        assert edit(connection, [region], parse_statements(rating="3"), add_tags=["mine"]).changed == 1
        # Of several the others are changed.
        done = edit(connection, [region, a_loop(connection, "b")], parse_statements(key="Am"))
        assert (done.changed, done.locked) == (1, 1)
        assert edit(connection, [region], parse_statements(bpm="100") | {LOCKED: WITHDRAW}).changed == 1
        assert shown(connection, region)["tempo"]["bpm"] == 100.0
        assert pending_sounds(connection, [other]) == [sound_id, sound_id + 1]


def test_an_edit_that_was_taken_back_costs_no_new_listening(library: Library) -> None:
    with library.write() as connection:
        region = a_loop(connection)
        [sound_id] = known_sounds(connection, ["x1:a"]).values()
        edit(connection, [region], {}, add_tags=["mine"])
        assert pending_sounds(connection, [EAR]) == []
        edit(connection, [region], parse_statements(bpm="87"))
        edit(connection, [region], parse_statements(key="Am"))
        assert pending_sounds(connection, [EAR]) == [sound_id]
        undo(connection)
        assert pending_sounds(connection, [EAR]) == [sound_id]
        # Withdrawn by word is as good as undone.
        edit(connection, [region], parse_statements(bpm="auto"))
        assert pending_sounds(connection, [EAR]) == []
        assert pending_sounds(connection, [Identity("test.ear", 2, "")]) == [sound_id]
        # What was taken back after the sound was heard with it is another matter.
        edit(connection, [region], parse_statements(bpm="87"))
        connection.execute(sa.update(schema.edits).values(at="2020-01-01T00:00:00.000Z"))
        undo(connection)
        assert pending_sounds(connection, [EAR]) == [sound_id]
