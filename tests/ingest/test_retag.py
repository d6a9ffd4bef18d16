"""Tags that changed are read again without listening, and what a file no longer is does not stay behind."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ingest_ears
import synth
from ingest_runs import AddOptions, add, retry
from sonoteca.audio.encode import write_audio, write_wav
from sonoteca.catalogue.described import DescribeRequest, describe_sound
from sonoteca.catalogue.made.edit import edit, parse_statements
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.ingest.audit import AuditRequest, audit
from sonoteca.search.query.listing import SoundRow, find_rows
from sonoteca.workers.in_process import InProcessExecutor

OPTIONS = AddOptions(settings=AnalysisSettings(ingest_ears.FACTORY, ingest_ears.EMBEDDERS))
FORCED = AddOptions(settings=OPTIONS.settings, force=True)


@pytest.fixture
def library(tmp_path: Path) -> Iterator[Library]:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        yield library


@pytest.fixture
def music(tmp_path: Path) -> Path:
    folder = tmp_path / "music"
    folder.mkdir()
    return folder


@pytest.fixture(autouse=True)
def heard() -> list[str]:
    ingest_ears.Counting.heard.clear()
    return ingest_ears.Counting.heard


def run(library: Library, music: Path, options: AddOptions = OPTIONS) -> Any:
    return add(library, [music], options, executor=InProcessExecutor())


def found(library: Library, query: str = "") -> list[SoundRow]:
    with library.read() as connection:
        return find_rows(connection, query)


def song(path: Path, **tags: str) -> None:
    write_audio(path, synth.sine(440.0, 0.2, rate=48_000), tags=tags)


def stamp(path: Path) -> None:
    os.utime(path, (1.7e9, 1.7e9))


@pytest.mark.parametrize("ending", ["flac", "opus", "mp3", "m4a"])
def test_tags_that_changed_are_read_again_and_nothing_is_heard(
    library: Library, music: Path, heard: list[str], ending: str
) -> None:
    file = music / f"a.{ending}"
    song(file, title="Before", artist="One", album="First", genre="Dub")
    run(library, music)
    song(file, title="After", artist="Two", album="Second", genre="Jungle")
    summary = run(library, music)
    assert (summary.retagged, summary.analysed, len(heard)) == (1, 0, 1)
    [row] = found(library)
    assert (row.title, row.artist, row.album, row.tags) == ("After", "Two", "Second", ("Jungle",))
    assert [len(found(library, words)) for words in ("before", "after", "tag:dub", "tag:jungle")] == [0, 1, 0, 1]


def test_tempo_and_key_claims_follow_the_tags_but_not_over_a_persons_word(library: Library, music: Path) -> None:
    for name in ("mine", "theirs"):
        write_audio(music / f"{name}.flac", synth.sine(300 if name == "mine" else 400, 0.2), tags={"BPM": "100"})
    run(library, music)
    with library.write() as connection:
        [mine] = [row for row in found(library) if "mine" in str(row.path)]
        edit(connection, [mine.region_id], parse_statements(bpm="99"), add_tags=["own"])
    for name in ("mine", "theirs"):
        tags = {"BPM": "174", "initialkey": "8A", "title": name}
        write_audio(music / f"{name}.flac", synth.sine(300 if name == "mine" else 400, 0.2), tags=tags)
    assert run(library, music).retagged == 2
    by_title = {row.title: row for row in found(library)}
    assert {title: row.tempo_bpm for title, row in by_title.items()} == {"mine": 99.0, "theirs": 174.0}
    assert by_title["mine"].tags == ("own",)
    assert {row.key.name for row in by_title.values() if row.key} == {"A minor"}


def test_a_tag_that_was_taken_away_is_gone(library: Library, music: Path) -> None:
    song(music / "a.flac", title="Before", artist="One")
    run(library, music)
    song(music / "a.flac", artist="One")
    run(library, music)
    [row] = found(library)
    assert (row.title, row.artist) == (None, "One")


def test_a_recording_on_two_albums_is_found_under_both(library: Library, music: Path, heard: list[str]) -> None:
    song(music / "a.flac", title="Dust", album="Solo", track="3")
    song(music / "b.flac", title="Dust (Radio)", album="Best of 1999")
    run(library, music)
    assert len(heard) == 1
    [row] = found(library)
    assert (row.title, row.album) == ("Dust", "Solo")
    for query in ("album:solo", 'album:"best of 1999"', "title:radio", "title:dust -title:other"):
        assert [each.id for each in found(library, query)] == [row.id], query
    places = describe_sound(library, DescribeRequest(sound=row.id)).sound["locations"]
    assert [(place["title"], place["album"], place["track"]) for place in places] == [
        ("Dust", "Solo", "3"), ("Dust (Radio)", "Best of 1999", None),
    ]  # fmt: skip


def test_when_the_main_file_goes_the_sound_is_called_as_the_one_that_stays(library: Library, music: Path) -> None:
    song(music / "a.flac", title="Dust", album="Solo")
    song(music / "b.flac", title="Dust (Radio)", album="Best of 1999")
    write_wav(music / "c.wav", synth.sine(500.0, 0.1))
    run(library, music)
    (music / "a.flac").rename(music.parent / "a.flac")
    assert run(library, music).missing == 1
    [row] = found(library, "title:dust")
    assert (row.title, row.album, row.path) == ("Dust (Radio)", "Best of 1999", str(music / "b.flac"))
    (music.parent / "a.flac").rename(music / "a.flac")
    run(library, music)
    assert [each.title for each in found(library, "title:dust")] == ["Dust"]


def test_one_of_two_copies_is_retagged(library: Library, music: Path) -> None:
    for name in ("a", "b"):
        song(music / f"{name}.flac", title="Same")
    run(library, music)
    song(music / "b.flac", title="Other")
    assert run(library, music).retagged == 1
    [row] = found(library)
    assert row.title == "Same"
    assert [each.id for each in found(library, "title:other")] == [row.id]


def test_a_library_whose_tags_an_older_version_read_reads_them_once_more(
    library: Library, music: Path, heard: list[str]
) -> None:
    song(music / "a.flac", title="Read rightly")
    run(library, music)
    with library.write() as connection:
        connection.execute(sa.update(schema.sounds).values(title="Raed wrnogly"))
        connection.execute(sa.update(schema.locations).values(claims_version=None))
    summary = run(library, music)
    assert (summary.unchanged, summary.read_again, summary.analysed, len(heard)) == (1, 1, 0, 1)
    assert [row.title for row in found(library)] == ["Read rightly"]
    assert run(library, music).read_again == 0


@pytest.mark.parametrize("by", ["add --force", "retry"])
def test_a_file_replaced_by_one_of_equal_size_and_time_heals(library: Library, music: Path, by: str) -> None:
    file = music / "bounce.wav"
    write_wav(file, synth.sine(200.0, 0.1))
    stamp(file)
    run(library, music)
    write_wav(file, synth.sine(300.0, 0.1))
    stamp(file)
    assert run(library, music).unchanged == 1
    with library.write() as connection:
        if by == "retry":
            failed = {"status": "failed", "error_code": "file_changed", "error_message": "m", "error_remedy": "r"}
            connection.execute(sa.update(schema.sounds).values(failed))
    healed = (
        run(library, music, FORCED) if by == "add --force" else retry(library, OPTIONS, executor=InProcessExecutor())
    )
    assert (healed.changed, healed.analysed, healed.failed) == (1, 1, 0)
    assert [(row.status, row.path) for row in found(library)] == [("analysed", str(file))]
    assert run(library, music).unchanged == 1


def test_a_sound_that_was_replaced_stays_if_somebody_cares_for_it(library: Library, music: Path) -> None:
    for name, hz in (("a", 200.0), ("b", 250.0)):
        write_wav(music / f"{name}.wav", synth.sine(hz, 0.1))
    run(library, music)
    [mine] = [row for row in found(library) if str(row.path).endswith("a.wav")]
    with library.write() as connection:
        edit(connection, [mine.region_id], parse_statements(rating="5"))
    for name, hz in (("a", 300.0), ("b", 350.0)):
        write_wav(music / f"{name}.wav", synth.sine(hz, 0.2))
    assert run(library, music).changed == 2
    assert sorted((row.rating or 0, row.path is None) for row in found(library)) == [(0, False), (0, False), (5, True)]


@pytest.mark.parametrize("how", ["add", "retry"])
def test_a_failed_file_that_was_deleted_leaves_no_row(library: Library, music: Path, how: str) -> None:
    write_wav(music / "good.wav", synth.sine(200.0, 0.1))
    (music / "text.wav").write_text("hello, this is not audio")
    write_wav(music / "unheard.wav", synth.sine(300.0, 0.1))
    run(library, music)
    with library.write() as connection:
        unheard = schema.sounds.c.id == sa.select(sa.func.max(schema.locations.c.sound_id)).scalar_subquery()
        connection.execute(sa.update(schema.sounds).where(unheard).values(status="failed", error_code="crash"))
    for name in ("text.wav", "unheard.wav"):
        (music / name).unlink()
    if how == "add":
        run(library, music)
    else:
        retry(library, OPTIONS, executor=InProcessExecutor())
    assert [row.path for row in found(library)] == [str(music / "good.wav")]
    with library.read() as connection:
        assert connection.execute(sa.select(sa.func.count()).select_from(schema.locations)).scalar_one() == 1


def test_what_is_missing_and_what_was_never_there_is_named(library: Library, music: Path) -> None:
    for number in range(3):
        write_wav(music / f"{number}.wav", synth.sine(200.0 + 50 * number, 0.1))
    run(library, music)
    (music / "1.wav").unlink()
    summary = add(library, [music, music / "typo.wav", music / "0.wav"], OPTIONS, executor=InProcessExecutor())
    assert (summary.found, summary.missing_files, summary.absent) == (
        2, (str(music / "1.wav"),), (str(music / "typo.wav"),),
    )  # fmt: skip
    assert summary.as_json()["absent"] == [str(music / "typo.wav")]
    assert summary.sentence().endswith("1 missing, 1 not there.")
    (music / "2.wav").unlink()
    answer = audit(library, AuditRequest(roots=(music,)), settings=OPTIONS.settings)
    assert (answer.missing_files, answer.gone_files) == ((str(music / "1.wav"),), (str(music / "2.wav"),))
    assert len(answer.missing_files) == answer.counts["missing_locations"]
    assert len(answer.gone_files) == answer.counts["stale_meta_paths_total"]
    assert [row.path for row in found(library, "is:missing")] == [str(music / "1.wav")]


def test_a_renamed_root_keeps_every_sound(library: Library, music: Path, heard: list[str]) -> None:
    for number in range(3):
        write_wav(music / f"{number}.wav", synth.sine(200.0 + 50 * number, 0.1))
    run(library, music)
    renamed = music.rename(music.parent / "renamed")
    summary = run(library, renamed)
    assert (summary.moved, summary.new, summary.analysed, len(heard)) == (3, 0, 0, 3)
    assert len(found(library, "-is:missing")) == 3
    assert not found(library, "is:missing")
