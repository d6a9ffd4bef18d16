"""The process that answers never decodes: nothing that could is in its memory, whatever sound it is asked about."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx
import pytest
import scipy.fft
import soundfile
import soxr

import sonoteca
import synth
from server_processes import BOUND_S, running
from sonoteca.audio.encode import write_wav
from sonoteca.upkeep.demo_sounds import write_demo_sounds

on_linux = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc says what a process has mapped")

# Libraries that decode, resample, stretch, or are for listening alone, as the system names their files.
DECODES = (
    "/av/",
    "/av.libs/",
    "libavcodec",
    "libavformat",
    "libavutil",
    "libswresample",
    "libsndfile",
    "_soundfile",
    "libsoxr",
    "soxr",
    "Signalsmith",
    "python_stretch",
    "/scipy/",
    "/sklearn/",
    "/numba/",
)

# Of the demo: two loops that go together.
DRUMS, BASS = "drums straight 96bpm.wav", "bass Am 96bpm.wav"


def mapped(pid: int) -> set[str]:
    """Paths of the files that a process has mapped."""
    lines = Path(f"/proc/{pid}/maps").read_text().splitlines()
    return {line.split(maxsplit=5)[5] for line in lines if len(line.split(maxsplit=5)) == 6}


def decoders_in(pid: int) -> list[str]:
    return sorted(path for path in mapped(pid) if any(part in path for part in DECODES))


@on_linux
def test_what_decodes_is_seen_where_it_is_loaded() -> None:
    """The look itself: in this process FFmpeg, soxr and SciPy are loaded."""
    assert {soundfile.__name__, soxr.__name__, scipy.fft.__name__} <= set(sys.modules)
    found = " ".join(decoders_in(os.getpid()))
    for name in ("libavcodec", "soxr", "sndfile", "/scipy/"):
        assert name in found, found


def test_routes_are_loaded_without_what_decodes() -> None:
    """On every system: the modules that the application and all its routes bring with them."""
    words = (
        "import importlib, pkgutil, sys, sonoteca.server.app; from sonoteca.server import routes;"
        "[importlib.import_module(each.name) for each in pkgutil.iter_modules(routes.__path__, routes.__name__ + '.')];"
        "print(*{name.partition('.')[0] for name in sys.modules})"
    )
    told = subprocess.run([sys.executable, "-c", words], capture_output=True, text=True, check=True)
    loaded = set(told.stdout.split())
    assert "numpy" in loaded
    assert not loaded & {"av", "soxr", "soundfile", "python_stretch", "scipy", "sklearn", "numba"}


def asks(client: httpx.Client, folder: Path) -> list[tuple[str, Callable[[], Any]]]:
    """One question of every kind that touches sound, each after those it needs; all have to be answered."""
    drums, bass, hum, taps = (folder / f"{name}.wav" for name in ("drums", "bass", "hum", "taps"))
    known: dict[str, str] = {}

    def well(answer: httpx.Response) -> httpx.Response:
        assert answer.status_code < 300, (str(answer.request.url), answer.status_code, answer.text[:500])
        return answer

    def sent(path: Path) -> dict[str, Any]:
        return {"file": (path.name, path.read_bytes(), "audio/wav")}

    def done(answer: httpx.Response) -> dict[str, Any]:
        return finished(well(answer).json())

    def finished(job: dict[str, Any]) -> dict[str, Any]:
        for _ in range(int(BOUND_S / 0.1)):
            if job["state"] not in ("queued", "running"):
                break
            time.sleep(0.1)
            job = well(client.get(f"/api/jobs/{job['id']}")).json()
        assert job["state"] == "done", job
        return job

    def add() -> None:
        for path in (drums, bass):
            kept = done(client.post("/api/analyze/upload", params={"keep": True}, files=sent(path)))
            known[path.stem] = kept["result"]["id"]

    def get(path: str, **params: Any) -> httpx.Response:
        return well(client.get(path.format(**known), params=params))

    def ids() -> dict[str, str]:
        return {"a": known["drums"], "b": known["bass"]}

    def arrange() -> None:
        known["song"] = well(client.post("/arrangements", json={"form": "verse:2", "bpm": 96})).json()["id"]

    def touch() -> None:
        """A file that is written again: whose sound it holds is asked."""
        for path in (folder / "library.sonoteca.d" / "uploads").rglob("*.wav"):
            path.touch()

    def render() -> None:
        """Another program asks; the server does it."""
        with sonoteca.open_library(folder / "library.sonoteca") as library:
            job = sonoteca.submit_job(library, sonoteca.RenderJob(arrangement=known["song"], format="flac", stems=True))
        finished(job.as_json())

    def previewed() -> None:
        told = well(client.post("/api/previews", json={**ids(), "bars": 1})).json()
        assert well(client.get(told["audio"])).content[:4] == b"fLaC"
        well(client.post("/api/previews", json={**ids(), "bars": 1, "as": "transition", "format": "mp3"}))

    return [
        ("upload", lambda: well(client.post("/api/analyze/upload", files=sent(drums)))),
        ("upload that is kept", add),
        ("sound", lambda: get("/api/sounds/{drums}")),
        ("analyze", lambda: well(client.post("/analyze", json={"file_path": _path_of(client)}))),
        ("hum", lambda: well(client.post("/api/hum", files=sent(hum)))),
        ("tap", lambda: well(client.post("/api/tap", files=sent(taps)))),
        ("match", lambda: well(client.post("/match", files=sent(bass)))),
        ("match of a sound", lambda: well(client.post("/match", files={"sound_id": (None, known["drums"])}))),
        ("match of a hum", lambda: well(client.post("/match", files={**sent(hum), "mode": (None, "hum")}))),
        ("loops", lambda: well(client.post("/loops/similar", files=sent(bass)))),
        ("role", lambda: well(client.post("/analysis/upload-role", files=sent(bass)))),
        ("similar", lambda: get("/api/similar/{drums}")),
        ("search", lambda: get("/api/search", words="drums")),
        ("next", lambda: get("/api/next/{drums}")),
        ("duplicates", lambda: get("/api/duplicates", sound=known["drums"])),
        ("audio", lambda: get("/api/audio/{drums}")),
        ("audio of a span", lambda: get("/api/audio/{drums}", start_s=0.5, end_s=1.0)),
        ("clip", lambda: get("/api/sounds/{drums}/preview")),
        ("waveform", lambda: get("/api/sounds/{drums}/waveform")),
        ("arrangement", arrange),
        ("audio of an arrangement", lambda: get("/arrangements/{song}/audio")),
        ("previews", previewed),
        ("render job", render),
        ("index job", lambda: done(client.post("/api/jobs", json={"kind": "rebuild_index"}))),
        ("clips job", lambda: done(client.post("/api/jobs", json={"kind": "make_clips"}))),
        ("map", lambda: get("/api/map", method="pca")),
        ("map anew", lambda: well(client.post("/api/map", json={"method": "pca", "refit": True}))),
        ("a changed file", touch),
        ("its arrangement", lambda: get("/arrangements/{song}")),
        ("its audio", lambda: get("/api/audio/{bass}")),
        ("plugins", lambda: get("/plugins")),
        ("audit", lambda: get("/api/audit")),
        ("gaps", lambda: get("/api/gaps")),
        ("health", lambda: get("/health", check="index")),
        ("status", lambda: get("/status")),
        ("scoring", lambda: get("/scoring/config")),
        ("document", lambda: get("/openapi.json")),
    ]


def _path_of(client: httpx.Client) -> str:
    path: str = client.get("/database/files").json()["results"][0]["path"]
    return path


@on_linux
@pytest.mark.slow
def test_whatever_is_asked_nothing_that_decodes_is_loaded(tmp_path: Path) -> None:
    made = {path.name: path for path in write_demo_sounds(tmp_path / "demo")}
    for name, file in (("drums", DRUMS), ("bass", BASS)):
        made[file].rename(tmp_path / f"{name}.wav")
    tune = [(0.5 * number, synth.tone(note, 0.45)) for number, note in enumerate((57, 60, 64, 62, 60, 57, 59, 60))]
    write_wav(tmp_path / "hum.wav", synth.placed(tune, 4.5))
    write_wav(tmp_path / "taps.wav", synth.clicks(120, 4.0))
    with sonoteca.open_library(tmp_path / "library.sonoteca", mode="create"):
        pass
    with running(tmp_path / "library.sonoteca", tmp_path, "--workers", "2") as server:
        assert decoders_in(server.process.pid) == []
        for name, ask in asks(server.client, tmp_path):
            ask()
            assert decoders_in(server.process.pid) == [], name
