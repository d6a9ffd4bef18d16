"""Listening without a library: files in, one sound object (docs/sound-object.md) per file out, in input order."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from sonoteca.audio.decode import open_recording
from sonoteca.audio.waveform import OVERVIEW_POINTS, Waveform, draw
from sonoteca.catalogue.identity.sounds import public_id
from sonoteca.domain.claim import claimed_observations
from sonoteca.domain.file_analysis import NO_EMBEDDERS, AnalysisOrder, AnalysisSettings, FileAnalysis
from sonoteca.domain.names import printable_path
from sonoteca.domain.sound_object import AudioFacts, JsonObject, sound_object, statements_of
from sonoteca.errors import SonotecaError
from sonoteca.ingest.add import AddOptions
from sonoteca.ingest.failures import error_of
from sonoteca.ingest.identify import deadline_s
from sonoteca.ingest.listen import listen
from sonoteca.ingest.workers import listeners
from sonoteca.workers.executor import Done, Executor, Failed, Task, run_in_order


def inspect_files(
    paths: Sequence[str | bytes | os.PathLike[str]],
    options: AddOptions = AddOptions(),
    *,
    executor: Executor | None = None,
) -> Iterator[JsonObject]:
    """One object per path, in the order given, as soon as it and all before it are known.

    Parameters
    ----------
    paths : sequence of path
        Files; what is none becomes an object with an error.
    options : AddOptions
        ``workers``, ``ears``, ``timeout_s`` and ``memory_mb`` count.
    executor : Executor, optional
        Instead of worker processes on this machine; it is not closed.

    Yields
    ------
    dict
        See ``domain.sound_object``. ``path`` is as given; bytes that are not text are escaped.
    """
    names = [os.fsdecode(path) for path in paths]
    ears = replace(options.ears, embedders=NO_EMBEDDERS)
    n_workers = min(options.workers, max(1, len(names)))
    tasks = (_task(str(number), name, ears, options.timeout_s) for number, name in enumerate(names))
    with listeners(executor, ears, workers=n_workers, memory_mb=options.memory_mb) as workers:
        for name, outcome in zip(names, run_in_order(workers, listen, tasks), strict=True):
            yield _object(name, outcome, trust_names=ears.trust_names)


def analyze_file(
    path: str | os.PathLike[str],
    *,
    ears: AnalysisSettings = AnalysisSettings(),
    timeout_s: float | None = None,
    memory_mb: int = 2000,
    executor: Executor | None = None,
) -> FileAnalysis:
    """Everything about one file that is in no library, embeddings included, heard in a worker process.

    Raises
    ------
    AudioError, WorkerError
        The file cannot become sound, or listening to it crashed, hung or ate memory.
    """
    name = os.fsdecode(path)
    with listeners(executor, ears, workers=1, memory_mb=memory_mb) as workers:
        (outcome,) = workers.run(listen, [_task("0", name, ears, timeout_s)])
    if isinstance(outcome, Failed):
        raise error_of(outcome, name)
    return outcome.result


@dataclass(frozen=True, slots=True)
class DrawOrder:
    path: str
    n_points: int


def draw_waveform(order: DrawOrder) -> Waveform:
    """What a worker does to draw a file: decode it, look at nothing else."""
    with open_recording(order.path) as recording:
        return draw(recording, order.n_points)


def draw_file(path: str | os.PathLike[str], *, n_points: int = OVERVIEW_POINTS, memory_mb: int = 2000) -> Waveform:
    """The waveform of a file, decoded in a worker process; errors as in ``analyze_file``."""
    name = os.fsdecode(path)
    task = Task("0", DrawOrder(name, n_points), deadline_s(_size(name), None))
    with listeners(None, AnalysisSettings(), workers=1, memory_mb=memory_mb) as workers:
        (outcome,) = workers.run(draw_waveform, [task])
    if isinstance(outcome, Failed):
        raise error_of(outcome, name)
    return outcome.result


def _task(key: str, name: str, ears: AnalysisSettings, timeout_s: float | None) -> Task[AnalysisOrder]:
    timeout_s = deadline_s(_size(name), None) if timeout_s is None else timeout_s
    return Task(key, AnalysisOrder(name, ears), timeout_s)


def _size(name: str) -> int:
    """Bytes; 0 for what cannot be looked at, which the worker will say."""
    try:
        return os.stat(name).st_size
    except (OSError, ValueError):
        return 0


def _object(name: str, outcome: Done[FileAnalysis] | Failed, *, trust_names: bool) -> JsonObject:
    if isinstance(outcome, Failed):
        return _failed(name, error_of(outcome, name))
    heard = outcome.result
    info = heard.info
    facts = AudioFacts(info.duration_s, info.sample_rate, info.channels, info.codec, info.container, info.content_hash)
    return sound_object(
        _printable(name),
        sound_id=public_id(info.content_hash),
        audio=facts,
        statements=statements_of(heard.analysis, claimed_observations(heard.claims), trust_names=trust_names),
        warnings=(*heard.warnings, *heard.analysis.warnings),
    )


def _failed(name: str, error: SonotecaError) -> JsonObject:
    return sound_object(_printable(name), sound_id=None, audio=None, error=error)


def _printable(name: str) -> str:
    """As given, unless it holds bytes that no JSON text can: those are escaped."""
    try:
        name.encode("utf-8")
    except UnicodeEncodeError:
        return printable_path(name)
    return name
