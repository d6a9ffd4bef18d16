"""The numbers of a library whose files, lengths and kinds are known."""

from __future__ import annotations

import sqlalchemy as sa

import catalogue_samples as samples
import sonoteca
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.made.melodies import import_melodies
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import locations
from sonoteca.domain.melody import NamedMelody, Note


def test_an_empty_library_has_nothing(library: Library) -> None:
    numbers = ("sounds", "regions", "files", "bytes", "missing_files", "missing_sounds", "duplicate_files")
    expected = {**dict.fromkeys(numbers, 0), "duplicate_bytes": 0, "hours": 0.0}
    assert sonoteca.library_stats(library).as_json() == expected | {"by_status": {}, "by_kind": {}, "by_role": {}}


def test_sounds_are_counted_once_and_files_each(library: Library) -> None:
    drums, bass = ({"value": role, "scores": {role: 1.0}} for role in ("drums", "bass"))
    with library.write() as connection:
        samples.add(connection, "a.wav", "x1:a", duration_s=1800.0, kind="loop", role=drums)
        samples.add(connection, "b.wav", "x1:b", duration_s=5400.0, kind="loop", role=bass)
        samples.add(connection, "c.wav", "x1:c", duration_s=3600.0, kind="track")
        root = ensure_root(connection, "/music").root
        # A copy of a, and a file of a content that nobody has listened to yet.
        record_files(
            connection, root, [(SeenFile(b"copy of a.wav", 1000, 1), "x1:a"), (SeenFile(b"d.wav", 7, 1), "x1:d")]
        )
        import_melodies(connection, [NamedMelody("7", "A tune", (Note(0.0, 1.0, 60.0), Note(1.0, 2.0, 62.0)))], "test")
        connection.execute(
            sa.update(locations)
            .where(locations.c.display_path.like("%c.wav"))
            .values(missing_since="2026-11-01T00:00:00.000Z")
        )
    stats = sonoteca.library_stats(library).as_json()
    assert stats["sounds"] == 4
    assert stats["by_status"] == {"analysed": 3, "pending": 1}
    assert list(stats["by_kind"].items()) == [("loop", 2), ("track", 1)]
    # Of a track no role is said.
    assert stats["by_role"] == {"bass": 1, "drums": 1}
    assert stats["hours"] == 3.0
    assert (stats["files"], stats["bytes"], stats["missing_files"]) == (4, 3007, 1)
    assert (stats["duplicate_files"], stats["duplicate_bytes"]) == (1, 1000)
