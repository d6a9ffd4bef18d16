"""Multi-track material with truth: songs of eight bars, one file per part, plain and moved.

``python make_material.py OUT --corpus ../../../shared/corpus [--test 216] [--train 160] [--seed 1]`` writes
``OUT/{train,test}/{plain,moved}/truth.json`` and the files it names. What is in it is said in README.md.
"""

from __future__ import annotations

import argparse
import gzip
import json
import multiprocessing
import pathlib
import sys
from collections.abc import Iterable, Sequence
from dataclasses import asdict

sys.path.extend(str(pathlib.Path(__file__).resolve().parents[1] / name) for name in ("harmony", "rhythm", "melody"))

import numpy as np
import studio
from parts import ROLES, key_margin, make_parts
from songs import N_BEATS, NOTE_NAMES, Song, composed_song, harmonised_songs, pop_songs

TEMPI_BPM = (88.0, 104.0, 120.0, 132.0)
LARGEST_SHIFT = 3
STRETCHES = (0.92, 1.08)
POP_SHARE, COMPOSED_SHARE = 0.11, 0.3


def draw_songs(corpus: pathlib.Path, counts: dict[str, int], seed: int) -> dict[str, list[Song]]:
    """Songs per part of the split; no piece is in two parts."""
    rng = np.random.default_rng(seed)
    manifest = json.loads((corpus / "manifest.json").read_text())["files"]
    with gzip.open(corpus / "melodies.json.gz") as file:
        melodies = json.load(file)["songs"]
    pop = list(pop_songs(manifest, rng))
    known = {truth["made"]["song"] for truth in manifest.values() if truth["corpus"] == "pop909"}
    names = [str(name) for name in rng.permutation(sorted(set(melodies) - known))]
    harmonised = harmonised_songs({name: melodies[name] for name in names}, rng)
    order = [pop[i] for i in rng.permutation(len(pop))]
    composed = 0
    found: dict[str, list[Song]] = {}
    for part, count in counts.items():
        songs = [order.pop() for _ in range(min(len(order), round(POP_SHARE * count)))]
        for _ in range(round(COMPOSED_SHARE * count)):
            songs.append(composed_song(composed, rng))
            composed += 1
        for song in harmonised:
            if len(songs) >= count:
                break
            songs.append(song)
        if len(songs) < count:
            raise ValueError(f"the corpus gives only {len(songs)} songs for {part}, {count} were asked for")
        found[part] = [songs[i] for i in rng.permutation(count)]
    return found


def render_song(job: tuple[pathlib.Path, Song, float, Sequence[int]]) -> dict[str, list[dict[str, object]]]:
    """Write the files of one song; truth of each per condition."""
    folder, bare, tempo_bpm, seed = job
    global _studio
    if _studio is None:
        _studio = studio.Studio()
    rng = np.random.default_rng(list(seed))
    song = bare.transposed(int(rng.integers(12)))
    notes, figures = make_parts(song, rng)
    truth: dict[str, list[dict[str, object]]] = {"plain": [], "moved": []}
    for role in ROLES:
        sound = studio.draw_sound(role, rng)
        shift, ratio = int(rng.integers(-LARGEST_SHIFT, LARGEST_SHIFT + 1)), float(rng.uniform(*STRETCHES))
        by_audio = bool(rng.random() < 0.5)
        name = f"{song.name}-{role}.{sound.format[0]}"
        plain = _studio.play(role, notes[role], sound, tempo_bpm=tempo_bpm, shift=0)
        studio.write(folder / "plain" / name, plain, sound)
        if by_audio:
            n = round(N_BEATS * 60.0 / (tempo_bpm * ratio) * sound.sample_rate)
            moved = studio.moved_audio(plain, sound, n=n, ratio=ratio, shift=shift)
        else:
            moved = _studio.play(role, notes[role], sound, tempo_bpm=tempo_bpm * ratio, shift=shift)
        studio.write(folder / "moved" / name, moved, sound)
        for condition, by, times in (("plain", 0, 1.0), ("moved", shift, ratio)):
            made = sound.made | asdict(figures) | {"by_audio": by_audio and condition == "moved"}
            row = _truth(song, role, name, tempo_bpm, by, times)
            margin = None if role == "drums" else round(key_margin(notes[role], song), 4)
            truth[condition].append(row | {"key_margin": margin, "made": made})
    return truth


_studio: studio.Studio | None = None


def _truth(song: Song, role: str, name: str, tempo_bpm: float, shift: int, ratio: float) -> dict[str, object]:
    tempo = tempo_bpm * ratio
    beat_s = 60.0 / tempo
    return {
        "path": name,
        "song": song.name,
        "source": song.source,
        "role": role,
        "tempo": round(tempo, 4),
        "bars": N_BEATS // 4,
        "key": None if role == "drums" else f"{NOTE_NAMES[(song.tonic + shift) % 12]} {song.mode}",
        "chords": [
            [round(c.beat * beat_s, 4), round((c.beat + c.length) * beat_s, 4),
             f"{NOTE_NAMES[(c.root + shift) % 12]}:{c.quality}"]
            for c in song.chords
        ],
        "shift": shift,
        "ratio": round(ratio, 6),
    }  # fmt: skip


def make(folder: pathlib.Path, corpus: pathlib.Path, counts: dict[str, int], *, seed: int, jobs: int = 1) -> None:
    """Write the material; songs take the tempos in turn, so that every tempo has as many."""
    for part, songs in reversed(draw_songs(corpus, counts, seed).items()):
        work = [
            (folder / part, song, TEMPI_BPM[number % len(TEMPI_BPM)], (seed, len(part), number))
            for number, song in enumerate(songs)
        ]
        truth: dict[str, list[dict[str, object]]] = {"plain": [], "moved": []}
        for number, found in enumerate(_each(work, jobs)):
            for condition, rows in found.items():
                truth[condition] += rows
            if number % 20 == 19:
                print(f"{part}: {number + 1} of {len(work)} songs", flush=True)
        for condition, rows in truth.items():
            (folder / part / condition / "truth.json").write_text(json.dumps({"files": rows}, indent=0))


def _each(
    work: Sequence[tuple[pathlib.Path, Song, float, Sequence[int]]], jobs: int
) -> Iterable[dict[str, list[dict[str, object]]]]:
    if jobs == 1:
        yield from map(render_song, work)
        return
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        yield from pool.imap(render_song, work)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument(
        "--corpus", type=pathlib.Path, required=True, help="folder with manifest.json and melodies.json.gz"
    )
    parser.add_argument("--train", type=int, default=160, help="songs to fit on")
    parser.add_argument("--test", type=int, default=216, help="songs to measure on")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    arguments = parser.parse_args()
    # The test songs are drawn first, so that they are the same with and without songs to train on.
    counts = {part: n for part, n in (("test", arguments.test), ("train", arguments.train)) if n}
    make(arguments.out, arguments.corpus, counts, seed=arguments.seed, jobs=arguments.jobs)


if __name__ == "__main__":
    main()
