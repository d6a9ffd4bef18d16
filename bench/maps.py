"""Maps: do sounds that are near on it sound alike, also those placed later; and how long a large library takes.

Trustworthiness (Venna and Kaski, ICANN 2001) is 1 where nobody is near on the map who is far by sound, about .5
for places by chance; the hit rate is the share of the ten nearest by sound that are among the ten nearest on the map.
"""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.index import clustered
from bench.measure import Measure
from bench.similarity import vectors_of
from sonoteca.search.map.fit import fit_map
from sonoteca.search.map.method import METHODS, Method, is_installed

K = 10
LARGE = 100_000
HELD_OUT = 5


def run(work: Path, corpus: Path) -> list[Measure]:
    methods = [method for method in METHODS if is_installed(method)]
    measures = []
    files = sorted(each for suffix in ("*.ogg", "*.wav", "*.flac") for each in (corpus / "corpus").rglob(suffix))
    files = [file for file in files if file.parent.name != "hum"]
    if files:
        vectors = np.stack([vectors_of(file, None)[0] for file in files])
        for method in methods:
            measures += _on_corpus(vectors, method)
        chance = np.random.default_rng(0).random((len(vectors), 2)).astype(np.float32)
        agreement = _agreement(vectors, chance, vectors, chance)
        measures += _measures(f"map of {len(vectors)} sounds by chance", agreement)
    large = clustered(LARGE)
    for method in methods:
        started = time.process_time()
        model = fit_map(large, method)
        fitted_s = time.process_time() - started
        started = time.process_time()
        model.place(large)
        placed_s = time.process_time() - started
        measures.append(Measure(f"map of {LARGE:,} regions by {method}: fit", fitted_s, "s", None, True))
        measures.append(Measure(f"map of {LARGE:,} regions by {method}: places", placed_s, "s", None, True))
    return measures


def _on_corpus(vectors: NDArray[np.float32], method: Method) -> list[Measure]:
    """All sounds fitted; and every fifth placed later, five times over."""
    name = f"map of {len(vectors)} sounds by {method}"
    places = fit_map(vectors, method).place(vectors)
    order = np.random.default_rng(0).permutation(len(vectors))
    later = []
    for part in range(HELD_OUT):
        is_new = order % HELD_OUT == part
        model = fit_map(vectors[~is_new], method)
        known = model.place(vectors[~is_new])
        later.append(_agreement(vectors[is_new], model.place(vectors[is_new]), vectors[~is_new], known))
    return [
        *_measures(name, _agreement(vectors, places, vectors, places)),
        *_measures(f"{name}, placed later", np.mean(later, axis=0)),
    ]


def _measures(name: str, agreement: NDArray[np.float64]) -> list[Measure]:
    trustworthiness, hit_rate = agreement.tolist()
    return [Measure(f"{name}: trustworthiness", trustworthiness), Measure(f"{name}: hit rate", hit_rate)]


def _agreement(
    vectors: NDArray[np.float32],
    places: NDArray[np.float32],
    others: NDArray[np.float32],
    other_places: NDArray[np.float32],
) -> NDArray[np.float64]:
    """Trustworthiness and hit rate of places among others, which may be the same ones."""
    by_sound = -(vectors @ others.T)
    on_map = np.linalg.norm(places[:, None] - other_places[None], axis=2)
    if others is vectors:
        np.fill_diagonal(by_sound, np.inf)
        np.fill_diagonal(on_map, np.inf)
    n_others = len(others) - (others is vectors)
    ranks = np.argsort(np.argsort(by_sound, axis=1, kind="stable"), axis=1)
    near = np.argsort(on_map, axis=1, kind="stable")[:, :K]
    of_near = np.take_along_axis(ranks, near, axis=1)
    worst = K * (2 * n_others - 3 * K + 1) / 2
    trustworthiness = 1.0 - np.maximum(0, of_near + 1 - K).sum(axis=1).mean() / worst
    return np.array([trustworthiness, (of_near < K).mean()])
