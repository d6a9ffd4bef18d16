"""What other processes do to a queue in tests: importable, so that spawn finds it."""

from __future__ import annotations

import sys
from multiprocessing.queues import Queue
from multiprocessing.synchronize import Barrier

import ingest_ears
from sonoteca.catalogue.made import jobs
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.ingest.listener import Listener
from sonoteca.jobs.queue import submit_job
from sonoteca.jobs.queue_settings import QueueSettings
from sonoteca.jobs.requests import KeepUploadJob
from sonoteca.jobs.run import run_jobs

SETTINGS = AnalysisSettings(ingest_ears.FACTORY, ingest_ears.EMBEDDERS)


def claim_all(location: str, owner: str, barrier: Barrier, taken: Queue[tuple[str, list[str]]]) -> None:
    """Claim jobs until none waits, finishing every other one; tells which were claimed."""
    claimed: list[str] = []
    with open_library(location) as library:
        barrier.wait()
        while True:
            with library.write() as connection:
                job = jobs.claim(connection, owner, lease_s=600.0)
            if job is None:
                break
            claimed.append(job.id)
            if len(claimed) % 2:
                with library.write() as connection:
                    jobs.finish(connection, job.id, owner, "done")
    taken.put((owner, claimed))


def submit_and_wait(location: str, staged: str) -> None:
    """Submit a job, say its id, and wait to be killed."""
    with open_library(location) as library:
        print(submit_job(library, KeepUploadJob(staged=staged, name="sent.wav")).id, flush=True)
        sys.stdin.read()


def work(location: str, lease_s: float) -> None:
    """Run the queue until it is empty; prints each job that ends."""
    with open_library(location) as library, Listener(SETTINGS, workers=2) as listener:
        print("ready", flush=True)
        settings = QueueSettings(lease_s=lease_s, look_every_s=0.1)
        run_jobs(library, listener, settings=settings, until="empty", on_end=lambda job: print(job.id, flush=True))


if __name__ == "__main__":
    if sys.argv[1] == "submit":
        submit_and_wait(sys.argv[2], sys.argv[3])
    else:
        work(sys.argv[2], float(sys.argv[3]))
