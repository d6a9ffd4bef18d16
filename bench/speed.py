"""Real time factors: full analysis of MP3, decode included, per core; and what a second worker adds."""

from __future__ import annotations

import time
from pathlib import Path

from bench.material import duration_s, songs_as_mp3
from bench.measure import Measure

SONGS = 8
REPEATS = 3


def run(work: Path, corpus: Path) -> list[Measure]:
    files = songs_as_mp3(work, corpus, SONGS)
    audio_s = sum(duration_s(path) for path in files)
    decode_s = min(_cpu_s(_decode, files) for _ in range(REPEATS))
    analyse_s = min(_cpu_s(_listen, files) for _ in range(REPEATS))
    one, two = (_add(work, files, workers) for workers in (1, 2))
    return [
        Measure("full analysis of MP3, one core", audio_s / analyse_s, "x rt", goal=150.0),
        Measure("bare decoder on the same files", audio_s / decode_s, "x rt"),
        Measure("analysis time over decoding time", analyse_s / decode_s, "x", lower_is_better=True),
        Measure("two workers over one", one / two, "x", goal=1.8, note="wall time of `add`, needs two free cores"),
    ]


def _cpu_s(work, files: list[Path]) -> float:  # type: ignore[no-untyped-def]
    work(files[0])
    started = time.process_time()
    for path in files:
        work(path)
    return time.process_time() - started


def _decode(path: Path) -> None:
    import av

    with av.open(str(path)) as container:
        for _ in container.decode(audio=0):
            pass


def _listen(path: Path) -> None:
    from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings
    from sonoteca.ingest.listen import listen

    listen(AnalysisOrder(str(path), AnalysisSettings()))


def _add(work: Path, files: list[Path], workers: int) -> float:
    """Wall seconds of an ``add`` of four copies of each file (other contents), after workers have started."""
    from sonoteca.catalogue.store.library import open_library
    from sonoteca.ingest.add import add_files
    from sonoteca.ingest.listener import Listener
    from sonoteca.ingest.requests import AddRequest

    folder = work / f"with {workers}"
    folder.mkdir()
    for number, path in enumerate(files * 3):
        # A few bytes less make another content of the same length.
        (folder / f"{number}.mp3").write_bytes(path.read_bytes()[: -200 * (1 + number // len(files))])
    request = AddRequest(paths=(folder,))
    with (
        open_library(work / f"with {workers}.sonoteca", mode="create") as library,
        Listener(workers=workers, is_background=True) as listener,
    ):
        started = time.perf_counter()
        summary = add_files(library, request, listener=listener)
        elapsed = time.perf_counter() - started
    if summary.analysed != len(files) * 3:
        raise RuntimeError(f"expected {len(files) * 3} sounds, {summary.sentence()}")
    return elapsed
