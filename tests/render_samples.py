"""Sounds that are in a library so that they can be played, and arrangements of them."""

from __future__ import annotations

import os
import signal as posix_signal
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.sound.material import fitted
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.encode import write_wav
from sonoteca.audio.passage import read_passage
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library


def keep(library: Library, folder: Path, name: str, signal: AudioSignal) -> str:
    """A float WAV file in ``folder`` that the library knows; its content hash."""
    path = folder / name
    write_wav(path, signal, width="float_32")
    return know(library, path)


def know(library: Library, path: Path) -> str:
    """Record a file without listening to it; its content hash."""
    content_hash, state = hash_content(path), path.stat()
    with library.write() as connection:
        place = ensure_root(connection, path.parent)
        record_files(
            connection, place.root, [(SeenFile(path.name.encode(), state.st_size, state.st_mtime_ns), content_hash)]
        )
    return content_hash


def one_section(tempo_bpm: float, bars: int, *clips: Clip, beats_per_bar: int = 4) -> Arrangement:
    return Arrangement(tempo_bpm, beats_per_bar, None, (Section("all", 0, bars),), clips)


def roughness(samples: NDArray[np.float32]) -> NDArray[np.float32]:
    """Magnitude of second differences, shape (n - 2,): a click is a large one."""
    return np.abs(np.diff(samples, n=2, axis=1)).max(axis=0)


def die_of_poison(work: Any) -> None:
    """Stands in for ``worker_tasks.make_pass`` and a decoder with a fault in its native code."""
    order = work.order
    if "poison" in work.path:
        os.kill(os.getpid(), posix_signal.SIGSEGV)
    made = fitted(read_passage(work.path, order.start_s, order.end_s), order)
    Path(work.target).write_bytes(np.concatenate([made[0], made[-1]]).astype("<f4").tobytes())
