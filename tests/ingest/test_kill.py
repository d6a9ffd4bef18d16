"""Kill -9 at any moment: nothing is lost, nothing twice, and hardly anything computed again."""

from __future__ import annotations

import os
import random
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ingest_ears
import synth
from sonoteca.audio.encode import write_audio, write_wav
from sonoteca.catalogue.store import schema
from sonoteca.catalogue.store.library import open_library
from sonoteca.upkeep.check import check_library

pytestmark = [pytest.mark.slow, pytest.mark.skipif(os.name != "posix", reason="kill -9")]

WORKERS, CHECKPOINT_EVERY = 2, 6
SCRIPT = f"""
import sys
from sonoteca.catalogue.store.library import open_library
from ingest_runs import AddOptions, add
from sonoteca.ingest.listen import AnalysisSettings
options = AddOptions(workers={WORKERS}, checkpoint_every={CHECKPOINT_EVERY}, settings=AnalysisSettings({ingest_ears.FACTORY!r}, {ingest_ears.EMBEDDERS!r}))
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


def kill(run: subprocess.Popen[str] | subprocess.Popen[bytes]) -> None:
    run.kill()
    run.communicate()


def analysed(library_file: Path) -> dict[str, str]:
    """When each analysed sound was stored, by content hash."""
    with open_library(library_file, mode="read") as library, library.read() as connection:
        sounds = schema.sounds.c
        query = sa.select(sounds.content_hash, sounds.analysed_at).where(sounds.status == "analysed")
        return {row.content_hash: row.analysed_at for row in connection.execute(query)}


def whole(library_file: Path, count: int) -> None:
    """The library holds ``count`` analysed sounds at one place each, and nothing half-written."""
    assert len(analysed(library_file)) == count
    with open_library(library_file, mode="write") as library:
        with library.read() as connection:
            for table, expected in ((schema.sounds, count), (schema.locations, count), (schema.leases, 0)):
                n_rows = connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one()
                assert (table.name, n_rows) == (table.name, expected)
            runs = schema.runs.c
            query = sa.select(runs.producer, sa.func.count()).group_by(runs.producer)
            n_runs = {row[0]: row[1] for row in connection.execute(query)}
            assert min(n_runs.values()) >= count
        assert check_library(library).findings == ()


def make_music(folder: Path, count: int, *, first: int = 0) -> None:
    folder.mkdir(exist_ok=True)
    for number in range(first, first + count):
        sound = synth.sine(100 + 7 * number, 0.05)
        if number % 3:
            write_wav(folder / f"{number}.wav", sound)
        else:
            write_audio(folder / f"{number}.flac", sound)


def test_kills_make_hardly_anything_be_heard_again(tmp_path: Path) -> None:
    """Each analysis leaves a mark that survives the kill, so it is known what was heard twice."""
    generator = random.Random(1)
    music, library_file, log = tmp_path / "music", tmp_path / "library.sonoteca", tmp_path / "heard.txt"
    make_music(music, 60)
    log.touch()
    with open_library(library_file, mode="create"):
        pass
    for _ in range(8):
        n_before = len(log.read_text().splitlines())
        before = analysed(library_file)
        run = start(library_file, music, log, pause_s=0.15)
        time.sleep(generator.uniform(2.0, 6.0))
        kill(run)
        after = analysed(library_file)
        heard = log.read_text().splitlines()[n_before:]
        assert before.keys() <= after.keys(), "a committed result was lost"
        assert not before.keys() & set(heard), "a committed result was computed again"
        assert len(set(heard) - after.keys()) <= WORKERS + CHECKPOINT_EVERY, "more than promised is heard again"
    out, err = start(library_file, music, log, pause_s=0.0).communicate(timeout=120)
    assert out.split()[1:] == ["0", "0", "0"], err
    whole(library_file, 60)
    heard_twice = sum(Counter(log.read_text().split()).values()) - 60
    assert heard_twice <= 8 * (WORKERS + CHECKPOINT_EVERY)


def test_the_command_killed_twenty_times_loses_and_repeats_nothing(tmp_path: Path) -> None:
    """The real command with the real analyzers, killed while it starts, walks, hashes, listens and stores."""
    generator = random.Random(2)
    music, library_file = tmp_path / "music", tmp_path / "library.sonoteca"
    n_files = 100
    make_music(music, n_files)
    with open_library(library_file, mode="create"):
        pass
    command = [
        sys.executable, "-c", "from sonoteca.cli.main import main; main()", "--library", str(library_file),
        "add", str(music), "--workers", "2", "--checkpoint-every", "6",
    ]  # fmt: skip
    quiet: Any = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    # How long it takes to start differs tenfold between machines; kills should fall around that and after.
    begun = time.monotonic()
    subprocess.run([*command, "--dry-run"], check=True, **quiet)
    start_s = time.monotonic() - begun
    n_while_running = 0
    for _ in range(60):
        if n_while_running == 20:
            break
        before = analysed(library_file)
        # How much is heard between two kills differs too: there has to be something to be killed at.
        if len(before) > n_files - 60:
            make_music(music, 60, first=n_files)
            n_files += 60
        run = subprocess.Popen(command, **quiet)
        time.sleep(generator.uniform(0.3, 2.0) * start_s)
        n_while_running += run.poll() is None
        kill(run)
        after = analysed(library_file)
        assert before.items() <= after.items(), "a committed result was lost, or computed again"
    assert n_while_running == 20
    last = subprocess.run(command, timeout=200, capture_output=True, text=True)
    assert last.returncode == 0, last.stderr
    whole(library_file, n_files)


def test_two_runs_at_once_share_the_work(tmp_path: Path) -> None:
    music, library_file, log = tmp_path / "music", tmp_path / "library.sonoteca", tmp_path / "heard.txt"
    make_music(music, 80)
    runs = [start(library_file, music, log, pause_s=0.2) for _ in range(2)]
    ends = [run.communicate(timeout=200) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], ends
    counts = [[int(word) for word in out.split()] for out, _ in ends]
    assert sum(count[0] for count in counts) == 80
    assert all(count[0] > 0 for count in counts)
    assert all(count[1] == 0 for count in counts)
    heard = Counter(log.read_text().split())
    assert len(heard) == 80
    assert set(heard.values()) == {1}
