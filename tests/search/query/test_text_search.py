from __future__ import annotations

import pytest

import catalogue_samples as samples
from sonoteca.audio.recording import Claim
from sonoteca.catalogue.library import Library
from sonoteca.errors import RequestError
from sonoteca.search.text import search_words


def test_a_title_ranks_above_an_artist_and_a_folder(library: Library) -> None:
    with library.write() as connection:
        folder = samples.add(connection, "rain/a.wav", "x1:a", claims=[Claim("title", "One", "tags")], kind="loop")
        title = samples.add(connection, "x/b.wav", "x1:b", claims=[Claim("title", "Rain", "tags")], kind="loop")
        both = [Claim("title", "Two", "tags"), Claim("artist", "Rain", "tags")]
        artist = samples.add(connection, "x/c.wav", "x1:c", claims=both, kind="track")
        samples.add(connection, "x/d.wav", "x1:d", claims=[Claim("title", "Drain", "tags")], kind="loop")
        found = search_words(connection, "rain")
        assert [match.row.sound_id for match in found] == [title, artist, folder]
        assert [match.fields for match in found] == [("title",), ("artist",), ("path",)]
        assert found[0].score == 1.0
        assert all(0.0 <= match.score <= 1.0 for match in found)
        assert [match.row.sound_id for match in search_words(connection, "ra kind:loop", limit=1)] == [title]
        assert search_words(connection, "thunder") == []
        for query in ("", "kind:loop", "-rain", "rain OR kind:loop"):
            with pytest.raises(RequestError, match="no word"):
                search_words(connection, query)
