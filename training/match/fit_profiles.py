"""Fits ``src/sonoteca/models/weights/match_profiles.json`` to parts of the same songs.

``python training/match/fit_profiles.py STEMS/train/plain CORPUS`` takes a folder of ``training/stems`` and the
development corpus, whose songs give melodies over the chords that somebody really wrote under them.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import minimize

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

from songs_on_paper import paper_pairs

from sonoteca.match.alignment import notes_in_units, onsets_in_units
from sonoteca.match.axes import LAGS, changes_of, content_of, patterns_of, swing_logits
from sonoteca.match.fit import mean_notes, note_group_of
from sonoteca.match.profiles import DRUMS, ORDER
from sonoteca.match.region_table import RegionTable

TARGET = Path(__file__).resolve().parents[2] / "src" / "sonoteca" / "models" / "weights" / "match_profiles.json"
N_UNITS, BEATS_PER_BAR = 32, 4
# Of squared weights: pitch has 24 numbers per pair and hundreds of examples, rhythm more numbers and weaker table.
PITCH_RIDGE, RHYTHM_RIDGE = 1e-3, 1e-2
Floats = NDArray[np.float64]


def usable_songs(table: RegionTable, songs: Sequence[str], roles: Sequence[str]) -> dict[str, dict[str, int]]:
    """Songs all of whose parts were heard as eight bars of 4/4 at one level of tempo: song, role, row."""
    rows: dict[str, dict[str, int]] = {}
    for row, (song, role) in enumerate(zip(songs, roles, strict=True)):
        if table.fills[row] and table.n_beats[row] in (16, 32, 64):
            rows.setdefault(song, {})[role] = row
    return {song: parts for song, parts in rows.items() if len(parts) == len(ORDER)}


def pitch_coincidences(one: Floats, other: Floats) -> Floats:
    """Correlations (n, n, 12) of rows (n, n_rows, 12): index d pairs pitch classes that are d semitones apart."""
    first, second = np.fft.rfft(one, axis=-1), np.fft.rfft(other, axis=-1)
    return np.fft.irfft(np.einsum("aik,bik->abk", first.conj(), second, optimize=True), 12, axis=-1)


def fit_pitch(examples: Sequence[Floats], ridge: float) -> Floats:
    """Weights (channels, 12) that tell each song's own pair at shift 0 from all others at all shifts.

    ``examples`` are sets of songs, each (n, n, channels, 12) with own pairs on the diagonal.
    """
    channels = examples[0].shape[2]
    shifted = [np.stack([np.roll(each, shift, axis=3) for shift in range(12)], axis=2) for each in examples]

    def loss(flat: Floats) -> tuple[float, Floats]:
        total, gradient = 0.0, np.zeros(channels * 12)
        for each in shifted:
            n = len(each)
            features = each.reshape(n, n, 12, -1)
            logits = features @ flat
            for axis in (0, 1):
                rows = (logits if axis == 0 else logits.transpose(1, 0, 2)).reshape(n, -1)
                chance = np.exp(rows - rows.max(axis=1, keepdims=True))
                chance /= chance.sum(axis=1, keepdims=True)
                own = 12 * np.arange(n)
                total -= float(np.log(chance[np.arange(n), own] + 1e-12).mean()) / len(shifted)
                chance[np.arange(n), own] -= 1.0
                slope = chance.reshape(n, n, 12) / (n * len(shifted))
                slope = slope if axis == 0 else slope.transpose(1, 0, 2)
                gradient += np.einsum("abs,absp->p", slope, features, optimize=True)
        return total + ridge * float(flat @ flat), gradient + 2.0 * ridge * flat

    found = minimize(loss, np.zeros(channels * 12), jac=True, method="L-BFGS-B", options={"maxiter": 60})
    return np.asarray(found.x).reshape(channels, 12)


def fit_plain(features: Floats, ridge: float, *, known: Floats) -> Floats:
    """Weights that tell each song's own pair from all others; ``features`` (n, n, p), own pairs on the diagonal.

    ``known`` (n, n) are logits that count whatever the weights are.
    """
    n = len(features)

    def loss(flat: Floats) -> tuple[float, Floats]:
        logits = features @ flat + known
        total, slope = 0.0, np.zeros_like(logits)
        for axis in (0, 1):
            rows = logits if axis == 0 else logits.T
            chance = np.exp(rows - rows.max(axis=1, keepdims=True))
            chance /= chance.sum(axis=1, keepdims=True)
            total -= float(np.log(np.diag(chance) + 1e-12).mean())
            away = (chance - np.eye(n)) / n
            slope += away if axis == 0 else away.T
        gradient = np.einsum("ab,abp->p", slope, features, optimize=True)
        return total + ridge * float(flat @ flat), gradient + 2.0 * ridge * flat

    found = minimize(loss, np.zeros(features.shape[2]), jac=True, method="L-BFGS-B", options={"maxiter": 100})
    return np.asarray(found.x)


def units(table: RegionTable, row: int, note_group: int) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Notes and onsets of one stem in 32 units, whatever level of tempo was heard."""
    beats = int(table.n_beats[row])
    at = np.array([row])
    level = beats / N_UNITS
    return (
        notes_in_units(table, at, beats, level, N_UNITS, note_group)[0],
        onsets_in_units(table, at, beats, level, N_UNITS)[0],
    )


def fit_all(
    table: RegionTable, songs: Sequence[str], roles: Sequence[str], paper: Mapping[str, tuple[Floats, Floats]]
) -> dict[str, dict[str, dict[str, object]]]:
    """Profiles for every pair of parts, as they stand in the file."""
    chosen = usable_songs(table, songs, roles)
    print(f"{len(chosen)} songs")
    heard: dict[str, dict[str, NDArray[np.float32]]] = {}
    for part in ORDER:
        rows = [parts[part] for parts in chosen.values()]
        group = note_group_of(part)
        both = [units(table, row, group) for row in rows]
        onsets = np.stack([each[1] for each in both])
        heard[part] = {
            "content": content_of(mean_notes(table, np.array(rows), group)),
            "changes": changes_of(np.stack([each[0] for each in both])),
            "patterns": patterns_of(onsets, BEATS_PER_BAR),
        }
    result: dict[str, dict[str, dict[str, object]]] = {"pitch": {}, "rhythm": {}}
    for number, first in enumerate(ORDER):
        for second in ORDER[number:]:
            name = f"{first} {second}"
            a, b = heard[first], heard[second]
            if first != second and DRUMS not in (first, second):
                examples = [_pitch_features(a["content"], a["changes"], b["content"], b["changes"])]
                if name in paper:
                    one, other = paper[name]
                    examples.append(
                        _pitch_features(
                            content_of(one.mean(axis=1)),
                            changes_of(one),
                            content_of(other.mean(axis=1)),
                            changes_of(other),
                        )
                    )
                content, changes = fit_pitch(examples, PITCH_RIDGE)
                result["pitch"][name] = {"content": _rounded(content), "changes": _rounded(changes)}
            if first != second:
                swing = _swing_logits(
                    table, [parts[first] for parts in chosen.values()], [parts[second] for parts in chosen.values()]
                )
                result["rhythm"][name] = _fit_rhythm(a, b, swing)
    _add_likes(result)
    return result


def _pitch_features(one_content: Floats, one_changes: Floats, other_content: Floats, other_changes: Floats) -> Floats:
    content = pitch_coincidences(one_content[:, None].astype(float), other_content[:, None].astype(float))
    changes = pitch_coincidences(one_changes.astype(float), other_changes.astype(float))
    return np.stack([content, changes], axis=2)


def _swing_logits(table: RegionTable, first: Sequence[int], second: Sequence[int]) -> Floats:
    """Of every row of ``first`` with every row of ``second``."""
    shares, onsets, beats = table.swing_shares, table.swing_onsets, table.n_beats
    logits = np.zeros((len(first), len(second)))
    for i, row in enumerate(first):
        for j, other in enumerate(second):
            theirs = shares[other][None], onsets[other][None]
            logits[i, j] = swing_logits((shares[row], onsets[row]), theirs, float(beats[other] / beats[row]))[0]
    return logits


def _fit_rhythm(a: Mapping[str, Floats], b: Mapping[str, Floats], swing: Floats) -> dict[str, object]:
    """What the places are worth beside the swing, whose worth is known."""
    channels = []
    for one, other in zip(a["patterns"], b["patterns"], strict=True):
        # The candidate's steps, read `lag` later.
        by_lag = [np.einsum("ait,bjt->abij", one, np.roll(other, -lag, axis=2), optimize=True) for lag in LAGS]
        channels.append(np.stack(by_lag, axis=2))
    # (n, n, channels, lags, registers, registers)
    stacked = np.stack(channels, axis=2)
    n, shape = len(stacked), stacked.shape[2:]
    weights = fit_plain(stacked.reshape(n, n, -1).astype(float), RHYTHM_RIDGE, known=swing)
    return {"places": np.round(weights.reshape(shape), 2).tolist()}


def _add_likes(result: dict[str, dict[str, dict[str, object]]]) -> None:
    """Two parts of one kind: the same notes at the same time, the same places."""
    unison = [8.0, *[0.0] * 11]
    for part in ORDER:
        if part != DRUMS:
            result["pitch"][f"{part} {part}"] = {"content": [0.5 * each for each in unison], "changes": unison}
        same = np.zeros((2, len(LAGS), 3, 3))
        same[0, LAGS.index(0)] = np.eye(3)
        same[1, LAGS.index(0)] = 0.5 * np.eye(3)
        result["rhythm"][f"{part} {part}"] = {"places": same.tolist()}


def _rounded(values: Floats) -> list[float]:
    return [round(float(each), 2) for each in values]


def write(result: Mapping[str, object]) -> None:
    text = json.dumps(result, separators=(", ", ": "))
    # A line per pair, so that a change can be read.
    for pair in ('}, "', '{"pitch": {', '"rhythm": {'):
        text = text.replace(pair, pair.replace('}, "', '},\n  "').replace(": {", ": {\n  "))
    TARGET.write_text(text + "\n")


def main() -> None:
    from bench.stems import listened, read_truth, region_table_in_order

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("stems", type=Path, help="a folder of training/stems, nothing moved")
    parser.add_argument("corpus", type=Path, help="folder with manifest.json")
    arguments = parser.parse_args()
    truth = read_truth(arguments.stems)
    with listened(arguments.stems) as library:
        table = region_table_in_order(library, truth)
    write(fit_all(table, [s.song for s in truth], [s.role for s in truth], paper_pairs(arguments.corpus)))


if __name__ == "__main__":
    main()
