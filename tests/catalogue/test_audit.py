from __future__ import annotations

import json

import catalogue_samples as samples
from catalogue_samples import EAR, SPACE, info, part, vectors
from sonoteca.catalogue import audit
from sonoteca.catalogue.heard import embeddings, segments
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.heard.segments import Segment
from sonoteca.catalogue.identity.locations import SeenFile, mark_missing, record_files, record_unreadable
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.identity.sounds import ensure_sounds, mark_failed
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.domain.vocabulary import RunOutcome
from sonoteca.errors import FileUnreadable, WorkerCrashed

# The names that programs outside the project read.
PROMISED = {
    "sounds_total", "analysed", "pending", "failed", "missing_locations", "embedding_ok", "embedding_gap_total",
    "missing_embedding_ref", "embedding_file_missing", "audio_files_scanned", "pending_embedding_total",
    "missing_meta_total", "stale_meta_paths_total",
}  # fmt: skip


def test_every_count_says_what_was_built(library: Library) -> None:
    with library.write() as connection:
        root = ensure_root(connection, "/music").root
        embedded = samples.add(connection, "a.wav", "x1:a", kind="loop")
        silent_split = SoundAnalysis((part(0, 0.0, 2.0), part(1, 0.5, 1.0)))
        result = SoundResult(embedded, info("x1:a"), silent_split, (), {SPACE.id: vectors([1, 0, 0, 0], [])})
        store_results(connection, [result], identities=[EAR], spaces=[SPACE])
        samples.add(connection, "b.wav", "x1:b", kind="loop")
        broken = part(0, 0.0, 2.0, outcome=RunOutcome.FAILED, reason="ValueError: x")
        [with_failure] = ensure_sounds(connection, ["x1:c"]).values()
        store_results(connection, [SoundResult(with_failure, info("x1:c"), SoundAnalysis((broken,)))], identities=[EAR])
        new = record_files(connection, root, [(SeenFile(f"{n}.wav".encode(), 1, 1), f"x1:{n}") for n in range(4)])
        mark_failed(connection, {new[0].sound_id: WorkerCrashed("The worker died.")})
        mark_missing(connection, [new[1].location_id])
        record_unreadable(connection, root, SeenFile(b"locked.wav", 1, 1), FileUnreadable("locked.wav is locked."))
        scan = audit.DiskScan(audio_files=9, not_in_catalogue=2, stale_paths=1)
        counts = audit.count(connection, identities=[EAR], spaces=[SPACE], scan=scan)
    assert counts.keys() >= PROMISED
    assert all(isinstance(counts[name], int) for name in PROMISED)
    assert {name: counts[name] for name in PROMISED} == {
        "sounds_total": 7,
        "analysed": 3,
        "pending": 3,
        "failed": 1,
        "missing_locations": 1,
        "embedding_ok": 1,
        "embedding_gap_total": 2,
        "missing_embedding_ref": 2,
        "embedding_file_missing": 0,
        "audio_files_scanned": 9,
        # Two analysed without vectors, three that were never analysed.
        "pending_embedding_total": 5,
        "missing_meta_total": 2,
        "stale_meta_paths_total": 1,
    }
    assert counts["pending_by_stage"] == {"analysis": 3, f"embedding:{SPACE.id}": 5}
    assert counts["failed_by_reason"] == {"crash": 1, "file_unreadable": 1}
    assert counts["failed_runs_by_producer"] == {"test.ear": 1}
    assert counts["embeddings_by_space"] == {SPACE.id: 1}
    assert counts["orphaned_sounds"] == 1
    assert (counts["unreadable_files"], counts["locations_total"], counts["regions_total"]) == (1, 7, 8)
    json.dumps(counts)


def test_an_empty_library_has_only_zeros(library: Library) -> None:
    with library.read() as connection:
        counts = audit.count(connection)
    assert all(counts[name] == 0 for name in PROMISED)
    assert counts["pending_by_stage"] == {"analysis": 0}


def test_audits_are_kept_and_compared(library: Library) -> None:
    with library.write() as connection:
        assert audit.last(connection) is None
        first = audit.count(connection)
        audit.keep(connection, first)
        samples.add(connection, "a.wav", "x1:a", kind="loop")
        second = audit.count(connection)
        kept = audit.last(connection)
        assert kept is not None
        assert kept[1] == first
        changes = audit.difference(first, second)
    assert changes["sounds_total"] == (0, 1)
    assert changes["sounds_by_kind.loop"] == (0, 1)
    assert "failed" not in changes
    assert audit.difference(second, second) == {}


def test_an_index_file_that_is_gone_is_counted(library: Library) -> None:
    folder = library.data_folder("index")
    (folder / "there.seg").write_bytes(b"x")
    with library.write() as connection:
        space = embeddings.ensure_space(connection, SPACE)
        files = [Segment(name, 1, 1, 10, 1, 10) for name in ("there.seg", "gone.seg")]
        assert segments.publish(connection, space, files, after=0, removed_up_to=0) == 1
        counts = audit.count(connection, spaces=[SPACE], index_folder=folder)
    assert counts["embedding_file_missing"] == 1
    assert counts["indexed_by_space"] == {SPACE.id: 20}
