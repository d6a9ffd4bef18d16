"""The shipped weights of a match, fitted to the true partners of ``make_material.py``'s training songs.

``python fit.py FOLDER [--keep-prior DEVIATION]`` where FOLDER holds ``plain`` and ``moved`` with ``truth.json``.
For every stem and every other role, the stem of the same song is a liked match and stems of other songs,
half of them in the same tempo, are disliked ones. Prints the formulas for ``match/weights.toml``, and how the true
partners rank by the present and by the fitted weights, songs held back in five folds.
"""

from __future__ import annotations

import argparse
import pathlib
import sys
from collections.abc import Sequence

import numpy as np

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2]))

from bench.ranks import rank_of
from bench.stems import CONDITIONS, evidence_in_order, listened, read_truth

from sonoteca.domain.vocabulary import Role
from sonoteca.match import formula_fit
from sonoteca.match.choices import costs
from sonoteca.match.evidence import ROLES
from sonoteca.match.fit import fit
from sonoteca.match.formula_fit import Examples, fit_formula, margins
from sonoteca.match.weights import AXES, Formula, default_weights

PLAYED = (Role.DRUMS, Role.BASS, Role.HARMONY, Role.MELODY)
N_FOLDS = 5


def questions(folder: pathlib.Path, condition: str, seed_of_song: dict[str, int]) -> list[Examples]:
    """One set of examples per stem and other role: all stems of that role, the partner liked."""
    weights = default_weights()
    stems = read_truth(folder / condition)
    with listened(folder / condition) as library:
        evidence = evidence_in_order(library, stems)
    found = []
    for number, stem in enumerate(stems):
        for role in PLAYED:
            if role == stem.role:
                continue
            among = [i for i, other in enumerate(stems) if other.role == role]
            fits = fit(evidence.take([number]), evidence.take(among), weights, role=role)
            axes = np.column_stack([fits.axes[name] for name in AXES]).astype(np.float64)
            liked = np.array([stems[i].song == stem.song for i in among])
            song = seed_of_song.setdefault(stem.song, len(seed_of_song))
            found.append(
                Examples(
                    axes, costs(fits, weights), np.full(len(among), ROLES.index(role)), liked, np.full(len(among), song)
                )
            )
    return found


def some_disliked(question: Examples, n: int, rng: np.random.Generator) -> Examples:
    """The liked match and ``n`` others: half of them those whose tempo fits best."""
    others = np.flatnonzero(~question.liked)
    tempo = np.nan_to_num(question.axes[others, AXES.index("tempo")])
    near = others[np.argsort(-(tempo + 0.01 * rng.uniform(size=len(others))))][: max(n, len(others) // 4)]
    chosen = [*rng.choice(near, n // 2, replace=False), *rng.choice(others, n // 2, replace=False)]
    return question.take(np.array([*np.flatnonzero(question.liked), *chosen]))


def joined(parts: Sequence[Examples]) -> Examples:
    return Examples(*(np.concatenate([getattr(part, name) for part in parts]) for name in ("axes", "cost", "roles", "liked", "queries")))  # fmt: skip


def reciprocals(formula: Formula, some: Sequence[Examples]) -> list[float]:
    return [rank_of(margins(formula, each), int(np.flatnonzero(each.liked)[0])).reciprocal() for each in some]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=pathlib.Path)
    parser.add_argument("--prior", type=float, default=6.0, help="how far coefficients may lie from the present ones")
    parser.add_argument("--disliked", type=int, default=20, help="disliked matches per liked one")
    arguments = parser.parse_args()
    formula_fit.PRIOR_DEVIATION = arguments.prior
    rng = np.random.default_rng(0)
    numbers: dict[str, int] = {}
    asked = {condition: questions(arguments.folder, condition, numbers) for condition in CONDITIONS}
    for role in PLAYED:
        present = default_weights().roles[role]
        own = {c: [each for each in some if each.roles[0] == ROLES.index(role)] for c, some in asked.items()}
        everything = [some_disliked(each, arguments.disliked, rng) for some in own.values() for each in some]
        fold_of = rng.permutation(len(numbers)) % N_FOLDS
        for condition, some in own.items():
            before = reciprocals(present, some)
            after = []
            for fold in range(N_FOLDS):
                learnt = fit_formula(present, joined([e for e in everything if fold_of[e.queries[0]] != fold]))
                after += reciprocals(learnt, [e for e in some if fold_of[e.queries[0]] == fold])
            print(f"# {role.value}, {condition}: MRR {np.mean(before):.3f} before, {np.mean(after):.3f} after")
        learnt = fit_formula(present, joined(everything))
        print(f"[role.{role.value}]")
        for name in AXES:
            print(f"{name} = {learnt.axes[name]:.2f}")
        print(f"slope = {learnt.slope:.2f}\nmiddle = {learnt.middle:.2f}\n", flush=True)


if __name__ == "__main__":
    main()
