"""A clean-up frees what it says, and the resources say what there is."""

from __future__ import annotations

import os
import shutil
import stat
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

import synth
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.errors import RequestError
from sonoteca.ingest.listener import Listener
from sonoteca.jobs.queue import cancel_job, submit_job
from sonoteca.jobs.requests import AnalyzeUploadJob
from sonoteca.media.clip import ClipRequest, clip
from sonoteca.media.kept_files import folder_size
from sonoteca.media.rendition import RenditionRequest, rendition
from sonoteca.media.waveform import WaveformRequest, waveform
from sonoteca.upkeep.clean_up import CleanUpRequest, clean_up
from sonoteca.upkeep.resources import system_resources
from sonoteca.workers.in_process import InProcessExecutor
from sonoteca.workers.local_executor import LocalExecutor

from render_samples import know  # isort: skip

DAY_S = 86_400.0


@pytest.fixture
def library(tmp_path: Path, blank_file: Path) -> Iterator[Library]:
    shutil.copy(blank_file, tmp_path / "mine.sonoteca")
    with open_library(tmp_path / "mine.sonoteca") as opened:
        yield opened


@pytest.fixture
def used(library: Library, tmp_path: Path) -> Path:
    """A data folder in which every cache holds something, and uploads old and new."""
    (tmp_path / "sounds").mkdir()
    sound = tmp_path / "sounds" / "a.wav"
    write_wav(sound, synth.sine(440, 0.5), width="float_32")
    know(library, sound)
    with Listener(executor=InProcessExecutor()) as listener:
        rendition(library, RenditionRequest(sound=str(sound)), listener=listener)
        clip(library, ClipRequest(sound=str(sound)), listener=listener)
        waveform(library, WaveformRequest(sound=str(sound)), listener=listener)
    staging = library.data_folder("staging", "server-1")
    (staging / "new").write_bytes(bytes(100))
    (staging / "old").write_bytes(bytes(2_000))
    os.utime(staging / "old", (time.time() - 2 * DAY_S,) * 2)
    (library.data_folder("uploads") / "kept.wav").write_bytes(bytes(700))
    assert library.data_dir is not None
    return library.data_dir


def files_below(folder: Path) -> set[str]:
    return {path.name for path in folder.rglob("*") if path.is_file()}


def test_what_is_not_expired_stays(library: Library, used: Path) -> None:
    before = files_below(used)
    answer = clean_up(library)
    assert before - files_below(used) == {"old"}
    assert answer.freed_bytes == 2_000
    assert clean_up(library).freed_bytes == 0


def test_the_bytes_told_are_those_that_are_gone_from_the_disk(library: Library, used: Path) -> None:
    for folder in ("cache", "peaks"):
        for path in (used / folder).rglob("*"):
            os.utime(path, (time.time() - 31 * DAY_S,) * 2)
    before = folder_size(used)
    answer = clean_up(library)
    after = folder_size(used)
    assert answer.freed_bytes == before.n_bytes - after.n_bytes > 10_000
    assert {name: size.files for name, size in answer.removed.items()} == {
        "audio": 1, "clips": 1, "looks": 1, "peaks": 0, "staging": 1,
    }  # fmt: skip
    # Drawings are kept, as is what people sent to be kept.
    assert {"new", "kept.wav"} < files_below(used)
    assert not files_below(used / "cache")
    told = answer.as_json()
    assert told["freed_bytes"] == answer.freed_bytes
    assert told["removed"]["staging"] == {"files": 1, "n_bytes": 2_000}
    assert told["query"]["cache_days"] == 30.0


def test_what_was_cleaned_up_is_made_again(library: Library, used: Path, tmp_path: Path) -> None:
    assert clean_up(library, CleanUpRequest(cache_days=0.0)).freed_bytes > 10_000
    with Listener(executor=InProcessExecutor()) as listener:
        asked = RenditionRequest(sound=str(tmp_path / "sounds" / "a.wav"))
        assert rendition(library, asked, listener=listener).n_samples == 22_050


def test_uploads_that_may_be_under_way_or_that_a_job_waits_for_stay(library: Library, used: Path) -> None:
    awaited = used / "staging" / "awaited.wav"
    write_wav(awaited, synth.sine(440, 0.1))
    os.utime(awaited, (time.time() - 9 * DAY_S,) * 2)
    job = submit_job(library, AnalyzeUploadJob(staged="awaited.wav", name="a.wav")).job
    clean_up(library, CleanUpRequest(staging_hours=0.0))
    assert files_below(used / "staging") == {"new", "awaited.wav"}
    cancel_job(library, job.id)
    write_wav(awaited, synth.sine(440, 0.1))
    os.utime(awaited, (time.time() - 9 * DAY_S,) * 2)
    clean_up(library)
    assert files_below(used / "staging") == {"new"}


def test_a_library_without_a_folder_has_nothing_to_clean_up(library: Library) -> None:
    library.data_dir = None
    assert clean_up(library).as_json()["removed"] == {}
    assert system_resources(library).as_json()["disk"] is None


def test_idle_workers_are_replaced_and_ready_ones_by_ready_ones(library: Library) -> None:
    # A worker that is told to do no more than this imports nothing.
    with LocalExecutor(2) as pool, Listener(executor=pool) as listener:
        assert clean_up(library, listener=listener).restarted == 0
        assert listener.ask(abs, -1, "", timeout_s=60.0) == 1
        assert clean_up(library, CleanUpRequest(restart_workers=False), listener=listener).restarted == 0
        assert clean_up(library, listener=listener).as_json()["restarted_workers"] == 1
        assert listener.state().idle == 0
        pool.start()
        assert clean_up(library, listener=listener).restarted == 2
        assert listener.state().idle == 2
        assert listener.ask(abs, -2, "", timeout_s=60.0) == 2


def test_a_limit_below_zero_is_refused() -> None:
    with pytest.raises(RequestError) as refused:
        CleanUpRequest(cache_mb=-1)
    assert refused.value.field == "cache_mb"


def test_resources_say_what_the_machine_has_and_what_is_kept(library: Library, used: Path) -> None:
    with Listener(workers=3, executor=InProcessExecutor()) as listener:
        told = system_resources(library, listener=listener).as_json()
    assert 1 <= told["processor"]["usable"] <= told["processor"]["count"]
    assert 0.0 <= told["processor"]["busy"] <= 1.0
    assert 0 < told["memory"]["program_bytes"] < told["memory"]["total_bytes"]
    assert 0 < told["disk"]["free_bytes"] < told["disk"]["total_bytes"]
    assert told["workers"]["kind"] == "in_process"
    assert set(told["caches"]) == {"audio", "clips", "looks", "peaks", "previews", "renders", "staging"}
    assert told["caches"]["staging"] == {"files": 2, "n_bytes": 2_100}
    # The file and its note.
    assert told["caches"]["audio"]["files"] == 2
    assert system_resources(library).workers is None


@pytest.mark.skipif(sys.platform == "win32", reason="a script stands for the driver's tool")
@pytest.mark.parametrize(
    ("script", "expected"),
    [
        (
            'echo "A Card, 81559, 1024, 25"; echo "Another, [N/A], [N/A], [N/A]"',
            [
                {"name": "A Card", "total_bytes": 81_559 * 2**20, "used_bytes": 2**30, "busy": 0.25},
                {"name": "Another", "total_bytes": None, "used_bytes": None, "busy": None},
            ],
        ),
        ("exit 9", None),
        ("true", None),
    ],
)
def test_a_gpu_is_told_where_its_driver_answers(
    script: str, expected: object, library: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tool := tmp_path / "nvidia-smi").write_text(f"#!/bin/sh\n{script}\n")
    tool.chmod(tool.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}/usr/bin:/bin")
    assert system_resources(library).as_json()["gpu"] == expected
    monkeypatch.setenv("PATH", str(tmp_path / "nowhere"))
    assert system_resources(library).gpu is None
