"""Essentia and librosa on the same files in the same run, where they are installed: accuracy and speed side by side.

They live in an environment of their own, because Essentia is AGPL and no part of Sonoteca:

    python3 -m venv .bench-venv && .bench-venv/bin/pip install -r bench/requirements-peers.txt
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path

from bench.material import duration_s, songs_as_mp3
from bench.measure import Measure

PEERS_PYTHON = Path(__file__).parent.parent / ".bench-venv" / "bin" / "python"
SONGS = 6
PROGRAMS = ("essentia_rhythm_key_chords", "essentia_music_extractor", "librosa_beat_track")


def run(work: Path, corpus: Path) -> list[Measure]:
    if not PEERS_PYTHON.exists():
        print("no .bench-venv: peers are not measured (see the head of bench/peers.py)")
        return []
    files = songs_as_mp3(work, corpus, SONGS)
    audio_s = sum(duration_s(path) for path in files)
    ours_s = _ours(files)
    measures = [Measure("full analysis, one core", audio_s / ours_s, "x rt")]
    goals = {"essentia_rhythm_key_chords": 4.0, "essentia_music_extractor": 10.0}
    for program in PROGRAMS:
        command = [str(PEERS_PYTHON), str(Path(__file__).parent / "peer_programs.py"), program, *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            print(f"{program}: {done.stderr.strip().splitlines()[-1:]}")
            continue
        theirs_s = json.loads(done.stdout.splitlines()[-1])["cpu_s"]
        measures.append(Measure(f"{program}", audio_s / theirs_s, "x rt"))
        measures.append(Measure(f"times as fast as {program}", theirs_s / ours_s, "x", goals.get(program)))
    return measures


def _ours(files: list[Path]) -> float:
    from sonoteca.ingest.listen import Ears, ListenOrder, listen

    listen(ListenOrder(str(files[0]), Ears()))
    started = time.process_time()
    for path in files:
        listen(ListenOrder(str(path), Ears()))
    return time.process_time() - started
