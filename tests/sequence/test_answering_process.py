"""A process that only answers loads nothing that listens: no analyzers, no decoder, no filters."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from sequence_samples import Made, store
from sonoteca.catalogue.store.library import Library

_ASKS = """
import sys
import sonoteca
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import open_library
from sonoteca.search.query.listing import find_rows
from sonoteca.sequence.next_track import NextRequest, find_next

with open_library(sys.argv[1]) as library:
    with library.read() as connection:
        assert len(find_rows(connection, "bpm:124")) == 2
        assert stored_sound_object(connection, resolve_sound(connection, "/music/now.wav").id)["tempo"]["bpm"] == 124.0
    like = sonoteca.find_similar(library, sonoteca.SimilarRequest(sounds=("/music/now.wav",)))
    assert [row.title for row in like.rows] == ["fits"]
    assert [each.row.title for each in find_next(library, NextRequest(sound="/music/now.wav", include_missing=True)).rows] == ["fits"]
listening = ("sonoteca.analysis", "sonoteca.features", "sonoteca.embedding", "av", "soxr", "scipy.signal", "scipy.ndimage")
print(*sorted(name for name in sys.modules if name.startswith(listening) and (name in listening or "." in name)))
"""


def test_listing_showing_similar_and_next_load_no_analyzer_and_no_decoder(
    sqlite_library: Library, tmp_path: Path
) -> None:
    with sqlite_library.write() as connection:
        store(connection, {"now": Made(bpm=124.0, key="8A"), "fits": Made(bpm=124.0, key="9A")})
    asked = [sys.executable, "-c", _ASKS, str(tmp_path / "library.sonoteca")]
    answer = subprocess.run(asked, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
    assert answer.stdout.split() == []
