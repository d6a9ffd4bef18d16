"""``sonoteca worker`` does what waits, says how each job ended, and stops with one sentence."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from typer.testing import CliRunner

from job_samples import sound
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.cli.main import app
from sonoteca.jobs.place import require_same_place
from sonoteca.jobs.queue import get_job, submit_job
from sonoteca.jobs.requests import AnalyzeJob, RetryFailedJob


@pytest.fixture
def mine(blank_file: Path, tmp_path: Path) -> Path:
    path = tmp_path / "mine.sonoteca"
    path.write_bytes(blank_file.read_bytes())
    return path


def call(mine: Path, *words: str) -> tuple[int, str, str]:
    result = CliRunner().invoke(app, ["--library", str(mine), "worker", "--workers", "1", *words])
    return result.exit_code, result.stdout, result.stderr


def test_it_does_what_waits_and_ends(mine: Path) -> None:
    with open_library(mine) as library:
        asked = [submit_job(library, RetryFailedJob()).id for _ in range(3)]
    code, out, said = call(mine, "--once")
    assert (code, out) == (0, "")
    assert said.splitlines() == [f"retry_failed {asked[0]}: done", "1 job done."]
    code, out, _ = call(mine, "--until-empty", "--json")
    assert code == 0
    assert [(job["id"], job["state"]) for job in map(json.loads, out.splitlines())] == [
        (asked[1], "done"), (asked[2], "done"),
    ]  # fmt: skip
    assert call(mine, "--once")[2] == "0 jobs done.\n"


def test_a_job_that_failed_is_told_with_its_reason(mine: Path, tmp_path: Path) -> None:
    with open_library(mine) as library:
        with library.write() as connection:
            ensure_root(connection, tmp_path)
        path = sound(tmp_path / "a.wav")
        submit_job(library, AnalyzeJob(paths=(path,)))
        path.unlink()
    code, _, said = call(mine, "--until-empty")
    assert code == 1
    assert "failed: " in said
    assert said.splitlines()[-1] == "0 jobs done, 1 failed."


def test_it_refuses_where_it_does_not_see_the_data_folder(mine: Path, tmp_path: Path) -> None:
    with open_library(mine) as library:
        require_same_place(library)
    result = CliRunner().invoke(
        app, ["--library", str(mine), "--data-dir", str(tmp_path / "elsewhere"), "worker", "--once"]
    )
    assert result.exception is not None
    assert "is not the data folder" in str(result.exception)


def wait_until_running(library: Library, job_id: str) -> None:
    give_up_at = time.monotonic() + 60
    while get_job(library, job_id).job.state != "running":
        assert time.monotonic() < give_up_at
        time.sleep(0.02)


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="signals of POSIX")
@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 0), (signal.SIGINT, 130)])
def test_a_signal_ends_it_with_one_sentence_and_its_job_waits_again(
    mine: Path, tmp_path: Path, number: signal.Signals, code: int
) -> None:
    from sonoteca.audio.encode import write_wav
    from synth import sine

    with open_library(mine) as library:
        with library.write() as connection:
            ensure_root(connection, tmp_path)
        # Long enough to be listened to for a while.
        write_wav(tmp_path / "long.wav", sine(220.0, 600.0))
        job_id = submit_job(library, AnalyzeJob(paths=(tmp_path / "long.wav",))).id
        process = subprocess.Popen(
            [sys.executable, "-m", "sonoteca.cli.main", "--library", str(mine), "worker", "--workers", "1"],
            stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        wait_until_running(library, job_id)
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert process.returncode == code, said
        assert [line for line in said.splitlines() if "stopped" in line] == said.splitlines(), said
        job = get_job(library, job_id).job
        assert (job.state, job.attempts) == ("queued", 0)
