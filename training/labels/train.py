"""Train the networks of `sonoteca.analysis.labels`, calibrate them, and print what was measured.

Every number is of sources the model has not seen: folds go by package, font, generator seed or
song. The real sample packs (Sonic Pi, LMMS, Hydrogen) only ever validate.
"""

from __future__ import annotations

import argparse
import pathlib
import re
import zlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from perceptron import Recipe, best_temperature, calibration_error, fit, save, with_temperature
from sklearn.metrics import confusion_matrix, f1_score

from sonoteca.analysis.labels.kind import SHORTEST_FIELD_RECORDING_S, possible_kinds
from sonoteca.models.network import Network

Array = NDArray[np.float32]
Names = NDArray[np.str_]
WEIGHTS = pathlib.Path(__file__).parents[2] / "src/sonoteca/models/weights"


@dataclass
class Table:
    x: Array
    y: Names
    group: Names
    weight: Array


def folds_by_group(group: Names, n_folds: int) -> NDArray[np.int64]:
    """Fold per row; a group never straddles."""
    return np.array([zlib.crc32(g.encode()) % n_folds for g in group])


def cross_validated(
    table: Table,
    recipe: Recipe,
    labels: tuple[str, ...],
    folds: NDArray[np.int64],
    seed: int,
    prior: dict[str, float] | None = None,
) -> Array:
    out = np.zeros((len(table.x), len(labels)), np.float32)
    for fold in np.unique(folds):
        inside = folds == fold
        network = fit(
            table.x[~inside],
            table.y[~inside],
            table.weight[~inside],
            labels=labels,
            recipe=recipe,
            seed=seed + int(fold),
            prior=prior,
        )
        out[inside] = network.probabilities(table.x[inside])
    return out


def interval(truth: Names, answer: Names, labels: list[str], n: int = 500) -> tuple[float, float]:
    """95 % bootstrap interval of macro F1."""
    rng = np.random.default_rng(0)
    scores = []
    for _ in range(n):
        rows = rng.integers(0, len(truth), len(truth))
        scores.append(f1_score(truth[rows], answer[rows], average="macro", labels=labels, zero_division=0))
    return float(np.percentile(scores, 2.5)), float(np.percentile(scores, 97.5))


def report(title: str, truth: Names, shares: Array, labels: tuple[str, ...], *, matrix: bool = False) -> float:
    answer = np.array(labels)[shares.argmax(axis=1)]
    present = sorted(set(truth.tolist()))
    score = f1_score(truth, answer, average="macro", labels=present, zero_division=0)
    low, high = interval(truth, answer, present)
    error = calibration_error(shares.max(axis=1), answer == truth)
    print(
        f"{title}: macro F1 {score:.3f} [{low:.3f}, {high:.3f}], accuracy {(answer == truth).mean():.3f}, ECE {error:.3f}, n {len(truth)}"
    )
    if matrix:
        used = [name for name in labels if name in set(truth.tolist()) | set(answer.tolist())]
        width = max(map(len, used)) + 1
        print(" " * width + " ".join(f"{name[:6]:>6}" for name in used))
        for name, row in zip(used, confusion_matrix(truth, answer, labels=used), strict=True):
            print(f"{name:{width}}" + " ".join(f"{count:6d}" for count in row))
    return float(score)


def tempered(shares: Array, temperature: float) -> Array:
    logits = np.log(np.maximum(shares, 1e-9)) / temperature
    logits -= logits.max(axis=1, keepdims=True)
    out = np.exp(logits)
    return out / out.sum(axis=1, keepdims=True)


# --- sound class --------------------------------------------------------------------------------


# Clicks, steps and doors of games resemble pedalled hats; they may not outvote them.
GAME_WEIGHT = 0.4
GAMES = ("minetest", "wordwarvi", "pathological", "gamine", "tuxtype", "oxygen", "sound", "deepin")
# Drum kits that somebody recorded are nearer to what people have than synthesisers are.
RECORDED_WEIGHT = 2.0
RECORDED = ("Red_Zeppelin_4", "freepats")
# 79 development one-shots against 49,000 generated ones.
DEVELOPMENT_WEIGHT = 8.0


def train_sound_class(data: pathlib.Path, recipe: Recipe, seed: int) -> None:
    parts = [np.load(path) for path in sorted(data.glob("one_shots*.npz"))]
    x, y, source = (np.concatenate([part[key] for part in parts]) for key in ("x", "y", "source"))
    family = np.array([re.split(r"[-:]", s)[0] for s in source])
    own = family != "Black_Pearl_4"  # the same drum kit as one of Hydrogen's, which only validate
    x, y, source, family = x[own], y[own], source[own], family[own]
    weight = np.where(np.isin(family, GAMES), GAME_WEIGHT, 1.0).astype(np.float32)
    weight[np.isin(family, RECORDED)] = RECORDED_WEIGHT
    labels = tuple(sorted(set(y.tolist())))
    network = fit(x, y, weight, labels=labels, recipe=recipe, seed=seed)
    real, dev = np.load(data / "real.npz"), np.load(data / "dev_one_shots.npz")
    real_shares, dev_shares = network.probabilities(real["x"]), network.probabilities(dev["x"])
    temperature = best_temperature(
        np.concatenate([real_shares, np.repeat(dev_shares, 5, axis=0)]),
        np.concatenate([real["y"], np.repeat(dev["y"], 5)]),
        labels,
    )
    print(f"sound class: {len(source)} examples of {sorted(set(family.tolist()))}; temperature {temperature:.2f}")
    report("  development one-shots, none trained on", dev["y"], tempered(dev_shares, temperature), labels, matrix=True)
    report("  real packs, none trained on", real["y"], tempered(real_shares, temperature), labels, matrix=True)
    for pack in ("sonic-pi", "lmms", "hydrogen:", "hydrogen-kits"):
        rows = np.char.startswith(real["source"], pack)
        report(f"    {pack}", real["y"][rows], tempered(real_shares[rows], temperature), labels)

    def fit_with(rows: NDArray[np.bool_]) -> Network:
        extra = np.full(rows.sum(), DEVELOPMENT_WEIGHT, np.float32)
        return fit(
            np.concatenate([x, dev["x"][rows]]),
            np.concatenate([y, dev["y"][rows]]),
            np.concatenate([weight, extra]),
            labels=labels,
            recipe=recipe,
            seed=seed,
        )

    final = fit_with(np.ones(len(dev["y"]), bool))
    save(WEIGHTS / "sound_class.npz", with_temperature(final, temperature))
    shares = tempered(final.probabilities(real["x"]), temperature)
    report("  real packs, final model (development one-shots added)", real["y"], shares, labels)
    folds = np.arange(len(dev["y"])) % 3
    held_out = np.zeros_like(dev_shares)
    for fold in range(3):
        held_out[folds == fold] = fit_with(folds != fold).probabilities(dev["x"][folds == fold])
    report("  development one-shots, 3 folds", dev["y"], tempered(held_out, temperature), labels, matrix=True)


# --- role ---------------------------------------------------------------------------------------


# A stem is long and dry where generated loops are short and treated: as good an example as those.
STEM_WEIGHT_ROLE = 1.0


def train_role(data: pathlib.Path, recipe: Recipe, seed: int) -> None:
    made, dev, stems = np.load(data / "loops.npz"), np.load(data / "dev.npz"), np.load(data / "stems.npz")
    labels = tuple(sorted(set(made["y"].tolist())))
    is_loop = dev["role"] != ""
    # Loose loops are cut from hidden loops; each file stands for itself.
    table = Table(
        np.concatenate([made["x"], stems["x"], dev["x"][is_loop]]),
        np.concatenate([made["y"], stems["role"], dev["role"][is_loop]]),
        np.concatenate([made["source"], stem_groups(stems), dev["name"][is_loop]]),
        np.concatenate(
            [np.ones(len(made["y"])), np.full(len(stems["role"]), STEM_WEIGHT_ROLE), np.full(is_loop.sum(), 3.0)]
        ).astype(np.float32),
    )
    is_stem, is_dev = np.char.startswith(table.group, "stems/"), np.isin(table.group, dev["name"])
    is_made = ~is_stem & ~is_dev
    exact, loose = np.char.startswith(table.group, "loops/"), np.char.startswith(table.group, "loose/")
    print(f"role: {is_made.sum()} generated loops, {is_stem.sum()} stems; development loops never trained on:")
    unseen = fit(table.x[~is_dev], table.y[~is_dev], table.weight[~is_dev], labels=labels, recipe=recipe, seed=seed)
    for title, rows in (("development loops", exact), ("loose loops", loose)):
        report(
            f"  {title}",
            table.y[rows],
            unseen.probabilities(table.x[rows]),
            labels,
            matrix=title == "development loops",
        )
    shares = cross_validated(table, recipe, labels, folds_by_group(table.group, 5), seed)
    # Confidence is to be right for stems as for the fewer development loops.
    times = max(1, is_stem.sum() // is_dev.sum())
    real = np.concatenate([np.repeat(np.flatnonzero(is_dev), times), np.flatnonzero(is_stem)])
    temperature = best_temperature(shares[real], table.y[real], labels)
    print(f"  cross-validated, temperature {temperature:.2f}:")
    shares = tempered(shares, temperature)
    for title, rows in (
        ("development loops", exact),
        ("loose loops", loose),
        ("songs", np.char.startswith(table.group, "songs/")),
        ("stems", is_stem),
        ("generated", is_made),
    ):
        report(f"    {title}", table.y[rows], shares[rows], labels, matrix=title in ("stems", "generated"))
    print_impossible("    stems", table.y[is_stem], shares[is_stem], labels)
    final = fit(table.x, table.y, table.weight, labels=labels, recipe=recipe, seed=seed)
    save(WEIGHTS / "role.npz", with_temperature(final, temperature))


def stem_groups(stems: np.lib.npyio.NpzFile) -> Names:
    """One group per song: its parts, plain and moved, never straddle."""
    return np.char.add("stems/", stems["source"])


def print_impossible(title: str, truth: Names, shares: Array, labels: tuple[str, ...]) -> None:
    """Share of rows whose true label got almost no probability: what looks for that label never finds them."""
    own = shares[np.arange(len(truth)), [labels.index(name) for name in truth]]
    parts = ", ".join(f"p < {limit}: {(own < limit).mean():.4f}" for limit in (0.002, 0.01))
    print(f"{title}, true label nearly impossible: {parts}, n {len(truth)}")


# --- content and events -------------------------------------------------------------------------

# How often a class is met, against the others: a class is seen as often as its share here, or ten
# kinds of nature and machines would outvote music.
PRIOR = {"music": 6.0, "speech": 6.0, "singing": 0.5, "effect": 2.5, "noise": 0.7}
PRIOR |= dict.fromkeys(("rain", "wind", "thunder", "water", "fire", "bird", "insect", "animal"), 0.35)
PRIOR |= dict.fromkeys(("engine", "machine"), 0.6)

EVENT_PATTERNS = (
    (r"opensfx.*(wind|Wind)|arcticwind", "wind"),
    (r"opensfx.*Bird", "bird"),
    (r"opensfx.*(Lion|Monkeys|Sheep|Cow|Horse)|explore_farm", "animal"),
    (r"opensfx.*(Jackhammer|Sawmill|Chainsaw|Mining|Steam of|horn|Whistle)", "machine"),
    (r"opensfx", "engine"),
    (r"env_sounds_water|ufoai-sound:water", "water"),
    (r"fire|furnace|lava", "fire"),
    (r"cart_moving", "machine"),
    (r"cricket", "insect"),
    (r"thunder", "thunder"),
    (r"engine|flyby|jetwash|rocket", "engine"),
    (r"alien-|alien_|alienm|alienp|hum|machine|minepump|turb|lights", "machine"),
)


def fine_label(label: str, source: str, event: str) -> str:
    """The network's class of a clip; "" for one that cannot be named."""
    if label not in ("nature", "mechanical"):
        return label
    if event:
        return event
    return next((name for pattern, name in EVENT_PATTERNS if re.search(pattern, source)), "")


def three(labels: Names) -> Names:
    out = np.full(len(labels), "other", dtype="<U6")
    out[np.isin(labels, ["music", "singing"])] = "music"
    out[labels == "speech"] = "speech"
    return out


def train_content(data: pathlib.Path, recipe: Recipe, seed: int) -> None:
    stored = np.load(data / "clips.npz")
    position = {n: i for i, n in enumerate(stored["number"])}
    clip = np.array([position[n] for n in stored["clip"]])
    source = stored["source"]
    fine = np.array([fine_label(*row) for row in zip(stored["label"], source, stored["event"], strict=True)])
    package = np.array([s.split(":")[0] for s in source])
    made = np.isin(package, ["espeak", "sung", "ambience", "loop", "strike"])
    group = np.where(made, source, package)
    # A package with thousands of clips says less per clip: it is one studio, one encoder, one taste.
    origin = np.char.add(np.char.add(package, "/"), stored["label"])
    _, position_of, size = np.unique(origin, return_inverse=True, return_counts=True)
    per_clip = 1.0 / np.sqrt(size[position_of])
    per_clip[package == "strike"] *= 0.5
    counts = np.bincount(clip, minlength=len(fine))
    usable = fine[clip] != ""
    x, y = stored["windows"][usable], fine[clip][usable]
    weight = (per_clip / np.maximum(counts, 1))[clip][usable].astype(np.float32)
    table = Table(x, y, group[clip][usable], weight)
    labels = tuple(sorted(set(y.tolist())))
    real_packages = sorted(set(package[~made].tolist()))
    fold_of = {name: i % 6 for i, name in enumerate(sorted(real_packages, key=lambda n: zlib.crc32(n.encode())))}
    folds = np.array([fold_of[g] if g in fold_of else zlib.crc32(g.encode()) % 6 for g in table.group])
    shares = cross_validated(table, recipe, labels, folds, seed, PRIOR)
    temperature = best_temperature(shares, y, labels)
    is_real = ~made[clip][usable] & ~np.char.startswith(table.group, "dev")
    print(f"content: {len(fine)} clips, {len(y)} windows, folds by package; temperature {temperature:.2f}")
    rows = clip[usable]
    mean = np.full((len(fine), len(labels)), np.nan, np.float32)
    for k in np.unique(rows):
        mean[k] = shares[rows == k].mean(axis=0)
    clip_real = np.isin(np.arange(len(fine)), np.unique(rows[is_real]))
    report(
        "  real clips, classes of the network",
        fine[clip_real],
        tempered(mean[clip_real], temperature),
        labels,
        matrix=True,
    )
    coarse = ("music", "other", "speech")
    folded = np.stack([mean[:, three(np.array(labels)) == name].sum(axis=1) for name in coarse], axis=1)
    report("  real clips, music/speech/other", three(fine[clip_real]), folded[clip_real], coarse, matrix=True)
    others = clip_real & (package != "drascula-music")
    report("  the same without the largest package", three(fine[others]), folded[others], coarse)
    for name in real_packages:
        inside = clip_real & (package == name)
        if inside.any():
            right = np.array(coarse)[folded[inside].argmax(axis=1)] == three(fine[inside])
            print(f"    {name}: {right.mean():.3f} of {inside.sum()} right")
    final = fit(table.x, table.y, table.weight, labels=labels, recipe=recipe, seed=seed, prior=PRIOR)
    save(WEIGHTS / "content.npz", with_temperature(final, temperature))


# --- kind ---------------------------------------------------------------------------------------

# All stems are loops of eight bars: with more weight, short loops become one-shots and excerpts of songs loops.
STEM_WEIGHT_KIND = 0.2


def train_kind(data: pathlib.Path, recipe: Recipe, seed: int) -> None:
    clips, made = np.load(data / "clips.npz"), np.load(data / "loops.npz")
    dev, stems = np.load(data / "dev.npz"), np.load(data / "stems.npz")
    named = (clips["kind"] != "") & ~np.char.startswith(clips["source"], "dev-")
    package = np.array([s.split(":")[0] for s in clips["source"][named]])
    group = np.where(
        np.isin(package, ["espeak", "sung", "ambience", "loop", "strike"]), clips["source"][named], package
    )
    kind = clips["kind"][named].copy()
    # A word, a call, an explosion: what happens once and is short is a one-shot in every library.
    short = clips["duration"][named] < np.where(clips["label"][named] == "effect", 8.0, SHORTEST_FIELD_RECORDING_S)
    kind[(kind == "field_recording") & short] = "one_shot"
    table = Table(
        np.concatenate([clips["summary"][named], made["x"], stems["x"], dev["x"]]),
        np.concatenate([kind, np.full(len(made["y"]), "loop"), stems["kind"], dev["kind"]]),
        np.concatenate([group, made["source"], stem_groups(stems), dev["name"]]),
        np.concatenate(
            [
                np.ones(named.sum()),
                np.full(len(made["y"]), 0.5),
                np.full(len(stems["kind"]), STEM_WEIGHT_KIND),
                np.full(len(dev["kind"]), 2.0),
            ]
        ).astype(np.float32),
    )
    duration = np.exp(table.x[:, duration_column(table.x, dev)])
    # Twenty seconds of a song are a track in truth, but length rules that out: nothing to learn from.
    keep = np.array([name in {k.value for k in possible_kinds(s)} for name, s in zip(table.y, duration, strict=True)])
    table = Table(table.x[keep], table.y[keep], table.group[keep], table.weight[keep])
    duration = duration[keep]
    labels = tuple(sorted(set(table.y.tolist())))
    shares = cross_validated(table, recipe, labels, folds_by_group(table.group, 5), seed)
    mask = np.array([[name in {k.value for k in possible_kinds(seconds)} for name in labels] for seconds in duration])
    shares = np.where(mask, np.maximum(shares, 1e-6), 0)
    shares /= shares.sum(axis=1, keepdims=True)
    is_stem = np.char.startswith(table.group, "stems/")
    temperature = best_temperature(shares[~is_stem], table.y[~is_stem], labels)
    shares = tempered(shares, temperature)
    print(
        f"kind: {len(table.y)} sounds, {is_stem.sum()} of them stems; temperature {temperature:.2f}; cross-validated:"
    )
    report("  all but stems", table.y[~is_stem], shares[~is_stem], labels, matrix=True)
    for folder in ("loops/", "oneshots/", "loose/", "songs/", "stems/"):
        rows = np.char.startswith(table.group, folder)
        report(f"    {folder}", table.y[rows], shares[rows], labels, matrix=True)
    print_impossible("    stems", table.y[is_stem], shares[is_stem], labels)
    family = np.array([g.split(":")[0] for g in table.group])
    answer = np.array(labels)[shares.argmax(axis=1)]
    for name in sorted(set(family[table.y == "field_recording"].tolist())):
        told = answer[(family == name) & (table.y == "field_recording")]
        counts = ", ".join(f"{label} {(told == label).sum()}" for label in labels)
        print(f"    field recordings of {name}: {counts}")
    final = fit(table.x, table.y, table.weight, labels=labels, recipe=recipe, seed=seed)
    save(WEIGHTS / "kind.npz", with_temperature(final, temperature))


def duration_column(x: Array, dev: np.lib.npyio.NpzFile) -> int:
    """The column of the summary that holds the log of the duration."""
    difference = np.abs(dev["x"] - np.log(np.maximum(dev["duration"], 0.02))[:, None]).max(axis=0)
    return int(difference.argmin())


# --- instrument ---------------------------------------------------------------------------------


def train_instrument(data: pathlib.Path, recipe: Recipe, seed: int) -> None:
    """Family of a loop; ``several`` stands for mixes and for what has no family, and is never told."""
    made, dev = np.load(data / "loops.npz"), np.load(data / "dev.npz")
    is_loop = np.char.startswith(dev["name"], "loops/")
    table = Table(
        np.concatenate([made["x"], dev["x"][is_loop]]),
        np.concatenate([made["family"], dev["family"][is_loop]]),
        np.concatenate([made["source"], dev["name"][is_loop]]),
        np.concatenate([np.ones(len(made["y"])), np.full(is_loop.sum(), 2.0)]).astype(np.float32),
    )
    table.y[table.y == ""] = "several"
    labels = tuple(sorted(set(table.y.tolist())))
    shares = cross_validated(table, recipe, labels, folds_by_group(table.group, 5), seed)
    temperature = best_temperature(shares, table.y, labels)
    shares = tempered(shares, temperature)
    is_dev = np.char.startswith(table.group, "loops/")
    report("instrument: all, cross-validated", table.y, shares, labels, matrix=True)
    report("  development loops, cross-validated", table.y[is_dev], shares[is_dev], labels)
    answer, sure = np.array(labels)[shares.argmax(axis=1)], shares.max(axis=1)
    for threshold in (0.5, 0.6, 0.7):
        told = is_dev & (sure >= threshold) & (answer != "several")
        print(f"    told at {threshold}: {told.sum()} of {is_dev.sum()}, right {(answer == table.y)[told].mean():.3f}")
    final = fit(table.x, table.y, table.weight, labels=labels, recipe=recipe, seed=seed)
    save(WEIGHTS / "instrument.npz", with_temperature(final, temperature))


TRAINERS = {
    "sound_class": train_sound_class,
    "role": train_role,
    "content": train_content,
    "kind": train_kind,
    "instrument": train_instrument,
}
RECIPES = {
    "sound_class": Recipe(hidden=(128, 64), n_members=4, n_steps=3500),
    "role": Recipe(hidden=(64, 32), n_members=4, n_steps=2500),
    "content": Recipe(hidden=(80, 40), n_members=3, n_steps=2000),
    "instrument": Recipe(hidden=(48, 24), n_members=3, n_steps=1500),
    "kind": Recipe(hidden=(64, 32), n_members=3, n_steps=2500),
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=pathlib.Path, help="folder with the npz files that the other scripts wrote")
    parser.add_argument("--only", choices=sorted(TRAINERS))
    parser.add_argument("--seed", type=int, default=1)
    arguments = parser.parse_args()
    for name, train in TRAINERS.items():
        if arguments.only in (None, name):
            train(arguments.data, RECIPES[name], arguments.seed)


if __name__ == "__main__":
    main()
