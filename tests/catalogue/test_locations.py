from __future__ import annotations

import itertools
import unicodedata
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.heard import tags
from sonoteca.catalogue.identity.locations import (
    Change,
    Recorded,
    SeenFile,
    known_locations,
    locations_of,
    mark_missing,
    mark_present,
    record_files,
    record_unreadable,
)
from sonoteca.catalogue.identity.roots import Root, ensure_root, find_place, list_roots
from sonoteca.catalogue.identity.shop import ShopFacts, set_shop_facts
from sonoteca.catalogue.identity.sounds import get_sound, mark_failed, resolve_sound, whole_regions
from sonoteca.catalogue.made.edit import edit
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import compare_key, display_name
from sonoteca.domain.names import public_id
from sonoteca.errors import AmbiguousSound, DamagedAudio, SoundNotFound


@pytest.fixture
def connection(library: Library) -> Iterator[Connection]:
    with library.write() as opened:
        yield opened


@pytest.fixture
def root(connection: Connection) -> Root:
    return ensure_root(connection, "/music").root


def seen(path: str | bytes, *, size: int = 1000, mtime_ns: int = 1) -> SeenFile:
    return SeenFile(path.encode() if isinstance(path, str) else path, size, mtime_ns)


def record(connection: Connection, root: Root, path: str | bytes, content: str, **options: object) -> Recorded:
    vanished = options.pop("vanished", ())
    [recorded] = record_files(connection, root, [(seen(path, **options), content)], vanished=vanished)  # type: ignore[arg-type]
    return recorded


def test_a_new_file_is_known_afterwards(connection: Connection, root: Root) -> None:
    recorded = record(connection, root, "a/kick.wav", "x1:a", size=77, mtime_ns=123_456_789_012_345_678)
    assert (recorded.change, recorded.is_new_sound) == (Change.NEW, True)
    [known] = known_locations(connection, root)
    assert known.relative_path == b"a/kick.wav"
    assert (known.size, known.mtime_ns) == (77, 123_456_789_012_345_678)
    assert (known.content_hash, known.status, known.is_missing) == ("x1:a", "pending", False)


def test_an_exact_copy_is_one_sound_with_two_locations(connection: Connection, root: Root) -> None:
    both = record_files(connection, root, [(seen("a.wav"), "x1:a"), (seen("b.wav"), "x1:a")])
    assert [each.change for each in both] == [Change.NEW, Change.COPY]
    assert [each.is_new_sound for each in both] == [True, False]
    assert both[0].sound_id == both[1].sound_id
    places = locations_of(connection, [both[0].sound_id])[both[0].sound_id]
    assert [place.path for place in places] == [Path("/music/a.wav"), Path("/music/b.wav")]


def test_a_moved_file_keeps_row_analysis_and_tags(connection: Connection, root: Root) -> None:
    sound_id = samples.add(connection, "old/a.wav", "x1:a", kind="loop")
    whole = whole_regions(connection, [sound_id])[sound_id]
    edit(connection, [whole], {}, add_tags=["mine"])
    [before] = known_locations(connection, root)
    moved = record(connection, root, "new/a.wav", "x1:a", vanished={before.id})
    assert (moved.change, moved.sound_id, moved.location_id) == (Change.MOVED, sound_id, before.id)
    [after] = known_locations(connection, root)
    assert (after.relative_path, after.is_missing) == (b"new/a.wav", False)
    assert get_sound(connection, sound_id).status == "analysed"
    assert [tag.tag for tag in tags.tags_of(connection, [whole])[whole]] == ["mine"]
    path = connection.execute(sa.select(schema.summaries.c.path)).scalar_one()
    assert path == "/music/new/a.wav"


def test_one_gone_place_is_moved_to_once_and_the_rest_are_copies(connection: Connection, root: Root) -> None:
    old = record(connection, root, "a.wav", "x1:a")
    both = record_files(
        connection, root, [(seen("b.wav"), "x1:a"), (seen("c.wav"), "x1:a")], vanished={old.location_id}
    )
    assert [each.change for each in both] == [Change.MOVED, Change.COPY]


def test_two_files_that_swap_their_names_are_two_changes_without_new_sounds(connection: Connection, root: Root) -> None:
    a, b = record(connection, root, "a.wav", "x1:a"), record(connection, root, "b.wav", "x1:b")
    swapped = record_files(connection, root, [(seen("a.wav"), "x1:b"), (seen("b.wav"), "x1:a")])
    assert [each.change for each in swapped] == [Change.CHANGED, Change.CHANGED]
    assert [each.sound_id for each in swapped] == [b.sound_id, a.sound_id]
    assert not any(each.is_new_sound for each in swapped)


def test_a_file_moved_to_another_root_keeps_its_row(connection: Connection, root: Root) -> None:
    old = record(connection, root, "a.wav", "x1:a")
    mark_missing(connection, [old.location_id])
    other = ensure_root(connection, "/archive").root
    moved = record(connection, other, "a.wav", "x1:a")
    assert (moved.change, moved.location_id) == (Change.MOVED, old.location_id)
    assert list(known_locations(connection, root)) == []


def test_an_edited_file_is_a_new_sound_that_replaces_the_old(connection: Connection, root: Root) -> None:
    old = record(connection, root, "a.wav", "x1:a")
    new = record(connection, root, "a.wav", "x1:b", mtime_ns=2)
    assert (new.change, new.location_id, new.is_new_sound) == (Change.CHANGED, old.location_id, True)
    assert get_sound(connection, new.sound_id).replaces == old.sound_id
    assert locations_of(connection, [old.sound_id])[old.sound_id] == []


def test_a_retagged_file_is_only_touched(connection: Connection, root: Root) -> None:
    old = record(connection, root, "a.wav", "x1:a")
    again = record(connection, root, "a.wav", "x1:a", size=1010, mtime_ns=9)
    assert (again.change, again.sound_id, again.is_new_sound) == (Change.TOUCHED, old.sound_id, False)
    [known] = known_locations(connection, root)
    assert (known.size, known.mtime_ns) == (1010, 9)


def test_missing_is_a_state_and_ends(connection: Connection, root: Root) -> None:
    recorded = record(connection, root, "a.wav", "x1:a")
    assert mark_missing(connection, [recorded.location_id]) == 1
    assert mark_missing(connection, [recorded.location_id]) == 0
    assert next(known_locations(connection, root)).is_missing
    assert mark_present(connection, [recorded.location_id]) == 1
    assert not next(known_locations(connection, root)).is_missing
    mark_missing(connection, [recorded.location_id])
    assert record(connection, root, "a.wav", "x1:a").change == Change.RETURNED


def test_names_need_not_be_utf_8(connection: Connection, root: Root) -> None:
    latin = b"caf\xe9/\x01.wav"
    record(connection, root, latin, "x1:a")
    [known] = known_locations(connection, root)
    assert known.relative_path == latin
    assert display_name(latin) == "caf\\xe9/\\x01.wav"


def test_a_name_that_a_file_system_normalised_is_the_same_name(connection: Connection, root: Root) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Käse.wav") for form in ("NFC", "NFD"))
    assert compare_key(composed.encode()) == compare_key(decomposed.encode())
    old = record(connection, root, composed, "x1:a")
    new = record(connection, root, decomposed, "x1:b", vanished={old.location_id})
    assert (new.change, new.location_id) == (Change.CHANGED, old.location_id)


def test_both_forms_of_a_name_can_stand_side_by_side(connection: Connection, root: Root) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Käse.wav") for form in ("NFC", "NFD"))
    record_files(connection, root, [(seen(composed), "x1:a"), (seen(decomposed), "x1:b")])
    assert len(list(known_locations(connection, root))) == 2


def test_a_file_whose_bytes_cannot_be_read_is_kept_with_its_reason(connection: Connection, root: Root) -> None:
    location_id = record_unreadable(connection, root, seen("a.wav"), DamagedAudio("No sound in a.wav."))
    [known] = known_locations(connection, root)
    assert (known.id, known.sound_id, known.error_code) == (location_id, None, "damaged_audio")
    assert record_unreadable(connection, root, seen("a.wav"), DamagedAudio("Still none.")) == location_id
    healed = record(connection, root, "a.wav", "x1:a")
    assert (healed.change, healed.location_id) == (Change.NEW, location_id)
    assert next(known_locations(connection, root)).error_code is None


def test_only_what_is_below_a_folder_is_listed(connection: Connection, root: Root) -> None:
    for path in ("drums/a.wav", "drums2/b.wav", "drums.wav", "drums/deep/c.wav"):
        record(connection, root, path, f"x1:{path}")
    found = {known.relative_path for known in known_locations(connection, root, b"drums")}
    assert found == {b"drums/a.wav", b"drums/deep/c.wav"}


def test_a_root_above_takes_the_lower_ones_over(connection: Connection) -> None:
    lower = ensure_root(connection, "/music/drums").root
    recorded = record(connection, lower, "kick.wav", "x1:a")
    upper = ensure_root(connection, "/music")
    assert [root.path for root in list_roots(connection)] == [b"/music"]
    [known] = known_locations(connection, upper.root)
    assert (known.id, known.relative_path) == (recorded.location_id, b"drums/kick.wav")
    below = find_place(connection, "/music/drums/deep")
    assert below is not None
    assert (below.root.id, below.relative_path) == (upper.root.id, b"drums/deep")
    assert find_place(connection, "/musical") is None


def test_a_sound_answers_to_id_prefix_path_and_external_id(connection: Connection, root: Root) -> None:
    recorded = record(connection, root, "a.wav", "x1:a")
    record(connection, root, "b.wav", "x1:b")
    whole_id = public_id("x1:a")
    set_shop_facts(connection, {recorded.sound_id: ShopFacts(external_id="LP-1")})
    for name in (whole_id, whole_id[:6], whole_id[:6].upper(), "/music/a.wav", "/music/x/../a.wav", "external:LP-1"):
        assert resolve_sound(connection, name).id == recorded.sound_id, name
    for name in ("/music/c.wav", "external:LP-2", "zz", "", "a wav", "%"):
        with pytest.raises(SoundNotFound):
            resolve_sound(connection, name)


def test_a_path_is_found_in_either_form_of_its_name(connection: Connection, root: Root) -> None:
    composed, decomposed = (unicodedata.normalize(form, "Käse.wav") for form in ("NFC", "NFD"))
    recorded = record(connection, root, decomposed, "x1:a")
    assert resolve_sound(connection, f"/music/{composed}").id == recorded.sound_id


@pytest.mark.parametrize("added_by", ["disk", "link"])
@pytest.mark.parametrize("asked_by", ["disk", "link"])
def test_a_sound_is_found_by_a_link_to_its_folder_and_from_inside_it(
    connection: Connection, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, added_by: str, asked_by: str
) -> None:
    (tmp_path / "disk" / "drums").mkdir(parents=True)
    try:
        (tmp_path / "link").symlink_to(tmp_path / "disk", target_is_directory=True)
    except OSError:
        pytest.skip("no links here")
    recorded = record(connection, ensure_root(connection, tmp_path / added_by).root, "drums/a.wav", "x1:a")
    assert resolve_sound(connection, str(tmp_path / asked_by / "drums" / "a.wav")).id == recorded.sound_id
    monkeypatch.chdir(tmp_path / asked_by / "drums")
    assert resolve_sound(connection, "a.wav").id == recorded.sound_id


def test_an_ambiguous_prefix_is_refused_with_the_candidates(connection: Connection, root: Root) -> None:
    # Among 33 ids two begin with the same of 32 letters.
    record_files(connection, root, [(seen(f"{n}.wav"), f"x1:{n}") for n in range(33)])
    ids = sorted(public_id(f"x1:{n}") for n in range(33))
    letter = next(a[0] for a, b in itertools.pairwise(ids) if a[0] == b[0] and a[0].isalpha())
    with pytest.raises(AmbiguousSound) as refused:
        resolve_sound(connection, letter)
    assert sorted(each.id for each in refused.value.candidates) == [each for each in ids if each[0] == letter]


def test_public_ids_are_equal_in_every_library_and_say_nothing() -> None:
    assert public_id("x1:a") == public_id("x1:a") != public_id("x1:b")
    assert len(public_id("x1:a")) == 16


def test_a_message_may_name_a_file_of_any_name(connection: Connection, root: Root) -> None:
    error = DamagedAudio("No sound in \udcff\x00.wav.")
    record_unreadable(connection, root, seen(b"\xff.wav"), error)
    recorded = record(connection, root, "a.wav", "x1:a")
    mark_failed(connection, {recorded.sound_id: error})
    assert get_sound(connection, recorded.sound_id).error_message == "No sound in \\xff\\x00.wav."
    with pytest.raises(SoundNotFound):
        resolve_sound(connection, "external:\udcff")
