"""Frame features of the sounds that the spectral embedder's metric is fitted on.

``python make_material.py OUT --packages DIR --songs DIR [--seed 1] [--only NAME ...]`` writes one pickle per kind of
material: a list of `Clip`. What each kind holds is said in README.md. Generators of sound are those of ``../labels``.
"""

from __future__ import annotations

import argparse
import pathlib
import pickle
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "labels"))

import ambience
import loops
import soundfile
import soxr
import strikes
from effects import RATE, Samples, deliver, treat
from midi import MidiNote, MidiProgram, render

import one_shots
from sonoteca.features.chroma_spectrum import PitchSpectrum
from sonoteca.features.feature_pass import compute_features
from sonoteca.features.mel import LogMel
from sonoteca.features.mel_traits import SpectralTraits

FEATURES = (LogMel(), PitchSpectrum(), SpectralTraits())
FONTS = (*loops.FONTS, "csound")
EXCERPT_S = 8.0
LONGEST_LOOP_S = 9.0


@dataclass(frozen=True)
class Clip:
    """Frames of one sound (float16 to save room) and what it is alike with.

    ``label`` is the class, instrument, piece or kind of place; ``content`` names the notes or the sound itself, so that
    clips of one content are alike in rhythm and harmony whatever plays them; ``source`` never straddles a split.
    """

    label: str
    source: str
    content: str
    duration_s: float
    log_mel: NDArray[np.float16]
    pitch: NDArray[np.float16]
    traits: NDArray[np.float16]


def clip(x: Samples, label: str, source: str, content: str) -> Clip:
    x = np.ascontiguousarray(x, np.float32)
    frames = compute_features(
        lambda start, n: x[start : start + n], n_samples=len(x), sample_rate=RATE, features=FEATURES
    )
    mel, pitch, traits = (frames[feature].values.astype(np.float16) for feature in FEATURES)
    return Clip(label, source, content, len(x) / RATE, mel, pitch, traits)


def generated_strikes(arguments: argparse.Namespace) -> Iterator[Clip]:
    """One-shots of the synthesiser, each as it is and treated."""
    rng = np.random.default_rng(arguments.seed)
    for example in one_shots.synthesised(arguments.strikes, arguments.seed):
        for x in one_shots.variants(example, 2, rng):
            yield clip(x.samples, example.label, example.source, example.source)


def played_strikes(arguments: argparse.Namespace) -> Iterator[Clip]:
    """One-shots of General MIDI fonts: a third of what ``played`` draws, each as it is and treated."""
    rng = np.random.default_rng(arguments.seed)
    one_shots.KITS = (0, 8, 25, 40)
    fonts = loops.FONTS | {"csound": str(arguments.packages / "csound-soundfont/usr/share/sounds/sf2/sf_GMbank.sf2")}
    for name, font in fonts.items():
        for number, example in enumerate(one_shots.played(font, name, arguments.seed)):
            if rng.random() < 0.4:
                for x in one_shots.variants(example, 2, rng):
                    yield clip(x.samples, example.label, example.source, f"{name}-{number}")


def recorded_strikes(arguments: argparse.Namespace) -> Iterator[Clip]:
    """Real drums of Hydrogen and freepats by their names, effects and voices of free packages."""
    rng = np.random.default_rng(arguments.seed)
    root = arguments.packages
    for number, example in enumerate(one_shots.patches(root / "freepats/usr/share/midi/freepats")):
        for x in one_shots.variants(example, 2, rng):
            yield clip(x.samples, example.label, "freepats", f"freepats-{number}")
    for number, example in enumerate(one_shots.real_packs(root)):
        if example.source.startswith("hydrogen"):
            for x in one_shots.variants(example, 2, rng):
                kit = ":".join(example.source.split(":")[:2])
                yield clip(x.samples, example.label, kit, f"hydrogen-{number}")
    chosen = (("oxygen-sounds", "fx", 20), ("deepin-sound-theme", "fx", 10), ("wordwarvi-sound", "fx", 30),
              ("minetest-data", "fx", 40), ("klettres-data", "vocal", 40), ("ktuberling-data", "vocal", 40))  # fmt: skip
    for package, label, limit in chosen:
        for example in one_shots.files(root / package, label, package, limit=limit, longest_s=3.0, seed=arguments.seed):
            for x in one_shots.variants(example, 2, rng):
                yield clip(x.samples, label, package, example.source)


def instrument_loops(arguments: argparse.Namespace) -> Iterator[Clip]:
    """Four loops of each instrument; every content (notes and tempo) is played by about two instruments of its role."""
    rng = np.random.default_rng(arguments.seed)
    instruments = []
    for font in loops.FONTS:
        for role, programs, n in (("drums", (0, 8, 16, 24, 25, 32, 40), 7), ("bass", loops.BASS_PROGRAMS, 10),
                                  ("harmony", loops.CHORD_PROGRAMS, 18), ("melody", loops.MELODY_PROGRAMS, 22)):  # fmt: skip
            instruments += [(role, font, int(p)) for p in rng.permutation(programs)[:n]]
    n_of_role = {role: sum(4 for r, _, _ in instruments if r == role) for role, _, _ in instruments}
    contents = {role: rng.permutation(np.arange(n) // 2).tolist() for role, n in n_of_role.items()}
    plans, names = [], []
    for role, font, program in instruments:
        for _ in range(4):
            content = contents[role].pop()
            plan = loops.draw_plan(role, 90_000 + arguments.seed * 1_000 + content, [])
            plan = shortened(replace(plan, tempo=plan.tempo * rng.uniform(0.97, 1.03), seed=int(rng.integers(2**31))))
            plan.parts[0] = replace(plan.parts[0], font=font, program=program)
            plans.append(plan)
            names.append((f"{role}/{font}/{program}", f"{role}-{content}"))
    loops.render_fonts(plans)
    for plan, (label, content) in zip(plans, names, strict=True):
        yield clip(loops.finish(plan), label, label, content)


def instrument_notes(arguments: argparse.Namespace) -> Iterator[Clip]:
    """Five notes or chords of each instrument, an octave and a half apart at most: what an instrument is at any pitch."""
    rng = np.random.default_rng(arguments.seed)
    slot = 3.0
    for font, path in loops.FONTS.items():
        notes, programs, plan = [], [], []
        for program in rng.permutation(sorted({*one_shots.NOTE_PROGRAMS, *one_shots.CHORD_PROGRAMS, 32, 33, 36, 38}))[
            :60
        ].tolist():
            centre = int(rng.integers(45, 72)) if program not in (32, 33, 36, 38) else 38
            length = rng.uniform(0.3, 2.2)
            for _ in range(5):
                at = len(plan) * slot + 0.02
                pitch = centre + int(rng.integers(-9, 10))
                chord = one_shots.CHORDS[int(rng.integers(len(one_shots.CHORDS)))] if rng.random() < 0.4 else (0,)
                programs.append(MidiProgram(at - 0.015, program, 0))
                velocity = int(rng.integers(70, 120))
                notes += [MidiNote(at, at + length * rng.uniform(0.7, 1.4), pitch + step, velocity) for step in chord]
                plan.append((f"{font}/{program}", f"{font}/{program}/{pitch}/{chord}"))
        sound = render(notes, programs, path, duration_s=len(plan) * slot)
        for number, (label, content) in enumerate(plan):
            x = sound[int(number * slot * RATE) : int((number + 1) * slot * RATE)]
            if np.abs(x).max() > 1e-3:
                x = one_shots.cut_silence(x)
                yield clip(deliver(treat(x, rng, 0.3), rng), label, label, content)
    for number in range(140):
        state = int(rng.integers(2**31))
        shape = str(rng.choice(["sine", "tri", "saw", "square", "additive", "fm"]))
        attack, decay = 10 ** rng.uniform(-3, -1), None if rng.random() < 0.5 else rng.uniform(0.3, 3.0)
        centre, seconds = int(rng.integers(42, 72)), rng.uniform(0.3, 2.5)
        for _ in range(4):
            pitch = centre + int(rng.integers(-9, 10))
            chord = one_shots.CHORDS[int(rng.integers(len(one_shots.CHORDS)))] if rng.random() < 0.4 else (0,)
            voices = [
                strikes.tone(
                    pitch + step, seconds, np.random.default_rng(state), attack_s=attack, decay_s=decay, shape=shape
                )
                for step in chord
            ]
            x = np.zeros(max(len(v) for v in voices), np.float32)
            for voice in voices:
                x[: len(voice)] += voice
            yield clip(
                deliver(treat(x, rng, 0.2), rng), f"synth-{number}", f"synth-{number}", f"{number}/{pitch}/{chord}"
            )


def shortened(plan: loops.Plan) -> loops.Plan:
    """The first bars of a plan, as many as fit."""
    n_bars = plan.n_bars
    while n_bars > 1 and n_bars * plan.beats_per_bar * 60 / plan.tempo > LONGEST_LOOP_S:
        n_bars //= 2
    parts = [replace(part, notes=[n for n in part.notes if n[0] < n_bars * plan.beats_per_bar]) for part in plan.parts]
    return replace(plan, n_bars=n_bars, parts=parts)


def song_excerpts(arguments: argparse.Namespace) -> Iterator[Clip]:
    """Four excerpts each of rendered songs (``../rhythm/make_material.py``), one of them treated."""
    rng = np.random.default_rng(arguments.seed)
    paths = sorted(arguments.songs.glob("song*.npy"))
    for path in rng.permutation(np.array(paths))[: arguments.pieces].tolist():
        yield from excerpts(np.load(path).astype(np.float32) / 32768, f"rendered-{path.stem}", rng)


def recorded_music(arguments: argparse.Namespace) -> Iterator[Clip]:
    """Four excerpts each of pieces of music in free packages."""
    rng = np.random.default_rng(arguments.seed)
    for package in ("asc-music", "drascula-music", "fretsonfire-songs-sectoid", "singularity-music", "asterisk-moh-opsound-wav",
                    "pingus-data"):  # fmt: skip
        # Packages link one piece into the folder of every language.
        for path in sorted({p.resolve() for p in (arguments.packages / package).rglob("*")}):
            if path.suffix.lower() in (".ogg", ".wav", ".flac", ".mp3"):
                x, rate = soundfile.read(path, dtype="float32", always_2d=True, stop=90 * 44_100)
                if len(x) > 25 * rate:
                    yield from excerpts(
                        soxr.resample(x.mean(axis=1), rate, RATE), f"{package}-{path.parent.name}-{path.stem}", rng
                    )


def excerpts(x: Samples, label: str, rng: np.random.Generator) -> Iterator[Clip]:
    length = int(EXCERPT_S * RATE)
    starts = np.linspace(0, len(x) - length, 4) + rng.uniform(-1, 1, 4) * RATE
    for number, start in enumerate(np.clip(starts, 0, len(x) - length).astype(int).tolist()):
        part = x[start : start + length]
        if np.abs(part).max() > 1e-3:
            yield clip(deliver(treat(part, rng, 0.5), rng) if number == 3 else part, label, label, label)


def places(arguments: argparse.Namespace) -> Iterator[Clip]:
    """Synthesised environments, two excerpts each."""
    rng = np.random.default_rng(arguments.seed)
    makers: tuple[Callable[[int, np.random.Generator], tuple[Samples, str | None]], ...] = (
        ambience.rain, ambience.wind, ambience.thunder, ambience.water, ambience.birds, ambience.insects,
        ambience.engine, ambience.fan, ambience.whine, ambience.clatter)  # fmt: skip
    for make in makers:
        for number in range(arguments.places):
            x, _ = make(int(9 * RATE), rng)
            x = np.asarray(x, np.float32) / (np.abs(x).max() + 1e-9)
            source = f"{make.__name__}-{number}"
            for start in (0, int(4.5 * RATE)):
                part = deliver(treat(x[start : start + int(4.5 * RATE)], rng, 0.7), rng)
                if np.abs(part).max() > 1e-4:
                    yield clip(part, make.__name__, source, source)


MATERIAL: dict[str, Callable[[argparse.Namespace], Iterator[Clip]]] = {
    "generated_strikes": generated_strikes,
    "played_strikes": played_strikes,
    "recorded_strikes": recorded_strikes,
    "instrument_loops": instrument_loops,
    "instrument_notes": instrument_notes,
    "song_excerpts": song_excerpts,
    "recorded_music": recorded_music,
    "places": places,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument(
        "--packages", type=pathlib.Path, required=True, help="one unpacked Debian package per subfolder"
    )
    parser.add_argument("--songs", type=pathlib.Path, required=True, help="song*.npy, mono at 22,050 Hz")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--strikes", type=int, default=110, help="synthesised one-shots per class")
    parser.add_argument("--pieces", type=int, default=90, help="rendered songs")
    parser.add_argument("--places", type=int, default=16, help="synthesised environments per kind")
    parser.add_argument("--only", nargs="*", choices=list(MATERIAL), default=list(MATERIAL))
    arguments = parser.parse_args()
    arguments.out.mkdir(parents=True, exist_ok=True)
    for name in arguments.only:
        clips = list(MATERIAL[name](arguments))
        with (arguments.out / f"{name}.pkl").open("wb") as stream:
            pickle.dump([dict(vars(c)) for c in clips], stream)
        print(f"{name}: {len(clips)} clips", flush=True)


if __name__ == "__main__":
    main()
