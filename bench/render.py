"""Rendering: four layers over 64 bars per core, and how true a stretched sound is (``bench.stretchers`` compares)."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from bench.measure import Measure
from bench.stretchers import RATE, judged, ours, piece
from sonoteca.arrange.arrangement import Arrangement, Clip, Section
from sonoteca.arrange.sound.render import render_arrangement
from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.identity.locations import SeenFile, record_files
from sonoteca.catalogue.identity.roots import ensure_root
from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.workers.in_process import InProcessExecutor

BARS = 64
TEMPO_BPM = 126.3
GOALS = {"pitch error, worst [cents]": 1.0, "onsets: jitter, worst [ms]": 2.0, "length error, worst [samples]": 0.0}


def run(work: Path, corpus: Path) -> list[Measure]:
    measures = []
    with open_library(work / "render.sonoteca", mode="create") as library:
        arrangement = _four_layers(library, work / "loops")
        for suffix in (".wav", ".flac", ".mp3"):
            started = time.process_time()
            made = render_arrangement(library, arrangement, work / f"mix{suffix}", executor=InProcessExecutor())
            speed = made.duration_s / (time.process_time() - started)
            measures.append(Measure(f"render of four layers, {suffix[1:]}", speed, "x rt", goal=10.0))
        peak = made.down.true_peak_dbtp
        measures.append(Measure("true peak of the mp3, decoded", peak, "dBTP", goal=-1.0, lower_is_better=True))
    for name, value in judged(ours):
        words, _, unit = name.rstrip("]").partition(" [")
        measures.append(
            Measure(
                f"stretch: {words}", value, unit.split()[0][:6], goal=GOALS.get(name), lower_is_better=unit[0] != "x"
            )
        )
    return measures


def _four_layers(library: Library, folder: Path) -> Arrangement:
    """Stereo loops of four bars, every one stretched, three of them shifted."""
    folder.mkdir()
    clips = []
    for number, (role, name) in enumerate(
        (("drums", "drums"), ("bass", "bass"), ("harmony", "chords"), ("melody", "melody"))
    ):
        bpm = 118.0 + 3 * number
        samples = np.ascontiguousarray(np.repeat(piece(name, bpm, 0.0), 2, axis=0))
        path = folder / f"{name}.wav"
        write_wav(path, AudioSignal(samples, RATE))
        state, content_hash = path.stat(), hash_content(path)
        with library.write() as connection:
            root = ensure_root(connection, folder).root
            record_files(
                connection, root, [(SeenFile(path.name.encode(), state.st_size, state.st_mtime_ns), content_hash)]
            )
        shift = 0 if role == "drums" else number
        clips.append(
            Clip(role, content_hash, 0.0, samples.shape[1] / RATE, 0, BARS, TEMPO_BPM / bpm, shift, gain_db=-3.0)
        )
    return Arrangement(TEMPO_BPM, 4, None, (Section("all", 0, BARS),), tuple(clips))
