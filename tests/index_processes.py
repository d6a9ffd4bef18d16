"""What processes do to an index on disk in tests: publish and die, publish for ever, read meanwhile."""

from __future__ import annotations

import os
import shutil
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from catalogue_samples import EAR, info, part
from sonoteca import whole_file
from sonoteca.catalogue.heard import segments as manifest
from sonoteca.catalogue.heard.embeddings import StoredSpace, embedding_ids, find_space
from sonoteca.catalogue.heard.results import SoundResult, store_results
from sonoteca.catalogue.identity.remove import remove_sounds
from sonoteca.catalogue.identity.sounds import ensure_sounds
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.domain.embedding import Embedding, Space
from sonoteca.domain.sound_analysis import SoundAnalysis
from sonoteca.index import catalogue_source, segment_file, segment_index
from sonoteca.index.catalogue_source import CatalogueSource
from sonoteca.index.exact import ExactIndex
from sonoteca.index.open_index import open_index
from sonoteca.index.segment_index import SegmentIndex

DIMENSIONS = 16
SPACE = Space("test", 1, DIMENSIONS, 10.0, 5.0, "mean", "none")
# Everything between "publish" and the end of the transaction happens in these files.
_SAVING = {module.__file__ for module in (segment_index, segment_file, catalogue_source, manifest, whole_file)}


def store(library: Library, first: int, count: int) -> list[int]:
    """Sounds number ``first`` to ``first + count``, each with one vector made from its number; their row numbers."""
    with library.write() as connection:
        names = [f"x1:{first + n}" for n in range(count)]
        rows = ensure_sounds(connection, names)
        sounds = [rows[name] for name in names]
        results = [
            SoundResult(
                sound,
                info(f"x1:{first + n}"),
                SoundAnalysis((part(0, 0.0, 2.0),)),
                (),
                {SPACE.id: [[Embedding(vector_of(first + n), SPACE.id, 0.0, 2.0, is_window=False)]]},
            )
            for n, sound in enumerate(sounds)
        ]
        store_results(connection, results, identities=[EAR], spaces=[SPACE])
    return sounds


def vector_of(number: int) -> NDArray[np.float32]:
    vector = np.random.default_rng(number).standard_normal(DIMENSIONS)
    return (vector / np.linalg.norm(vector)).astype(np.float32)


def space_of(library: Library) -> StoredSpace:
    with library.read() as connection:
        space = find_space(connection, SPACE.id)
    assert space is not None
    return space


def segment_index_of(library: Library) -> SegmentIndex:
    index = open_index(library, space_of(library))
    assert isinstance(index, SegmentIndex)
    return index


def prepare(location: Path) -> None:
    """A library with a published segment, removals that it does not know of, and a tail worth publishing."""
    with open_library(location, mode="create") as library:
        sounds = store(library, 0, 30)
        segment_index_of(library).publish(everything=True)
        store(library, 30, 20)
        with library.write() as connection:
            remove_sounds(connection, sounds[:7])


def publish(location: Path) -> None:
    """Put the tail of 20 into a segment and merge it with the one before."""
    segment_index.TAIL_ROWS = 10
    with open_library(location) as library:
        open_index(library, space_of(library)).publish()


def problems(location: Path) -> list[str]:
    """What is wrong with the index of this library; nothing is what it should be."""
    found = []
    with open_library(location, mode="read") as library:
        space = space_of(library)
        index = open_index(library, space)
        state = index.verify()
        with library.read() as connection:
            truth = embedding_ids(connection, space)
        if (state.stored, state.missing, state.orphaned, state.damaged_segments) != (len(truth), 0, 0, 0):
            found.append(f"{state} of {len(truth)}")
        oracle = ExactIndex(CatalogueSource(library, space))
        for number in (3, 17, 40):
            query = vector_of(number)[None]
            answer, right = index.nearest(query, 60), oracle.nearest(query, 60)
            if answer.ids.tolist() != right.ids.tolist() or answer.notes:
                found.append(f"asked for {number}: {answer}")
    return found


def strays(location: Path) -> set[str]:
    """Files of the index that no manifest names."""
    with open_library(location, mode="read") as library, library.read() as connection:
        live = set(manifest.all_files(connection))
    return {path.name for path in (location.parent / f"{location.name}.d" / "index").iterdir()} - live


def die_at(line: int) -> None:
    """Have this process killed, as a power cut would, when it executes its ``line``-th line of saving."""
    left = line

    def on_line(frame: FrameType, event: str, argument: Any) -> Any:
        nonlocal left
        if event == "line":
            left -= 1
            if left < 0:
                os.kill(os.getpid(), signal.SIGKILL)
        return on_line

    def on_call(frame: FrameType, event: str, argument: Any) -> Any:
        return on_line if frame.f_code.co_filename in _SAVING else None

    sys.settrace(on_call)


def kill_at_every_line(template: Path, work: Path, step: int) -> None:
    """Publish copies of ``template``, killed at every ``step``-th line; prints ``LINE: problem`` and, last, the count."""
    line = 0
    while True:
        location = work / f"{line}" / template.name
        shutil.copytree(template.parent, location.parent)
        child = os.fork()
        if not child:
            try:
                die_at(line)
                publish(location)
            finally:
                os._exit(0)
        _, status = os.waitpid(child, 0)
        was_killed = os.WIFSIGNALED(status)
        found = problems(location)
        # A second run finishes what the first began, and in an hour the remains are gone.
        segment_index._STRAY_AFTER_S = -1.0
        publish(location)
        found += problems(location)
        found += [f"{name} was left behind" for name in sorted(strays(location))]
        for problem in found:
            print(f"{line}: {problem}")
        shutil.rmtree(location.parent)
        if not was_killed:
            print(line)
            return
        line += step


def publish_for_ever(location: Path) -> None:
    """Store ten sounds, publish, and tell how many there are; over and over."""
    segment_index.TAIL_ROWS = 10
    with open_library(location) as library:
        number = 1000
        while True:
            store(library, number, 10)
            open_index(library, space_of(library)).publish()
            number += 10
            print(number, flush=True)


def main(arguments: Sequence[str]) -> None:
    task, *rest = arguments
    if task == "kill":
        kill_at_every_line(Path(rest[0]), Path(rest[1]), int(rest[2]))
    elif task == "publish":
        publish_for_ever(Path(rest[0]))
    else:
        raise SystemExit(f"{task} is no task")


if __name__ == "__main__":
    main(sys.argv[1:])
