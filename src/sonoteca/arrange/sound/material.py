"""A pass is the span of a clip, decoded, resampled, stretched and shifted, ready to be mixed.

This is the work of worker processes: a file that crashes the decoder costs its own task. What is
made lies in a raw file of float32, left channel then right, so that mixing maps it into memory
block by block.
"""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soxr
from numpy.typing import NDArray

from sonoteca.arrange.sound.seam import closed
from sonoteca.audio.passage import Passage, read_passage
from sonoteca.audio.signal import AudioSignal
from sonoteca.audio.stretch import Material, stretch
from sonoteca.audio.warp import warp
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError, SonotecaError
from sonoteca.ingest.deadline import deadline_s
from sonoteca.ingest.failures import FileChanged, error_of
from sonoteca.workers.executor import Executor, Failed, Task
from sonoteca.workers.limits import limits_of
from sonoteca.workers.local_executor import SCRATCH_PREFIX, LocalExecutor
from sonoteca.workers.worker import Preparation

# Surroundings of a span that the stretcher hears, and a seam may need.
_CONTEXT_S = 0.5


@dataclass(frozen=True, slots=True)
class PassOrder:
    """An order says what a pass is; equal orders give equal samples.

    ``n_samples`` is its exact length at ``sample_rate``; ``loops`` joins its end to its start.
    ``anchors`` (seconds of the sound, seconds of the pass), between its start and its end, lead it
    along another grid; a loop has none.
    """

    path: str
    content_hash: str
    start_s: float
    end_s: float
    tempo_ratio: float
    semitones: float
    n_samples: int
    sample_rate: int
    material: Material = "tonal"
    loops: bool = True
    anchors: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class _Work:
    order: PassOrder
    target: str


def material_of(role: str) -> Material:
    """Say what a role must not lose when it is stretched."""
    return "percussive" if role == Role.DRUMS else "tonal"


def make_pass(work: _Work) -> None:
    """Write the pass of an order; runs in a worker.

    Raises
    ------
    AudioError, FileChanged
        The file cannot be read, or holds another sound than the order says.
    RequestError
        No fault of the sound: no room for what was made, or no stretcher.
    """
    order = work.order
    passage = read_passage(order.path, order.start_s, order.end_s, context_s=_CONTEXT_S)
    if passage.content_hash != order.content_hash:
        raise FileChanged(f"{order.path} holds another sound now.")
    made = fitted(passage, order)
    try:
        with Path(work.target).open("wb") as file:
            for channel in (made[0], made[-1]):
                file.write(np.ascontiguousarray(channel, dtype="<f4").tobytes())
    except OSError as error:
        raise RequestError(
            f"The temporary file of a stretched sound cannot be written: {error.strerror or error}.",
            "Free disk space, or name another temporary folder in TMPDIR.",
        ) from error


def fitted(passage: Passage, order: PassOrder) -> NDArray[np.float32]:
    """Fit a passage to the rate, tempo, pitch and length of an order, float32 (1 or 2, n_samples)."""
    native, rate = passage.signal, order.sample_rate
    n_native = native.n_samples - passage.lead - passage.trail
    samples = native.samples
    if native.sample_rate != rate:
        resampled = soxr.resample(np.ascontiguousarray(samples.T), native.sample_rate, rate, quality="VHQ")
        samples = np.ascontiguousarray(resampled.T)
    lead = round(passage.lead * rate / native.sample_rate)
    n_core = max(1, min(round(n_native * rate / native.sample_rate), samples.shape[1] - lead))
    trail = samples.shape[1] - lead - n_core
    if order.anchors:
        inner = [(lead + round((at - order.start_s) * rate), round(to * rate)) for at, to in order.anchors]
        whole = [(lead, 0), *inner, (lead + n_core, order.n_samples)]
        return warp(AudioSignal(samples, rate), whole, semitones=order.semitones, material=order.material).samples
    if order.loops:
        samples = closed(samples[:, lead : lead + n_core], rate, samples[:, lead + n_core :])
        lead = trail = 0
    return stretch(
        AudioSignal(samples, rate),
        tempo_ratio=order.tempo_ratio,
        semitones=order.semitones,
        n_samples=order.n_samples,
        material=order.material,
        wraps=order.loops,
        lead=lead,
        trail=trail,
    ).samples


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """Make a temporary folder for ``make_passes``; what a killed run leaves is removed like the workers' own."""
    with tempfile.TemporaryDirectory(prefix=f"{SCRATCH_PREFIX}{os.getpid()}-", ignore_cleanup_errors=True) as folder:
        yield Path(folder)


@contextmanager
def pass_workers(given: Executor | None, *, workers: int = 1, memory_mb: int = 2000) -> Iterator[Executor]:
    """Give the executor handed in, which stays open, or processes of this machine that end with the block.

    No process is started before there is a pass to make.
    """
    if given is not None:
        yield given
        return
    preparation = Preparation(("sonoteca.arrange.sound.material",))
    with LocalExecutor(workers, limits=limits_of(memory_mb), preparation=preparation) as processes:
        yield processes


def make_passes(
    orders: Sequence[PassOrder], folder: Path, executor: Executor
) -> dict[PassOrder, NDArray[np.float32] | SonotecaError]:
    """Make each different order once, in worker processes.

    Parameters
    ----------
    orders : sequence of PassOrder
        Equal ones are made once.
    folder : Path
        Where the samples lie while they are used.
    executor : Executor
        See ``pass_workers``.

    Returns
    -------
    dict of PassOrder to float32 (2, n_samples) or SonotecaError
        Samples are mapped from their file, not loaded. A sound that cannot be had is its error.
    """
    distinct = list(dict.fromkeys(orders))
    targets = [folder / f"{number}.f32" for number in range(len(distinct))]
    tasks = [
        Task(str(number), _Work(order, str(targets[number])), _deadline_s(order))
        for number, order in enumerate(distinct)
    ]
    made: dict[PassOrder, NDArray[np.float32] | SonotecaError] = {}
    for outcome in executor.run(make_pass, tasks):
        number = int(outcome.key)
        order = distinct[number]
        if isinstance(outcome, Failed):
            if isinstance(outcome.error, RequestError):
                # No fault of this sound: nothing can be made like this.
                raise outcome.error
            made[order] = error_of(outcome, order.path)
        else:
            made[order] = np.memmap(targets[number], dtype="<f4", mode="r", shape=(2, order.n_samples))
    return made


def _deadline_s(order: PassOrder) -> float:
    try:
        size = Path(order.path).stat().st_size
    except OSError:
        size = 0
    return deadline_s(size, None) + (order.end_s - order.start_s) / 5.0
