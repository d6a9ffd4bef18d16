"""Questions and corrections as a Python program puts them: requests in, answers out, no command line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mido
import numpy as np
import pytest

import sonoteca
from query_samples import fill
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.domain.answer import MeantSounds
from sonoteca.errors import NotAudio, QuerySyntaxError, RequestError, SoundNotFound
from sonoteca.ingest.listener import Listener
from sonoteca.workers.in_process import InProcessExecutor

RATE = 22_050


@pytest.fixture
def library(tmp_path: Path) -> Iterator[sonoteca.Library]:
    with sonoteca.open_library(tmp_path / "library.sonoteca", mode="create") as made:
        with made.write() as connection:
            fill(connection)
        yield made


def listed(library: sonoteca.Library, query: str) -> list[str]:
    return [row.id for row in sonoteca.list_sounds(library, sonoteca.ListRequest(filter=query)).rows]


def test_a_list_says_how_many_there_are_and_gives_a_page_of_them(library: sonoteca.Library) -> None:
    answer = sonoteca.list_sounds(library, sonoteca.ListRequest(filter="sort:title", limit=3, offset=1))
    assert (len(answer.rows), answer.total) == (3, 20)
    assert [row.id for row in answer.rows] == listed(library, "sort:title")[1:4]
    assert answer.as_rows() == [row.as_json() for row in answer.rows]
    assert answer.as_json()["query"] == {
        "mode": "list", "filter": "sort:title", "limit": 3, "offset": 1, "events": False, "total": 20, "next_offset": 4,
    }  # fmt: skip
    counted = sonoteca.list_sounds(library, sonoteca.ListRequest(limit=0))
    assert (counted.rows, counted.total) == ((), 20)
    with pytest.raises(QuerySyntaxError):
        sonoteca.list_sounds(library, sonoteca.ListRequest(filter="kind:lopp"))


def test_pages_of_words_follow_one_another_to_the_end(library: sonoteca.Library) -> None:
    whole = sonoteca.search_words(library, sonoteca.WordsRequest(words="pad", k=1000))
    assert (whole.total, whole.next_offset) == (len(whole.rows), None)
    found: list[str] = []
    offset: int | None = 0
    while offset is not None:
        page = sonoteca.search_words(library, sonoteca.WordsRequest(words="pad", k=2, offset=offset))
        assert page.total == whole.total
        found += [row.id for row in page.rows]
        offset = page.next_offset
    assert found == [row.id for row in whole.rows]
    beyond = sonoteca.search_words(library, sonoteca.WordsRequest(words="pad", offset=500))
    assert (beyond.rows, beyond.total, beyond.next_offset) == ((), whole.total, None)


def test_facets_are_those_of_the_query(library: sonoteca.Library) -> None:
    counted = sonoteca.count_facets(library, sonoteca.FacetsRequest(filter="tag:dusty"))
    assert counted.facets.total == len(listed(library, "tag:dusty")) == counted.as_json()["total"]


def test_an_answer_prints_itself_in_a_line(library: sonoteca.Library) -> None:
    answer = sonoteca.search_words(library, sonoteca.WordsRequest(words="pad", k=2))
    assert repr(answer).startswith("<WordsAnswer: 2 rows, best 1.00 /music/Sämples/")
    assert repr(answer.rows[0]).startswith("<ResultRow 1.00 /music/Sämples/")
    assert answer.as_json()["query"] == {
        "mode": "search", "words": "pad", "filter": None, "k": 2, "offset": 0, "notes": [], "total": answer.total,
        "next_offset": 2,
    }  # fmt: skip
    assert repr(library).startswith("<Library ")


def test_a_sound_is_described_by_any_of_its_names(library: sonoteca.Library) -> None:
    by_number = sonoteca.describe_sound(library, sonoteca.DescribeRequest(sound="external:LP-1042"))
    by_id = sonoteca.describe_sound(library, sonoteca.DescribeRequest(sound=by_number.sound["id"]))
    assert by_number.as_json() == by_id.as_json()
    assert str(by_number.sound["path"]) in repr(by_number)
    with pytest.raises(SoundNotFound):
        sonoteca.describe_sound(library, sonoteca.DescribeRequest(sound="nowhere"))


def test_an_edit_is_said_of_all_that_a_query_finds_and_taken_back_whole(library: sonoteca.Library) -> None:
    dusty = listed(library, "tag:dusty")
    before = listed(library, "bpm:=174")
    answer = sonoteca.edit(library, sonoteca.EditRequest(query="tag:dusty", bpm=174, tags=["+fast", "-dusty"]))
    assert (answer.found, answer.changed) == (len(dusty), len(dusty))
    assert sorted(listed(library, "tag:fast")) == sorted(dusty)
    assert set(dusty) <= set(listed(library, "bpm:=174"))
    assert listed(library, "tag:dusty") == []
    undone = sonoteca.undo(library)
    assert (undone.changed, undone.batch) == (len(dusty), answer.batch)
    assert (sorted(listed(library, "tag:dusty")), listed(library, "bpm:=174")) == (sorted(dusty), before)


def test_who_does_not_approve_changes_nothing(library: sonoteca.Library) -> None:
    asked: list[int] = []

    def refuse(meant: MeantSounds) -> None:
        asked.append(meant.count)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        sonoteca.edit(library, sonoteca.EditRequest(query="*", rating=5), approve=refuse)
    with pytest.raises(KeyboardInterrupt):
        sonoteca.remove_sounds(library, sonoteca.RemoveRequest(query="*"), approve=refuse)
    assert asked == [20, 20]
    assert listed(library, "rating:5") == []
    assert len(listed(library, "")) == 20
    removed = sonoteca.remove_sounds(library, sonoteca.RemoveRequest(query="external:LP-1042"))
    assert (removed.found, removed.removed, len(listed(library, ""))) == (1, 1, 19)


def test_who_is_asked_is_told_what_the_first_sounds_are_called(library: sonoteca.Library) -> None:
    told: list[str] = []
    sonoteca.edit(library, sonoteca.EditRequest(query="*", rating=5), approve=lambda meant: told.append(meant.told))
    assert re.fullmatch(r"20 sounds: (\w{4,16} \([^)]+\), ){2}\w{4,16} \([^)]+\) and 17 more", told[0]), told


def test_a_word_that_nothing_has_is_answered_with_the_nearest(library: sonoteca.Library) -> None:
    assert sonoteca.search_words(library, sonoteca.WordsRequest(words="dustty")).notes == ("Did you mean 'dusty'?",)
    assert sonoteca.search_words(library, sonoteca.WordsRequest(words="xyzzy")).notes == ()
    # The first letters may have changed places, and of several words each may be misspelt.
    assert sonoteca.search_words(library, sonoteca.WordsRequest(words="udsty")).notes == ("Did you mean 'dusty'?",)
    assert sonoteca.search_words(library, sonoteca.WordsRequest(words="dustty xyzzy")).notes == ()
    assert sonoteca.search_words(library, sonoteca.WordsRequest(words="dustty kind:loop")).notes == ()


@pytest.mark.parametrize(
    ("asked", "field"),
    [
        ({"bpm": "fast"}, "bpm"),
        ({"bpm": 5}, "bpm"),
        ({"key": "H"}, "key"),
        ({"kind": "xyz"}, "kind"),
        ({"role": "trumpet"}, "role"),
        ({"rating": 6}, "rating"),
        ({}, None),
    ],
)
def test_what_cannot_be_said_is_refused_before_a_library_is_needed(asked: dict[str, Any], field: str | None) -> None:
    with pytest.raises(RequestError) as refused:
        sonoteca.EditRequest(query="*", **asked)
    assert refused.value.field == field


def test_a_playlist_is_made_changed_and_forgotten(library: sonoteca.Library) -> None:
    ids = listed(library, "sort:path")[:3]
    made = sonoteca.create_playlist(
        library, sonoteca.CreatePlaylistRequest(playlist="friday", sounds=ids, filter=f"id:{ids[0]}")
    )
    assert (made.entries, [each.positions for each in made.repeats]) == (4, [(1, 4)])
    taken = sonoteca.take_from_playlist(
        library, sonoteca.TakeFromPlaylistRequest(playlist="friday", entries=["2", ids[0]])
    )
    assert (taken.entries, taken.removed) == (1, (1, 2, 4))
    shown = sonoteca.show_playlist(library, sonoteca.ShowPlaylistRequest(playlist="friday"))
    assert [row["id"] for row in shown.as_rows()] == [ids[2]]
    with pytest.raises(RequestError, match="already"):
        sonoteca.create_playlist(library, sonoteca.CreatePlaylistRequest(playlist="friday"))
    sonoteca.forget_playlist(library, sonoteca.ForgetPlaylistRequest(playlist="friday"))
    assert sonoteca.list_playlists(library).rows == ()


def test_midi_files_give_melodies_and_one_that_is_none_is_told_of(library: sonoteca.Library, tmp_path: Path) -> None:
    track = mido.MidiTrack()
    for pitch in (60, 62, 64, 65, 67, 65, 64, 62):
        track += [mido.Message("note_on", note=pitch, time=0), mido.Message("note_off", note=pitch, time=240)]
    mido.MidiFile(tracks=[track]).save(tmp_path / "tune.mid")
    (tmp_path / "text.mid").write_text("no tune")
    told: list[Exception] = []
    answer = sonoteca.import_midi(library, sonoteca.ImportMidiRequest(paths=[tmp_path]), on_failure=told.append)
    assert (answer.files, answer.melodies, answer.new, answer.without) == (2, 1, 1, 0)
    assert [each.path.name for each in answer.failures] == ["text.mid"]
    assert [type(error) for error in told] == [NotAudio]
    assert sonoteca.import_midi(library, sonoteca.ImportMidiRequest(paths=[tmp_path])).new == 0

    times = np.arange(round(0.25 * RATE)) / RATE
    fade = np.minimum(1, np.minimum(times, times[::-1]) / 0.03)
    voice = [
        sum(np.sin(2 * np.pi * 440 * 2 ** ((pitch - 67) / 12) * n * times) / n for n in (1, 2, 3)) * fade
        for pitch in (60, 62, 64, 65, 67, 65, 64, 62)
    ]
    write_wav(tmp_path / "hum.wav", AudioSignal(0.2 * np.concatenate(voice)[None].astype(np.float32), RATE))
    with Listener(executor=InProcessExecutor()) as listener:
        found = sonoteca.find_tune(library, sonoteca.HumRequest(file=tmp_path / "hum.wav", k=1), listener=listener)
    assert found.ranking == ("tune",)
    assert found.as_json()["query"]["file"] == str(tmp_path / "hum.wav")
