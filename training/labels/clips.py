"""Training clips for content and kind: music, speech, singing, noise, nature, mechanical, effect.

``effect`` (impacts, bleeps, weapons of games) is a class of training only; the timeline, which
has no such label, calls it noise. Writes window vectors for the content network and one
summary per clip for the kind network.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import subprocess
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import soundfile
import soxr
import strikes
from ambience import AMBIENCES, coloured
from effects import RATE, Samples, deliver, lowpass, repitch, treat
from loops import FEATURES, draw_plan, finish, render_fonts, summarise

from one_shots import phone
from sonoteca.analysis.labels.texture import describe_windows
from sonoteca.features.feature_pass import compute_features


@dataclass(frozen=True)
class Clip:
    samples: Samples
    label: str
    source: str
    kind: str
    event: str = ""


# Files of packages: (package, pattern in the path, label, event by pattern). First match wins.
PACKAGES: tuple[tuple[str, str, str], ...] = (
    ("singularity-music", r"music/", "music"),
    ("asc-music", r"music/", "music"),
    ("asterisk-moh-opsound-wav", r"moh/", "music"),
    ("fretsonfire-songs-sectoid", r"(song|guitar|rhythm)\.ogg", "music"),
    ("pathological", r"music/", "music"),
    ("pathological", r"sounds/", "effect"),
    ("wordwarvi-sound", r"highscoremusic|dtox3|lucky", "music"),
    ("wordwarvi-sound", r"help_|woohoo|yay|burns|oooof|UseThe|nice_bank|ow_my|hohoho", "speech"),
    ("wordwarvi-sound", r"jetwash|rocket_exhaust", "mechanical"),
    ("wordwarvi-sound", r".", "effect"),
    ("tuxtype-data", r"chiptune|amidst|tuxi", "music"),
    ("tuxtype-data", r"excuseme|cheer", "skip"),
    ("tuxtype-data", r".", "effect"),
    ("gcompris-qt-data", r"explore_world_music|instruments", "music"),
    ("gcompris-qt-data", r"explore_farm", "nature"),
    ("asterisk-core-sounds-fr-wav", r".", "speech"),
    ("asterisk-core-sounds-es-wav", r".", "speech"),
    ("asterisk-core-sounds-it-wav", r".", "speech"),
    ("klettres-data", r".", "speech"),
    ("ktuberling-data", r".", "speech"),
    ("openttd-opensfx", r"Good_Year|Good Year|Bad Year|Morse|Beep|Toyland", "effect"),
    ("openttd-opensfx", r"Wind|Heavy wind|Bird|Lion|Monkeys|Sheep|Cow|Horse", "nature"),
    (
        "openttd-opensfx",
        r"train|engine|plane|jet|Helicopter|bus|Mining|Steam|Jackhammer|Sawmill|Chainsaw|truck|Factory Whistle|horn|Maglev",
        "mechanical",
    ),
    ("openttd-opensfx", r".", "effect"),
    ("minetest-data", r"env_sounds_(water|lava)|fire_(fire|large|small)|furnace", "nature"),
    ("minetest-data", r"cart_moving", "mechanical"),
    ("minetest-data", r".", "effect"),
    (
        "ufoai-sound",
        r"ambience/(alien-gen|alien-vent|alien_eng|alien(power)?mach|engine|hum|machine|minepump|wind_turb|lights)",
        "mechanical",
    ),
    ("ufoai-sound", r"ambience/(arcticwind|cricket|fire|smallfire|thunder|water|ufo_night)", "nature"),
    ("ufoai-sound", r"ambience/(tv_static|steam)", "noise"),
    ("ufoai-sound", r"ambience/disco", "music"),
    ("ufoai-sound", r"seq/(alien|human)flyby", "mechanical"),
    ("ufoai-sound", r"out/sound/(soldiers|civilians|aliens|ambience)|talk", "skip"),
    ("ufoai-sound", r"out/", "effect"),
    ("drascula-music", r".", "music"),
    ("neverball-data", r"bgm/", "music"),
    ("neverball-data", r"snd/", "effect"),
    ("pingus-data", r"music/", "music"),
    ("pingus-data", r"sounds/", "effect"),
    # The chimes of desktop themes are left out: short music or effect, nobody could say.
    ("sound-theme-freedesktop", r"audio-channel", "speech"),
    ("sound-theme-freedesktop", r".", "skip"),
    ("gamine-data", r"Bach", "music"),
    ("gamine-data", r".", "effect"),
)
LIMITS = {"asterisk-core-sounds-fr-wav": 120, "asterisk-core-sounds-es-wav": 120, "asterisk-core-sounds-it-wav": 120, "klettres-data": 160,
          "ktuberling-data": 240, "ufoai-sound": 300}  # fmt: skip


def kind_of(label: str, duration_s: float) -> str:
    if label == "music":
        return "track" if duration_s > 20 else ""
    if label in ("effect",) and duration_s < 3.0:
        return "one_shot"
    if duration_s < 1.5:
        return ""
    return "field_recording"


def load(path: pathlib.Path, longest_s: float = 150.0) -> Samples:
    with soundfile.SoundFile(path) as file:
        x = file.read(int(longest_s * file.samplerate), dtype="float32", always_2d=True)
        return soxr.resample(x.mean(axis=1), file.samplerate, RATE).astype(np.float32)


def degraded(x: Samples, rng: np.random.Generator) -> Samples:
    """Gain, equaliser, room, telephone, background: what happens to recordings."""
    if rng.random() < 0.4:
        x = repitch(x, rng.normal(0, 1.2))
    if rng.random() < 0.6:
        x = treat(x, rng, 0.5)
    if rng.random() < 0.12:
        x = phone(x)
    if rng.random() < 0.15:
        x = lowpass(x, rng.uniform(3000, 8000), 4)
    if rng.random() < 0.25:
        level = np.sqrt(np.mean(x**2)) + 1e-6
        bed = coloured(len(x), rng.uniform(0, 2), rng)
        x = x + bed * level / (np.sqrt(np.mean(bed**2)) + 1e-6) * 10 ** rng.uniform(-2.0, -0.7)
    return deliver(x, rng)


def excerpts(x: Samples, label: str, source: str, rng: np.random.Generator, n: int) -> Iterator[Clip]:
    for number in range(n):
        length = int(10 ** rng.uniform(0.3, 1.5) * RATE) if number else int(30 * RATE)
        start = int(rng.integers(0, max(1, len(x) - length)))
        part = x[start : start + length]
        if len(part) < 0.1 * RATE or np.abs(part).max() < 1e-3:
            continue
        seconds = len(part) / RATE
        if number:
            part = degraded(part, rng)
        yield Clip(part, label, source, kind_of(label, seconds))


def packaged(root: pathlib.Path, rng: np.random.Generator) -> Iterator[Clip]:
    for package in dict.fromkeys(p for p, _, _ in PACKAGES):
        rules = [(pattern, label) for p, pattern, label in PACKAGES if p == package]
        paths = sorted(
            p
            for p in (root / package).rglob("*")
            if p.suffix.lower() in (".wav", ".ogg", ".oga", ".mp3", ".flac") and p.is_file()
        )
        order = rng.permutation(len(paths))[: LIMITS.get(package, 400)]
        for index in order:
            path = paths[index]
            label = next((name for pattern, name in rules if re.search(pattern, str(path.relative_to(root)))), "skip")
            if label == "skip":
                continue
            try:
                x = load(path)
            except (soundfile.LibsndfileError, RuntimeError):
                continue
            if len(x) < 0.15 * RATE or np.abs(x).max() < 1e-3:
                continue
            n = {"music": 12, "speech": 2, "nature": 8, "mechanical": 6, "noise": 6, "effect": 2}[label]
            yield from excerpts(x, label, f"{package}:{path.stem[:40]}", rng, n)


VOICES = (
    "en",
    "en-us",
    "de",
    "fr",
    "es",
    "it",
    "pl",
    "ru",
    "sv",
    "nl",
    "pt",
    "cs",
    "fi",
    "hu",
    "tr",
    "el",
    "hi",
    "ja",
    "ko",
    "cmn",
)
SENTENCES = ("The weather today is going to be sunny with a light breeze from the west.", "Please hold the line, your call is important to us.",
             "one two three four five six seven", "In the beginning there was silence, and then came the sound of rain on the roof.",
             "Press the green button to continue or the red button to cancel.", "Hello?", "Yes, of course I will be there on Monday.")  # fmt: skip


def spoken(rng: np.random.Generator, n: int) -> Iterator[Clip]:
    for number in range(n):
        voice = f"{rng.choice(VOICES)}+{rng.choice(['m1', 'm3', 'm5', 'f1', 'f2', 'f4', 'm7', 'f5'])}"
        with tempfile.TemporaryDirectory() as folder:
            path = pathlib.Path(folder, "a.wav")
            subprocess.run(["espeak-ng", "-v", voice, "-s", str(int(rng.integers(110, 220))), "-p", str(int(rng.integers(20, 80))), "-w", path,
                            SENTENCES[int(rng.integers(len(SENTENCES)))]], check=False, stderr=subprocess.DEVNULL)  # fmt: skip
            if not path.exists():
                continue
            x = load(path)
        if len(x) > 0.2 * RATE:
            yield Clip(degraded(x, rng), "speech", f"espeak:{number}", kind_of("speech", len(x) / RATE))


def sung(rng: np.random.Generator, n: int) -> Iterator[Clip]:
    """Vowels that hold and glide between the notes of a scale, with vibrato and breath."""
    for number in range(n):
        pieces, seconds = [], rng.uniform(1, 10)
        pitch, names = rng.uniform(45, 70), list(strikes.FORMANTS)
        while sum(map(len, pieces)) < seconds * RATE:
            length = float(rng.choice([0.25, 0.4, 0.6, 1.0, 1.6]))
            t = strikes.clock(length)
            f = (
                440
                * 2 ** ((pitch - 69) / 12)
                * 2 ** (rng.normal(0, 0.02))
                * 2 ** (-rng.uniform(0, 0.1) * np.exp(-t / 0.04))
            )
            f = f * (1 + rng.uniform(0, 0.012) * np.sin(2 * np.pi * rng.uniform(4.5, 6.5) * t) * np.minimum(1, t / 0.3))
            x = strikes.formant_voice(
                f.astype(np.float32), rng, [str(v) for v in rng.choice(names, int(rng.integers(1, 3)))]
            )
            x = (
                x
                / (np.abs(x).max() + 1e-9)
                * np.minimum(1, t / rng.uniform(0.02, 0.1))
                * np.clip((length - t) / 0.06, 0, 1)
            )
            pieces.append(x.astype(np.float32))
            if rng.random() < 0.15:
                pieces.append(np.zeros(int(rng.uniform(0.1, 0.5) * RATE), np.float32))
            pitch = float(np.clip(pitch + rng.choice([-5, -4, -2, -1, 0, 1, 2, 2, 3, 5, 7]), 43, 76))
        yield Clip(degraded(np.concatenate(pieces), rng), "singing", f"sung:{number}", "")


def ambient(rng: np.random.Generator, n: int) -> Iterator[Clip]:
    for label, makers in AMBIENCES.items():
        for make in makers:
            for number in range(n * (3 if label == "noise" else 1)):
                x, event = make(int(10 ** rng.uniform(0.2, 1.3) * RATE), rng)
                x = x / (np.abs(x).max() + 1e-9)
                x = deliver(treat(x, rng, 0.3), rng) if rng.random() < 0.6 else deliver(x, rng)
                seconds = len(x) / RATE
                yield Clip(x, label, f"ambience:{make.__name__}:{number}", kind_of(label, seconds), event or "")


def looped(rng: np.random.Generator, n: int) -> Iterator[Clip]:
    for role in ("drums", "bass", "harmony", "melody", "mix"):
        plans = [draw_plan(role, 7_000_000 + i, []) for i in range(n)]
        render_fonts(plans)
        for plan in plans:
            yield Clip(finish(plan), "music", f"loop:{role}:{plan.seed}", "loop")


def single(rng: np.random.Generator, n: int) -> Iterator[Clip]:
    for label, make in strikes.MAKERS.items():
        content = {"fx": "effect", "vocal": "singing"}.get(label, "music")
        for number in range(n):
            yield Clip(
                deliver(treat(np.asarray(make(rng), np.float32), rng), rng),
                content,
                f"strike:{label}:{number}",
                "one_shot",
            )


def developed(cache: pathlib.Path, rng: np.random.Generator) -> Iterator[Clip]:
    """Songs, loops and one-shots of the development corpus, decoded before."""
    for folder, kind, n in (("songs", "track", 8), ("loops", "loop", 2), ("loose", "loop", 2)):
        for path in sorted((cache / folder).glob("*.npy")):
            x = np.load(path)
            if folder == "songs":
                yield Clip(x, "music", f"dev-{folder}:{path.name[:-8]}", kind)
                yield from excerpts(x, "music", f"dev-{folder}:{path.name[:-8]}", rng, n)
            else:
                yield Clip(x, "music", f"dev-{folder}:{path.name[:-8]}", kind)
                yield Clip(degraded(x, rng), "music", f"dev-{folder}:{path.name[:-8]}", kind)
    for path in sorted((cache / "oneshots").glob("*.npy")):
        yield Clip(np.load(path), "", f"dev-oneshots:{path.name[:-9]}", "one_shot")


def all_clips(root: pathlib.Path, seed: int, cache: pathlib.Path | None) -> Iterator[Clip]:
    rng = np.random.default_rng(seed)
    if cache is not None:
        yield from developed(cache, rng)
    yield from packaged(root, rng)
    yield from spoken(rng, 160)
    yield from sung(rng, 200)
    yield from ambient(rng, 50)
    yield from looped(rng, 60)
    yield from single(rng, 40)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("root", type=pathlib.Path, help="folder with one unpacked Debian package per subfolder")
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--cache", type=pathlib.Path, help="development corpus decoded to .npy, mono at 22,050 Hz")
    arguments = parser.parse_args()
    rng = np.random.default_rng(arguments.seed + 1)
    rows: dict[str, list] = {
        k: [] for k in ("windows", "clip", "summary", "label", "source", "kind", "event", "duration")
    }
    for number, clip in enumerate(all_clips(arguments.root, arguments.seed, arguments.cache)):
        x = clip.samples
        frames = compute_features(
            lambda start, n, x=x: x[start : start + n], n_samples=len(x), sample_rate=RATE, features=FEATURES
        )
        mel, traits, semitones = (frames[f].values for f in FEATURES)
        summary = summarise(mel, traits, semitones, frame_rate=RATE / 512, duration_s=len(x) / RATE)
        if summary is None:
            continue
        windows = describe_windows(mel, traits, semitones)
        # Quiet windows say nothing about the label: silence is found by level.
        level = mel.max(axis=0)
        loud = [level[i * 16 : i * 16 + 16].max(initial=-200) > level.max() - 35 for i in range(len(windows))]
        windows = windows[np.array(loud)]
        keep = rng.permutation(len(windows))[:12]
        rows["windows"].append(windows[keep])
        rows["clip"].append(np.full(len(keep), number))
        for key, value in (("summary", summary), ("label", clip.label), ("source", clip.source), ("kind", clip.kind), ("event", clip.event),
                           ("duration", len(x) / RATE)):  # fmt: skip
            rows[key].append(value)
        rows.setdefault("number", []).append(number)
        if number % 500 == 0:
            print(number, clip.source, flush=True)
    np.savez(arguments.out, windows=np.concatenate(rows["windows"]), clip=np.concatenate(rows["clip"]), summary=np.array(rows["summary"]),
             **{k: np.array(rows[k]) for k in ("label", "source", "kind", "event", "duration", "number")})  # fmt: skip


if __name__ == "__main__":
    main()
