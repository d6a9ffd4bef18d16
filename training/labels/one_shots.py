"""Training set of one-shots: synthesised, played on General MIDI fonts, and real ones from free packages.

Run as a script it writes vectors, labels, sources and weights to an npz file.
"""

from __future__ import annotations

import argparse
import pathlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
from effects import RATE, Samples, deliver, highpass, lowpass, repitch, treat
from midi import MidiNote, MidiProgram, render
from strikes import MAKERS

from sonoteca.analysis.labels.strike import describe


@dataclass(frozen=True)
class Example:
    """A sound, what it is, and which source it stems from (sources never straddle a split)."""

    samples: Samples
    label: str
    source: str


DRUM_LABELS = {35: "kick", 36: "kick", 38: "snare", 40: "snare", 39: "clap", 37: "percussion"}
DRUM_LABELS |= dict.fromkeys((41, 43, 45, 47, 48, 50), "tom") | dict.fromkeys((42, 44, 46), "hat")
DRUM_LABELS |= dict.fromkeys((49, 51, 52, 53, 55, 57, 59), "cymbal")
DRUM_LABELS |= dict.fromkeys((54, 56, 58, *range(60, 84)), "percussion")
KITS = (0, 8, 16, 24, 25, 26, 32, 40)
BASS_PROGRAMS = (32, 33, 34, 35, 36, 37, 38, 39, 43, 58)
CHORD_PROGRAMS = (0, 1, 2, 4, 5, 6, 7, 16, 17, 18, 19, 20, 21, 24, 25, 26, 27, 28, 29, 30, 46, 48, 49, 50, 51, 61, 62, 63, 80, 81,
                  88, 89, 90, 92, 93, 94, 95)  # fmt: skip
NOTE_PROGRAMS = (0, 1, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 19, 21, 22, 24, 25, 26, 27, 29, 30, 40, 41, 42, 45, 46, 48, 56, 57, 59,
                 60, 61, 64, 65, 66, 68, 70, 71, 72, 73, 75, 79, 80, 81, 82, 84, 87, 104, 105, 106, 107, 108, 114)  # fmt: skip
VOCAL_PROGRAMS = (52, 53, 54, 85, 91)
STAB_PROGRAMS = (55, 61, 62, 63, 0, 4, 5, 7, 16, 17, 18, 28, 30, 48, 50, 80, 81, 90)
FX_PROGRAMS = (96, 97, 98, 99, 101, 102, 103, 119, 120, 121, 122, 123, 124, 125, 126, 127)
CHORDS = (
    (0, 4, 7),
    (0, 3, 7),
    (0, 3, 7, 10),
    (0, 4, 7, 11),
    (0, 4, 7, 10),
    (0, 5, 7),
    (0, 7, 12, 16),
    (-12, 0, 3, 7),
    (-12, 0, 4, 7),
)


def synthesised(n_per_class: int, seed: int) -> Iterator[Example]:
    for label, make in MAKERS.items():
        for number in range(n_per_class):
            rng = np.random.default_rng([seed, number, *label.encode()])
            x = np.asarray(make(rng), np.float32)
            yield Example(deliver(treat(x, rng), rng), label, f"synth-{label}-{number}")


def variants(example: Example, n: int, rng: np.random.Generator) -> Iterator[Example]:
    """The sound itself and treated copies of it."""
    for number in range(n):
        x = example.samples
        if number:
            x = repitch(x, rng.normal(0, 1.5))
            if rng.random() < 0.3:  # somebody trimmed the tail
                keep = int(len(x) * rng.uniform(0.3, 1.0))
                x = x[:keep] * np.clip((keep - np.arange(keep)) / (0.02 * RATE), 0, 1).astype(np.float32)
            x = treat(x, rng, 0.9)
        yield Example(deliver(x, rng), example.label, example.source)


def cut_silence(x: Samples) -> Samples:
    loud = np.flatnonzero(np.abs(x) > 0.003 * (np.abs(x).max() + 1e-9))
    return x[max(0, loud[0] - 20) : loud[-1] + 200] if len(loud) else x[:64]


def played(font: str, name: str, seed: int, *, drums_only: bool = False) -> Iterator[Example]:
    """Every drum of every kit, and notes and chords of the melodic programs."""
    rng = np.random.default_rng([seed, *name.encode()])
    slot = 4.5
    plan: list[tuple[str, str]] = []
    notes: list[MidiNote] = []
    programs: list[MidiProgram] = []

    def add(
        label: str, source: str, channel: int, program: int, pitches: list[int], velocity: int, length: float
    ) -> None:
        at = len(plan) * slot + 0.02
        programs.append(MidiProgram(at - 0.015, program, channel))
        notes.extend(MidiNote(at, at + length, p, velocity, channel) for p in pitches if 0 < p < 128)
        plan.append((label, source))

    for kit in (0,) if drums_only else KITS:
        for pitch, label in DRUM_LABELS.items():
            for velocity in (
                (45, 75, 100, 125) if drums_only else (int(rng.integers(60, 100)), int(rng.integers(100, 127)))
            ):
                add(label, f"{name}-drum-{pitch}", 9, kit, [pitch], velocity, 0.5)
    if not drums_only:
        for _ in range(3):
            for program in BASS_PROGRAMS:
                for _ in range(3):
                    add(
                        "bass",
                        f"{name}-bass-{program}",
                        0,
                        program,
                        [int(rng.integers(24, 49))],
                        int(rng.integers(70, 127)),
                        rng.uniform(0.2, 1.5),
                    )
            for program in NOTE_PROGRAMS:
                add(
                    "note",
                    f"{name}-note-{program}",
                    0,
                    program,
                    [int(rng.integers(52, 90))],
                    int(rng.integers(70, 127)),
                    rng.uniform(0.2, 2.5),
                )
            for program in CHORD_PROGRAMS:
                chord = CHORDS[int(rng.integers(len(CHORDS)))]
                root = int(rng.integers(46, 66))
                add(
                    "chord",
                    f"{name}-chord-{program}",
                    0,
                    program,
                    [root + i for i in chord],
                    int(rng.integers(70, 120)),
                    rng.uniform(1.2, 3.8),
                )
            for program in VOCAL_PROGRAMS:
                for _ in range(8):
                    add(
                        "vocal",
                        f"{name}-vocal-{program}",
                        0,
                        program,
                        [int(rng.integers(46, 78))],
                        int(rng.integers(70, 120)),
                        rng.uniform(0.3, 2.0),
                    )
            for program in STAB_PROGRAMS:
                for _ in range(2):
                    chord = CHORDS[int(rng.integers(len(CHORDS)))] if program != 55 else (0,)
                    root = int(rng.integers(48, 68))
                    add(
                        "stab",
                        f"{name}-stab-{program}",
                        0,
                        program,
                        [root + i for i in chord],
                        int(rng.integers(80, 127)),
                        rng.uniform(0.1, 0.3),
                    )
            for program in FX_PROGRAMS:
                add(
                    "fx",
                    f"{name}-fx-{program}",
                    0,
                    program,
                    [int(rng.integers(40, 84))],
                    int(rng.integers(70, 120)),
                    rng.uniform(0.3, 2.5),
                )
            for _ in range(6):
                add(
                    "stab",
                    f"{name}-stab-55",
                    0,
                    55,
                    [int(rng.integers(45, 70))],
                    int(rng.integers(80, 127)),
                    rng.uniform(0.2, 2.0),
                )
    sound = render(notes, programs, font, duration_s=len(plan) * slot)
    for number, (label, source) in enumerate(plan):
        x = sound[int(number * slot * RATE) : int((number + 1) * slot * RATE)]
        if np.abs(x).max() > 1e-3:
            x = cut_silence(x)
            if label == "stab":
                x = x[: int(rng.uniform(0.3, 2.3) * RATE)]
            yield Example(x, label, source)


def patch_samples(path: pathlib.Path) -> Iterator[Samples]:
    """Samples of a Gravis patch file (freepats)."""
    data = path.read_bytes()
    n_waves, at = data[198], 239
    for _ in range(n_waves):
        length = int.from_bytes(data[at + 8 : at + 12], "little")
        rate = int.from_bytes(data[at + 20 : at + 22], "little")
        mode = data[at + 55]
        at += 96
        raw = data[at : at + length]
        at += length
        if mode & 1:
            x = np.frombuffer(raw[: len(raw) // 2 * 2], "<u2" if mode & 2 else "<i2").astype(np.float32)
        else:
            x = np.frombuffer(raw, "u1" if mode & 2 else "i1").astype(np.float32)
        x = x - (x.mean() if mode & 2 else 0)
        if len(x) > 200:
            yield soxr.resample(x / (np.abs(x).max() + 1e-9), rate, RATE).astype(np.float32)


def patches(folder: pathlib.Path) -> Iterator[Example]:
    for path in sorted(folder.glob("Drum_*/*.pat")):
        label = DRUM_LABELS.get(int(path.name[:3]))
        if label:
            for x in patch_samples(path):
                yield Example(cut_silence(x), label, f"freepats-{path.stem}")


def load(path: pathlib.Path) -> Samples:
    x, rate = soundfile.read(path, dtype="float32", always_2d=True)
    return soxr.resample(x.mean(axis=1), rate, RATE).astype(np.float32)


def files(folder: pathlib.Path, label: str, name: str, *, limit: int, longest_s: float, seed: int) -> Iterator[Example]:
    """A random choice of the audio files below a folder, all of one label; spoken words and tunes left out."""
    rng = np.random.default_rng([seed, *name.encode()])
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() in (".wav", ".ogg", ".oga", ".flac"))
    for index in rng.permutation(len(paths)):
        if limit <= 0:
            return
        if re.search(
            r"help_|woohoo|yay|burns|oooof|UseThe|nice_bank|ow_my|hohoho|music|lucky|dtox|excuseme|cheer|audio-",
            paths[index].stem,
        ):
            continue
        try:
            x = cut_silence(load(paths[index]))
        except (soundfile.LibsndfileError, RuntimeError):
            continue
        if 0.05 * RATE < len(x) < longest_s * RATE and np.abs(x).max() > 1e-3:
            limit -= 1
            yield Example(x, label, f"{name}-{paths[index].stem}")


# Names that people give samples. The first pattern that matches wins.
NAME_PATTERNS = (
    (r"clap|snap\b|snap\d|(^|[ _/-])cp", "clap"),
    (r"^bass_(?!drum)", "bass"),
    (r"snare|(^|[/_ -])(sn|sd|sr)[_\d -]|jsnare", "snare"),
    (r"hi?-?hat|hihat|(^|[/_ -])(hh|chh|ohh|hat)|hat[a-z]*[-_ ]|cymbal_(closed|pedal)|_hats?/|ss-ht|hat-|sabmute|hatclosed|hatopen", "hat"),
    (r"crash|ride|cymbal|splash|china|paistebell|(^|[/_ -])(cc|rc|cra|cym)_", "cymbal"),
    (r"rim|side[ _]?stick|stick|conga|bongo|cowbell|(^|_)cb|clave?|wood|shaker|maraca|tamb|triangle|agogo|block|cabasa|guiro|tabla|djembe|cajon|"
     r"bell[-_]|(^|[_ ])perc|timbale|waterglass|metronome|(^|/)rs_|(^|/)sr_", "percussion"),
    (r"kick|bass_?drum|bassdrum|(^|[/_ -])(bd|kik)[_\d -]|drum_bass|heavy_kick", "kick"),
    (r"tom[^a-z]|tom$|(^|[/_ -])(ft|t1|t2|t3)_|tom(floor|high|low|mid)", "tom"),
    (r"bass", "bass"),
)  # fmt: skip


def label_from_name(name: str) -> str | None:
    """What a file name says, or None."""
    for pattern, label in NAME_PATTERNS:
        if re.search(pattern, name.lower()):
            return label
    return None


def real_packs(root: pathlib.Path) -> Iterator[Example]:
    """Validation only: Sonic Pi, LMMS and Hydrogen, never trained on."""
    folders = {
        "sonic-pi": pathlib.Path("/usr/share/sonic-pi/samples"),
        "lmms": pathlib.Path("/usr/share/lmms/samples"),
        "hydrogen": root / "hydrogen-data/usr/share/hydrogen/data/drumkits",
        "hydrogen-kits": root / "hydrogen-drumkits/usr/share/hydrogen/data/drumkits",
    }
    for name, folder in folders.items():
        for path in sorted(folder.rglob("*")):
            if path.suffix.lower() not in (".wav", ".ogg", ".flac"):
                continue
            local = str(path.relative_to(folder))
            if re.search(r"loop|beats?|latin|waveforms|shapes|rumpf", local.lower()):
                continue
            label = label_from_name(path.stem)
            if name == "lmms" and "/effects/" in f"/{local}":
                label = "fx"
            if name == "sonic-pi" and re.match(r"ambi|vinyl|glitch|mehackit|misc", path.stem):
                label = "fx"
            if name == "lmms" and "/basses/" in f"/{local}":
                label = "bass"
            if label is None:
                continue
            try:
                x = load(path)
            except soundfile.LibsndfileError:  # LMMS ships one WAV that calls itself Ogg
                continue
            if len(x) > 32 and np.abs(x).max() > 1e-4:
                kit = local.split("/", maxsplit=1)[0] if name.startswith("hydrogen") else name
                yield Example(x, label, f"{name}:{kit}:{path.stem}")


def training_examples(root: pathlib.Path, n_synthesised: int, seed: int) -> Iterator[Example]:
    rng = np.random.default_rng(seed)
    yield from synthesised(n_synthesised, seed)
    for font, name in (("/usr/share/sounds/sf2/FluidR3_GM.sf2", "fluid"), ("/usr/share/sounds/sf2/TimGM6mb.sf2", "timgm"),
                       (str(root / "csound-soundfont/usr/share/sounds/sf2/sf_GMbank.sf2"), "csound")):  # fmt: skip
        for example in played(font, name, seed):
            yield from variants(example, 3, rng)
    # Its sister Black Pearl is left out: Hydrogen has the same kit, and Hydrogen only validates.
    font = root / "avldrums.lv2-soundfont/usr/share/sounds/sf2/Red_Zeppelin_4_LV2.sf2"
    for example in played(str(font), "Red_Zeppelin_4", seed, drums_only=True):
        yield from variants(example, 5, rng)
    for example in patches(root / "freepats/usr/share/midi/freepats"):
        yield from variants(example, 12, rng)
    for package, limit in (("oxygen-sounds", 40), ("sound-theme-freedesktop", 20), ("deepin-sound-theme", 20), ("wordwarvi-sound", 60),
                           ("minetest-data", 60), ("gamine-data", 15), ("tuxtype-data", 10), ("pathological", 15)):  # fmt: skip
        for example in files(root / package, "fx", package, limit=limit, longest_s=4.0, seed=seed):
            yield from variants(example, 4, rng)
    for package, limit in (("klettres-data", 150), ("ktuberling-data", 200), ("asterisk-core-sounds-fr-wav", 60),
                           ("asterisk-core-sounds-it-wav", 60)):  # fmt: skip
        for example in files(root / package, "vocal", package, limit=limit, longest_s=2.0, seed=seed):
            yield from variants(example, 2, rng)


def phone(x: Samples) -> Samples:
    return highpass(lowpass(x, 3400, 4), 300, 2)


def collect(examples: Iterator[Example]) -> dict[str, np.ndarray]:
    vectors, labels, sources = [], [], []
    for example in examples:
        vector = describe(example.samples, RATE)
        if vector is not None and np.isfinite(vector).all():
            vectors.append(vector)
            labels.append(example.label)
            sources.append(example.source)
    return {"x": np.array(vectors, np.float32), "y": np.array(labels), "source": np.array(sources)}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path, help="folder with one unpacked Debian package per subfolder")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--synthesised", type=int, default=500, help="sounds per class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--real", action="store_true", help="the validation packs instead of the training set")
    arguments = parser.parse_args()
    examples = (
        real_packs(arguments.root)
        if arguments.real
        else training_examples(arguments.root, arguments.synthesised, arguments.seed)
    )
    np.savez(arguments.out, **collect(examples))


if __name__ == "__main__":
    main()
