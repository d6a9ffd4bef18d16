"""Rendering as it is asked of workers: the process that asks for a render decodes, mixes and encodes nothing itself."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

from sonoteca.arrange.sound import worker_tasks
from sonoteca.arrange.sound.orders import Mixed, MixOrder, PassFile, PassOrder, Voices
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.ingest.deadline import BASE_DEADLINE_S, deadline_of_file
from sonoteca.ingest.failures import MIXING, error_of
from sonoteca.whole_file import WholeFile
from sonoteca.workers.executor import Executor, Failed, Task
from sonoteca.workers.limits import limits_of
from sonoteca.workers.local_executor import SCRATCH_PREFIX, LocalExecutor
from sonoteca.workers.worker import Preparation

# What a worker that is started for a render has loaded before its first task.
_NEEDED = ("sonoteca.arrange.sound.material", "sonoteca.arrange.sound.mixdown")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder for ``make_passes``; what a killed run leaves is removed like the workers' own."""
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def render_workers(given: Executor | None, *, workers: int = 1, memory_mb: int = 2000) -> Iterator[Executor]:
    """Give the executor handed in, which stays open, or processes of this machine that end with the block.

    No process is started before there is something to do.
    """
    if given is not None:
        yield given
        return
    with LocalExecutor(workers, limits=limits_of(memory_mb), preparation=Preparation(_NEEDED)) as processes:
        yield processes


def make_passes(
    orders: Sequence[PassOrder], paths: Mapping[str, Path], folder: Path, executor: Executor
) -> dict[PassOrder, PassFile | SonotecaError]:
    """Make each different order once, in worker processes.

    Parameters
    ----------
    orders : sequence of PassOrder
        Equal ones are made once.
    paths : mapping of content hash to Path
        Where each content is.
    folder : Path
        Where the samples lie while they are used.
    executor : Executor
        See ``render_workers``.

    Returns
    -------
    dict of PassOrder to PassFile or SonotecaError
        A sound that cannot be had is its error.
    """
    distinct = list(dict.fromkeys(orders))
    targets = [str(folder / f"{number}.f32") for number in range(len(distinct))]
    sources = [os.fspath(paths[order.content_hash]) for order in distinct]
    tasks = [
        Task(str(number), worker_tasks.PassWork(order, sources[number], targets[number]), _deadline_s(order, sources[number]))
        for number, order in enumerate(distinct)
    ]  # fmt: skip
    made: dict[PassOrder, PassFile | SonotecaError] = {}
    for outcome in executor.run(worker_tasks.make_pass, tasks):
        number = int(outcome.key)
        order = distinct[number]
        if isinstance(outcome, Failed):
            if isinstance(outcome.error, RequestError):
                # No fault of this sound: nothing can be made like this.
                raise outcome.error
            if outcome.kind == "lost":
                # Nor of any other: the workers were stopped.
                raise error_of(outcome, sources[number])
            made[order] = error_of(outcome, sources[number])
        else:
            made[order] = PassFile(targets[number], order.n_samples)
    return made


def write_mix(
    voices: Voices,
    passes: Mapping[PassOrder, PassFile],
    n_samples: int,
    sample_rate: int,
    *,
    path: Path,
    stems: Mapping[str, Path] | None = None,
    executor: Executor,
) -> Mixed:
    """Have a worker write the sum of all voices, and one file per stem; all of them are there at the end, or none.

    Parameters
    ----------
    n_samples : int [samples]
        Length of every file.
    path : Path
        Suffix as in ``orders.FORMATS``; WAV and FLAC hold 24 bits.
    stems : mapping of voice to Path, optional
        Voices without passes become silence.

    Raises
    ------
    OSError
        A file cannot be written.
    AudioError
        The encoder does not take the rate.
    WorkerError
        Mixing crashed, hung or ate memory.
    WorkStopped
        The executor was told to stop; no file is left.
    """
    stems = stems or {}
    with ExitStack() as whole:
        asides = {to: whole.enter_context(WholeFile(os.path.abspath(to))) for to in (path, *stems.values())}
        order = MixOrder(
            voices,
            passes,
            n_samples,
            sample_rate,
            suffix=path.suffix.lower(),
            path=os.fspath(asides[path]),
            stems={voice: os.fspath(asides[to]) for voice, to in stems.items()},
        )
        timeout_s = BASE_DEADLINE_S + (1 + len(asides)) * n_samples / sample_rate
        (outcome,) = executor.run(worker_tasks.mix_down, [Task("mix", order, timeout_s)])
        if isinstance(outcome, Failed):
            if isinstance(outcome.error, OSError):
                raise outcome.error
            raise error_of(outcome, os.fspath(path), doing=MIXING)
        return outcome.result


@contextmanager
def output_explained(path: Path) -> Iterator[None]:
    """Let who named ``path`` as output know that it cannot be written, with a RequestError."""
    try:
        yield
    except OSError as error:
        raise RequestError(
            f"{path} cannot be written: {error.strerror or error}.",
            "Free space, or name another place.",
            field="output",
        ) from error


def _deadline_s(order: PassOrder, path: str) -> float:
    return deadline_of_file(path) + (order.end_s - order.start_s) / 5.0
