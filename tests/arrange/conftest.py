"""A library of loops whose facts are known."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from arrangement_samples import add_loop
from sonoteca.catalogue.store.library import Library, open_library

# Three loops of each role near 120 bpm in or near A minor; beyond them what tempts a careless choice.
KEYS = ("Am", "C", "Bm")


@pytest.fixture(scope="session")
def loop_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("loops")


@pytest.fixture(scope="session")
def loop_library(loop_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    path = tmp_path_factory.mktemp("library") / "loops.sonoteca"
    with open_library(path, mode="create") as opened:
        with opened.write() as connection:
            for number, (bpm, bars) in enumerate(((120.0, 4), (118.0, 2), (124.0, 8))):
                for role in ("drums", "bass", "harmony", "melody"):
                    name = f"{role} {number}.wav"
                    add_loop(connection, loop_folder, name, role, bpm=bpm, bars=bars, key=KEYS[number], lufs=-10.0)
            add_loop(connection, loop_folder, "drums slow.wav", "drums", bpm=84.0, bars=2)
            add_loop(connection, loop_folder, "drums waltz.wav", "drums", bpm=120.0, bars=4, beats_per_bar=3)
            add_loop(connection, loop_folder, "vocal far.wav", "vocal", bpm=84.0, bars=4, key="F#")
            add_loop(connection, loop_folder, "a song.wav", "mix", bpm=120.0, bars=8, kind="track")
        yield opened
