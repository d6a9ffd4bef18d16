"""Accuracy on the development corpus, every measure beside its goal and its 95 % interval.

The scoring scripts stand beside the corpus (``eval/``); the best free program's score is in the note. What went
wrong, file by file, is written to bench/results/failures.json.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

from bench.measure import Measure

RESULTS = Path(__file__).parent / "results"
_ROW = re.compile(r"^\S.*?\s(\d+)\s+([01]\.\d+)\s+\[([\d.]+), ([\d.]+)\]", re.MULTILINE)
# No key for these, whoever asks: drums and noise of the corpus.
_KEYLESS_CLASSES = {"kick", "snare", "hat", "cymbal", "clap"}


def run(work: Path, corpus: Path) -> list[Measure]:
    manifest_file = corpus / "corpus" / "manifest.json"
    if not manifest_file.exists():
        print(f"no corpus at {corpus}: accuracy is not measured")
        return []
    truth: dict[str, Any] = json.loads(manifest_file.read_text())["files"]
    names = [name for name, facts in truth.items() if facts.get("corpus") != "hum"]
    sounds = work / "inspect.jsonl"
    paths = work / "paths.txt"
    paths.write_text("".join(f"{corpus / 'corpus' / name}\n" for name in names))
    with sounds.open("w") as out:
        command: list[Any] = [
            sys.executable,
            "-m",
            "sonoteca.cli.main",
            "inspect",
            "--json",
            "--paths-file",
            str(paths),
        ]
        subprocess.run(command, stdout=out, check=False)
    predictions = work / "predictions.json"
    scripts = corpus / "eval"
    convert: list[Any] = [sys.executable, scripts / "from_inspect.py", sounds, predictions, "--root", corpus / "corpus"]
    subprocess.run(convert, check=True, stdout=subprocess.DEVNULL)
    measures = []
    for part, tests in json.loads((scripts / "goals.json").read_text()).items():
        for name, test in tests.items():
            measures += _score(work, scripts, manifest_file, predictions, part, name, test)
    measures += _melody(work, scripts, manifest_file, predictions)
    found = {str(Path(each["path"]).relative_to(corpus / "corpus")): each for each in map(json.loads, sounds.open())}
    measures += _silence_where_due(truth, found)
    measures += _calibration(truth, found)
    _write_failures(truth, found)
    return measures


def _score(
    work: Path, scripts: Path, manifest: Path, predictions: Path, part: str, name: str, test: dict[str, Any]
) -> list[Measure]:
    report = work / f"{part}-{name}.json"
    command: list[Any] = [
        sys.executable,
        scripts / test["script"],
        manifest,
        predictions,
        "--corpus",
        part,
        *test["args"],
    ]
    done = subprocess.run([*command, "--json", report], capture_output=True, text=True, check=True)
    scores = json.loads(report.read_text())
    intervals = {round(float(mean), 4): (float(low), float(high)) for _, mean, low, high in _ROW.findall(done.stdout)}
    measures = []
    for measure, goal in test["best"].items():
        value = scores.get(measure)
        low, high = intervals.get(round(value, 4), (None, None)) if value is not None else (None, None)
        note = f"best free program {goal['score']} ({goal['who']})"
        measures.append(Measure(f"{part} {name} {measure}", value, "", goal["goal"], low=low, high=high, note=note))
    return measures


def _melody(work: Path, scripts: Path, manifest: Path, predictions: Path) -> list[Measure]:
    report = work / "melody.json"
    command: list[Any] = [
        sys.executable,
        scripts / "eval_melody.py",
        manifest,
        predictions,
        "--corpus",
        "pop909",
        "--json",
        report,
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        return [Measure("pop909 melody note_f", None, goal=0.45, note=done.stderr.strip()[-80:])]
    scores = json.loads(report.read_text())
    value = next((score for name, score in scores.items() if "f" in name.split("_")), None)
    return [Measure("pop909 melody note F", value, goal=0.45, note="best free program 0.39 (basic-pitch top line)")]


def _silence_where_due(truth: dict[str, Any], found: dict[str, Any]) -> list[Measure]:
    """Shares of drum sounds with a key and of one-shots with a tempo: both should be none."""
    drums = [
        n for n, t in truth.items() if n in found and (t.get("role") == "drums" or t.get("class") in _KEYLESS_CLASSES)
    ]
    shots = [n for n, t in truth.items() if n in found and t.get("type") == "oneshot"]
    with_key = sum(found[name]["key"] is not None for name in drums) / max(1, len(drums))
    with_tempo = sum(found[name]["tempo"] is not None for name in shots) / max(1, len(shots))
    return [
        Measure(f"drum sounds with a key ({len(drums)})", with_key, "", 0.05, True),
        Measure(f"one-shots with a tempo ({len(shots)})", with_tempo, "", 0.02, True),
    ]


def _calibration(truth: dict[str, Any], found: dict[str, Any]) -> list[Measure]:
    """Expected calibration error over ten bins of confidence, per descriptor.

    Confidences were fitted on other material or by cross-validation, see docs/analysis.md.
    """
    pairs: dict[str, list[tuple[float, bool]]] = {"tempo": [], "key": [], "role": [], "sound_class": [], "kind": []}
    kinds = {"loop": "loop", "oneshot": "one_shot", "song": "track"}
    for name, facts in truth.items():
        sound = found.get(name)
        if sound is None:
            continue
        if facts.get("tempo") and sound["tempo"] and sound["tempo"]["confidence"] is not None:
            right = abs(sound["tempo"]["bpm"] / facts["tempo"] - 1) < 0.04
            pairs["tempo"].append((sound["tempo"]["confidence"], right))
        if facts.get("key") and sound["key"] and sound["key"]["confidence"] is not None:
            pairs["key"].append((sound["key"]["confidence"], sound["key"]["name"] == facts["key"]))
        for field, name_ in (("role", "role"), ("sound_class", "class"), ("kind", "type")):
            said, wanted = sound[field], facts.get(name_)
            if wanted and said and said.get("value") and said.get("confidence") is not None:
                pairs[field].append((said["confidence"], said["value"] == kinds.get(wanted, wanted)))
    for name, some in pairs.items():
        _print_reliability(name, some)
    return [
        Measure(f"calibration error of {name} ({len(some)})", expected_calibration_error(some), "", 0.08, True)
        for name, some in pairs.items()
        if some
    ]


def _print_reliability(name: str, pairs: list[tuple[float, bool]], bins: int = 10) -> None:
    """Of the answers given with confidence p, how many are right."""
    print(f"\n{name:12} {'confidence':>12} {'answers':>8} {'mean p':>7} {'right':>6}")
    for number in range(bins):
        inside = [pair for pair in pairs if number == min(bins - 1, int(pair[0] * bins))]
        if inside:
            span = f"{number / bins:.1f} to {(number + 1) / bins:.1f}"
            mean, right = (sum(values) / len(inside) for values in zip(*inside, strict=True))
            print(f"{'':12} {span:>12} {len(inside):8} {mean:7.3f} {right:6.3f}")


def expected_calibration_error(pairs: list[tuple[float, bool]], bins: int = 10) -> float:
    """Mean gap between confidence and share right, over bins weighted by count (Guo et al., ICML 2017)."""
    total = 0.0
    for number in range(bins):
        inside = [pair for pair in pairs if number == min(bins - 1, int(pair[0] * bins))]
        if inside:
            confidence = sum(c for c, _ in inside) / len(inside)
            right = sum(r for _, r in inside) / len(inside)
            total += abs(confidence - right) * len(inside) / len(pairs)
    return total


def _write_failures(truth: dict[str, Any], found: dict[str, Any]) -> None:
    failures = []
    for name, facts in truth.items():
        sound = found.get(name)
        if sound is None:
            continue
        said = {
            "tempo": sound["tempo"] and sound["tempo"]["bpm"],
            "key": sound["key"] and sound["key"]["name"],
            "role": sound["role"] and sound["role"]["value"],
            "class": sound["sound_class"] and sound["sound_class"]["value"],
        }
        for field, value in said.items():
            wanted = facts.get(field)
            if wanted is None:
                continue
            right = value is not None and abs(value / wanted - 1) < 0.04 if field == "tempo" else value == wanted
            if not right:
                failures.append({"file": name, "field": field, "truth": wanted, "said": value})
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "failures.json").write_text(json.dumps(failures, indent=1) + "\n")
