"""Clips hold contents: a moved file is found, a file that changed or is gone is named."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from arrangement_samples import a_clip, a_song, add_loop
from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.sources import Source, find_sources, require_all
from sonoteca.audio.content_hash import hash_content
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.identity.sounds import known_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import SoundsMissing

pytestmark = pytest.mark.parametrize("library_location", ["sqlite"], indirect=True)


@pytest.fixture
def song(library: Library, tmp_path: Path) -> Arrangement:
    (tmp_path / "loops").mkdir()
    with library.write() as connection:
        drums = add_loop(connection, tmp_path / "loops", "drums.wav", "drums")
        bass = add_loop(connection, tmp_path / "loops", "bass.wav", "bass")
    return a_song(clips=(a_clip("drums", content_hash=drums), a_clip("bass", content_hash=bass)))


def sources_of(library: Library, song: Arrangement) -> dict[str, Source]:
    return find_sources(library, song.clips)


def test_every_sound_has_a_file_with_its_facts(library: Library, song: Arrangement, tmp_path: Path) -> None:
    sources = sources_of(library, song)
    assert [source.path for source in sources.values()] == [tmp_path / "loops" / n for n in ("drums.wav", "bass.wav")]
    for content_hash, source in sources.items():
        assert hash_content(str(source.path)) == content_hash
        assert (source.why_missing, source.duration_s, source.channels) == (None, 8.0, 2)
    require_all(song, sources, with_muted=True)


def test_a_moved_file_is_found_once_the_library_has_seen_it(
    library: Library, song: Arrangement, tmp_path: Path
) -> None:
    old, new = tmp_path / "loops" / "bass.wav", tmp_path / "elsewhere.wav"
    os.rename(old, new)
    bass = song.clips[1].content_hash
    assert "cannot be read" in str(sources_of(library, song)[bass].why_missing)
    state = new.stat()
    with library.write() as connection:
        place = ensure_root(connection, tmp_path)
        record_files(connection, place.root, [(SeenFile(b"elsewhere.wav", state.st_size, state.st_mtime_ns), bass)])
    assert sources_of(library, song)[bass].path == new


def test_another_sound_in_the_same_place_is_not_played(library: Library, song: Arrangement, tmp_path: Path) -> None:
    drums, bass = (tmp_path / "loops" / name for name in ("drums.wav", "bass.wav"))
    drums.write_bytes(bass.read_bytes())
    source = sources_of(library, song)[song.clips[0].content_hash]
    assert (source.path, source.why_missing) == (None, "the file holds another sound now")
    drums.write_text("no sound at all")
    assert sources_of(library, song)[song.clips[0].content_hash].path is None


def test_a_file_that_was_only_touched_is_the_same_sound(library: Library, song: Arrangement, tmp_path: Path) -> None:
    os.utime(tmp_path / "loops" / "drums.wav", ns=(1, 1))
    assert sources_of(library, song)[song.clips[0].content_hash].path is not None


def test_missing_sounds_are_named_with_where_they_play(library: Library, song: Arrangement, tmp_path: Path) -> None:
    (tmp_path / "loops" / "bass.wav").unlink()
    with library.write() as connection:
        remove_sounds(connection, list(known_sounds(connection, [song.clips[0].content_hash]).values()))
    sources = sources_of(library, song)
    with pytest.raises(SoundsMissing) as caught:
        require_all(song, sources, with_muted=True)
    assert "2 of 2 sounds are missing" in caught.value.message
    assert "bass.wav (bass in intro): the file cannot be read (No such file or directory)" in caught.value.message
    assert f"{song.clips[0].content_hash} (drums in intro): the library does not know" in caught.value.message


def test_a_muted_role_needs_no_files_to_be_heard(library: Library, song: Arrangement, tmp_path: Path) -> None:
    (tmp_path / "loops" / "bass.wav").unlink()
    muted = a_song(clips=song.clips, muted=frozenset({"bass"}))
    require_all(muted, sources_of(library, muted), with_muted=False)
    with pytest.raises(SoundsMissing):
        require_all(muted, sources_of(library, muted), with_muted=True)
