"""Kill -9 at any moment: nothing is lost, nothing twice, and hardly anything computed again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest
import sqlalchemy as sa

import ingest_ears
import synth
from sonoteca.audio.encode import write_audio, write_wav
from sonoteca.catalogue import schema
from sonoteca.catalogue.check import check
from sonoteca.catalogue.library import Library, open_library

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="kill -9")]

WORKERS, CHECKPOINT_EVERY = 2, 6
SCRIPT = f"""
import sys
from sonoteca.catalogue.library import open_library
from sonoteca.ingest.add import AddOptions, add
from sonoteca.ingest.listen import Ears
options = AddOptions(workers={WORKERS}, checkpoint_every={CHECKPOINT_EVERY}, ears=Ears({ingest_ears.FACTORY!r}, {ingest_ears.EMBEDDERS!r}))
with open_library(sys.argv[1], mode="create") as library:
    summary = add(library, sys.argv[2:], options)
    print(summary.analysed, summary.failed, summary.elsewhere, summary.still_pending)
"""


def start(library: Path, music: Path, heard: Path, *, pause_s: float) -> subprocess.Popen[str]:
    environment = os.environ | {
        "PYTHONPATH": os.pathsep.join(sys.path),
        "SONOTECA_TEST_HEARD": str(heard),
        "SONOTECA_TEST_PAUSE_S": str(pause_s),
    }
    return subprocess.Popen(
        [sys.executable, "-c", SCRIPT, str(library), str(music)],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip


def analysed(library: Library) -> set[str]:
    with library.read() as connection:
        query = sa.select(schema.sounds.c.content_hash).where(schema.sounds.c.status == "analysed")
        return set(connection.execute(query).scalars())


def make_music(folder: Path, count: int) -> None:
    folder.mkdir()
    for number in range(count):
        sound = synth.sine(100 + 7 * number, 0.05)
        if number % 3:
            write_wav(folder / f"{number}.wav", sound)
        else:
            write_audio(folder / f"{number}.flac", sound)


def test_twenty_kills_lose_and_repeat_nothing(tmp_path: Path) -> None:
    """Runs the job over 120 sounds and kills it 20 times or more at random moments until it gets through."""
    generator = random.Random(1)
    music, library_file, log = tmp_path / "music", tmp_path / "library.sonoteca", tmp_path / "heard.txt"
    make_music(music, 120)
    kills = 0
    deadline = time.monotonic() + 240
    with open_library(library_file, mode="create"):
        pass
    while kills < 20:
        before_log = log.read_text().splitlines() if log.exists() else []
        with open_library(library_file, mode="read") as library:
            before = analysed(library)
        run = start(library_file, music, log, pause_s=0.15)
        # Some die while they start or walk, most while they listen or store.
        time.sleep(generator.uniform(0.1, 1.0) if generator.random() < 0.2 else generator.uniform(2.0, 6.0))
        run.kill()
        run.communicate()
        kills += 1
        if time.monotonic() > deadline:
            pytest.skip(f"this machine is too busy: {kills} kills in four minutes")
        with open_library(library_file, mode="read") as library:
            after = analysed(library)
        heard_now = log.read_text().splitlines()[len(before_log) :] if log.exists() else []
        assert before <= after, "a committed result was lost"
        assert not before & set(heard_now), "a committed result was computed again"
        assert len(set(heard_now) - after) <= WORKERS + CHECKPOINT_EVERY, "more than promised has to be heard again"
    run = start(library_file, music, log, pause_s=0.0)
    out, err = run.communicate(timeout=120)
    assert run.returncode == 0, err
    assert out.split()[1:] == ["0", "0", "0"]
    with open_library(library_file, mode="write") as library:
        assert len(analysed(library)) == 120
        with library.read() as connection:
            n_locations = connection.execute(sa.select(sa.func.count()).select_from(schema.locations)).scalar_one()
            n_leases = connection.execute(sa.select(sa.func.count()).select_from(schema.leases)).scalar_one()
            runs_per_region = sa.select(schema.runs.c.region_id).where(schema.runs.c.producer == "test.counting")
            n_runs = len(connection.execute(runs_per_region).all())
        assert (n_locations, n_leases, n_runs) == (120, 0, 120)
        assert check(library).findings == ()
    repeats = sum(Counter(log.read_text().split()).values()) - 120
    assert repeats <= kills * (WORKERS + CHECKPOINT_EVERY)


def test_two_runs_at_once_share_the_work(tmp_path: Path) -> None:
    music, library_file, log = tmp_path / "music", tmp_path / "library.sonoteca", tmp_path / "heard.txt"
    make_music(music, 80)
    runs = [start(library_file, music, log, pause_s=0.1) for _ in range(2)]
    ends = [run.communicate(timeout=200) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ends
    counts = [[int(word) for word in out.split()] for out, _ in ends]
    assert sum(count[0] for count in counts) == 80
    assert all(count[0] > 0 for count in counts)
    assert all(count[1] == 0 for count in counts)
    heard = Counter(log.read_text().split())
    assert len(heard) == 80
    assert set(heard.values()) == {1}
