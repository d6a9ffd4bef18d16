"""What people type and paste where a sound is asked for."""

from __future__ import annotations

import os
import pickle
import unicodedata
from pathlib import Path

import pytest
from sqlalchemy.engine import Connection

import catalogue_samples as samples
from sonoteca.catalogue.identity.sound_names import spellings
from sonoteca.catalogue.identity.sounds import get_sound, resolve_sound, shortest_ids
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.claim import Claim
from sonoteca.errors import AmbiguousSound, Candidate, SoundNotFound


def _add(connection: Connection, path: str, title: str | None = None, artist: str | None = None) -> int:
    named = {"title": title, "artist": artist}
    claims = [Claim(field, value, "tags") for field, value in named.items() if value is not None]
    return samples.add(connection, path, f"x1:{path}", claims=claims)


def test_every_writing_of_a_path_means_its_sound(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/music")
    with library.write() as connection:
        sound = _add(connection, "Drums/Café 01 (dry).wav")
        _add(connection, "Drums/other.wav")
        path = "/music/Drums/Café 01 (dry).wav"
        for typed in (
            path,
            f"'{path}'",
            f'"{path}" ',
            f"\u201c{path}\u201d",
            f"  {path}\n",
            unicodedata.normalize("NFD", path),
            "~/Drums/Café 01 (dry).wav",
            os.path.relpath(path),
            "file:///music/Drums/Caf%C3%A9%2001%20(dry).wav",
            "file://localhost/music/Drums/Caf%C3%A9%2001%20(dry).wav",
            "/music/Drums/Café\\ 01\\ \\(dry\\).wav",
            "D:\\Music\\Drums\\Café 01 (dry).wav",
            "file:///C:/Users/me/Drums/Caf%C3%A9%2001%20(dry).wav",
            "\\\\server\\share\\Drums\\Café 01 (dry).wav",
            "Drums\\Café 01 (dry).wav",
            "Café 01 (dry).wav",
            "café 01 (DRY).WAV",
            "Café 01 (dry)",
            "Drums/Café 01 (dry).wav",
        ):
            assert resolve_sound(connection, typed).id == sound, typed


def test_titles_and_artists_mean_a_sound_with_any_dash(library: Library) -> None:
    with library.write() as connection:
        sound = _add(connection, "a.flac", "Roygbiv", "Boards of Canada")
        other = _add(connection, "b.flac", "Turquoise - Hexagon Sun", "Boards of Canada; Someone")
        named = _add(connection, "Burial - Archangel.mp3")
        _add(connection, "c.flac", "Roygbiv (remix)", "Boards of Canada")
        signs = _add(connection, "d.flac", "÷", "Ed Sheeran")
        assert resolve_sound(connection, "Ed Sheeran - ÷").id == signs
        for typed in ("Boards of Canada - Roygbiv", "boards of canada – ROYGBIV", "Roygbiv", "'Roygbiv'", "a.flac"):
            assert resolve_sound(connection, typed).id == sound, typed
        for typed in ("Boards of Canada — Turquoise - Hexagon Sun", "Someone - Turquoise - Hexagon Sun"):
            assert resolve_sound(connection, typed).id == other, typed
        for typed in ("Burial – Archangel", "burial - archangel.mp3"):
            assert resolve_sound(connection, typed).id == named, typed


def test_what_several_are_called_is_refused_with_all_of_them(library: Library) -> None:
    with library.write() as connection:
        one = _add(connection, "x/kick.wav")
        two = _add(connection, "y/kick.wav", "Kick", "Somebody")
        with pytest.raises(AmbiguousSound) as refused:
            resolve_sound(connection, "kick.wav")
        ids = {each: get_sound(connection, each).public_id for each in (one, two)}
        assert set(refused.value.candidates) == {
            Candidate(ids[one], "kick.wav"), Candidate(ids[two], "Somebody - Kick"),
        }  # fmt: skip
        assert f"{shortest_ids(connection, ids.values())[ids[one]]} (kick.wav)" in refused.value.message
        assert resolve_sound(connection, "C:/y/kick.wav").id == two
        assert resolve_sound(connection, ids[one]).id == one


def test_a_name_nearly_right_is_refused_with_what_may_be_meant(library: Library) -> None:
    with library.write() as connection:
        sound = _add(connection, "a.flac", "Archangel", "Burial")
        _add(connection, "b.flac", "Something else", "Nobody")
        public_id = get_sound(connection, sound).public_id
        for typed in ("Archangle", "Burial - Archangle", "archangel.wav", "/no/such/folder/Archangel.wav"):
            with pytest.raises(SoundNotFound) as refused:
                resolve_sound(connection, typed)
            assert refused.value.candidates == (Candidate(public_id, "Burial - Archangel"),), typed
            assert f"Did you mean {public_id[:4]} (Burial - Archangel)?" in refused.value.message
        assert refused.value.as_json()["candidates"] == [{"id": public_id, "name": "Burial - Archangel"}]
        assert pickle.loads(pickle.dumps(refused.value)).candidates == refused.value.candidates
        with pytest.raises(SoundNotFound) as unlike:
            resolve_sound(connection, "xyzzy")
        assert unlike.value.candidates == ()


def test_candidates_that_are_called_alike_are_told_by_their_files(library: Library) -> None:
    with library.write() as connection:
        for path in ("one.flac", "two.mp3"):
            _add(connection, path, "Déjà Vu", "Beyoncé")
        with pytest.raises(AmbiguousSound) as refused:
            resolve_sound(connection, "Beyoncé - Déjà Vu")
        assert {each.name for each in refused.value.candidates} == {"one.flac", "two.mp3"}
        for folder in ("x", "y"):
            _add(connection, f"{folder}/kick.wav")
        with pytest.raises(AmbiguousSound) as alike:
            resolve_sound(connection, "kick.wav")
        assert {each.name for each in alike.value.candidates} == {"/music/x/kick.wav", "/music/y/kick.wav"}


@pytest.mark.parametrize(("typed", "artist"), [("kestrel", "DJ Kestrel"), ("椎名林檎", "椎名林檎")])
def test_an_artist_is_no_sound_and_its_sounds_may_be_meant(library: Library, typed: str, artist: str) -> None:
    with library.write() as connection:
        sound = _add(connection, "a.flac", "A long way home", artist)
        _add(connection, "b.flac", "Something else", "Nobody")
        public_id = get_sound(connection, sound).public_id
        with pytest.raises(SoundNotFound) as refused:
            resolve_sound(connection, typed)
    assert [each.id for each in refused.value.candidates] == [public_id]


def test_a_file_that_lies_here_is_no_other_of_the_same_name(
    library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("kick.wav").write_bytes(b"")
    with library.write() as connection:
        _add(connection, "x/kick.wav")
        for typed in ("kick.wav", str(tmp_path / "kick.wav"), f"'{tmp_path}/kick.wav'"):
            with pytest.raises(SoundNotFound):
                resolve_sound(connection, typed)


@pytest.mark.parametrize("name", ["", " ", "\0", "''", "file://", "/", "\\", "C:\\", "!!!", "\udcff", "-", "a\0b/c"])
def test_no_text_is_more_than_a_name_that_nothing_has(library: Library, name: str) -> None:
    with library.read() as connection, pytest.raises(SoundNotFound):
        resolve_sound(connection, name)
    assert all(each.strip() for each in spellings(name))
