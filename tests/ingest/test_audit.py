"""Disk against catalogue without changing either."""

from __future__ import annotations

import os
from dataclasses import replace
from pathlib import Path

import pytest

import ingest_ears
import synth
from ingest_runs import AddOptions, add
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.errors import FileUnreadable
from sonoteca.ingest.audit import AuditRequest, GapsRequest, audit, write_gaps
from sonoteca.ingest.paths_file import read_paths
from sonoteca.workers.in_process import InProcessExecutor

EARS = AnalysisSettings(ingest_ears.FACTORY, ingest_ears.EMBEDDERS)
NEXT = replace(EARS, analyzers=ingest_ears.NEXT_VERSION)
OPTIONS = AddOptions(settings=EARS)


def test_audit_and_gaps_tell_what_add_would_do(tmp_path: Path) -> None:
    music = tmp_path / "music"
    (music / "deep").mkdir(parents=True)
    for number in range(5):
        write_wav(music / "deep" / f"{number}.wav", synth.sine(200 + 100 * number, 0.1))
    (music / "deep/text.wav").write_text("not audio")
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        add(library, [music / "deep"], OPTIONS, executor=InProcessExecutor())
        (music / "deep/0.wav").unlink()
        write_wav(music / "new\nline.wav", synth.sine(2000, 0.1))
        write_wav(music / "deep/1.wav", synth.sine(3000, 0.1))
        counts = audit(library, AuditRequest(roots=(music,)), settings=EARS).counts
        assert {name: counts[name] for name in ("sounds_total", "analysed", "failed", "pending", "missing_locations")} == {
            "sounds_total": 6, "analysed": 5, "failed": 1, "pending": 0, "missing_locations": 0,
        }  # fmt: skip
        assert counts["audio_files_scanned"] == 6
        assert counts["missing_meta_total"] == 1
        assert counts["stale_meta_paths_total"] == 1
        assert counts["embedding_gap_total"] == 0
        assert counts["failed_by_reason"] == {"not_audio": 1}
        assert audit(library, settings=EARS).counts["audio_files_scanned"] == 0

        out = tmp_path / "gaps"
        written = write_gaps(library, GapsRequest(roots=(music,), out=out, chunk=1), settings=EARS)
        assert written.n_paths == 2
        assert [path.name for path in written.files] == ["gaps-0001.txt", "gaps-0002.txt"]
        paths = [path for file in written.files for path in read_paths(file)]
        assert sorted(paths) == [str(music / "deep/1.wav"), str(music / "new\nline.wav")]
        # With newer analyzers everything that can be heard is a gap, and old files go.
        written = write_gaps(library, GapsRequest(roots=(music,), out=out, chunk=100), settings=NEXT)
        assert written.n_paths == 5
        assert os.listdir(out) == ["gaps-0001.txt"]

        add(library, paths, OPTIONS, executor=InProcessExecutor())
        assert write_gaps(library, GapsRequest(roots=(music,), out=out), settings=EARS).n_paths == 0
        assert os.listdir(out) == []


def test_a_root_that_is_not_there_is_an_error_not_a_thousand_stale_paths(tmp_path: Path) -> None:
    with open_library(tmp_path / "library.sonoteca", mode="create") as library:
        with pytest.raises(FileUnreadable, match="unplugged"):
            audit(library, AuditRequest(roots=(tmp_path / "unplugged",)), settings=EARS)
        with pytest.raises(FileUnreadable, match="unplugged"):
            write_gaps(library, GapsRequest(roots=(tmp_path / "unplugged",), out=tmp_path / "out"), settings=EARS)
