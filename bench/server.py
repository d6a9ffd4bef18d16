"""The server as a process, under load: pages and similar sounds of 100,000 regions, uploads, memory, its start.

    python -m bench.server [--regions 20000 --seconds 5 --mixed 2000 ...] [--json]

Each time stands beside that of a bare route that gives the same bytes, asked in the same way in the same
run: what a busy machine takes, both take. Goals hold for the full size on two cores.
"""

from __future__ import annotations

import argparse
import gzip
import itertools
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from urllib.parse import quote

import httpx
import numpy as np
import psutil

from bench import match_speed
from bench.catalogue import QUERIES
from bench.large_library import large_library
from bench.load import Asked, Load, drive
from bench.measure import Measure, print_measures
from sonoteca.audio.encode import write_audio
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store.library import open_library
from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings
from sonoteca.domain.names import public_id
from sonoteca.ingest.listen import listen
from sonoteca.interchange.import_melodies import ImportMelodiesRequest, import_melodies
from sonoteca.search.indexing import update_indexes

HERE = Path(__file__).parent
# One request per second on each.
CONNECTIONS = 50
_PAGE = 50
# Sounds that are asked for: enough that no cache of a few answers helps.
_SOUNDS = 400
_BOUND_S = 180.0
_WARM_UPLOADS = 3


@dataclass(frozen=True)
class Size:
    """How much is measured; the goals are those of the full size."""

    regions: int = 100_000
    melodies: int = 909
    loops: int = 10_000
    different_loops: int = 48
    seconds: int = 30
    queries: int = 40
    uploads: int = 100
    mixed: int = 20_000

    def goal(self, value: float) -> float | None:
        return value if self == Size() else None


def run(work: Path, corpus: Path) -> list[Measure]:
    return measure(work, corpus, Size())


def measure(work: Path, corpus: Path, size: Size) -> list[Measure]:
    """All measures at a size; those of humming and matching only where the corpus is."""
    measures = _of_catalogue(work, size)
    if not (corpus / "corpus" / "manifest.json").exists():
        print(f"no corpus at {corpus}: uploaded hums and loops are not measured")
        return measures
    return [*measures, *_of_hums(work, corpus, size), *_of_loops(work, corpus, size)]


# --- processes --------------------------------------------------------------------------------------


@dataclass
class Serving:
    """A server that answers: where, its process, and how long it took to be ready."""

    url: str
    process: psutil.Process
    ready_s: float

    def processor_s(self) -> float:
        """Processor time that it used so far, without its workers'."""
        used = self.process.cpu_times()
        return float(used.user + used.system)

    def all_processor_s(self) -> float:
        """Processor time of the server and its workers so far."""
        used = [each.cpu_times() for each in self.process.children(recursive=True)]
        return self.processor_s() + sum(float(each.user + each.system) for each in used)

    def own_mb(self) -> float:
        """Memory of its own: pages of files that it maps, the library's among them, are the system's to take back."""
        held = self.process.memory_info()
        return float(held.rss - getattr(held, "shared", 0)) / 2**20


@contextmanager
def serving(library: Path) -> Iterator[Serving]:
    """The real server over a library."""
    words = ["serve", "--library", str(library), "--port", "0", "--json", "--requests-per-minute", "100000000"]
    with _started([sys.executable, "-m", "sonoteca.cli.main", *words], library.with_suffix(".log")) as started:
        process, line, ready_s = started
        yield Serving(json.loads(line)["url"], process, ready_s)


@contextmanager
def bare(bodies: dict[str, str], folder: Path) -> Iterator[Serving]:
    """A server that gives these bodies and does nothing else."""
    told = folder / "bodies.json"
    told.write_text(json.dumps(bodies))
    with _started([sys.executable, "-m", "bench.bare_server", str(told)], folder / "bare.log") as started:
        process, line, ready_s = started
        yield Serving(f"http://127.0.0.1:{int(line)}", process, ready_s)


@contextmanager
def _started(command: Sequence[str], log: Path) -> Iterator[tuple[psutil.Process, str, float]]:
    began = time.perf_counter()
    with log.open("w") as errors:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, cwd=HERE.parent)
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        if not line:
            raise RuntimeError(log.read_text())
        yield psutil.Process(process.pid), line, time.perf_counter() - began
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        process.stdout.close()


# --- the catalogue ----------------------------------------------------------------------------------


def _of_catalogue(work: Path, size: Size) -> list[Measure]:
    library = large_library(size.regions, work / "large")
    random = np.random.default_rng(3)
    ids = [public_id(f"x1:{number:032x}") for number in random.integers(0, size.regions, _SOUNDS)]
    pages = [
        f"/database/files?limit={_PAGE}",
        *(f"/database/files?limit={_PAGE}&query={quote(each)}" for each in QUERIES),
    ]
    similar = [f"/api/similar/{each}" for each in ids]
    with serving(library) as server:
        bodies = _bodies(server.url, [*pages, *similar])
        with bare(bodies, work) as yardstick:
            measures = [
                Measure("server: time until ready", server.ready_s, "s", size.goal(2.0), True),
                Measure("server: time until ready, bare", yardstick.ready_s, "s", None, True),
                *_of_route("GET /database/files", pages, server, yardstick, size, 50.0),
                *_of_route("GET /api/similar/{id}", similar, server, yardstick, size, 40.0),
                *_uploads_at_once(work, server, yardstick, size),
            ]
        return [*measures, *_memory(server, pages, similar, ids, size)]


def _bodies(url: str, paths: Sequence[str]) -> dict[str, str]:
    """What the server answers; asked twice, so that what is read once is read."""
    with httpx.Client(base_url=url, timeout=_BOUND_S) as client:
        for path in paths[:20]:
            client.get(path)
        return {path: client.get(path).raise_for_status().text for path in dict.fromkeys(paths)}


def _of_route(
    name: str, paths: Sequence[str], server: Serving, yardstick: Serving, size: Size, goal_ms: float
) -> list[Measure]:
    """At one request per second and connection, and as many as it can answer."""
    measures = []
    for who, asked, goal in (("", server, size.goal(goal_ms)), (", bare", yardstick, None)):
        print(f"{name}{who}", flush=True)
        _answered(drive(asked.url, _cycled(paths, CONNECTIONS), connections=CONNECTIONS))
        used_s, requests = asked.processor_s(), _cycled(paths, CONNECTIONS * size.seconds)
        load = _answered(drive(asked.url, requests, connections=CONNECTIONS, every_s=1.0))
        used_s = asked.processor_s() - used_s
        at = f"{name}, {CONNECTIONS}/s{who}"
        for percent in (50, 95, 99):
            held = goal if percent == 95 else None
            measures.append(Measure(f"{at}, p{percent}", load.percentile_ms(percent), "ms", held, True))
        measures.append(Measure(f"{at}, processor", 1000.0 * used_s / len(requests), "ms", None, True))
        # As long as the open loop at a hundred answers a second.
        full = _answered(drive(asked.url, _cycled(paths, 100 * size.seconds), connections=CONNECTIONS))
        measures.append(Measure(f"{name}, most{who}", len(full.seconds) / full.wall_s, "1/s"))
        measures.append(Measure(f"{name}, most{who}, p95", full.percentile_ms(95), "ms", None, True))
    return measures


def _cycled(paths: Sequence[str], count: int) -> list[Asked]:
    return [Asked(path) for path in itertools.islice(itertools.cycle(paths), count)]


def _answered(load: Load) -> Load:
    if load.failed:
        raise RuntimeError(f"not every request was answered: {load.statuses}")
    return load


def _uploads_at_once(work: Path, server: Serving, yardstick: Serving, size: Size) -> list[Measure]:
    """So many files at one moment, each to be kept: all have to be in the library in the end."""
    folder = work / "uploads"
    folder.mkdir()
    random = np.random.default_rng(4)
    path = "/api/analyze/upload?keep=true"
    asked = []
    for number in range(size.uploads):
        file = folder / f"{number}.wav"
        noise = random.standard_normal((1, 6000)) * np.exp(-np.arange(6000) / 1000.0)
        write_audio(file, AudioSignal((0.2 * noise).astype(np.float32), 22_050))
        asked.append(Asked(path, str(file), file.name))
    with httpx.Client(base_url=server.url, timeout=_BOUND_S) as client:
        before = client.get("/database/stats").json()["sounds"]
        load = drive(server.url, asked, connections=size.uploads)
        taken = size.uploads - load.failed
        until = time.monotonic() + _BOUND_S
        kept = 0
        while kept < taken and time.monotonic() < until:
            time.sleep(0.5)
            kept = client.get("/database/stats").json()["sounds"] - before
        answer = {path: "x" * 700}
    with bare(answer, folder) as plain:
        alone = _answered(drive(plain.url, asked, connections=size.uploads))
    name = f"{size.uploads} uploads at once"
    return [
        Measure(f"{name}: lost", float(size.uploads - kept), "", 0.0, True, note=f"answers {load.statuses}"),
        Measure(f"{name}: all accepted after", load.wall_s, "s", None, True),
        Measure(f"{name}: all accepted after, bare", alone.wall_s, "s", None, True),
    ]


def _memory(
    server: Serving, pages: Sequence[str], similar: Sequence[str], ids: Sequence[str], size: Size
) -> list[Measure]:
    others = [
        "/health",
        "/api/search?words=dusty",
        "/api/facets?filter=kind%3Aloop",
        *(f"/api/sounds/{each}" for each in ids),
    ]
    rounds = zip(itertools.cycle(pages), itertools.cycle(similar), itertools.cycle(others), strict=False)
    mixed = list(itertools.islice(itertools.chain.from_iterable(rounds), size.mixed))
    print(f"{size.mixed} mixed requests", flush=True)
    # Every path at least once, and as many threads as there will be.
    warm = mixed[: max(len(mixed) // 5, 3 * len(similar))]
    _answered(drive(server.url, [Asked(path) for path in warm], connections=CONNECTIONS))
    before = server.own_mb()
    _answered(drive(server.url, [Asked(path) for path in mixed], connections=CONNECTIONS))
    growth = 100.0 * (server.own_mb() - before) / before
    note = f"{before:.0f} MB before"
    return [Measure(f"memory growth over {size.mixed:,} mixed requests", growth, "%", size.goal(5.0), True, note=note)]


# --- what is sent -----------------------------------------------------------------------------------


def _of_hums(work: Path, corpus: Path, size: Size) -> list[Measure]:
    """Hums of 8 to 12 seconds, each uploaded alone, against melodies as they are written."""
    location = work / "melodies" / "melodies.sonoteca"
    location.parent.mkdir()
    with gzip.open(corpus / "corpus" / "melodies.json.gz", "rt") as stream:
        songs = json.load(stream)["songs"]
    few = work / "melodies.json"
    few.write_text(json.dumps({"songs": dict(itertools.islice(songs.items(), size.melodies))}))
    with open_library(location, mode="create") as library:
        import_melodies(library, ImportMelodiesRequest(file=few))
    name = f"an uploaded hum, {size.melodies:,} melodies"
    return _of_uploads(name, "/api/hum", location, match_speed.hums(corpus)[: size.queries], size.goal(0.5))


def _of_loops(work: Path, corpus: Path, size: Size) -> list[Measure]:
    """Loops that are not in the library, each uploaded alone and matched."""
    files = sorted((corpus / "corpus" / "loops").iterdir())
    known, others = files[: size.different_loops], files[size.different_loops :][: size.queries]
    location = work / "loops" / "loops.sonoteca"
    location.parent.mkdir()
    with open_library(location, mode="create") as library:
        heard = [listen(AnalysisOrder(str(file), AnalysisSettings())) for file in known]
        match_speed.fill(library, work, heard, size.loops)
        update_indexes(library)
    return _of_uploads(f"an uploaded loop, {size.loops:,} loops", "/match", location, others, size.goal(0.8))


def _of_uploads(name: str, path: str, library: Path, files: Sequence[Path], goal_s: float | None) -> list[Measure]:
    asked = [Asked(path, str(file), file.name) for file in files]
    measures = []
    print(name, flush=True)
    with serving(library) as server:
        with httpx.Client(base_url=server.url, timeout=_BOUND_S) as client:
            # Until workers, weights and tables are there.
            answers = [
                client.post(path, files={"file": (file.name, file.read_bytes())}).raise_for_status().text
                for file in files[:_WARM_UPLOADS]
            ]
        with bare({path: answers[-1]}, library.parent) as yardstick:
            for who, one, goal in (("", server, goal_s), (", bare", yardstick, None)):
                used_s = one.all_processor_s()
                load = _answered(drive(one.url, asked, connections=1))
                used_s = (one.all_processor_s() - used_s) / len(asked)
                measures.append(Measure(f"{name}{who}, processor", used_s, "s", None, True))
                for percent in (50, 95):
                    seconds = load.percentile_ms(percent) / 1000.0
                    held = goal if percent == 95 else None
                    measures.append(Measure(f"{name}{who}, p{percent}", seconds, "s", held, True))
    return measures


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for each in fields(Size):
        option = f"--{each.name.replace('_', '-')}"
        parser.add_argument(option, type=int, default=each.default, metavar="N", help=f"default: {each.default:,}")
    parser.add_argument("--corpus", type=Path, default=HERE.parent.parent / "shared", help="folder with corpus/")
    parser.add_argument("--json", action="store_true", help="print the measures as JSON, and nothing else on stdout")
    arguments = parser.parse_args()
    size = Size(**{each.name: getattr(arguments, each.name) for each in fields(Size)})
    with tempfile.TemporaryDirectory(prefix="sonoteca-bench-") as work:
        if not arguments.json:
            print_measures(measure(Path(work), arguments.corpus, size), {})
            return
        out, sys.stdout = sys.stdout, sys.stderr
        json.dump([asdict(each) for each in measure(Path(work), arguments.corpus, size)], out)


if __name__ == "__main__":
    main()
