"""What another program is still writing is left out with a reason, and taken in when it has come to rest."""

from __future__ import annotations

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa

import ingest_ears
import synth
from ingest_runs import AddOptions, add
from sonoteca.audio.encode import write_wav
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import locations, sounds
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.ingest.walk import FoundFile, LeftOut, walk
from sonoteca.workers.executor import Done, Failed
from sonoteca.workers.in_process import InProcessExecutor

OPTIONS = AddOptions(settings=AnalysisSettings(ingest_ears.FACTORY, ingest_ears.EMBEDDERS))
TEMPORARY = (
    "a.wav.part", "a.part", "b.wav.crdownload", "Unconfirmed 1.crdownload", "c.tmp", "d.wav.TMP", "e.wav~", "~f.wav", "~$g.wav",
    ".~h.wav", "i.filepart", ".j.wav.x7Kp2Q", "k.mp3.partial", "l.opdownload", "m.aria2", "n.wav.!ut", "o.download",
)  # fmt: skip


@pytest.mark.parametrize("name", TEMPORARY)
def test_a_temporary_name_is_not_taken_in_named_or_met(name: str, tmp_path: Path) -> None:
    write_wav(tmp_path / "x.wav", synth.sine(220.0, 0.05))
    (tmp_path / "x.wav").rename(tmp_path / name)
    [named] = walk([tmp_path / name])
    assert isinstance(named, LeftOut)
    assert named.error.code == "file_unfinished"
    assert not [each for each in walk([tmp_path]) if isinstance(each, FoundFile)]


def test_names_that_only_look_so_are_taken_in(tmp_path: Path) -> None:
    names = ("part.wav", "Part 1.wav", "tmp.flac", "download.mp3", "temp ~ 1.wav", ".hidden.wav", "~dreams~.wav")
    for name in names:
        (tmp_path / name).touch()
        # Somebody's, and older than any download.
        os.utime(tmp_path / name, (0, 0))
    assert {os.path.basename(each.path) for each in walk([tmp_path]) if isinstance(each, FoundFile)} == set(names)


def test_a_file_that_grows_is_left_out_until_it_is_whole(library: Library, tmp_path: Path) -> None:
    music = tmp_path / "music"
    music.mkdir()
    write_wav(music / "whole.wav", synth.sine(220.0, 0.05))
    write_wav(music / "grows.wav", synth.sine(330.0, 0.05))

    class Writer(InProcessExecutor):
        """Another program writes on while files are being identified."""

        def run(self, function: Any, tasks: Any, **how: Any) -> Iterator[Done[Any] | Failed]:
            if function.__name__ == "identify":
                with (music / "grows.wav").open("ab") as file:
                    file.write(bytes(4410))
            return super().run(function, tasks, **how)

    answer = add(library, [music], OPTIONS, executor=Writer())
    assert (answer.found, answer.new, answer.left_out, answer.analysed, answer.failed) == (1, 1, 1, 1, 0)
    with library.read() as connection:
        for table in (sounds, locations):
            assert connection.execute(sa.select(sa.func.count()).select_from(table)).scalar_one() == 1
    time.sleep(0.01)
    again = add(library, [music], OPTIONS, executor=InProcessExecutor())
    assert (again.found, again.new, again.left_out, again.analysed) == (2, 1, 0, 1)
