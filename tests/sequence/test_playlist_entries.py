"""Entries of playlists found again: at their path, in another Unicode form, or on a disk that has moved."""

from __future__ import annotations

import unicodedata
from pathlib import Path

import pytest

from sequence_samples import Made, store
from sonoteca.catalogue.made.playlists import PlaylistEntry, get_playlist, save_playlist
from sonoteca.catalogue.store.library import Library
from sonoteca.sequence.m3u import M3uEntry
from sonoteca.sequence.playlist_entries import EntryState, entries_of_lines, entries_of_playlist, file_name
from sonoteca.sequence.playlist_file import named_entries, write_entries
from sonoteca.sequence.playlists import ShowPlaylistRequest, show_playlist


@pytest.fixture
def music(library: Library, tmp_path: Path) -> Path:
    """A folder whose first three sounds are there, the fourth was lost."""
    folder = tmp_path / "Music"
    (folder / "Sets").mkdir(parents=True)
    names = {"one": Made(), "Übung": Made(), "Sets/same": Made(), "lost": Made()}
    with library.write() as connection:
        store(connection, names, folder=str(folder))
        store(connection, {"same ": Made()}, folder=str(tmp_path / "Other"))
    for name in ("one", "Übung", "Sets/same"):
        (folder / f"{name}.wav").touch()
    return folder


def states(library: Library, *paths: str) -> list[tuple[EntryState, str | None]]:
    with library.read() as connection:
        found = entries_of_lines(connection, [M3uEntry(path, path) for path in paths])
    return [(entry.state, None if entry.path is None else Path(entry.path).name) for entry in found]


def test_every_state_is_told(library: Library, music: Path) -> None:
    (music / "new.wav").touch()
    assert states(library, f"{music}/one.wav", f"{music}/lost.wav", f"{music}/new.wav", f"{music}/never.wav") == [
        (EntryState.FOUND, "one.wav"),
        (EntryState.MISSING, None),
        (EntryState.NOT_IN_LIBRARY, "new.wav"),
        (EntryState.NOT_FOUND, None),
    ]


def test_names_of_other_systems_are_the_same_names(library: Library, music: Path) -> None:
    other_form = unicodedata.normalize("NFD", f"{music}/Übung.wav")
    assert states(library, other_form, r"D:\Music\one.wav", r"E:\dj\MUSIC\ÜBUNG.WAV") == [
        (EntryState.MOVED, "Übung.wav"),
        (EntryState.MOVED, "one.wav"),
        (EntryState.MOVED, "Übung.wav"),
    ]


def test_of_two_files_of_one_name_the_one_whose_folders_agree_is_meant(library: Library, tmp_path: Path) -> None:
    for folder in ("A", "B"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "same.wav").touch()
    with library.write() as connection:
        store(connection, {"A/same": Made(), "B/same": Made()}, folder=str(tmp_path))
    with library.read() as connection:
        [found, unclear] = entries_of_lines(
            connection, [M3uEntry("", "/old/A/same.wav"), M3uEntry("", "/old/C/same.wav")]
        )
    assert found.path == str(tmp_path / "A" / "same.wav")
    assert unclear.state is EntryState.UNCLEAR
    assert unclear.may_be == (str(tmp_path / "A" / "same.wav"), str(tmp_path / "B" / "same.wav"))


def test_a_renamed_folder_is_followed_by_what_a_line_tells_and_by_its_other_files(
    library: Library, tmp_path: Path
) -> None:
    made = {
        "Duo2/01 Start": Made(artist="Duo", seconds=100.0),
        "Duo2/02 Other": Made(artist="Duo"),
        "Trio/01 Start": Made(artist="Trio", seconds=100.0),
    }
    with library.write() as connection:
        store(connection, made, folder=str(tmp_path))
    for name in made:
        (tmp_path / f"{name}.wav").parent.mkdir(exist_ok=True)
        (tmp_path / f"{name}.wav").touch()
    lost = "/old/Duo/01 Start.wav"
    moved = str(tmp_path / "Duo2" / "01 Start.wav")
    title = "Duo - Duo2/01 Start"
    with library.read() as connection:
        for lines, path in (
            ([M3uEntry("", lost, 100.0, title)], moved),
            # Nobody's title, and the length of another edit, tell nothing.
            ([M3uEntry("", lost, 100.0, "Start")], None),
            ([M3uEntry("", lost, 150.0, title)], None),
            ([M3uEntry("", lost), M3uEntry("", "/old/Duo/02 Other.wav")], moved),
            ([M3uEntry("", lost), M3uEntry("", "/old/Solo/02 Other.wav")], None),
        ):
            entry = entries_of_lines(connection, lines)[0]
            assert (entry.state, entry.path) == (EntryState.MOVED if path else EntryState.UNCLEAR, path)


def test_a_stored_playlist_knows_its_sounds_by_content(library: Library, music: Path) -> None:
    hashes = ("x1:one", "x1:lost", "x1:never", "x1:one")
    with library.write() as connection:
        save_playlist(connection, "mine", [PlaylistEntry(each) for each in hashes])
    with library.read() as connection:
        entries = entries_of_playlist(connection, get_playlist(connection, "mine"))
    assert [entry.state for entry in entries] == [
        EntryState.FOUND, EntryState.MISSING, EntryState.NOT_FOUND, EntryState.FOUND,
    ]  # fmt: skip
    assert entries[0].sound_id == entries[3].sound_id
    assert entries[2].name == "x1:never"
    assert (entries[1].name, entries[1].last_path, entries[1].is_disk_away) == (
        str(music / "lost.wav"), str(music / "lost.wav"), False,
    )  # fmt: skip


def test_a_list_outlives_the_absence_of_its_disk(library: Library, music: Path, tmp_path: Path) -> None:
    with library.write() as connection:
        save_playlist(connection, "mine", [PlaylistEntry(each) for each in ("x1:one", "x1:Übung")])
    there = tmp_path / "there.m3u8"
    show_playlist(library, ShowPlaylistRequest(playlist="mine", output=there))
    music.rename(tmp_path / "unplugged")
    away = tmp_path / "away.m3u8"
    rows = show_playlist(library, ShowPlaylistRequest(playlist="mine", output=away)).as_rows()
    assert away.read_text() == there.read_text()
    assert [(row["title"], row["state"], row["disk_away"], row["path"], row["last_path"]) for row in rows] == [
        ("one", "missing_file", True, None, str(music / "one.wav")),
        ("Übung", "missing_file", True, None, str(music / "Übung.wav")),
    ]
    # An empty mount point is no disk either, and a list that is read with its disk away keeps its paths elsewhere, too.
    music.mkdir()
    with library.read() as connection:
        entries = named_entries(connection, str(away))
        assert [entry.is_disk_away for entry in entries] == [True, True]
        (tmp_path / "lists").mkdir()
        write_entries(connection, tmp_path / "lists" / "copy.m3u8", entries)
    lines = (tmp_path / "lists" / "copy.m3u8").read_text().splitlines()
    assert [line for line in lines if not line.startswith("#")] == [str(music / "one.wav"), str(music / "Übung.wav")]


def test_the_last_part_of_a_path_is_its_name() -> None:
    assert file_name(r"D:\Music\a.mp3") == "a.mp3"
    assert file_name("/Music/a\\b.mp3") == "a\\b.mp3"
    assert file_name("") == ""
