"""kill -9 at any moment of a job: it completes after the next start, nothing is lost and nothing is there twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

from job_samples import sound, stage, staged_names
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.catalogue.store.schema import locations, sounds
from sonoteca.jobs.queue import get_job, list_jobs, submit_job
from sonoteca.jobs.requests import AnalyzeJob, KeepUploadJob

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="kill -9")]

TESTS = Path(__file__).parents[1]


def start(*words: str, log: Path | None = None, pause_s: float = 0.0) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path]),
        "SONOTECA_TEST_HEARD": "" if log is None else str(log),
        "SONOTECA_TEST_PAUSE_S": str(pause_s),
    }
    return subprocess.Popen(
        [sys.executable, str(TESTS / "job_processes.py"), *words],
        env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip


def end(process: subprocess.Popen[str]) -> None:
    process.communicate(timeout=120)
    assert process.returncode == 0


def one_of_each(library: Library, count: int) -> None:
    """``count`` sounds, each analysed and at one place."""
    with library.read() as connection:
        states = Counter(connection.execute(sa.select(sounds.c.status)).scalars())
        places = connection.execute(sa.select(sa.func.count()).select_from(locations)).scalar_one()
    assert (states, places) == ({"analysed": count}, count)


def test_a_job_whose_asker_is_killed_at_once_completes(opened: Library) -> None:
    assert opened.path is not None
    staged = stage(opened, "sent")
    asker = start("submit", str(opened.path), staged)
    assert asker.stdout is not None
    job_id = asker.stdout.readline().strip()
    asker.kill()
    asker.communicate()
    end(start("work", str(opened.path), "60"))
    assert get_job(opened, job_id).job.state == "done"
    one_of_each(opened, 1)
    assert staged_names(opened) == set()


def test_jobs_whose_worker_is_killed_complete_and_nothing_is_there_twice(
    opened: Library, music: Path, tmp_path: Path
) -> None:
    assert opened.path is not None
    log = tmp_path / "heard.txt"
    log.touch()
    for n in range(6):
        submit_job(opened, KeepUploadJob(staged=stage(opened, f"sent{n}", 200.0 + 10 * n), name=f"sent {n}.wav"))
    batch = submit_job(opened, AnalyzeJob(paths=tuple(sound(music / f"{n}.wav", 500.0 + 10 * n) for n in range(6))))
    kills = 0
    while {each.job.state for each in list_jobs(opened).rows} != {"done"} and kills < 12:
        worker = start("work", str(opened.path), "60", log=log, pause_s=0.3)
        assert worker.stdout is not None
        assert worker.stdout.readline() == "ready\n"
        # Some sound is being listened to, or was just stored.
        n_heard = len(log.read_text().splitlines())
        give_up_at = time.monotonic() + 60
        while len(log.read_text().splitlines()) < n_heard + 2 and worker.poll() is None:
            assert time.monotonic() < give_up_at
            time.sleep(0.02)
        worker.send_signal(signal.SIGKILL)
        worker.communicate()
        kills += 1
        # Each kill costs a try of what ran; three are all there are.
        if kills == 2:
            end(start("work", str(opened.path), "60", log=log))
    with open_library(opened.path) as library:
        assert Counter(each.job.state for each in list_jobs(library).rows) == {"done": 7}
        one_of_each(library, 12)
        assert get_job(library, batch.id).job.result["done"] == 6
        assert staged_names(library) == set()
        kept = [path for path in library.data_folder("uploads").rglob("*") if path.is_file()]
        assert len(kept) == 6
    # At most what was in hand at each kill was heard again.
    assert len(log.read_text().splitlines()) <= 12 + 2 * 2 * 2
