"""Essentia and librosa on the same files in the same run, where they are installed: accuracy and speed side by side.

They live in an environment of their own, because Essentia is AGPL and no part of Sonoteca:

    python3 -m venv .bench-venv && .bench-venv/bin/pip install -r bench/requirements-peers.txt
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

from bench.material import duration_s, songs_as_mp3
from bench.measure import Measure

PEERS_PYTHON = Path(__file__).parent.parent / ".bench-venv" / "bin" / "python"
SPEED_SONGS = 6
# Every second song and every fourth loop: the slowest peer needs minutes for all.
SONG_STEP, LOOP_STEP = 2, 4
GOALS = {"essentia_rhythm_key_chords": 4.0, "essentia_music_extractor": 10.0, "librosa_beat_track": None}
JUDGED = ("essentia_rhythm_key_chords", "librosa_beat_track")
TESTS = {
    "pop909": {"eval_tempo.py": ("acc1", "acc2"), "eval_beats.py": ("beat_f",), "eval_key.py": ("weighted",), "eval_chords.py": ("majmin",)},
    "loops": {"eval_tempo.py": ("acc1", "acc2"), "eval_key.py": ("weighted",)},
}  # fmt: skip


def run(work: Path, corpus: Path) -> list[Measure]:
    if not PEERS_PYTHON.exists():
        print("no .bench-venv: peers are not measured (see the head of bench/peers.py)")
        return []
    return [*_speed(work, corpus), *_accuracy(work, corpus)]


def _speed(work: Path, corpus: Path) -> list[Measure]:
    files = songs_as_mp3(work, corpus, SPEED_SONGS)
    audio_s = sum(duration_s(path) for path in files)
    ours_s = _ours(files)
    measures = [Measure("full analysis, one core", audio_s / ours_s, "x rt")]
    for program, goal in GOALS.items():
        found = _peer(program, files)
        if found is None:
            continue
        measures.append(Measure(program, audio_s / found["cpu_s"], "x rt"))
        measures.append(Measure(f"times as fast as {program}", found["cpu_s"] / ours_s, "x", goal))
    return measures


def _accuracy(work: Path, corpus: Path) -> list[Measure]:
    manifest_file = corpus / "corpus" / "manifest.json"
    if not manifest_file.exists():
        return []
    truth = json.loads(manifest_file.read_text())["files"]
    songs = [name for name, facts in truth.items() if facts["corpus"] == "pop909"][::SONG_STEP]
    loops = [name for name, facts in truth.items() if facts["corpus"] == "loops" and facts["type"] == "loop"][
        ::LOOP_STEP
    ]
    names = songs + loops
    files = [corpus / "corpus" / name for name in names]
    heard = {"ours": _inspected(files, names)}
    for program in JUDGED:
        found = _peer(program, files)
        if found is not None:
            heard[program] = dict(zip(names, (found["heard"][str(path)] for path in files), strict=True))
    chosen = work / "truth.json"
    chosen.write_text(json.dumps({"files": {name: truth[name] for name in names}}))
    measures = []
    for part, tests in TESTS.items():
        for script, fields in tests.items():
            for who, predictions in heard.items():
                scores = _score(work, corpus / "eval" / script, chosen, predictions, part)
                measures += [
                    Measure(f"{part} {script[5:-3]} {field}: {who}", scores[field])
                    for field in fields
                    if scores.get(field) is not None and (scores[field] > 0.01 or who == "ours")
                ]
    return measures


def _score(work: Path, script: Path, truth: Path, predictions: dict[str, Any], part: str) -> dict[str, float]:
    said, report = work / "said.json", work / "report.json"
    said.write_text(json.dumps(predictions))
    report.unlink(missing_ok=True)
    command: list[Any] = [sys.executable, script, truth, said, "--corpus", part, "--json", report]
    done = subprocess.run(command, capture_output=True, check=False)
    return json.loads(report.read_text()) if done.returncode == 0 and report.exists() else {}


def _inspected(files: list[Path], names: list[str]) -> dict[str, Any]:
    command: list[Any] = [sys.executable, "-m", "sonoteca.cli.main", "inspect", "--json", *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    sounds = map(json.loads, done.stdout.splitlines())
    return {
        name: {
            "tempo": (sound["tempo"] or {}).get("bpm"),
            "beats": sound["beats_s"],
            "key": (sound["key"] or {}).get("name"),
            "chords": [[each["start_s"], each["end_s"], each["label"]] for each in sound["chords"]],
        }
        for name, sound in zip(names, sounds, strict=True)
    }


def _peer(program: str, files: list[Path]) -> dict[str, Any] | None:
    command: list[Any] = [str(PEERS_PYTHON), str(Path(__file__).parent / "peer_programs.py"), program, *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        print(f"{program}: {done.stderr.strip().splitlines()[-1:]}")
        return None
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _ours(files: list[Path]) -> float:
    from sonoteca.domain.file_analysis import AnalysisOrder, AnalysisSettings
    from sonoteca.ingest.listen import listen

    listen(AnalysisOrder(str(files[0]), AnalysisSettings()))
    started = time.process_time()
    for path in files:
        listen(AnalysisOrder(str(path), AnalysisSettings()))
    return time.process_time() - started
