"""What the machine has left for a library, and how much of it the library's caches take."""

from __future__ import annotations

import contextlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil

from sonoteca.catalogue.made.jobs import JobState, count_by_state
from sonoteca.catalogue.store.library import Library
from sonoteca.media.kept_files import FolderSize, folder_size
from sonoteca.upkeep.caches import kept_folders
from sonoteca.upkeep.gpu import Gpu, find_gpus
from sonoteca.workers.limits import processors

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener
    from sonoteca.workers.executor import PoolState

# Over so long it is measured how busy the processors are.
_MEASURED_S = 0.1


@dataclass(frozen=True, slots=True)
class Processor:
    """``count`` processors, of which this program may use ``usable``; ``busy`` 0..1; ``load_1_min`` as ``uptime`` tells."""

    count: int
    usable: int
    busy: float
    load_1_min: float | None


@dataclass(frozen=True, slots=True)
class Memory:
    """In bytes; ``program_bytes`` is what this program has resident, without its workers."""

    total_bytes: int
    available_bytes: int
    program_bytes: int


@dataclass(frozen=True, slots=True)
class Disk:
    """The disk of the library's data folder, in bytes."""

    total_bytes: int
    free_bytes: int


@dataclass(frozen=True, slots=True)
class ResourcesAnswer:
    """What there is.

    Attributes
    ----------
    disk : Disk or None
        None where the library has no data folder on this machine.
    gpu : tuple of Gpu or None
        None where none is found.
    workers : PoolState or None
        The workers of the listener that was handed in.
    queue : mapping of JobState to int
        Jobs by state.
    caches : mapping of str to FolderSize
        What is kept and can be made again, by name, and ``staging``, which holds uploads.
    """

    processor: Processor
    memory: Memory
    disk: Disk | None
    gpu: tuple[Gpu, ...] | None
    workers: PoolState | None
    queue: Mapping[JobState, int]
    caches: Mapping[str, FolderSize]

    def as_json(self) -> dict[str, Any]:
        return {
            "processor": asdict(self.processor),
            "memory": asdict(self.memory),
            "disk": None if self.disk is None else asdict(self.disk),
            "gpu": None if self.gpu is None else [asdict(each) for each in self.gpu],
            "workers": None if self.workers is None else self.workers.as_json(),
            "queue": dict(self.queue),
            "caches": {name: asdict(size) for name, size in self.caches.items()},
        }


def system_resources(library: Library, *, listener: Listener | None = None) -> ResourcesAnswer:
    """Say what this machine has for the library: processor, memory, disk, GPU, workers, queue, caches.

    It takes a tenth of a second, over which it measures how busy the processors are, and longer where many files are kept.

    Parameters
    ----------
    listener : Listener, optional
        Its workers are told of; it is not started.
    """
    with library.read() as connection:
        queue = count_by_state(connection)
    memory = psutil.virtual_memory()
    return ResourcesAnswer(
        processor=_processor(),
        memory=Memory(memory.total, memory.available, psutil.Process().memory_info().rss),
        disk=None if library.data_dir is None else _disk(library.data_dir),
        gpu=find_gpus(),
        workers=None if listener is None else listener.state(),
        queue=queue,
        caches={name: folder_size(folder) for name, folder in kept_folders(library).items()},
    )


def _processor() -> Processor:
    load = None
    # Windows has no such number.
    with contextlib.suppress(AttributeError, OSError):
        load = round(os.getloadavg()[0], 2)
    busy = psutil.cpu_percent(interval=_MEASURED_S) / 100.0
    return Processor(psutil.cpu_count() or processors(), processors(), round(busy, 3), load)


def _disk(folder: Path) -> Disk | None:
    existing = next((each for each in (folder, *folder.parents) if each.exists()), None)
    if existing is None:
        return None
    usage = shutil.disk_usage(existing)
    return Disk(usage.total, usage.free)
