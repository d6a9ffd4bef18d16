"""Matching: for every stem of a song, where do its true partners stand among the stems of other songs?

Ranked by `rank_matches` on audio alone, by the rule of today's software with the true tempo and key, by
embedding, by timbre, by chance; over all songs, and in galleries of 72 songs, which is what the goals were
set on. ``python -m bench.match FOLDER`` measures on a folder of ``training/stems/make_material.py``.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.match_speed import answer_times
from bench.measure import Measure, print_measures
from bench.ranks import Rank, interval, rank_of
from bench.stems import CONDITIONS, Stem, listened, material, read_truth, region_table_in_order, regions_of
from sonoteca.catalogue.heard.embeddings import list_spaces
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.music import Key
from sonoteca.domain.vocabulary import Role
from sonoteca.match.fit import fit
from sonoteca.match.library_weights import library_weights
from sonoteca.match.rank import rank_matches
from sonoteca.match.region_table import RegionTable

ROLES = ("drums", "bass", "harmony", "melody")
GALLERY_SONGS = 72
RULE_TEMPO_SHARE = 0.06
# The true ratio has to be met within one percent: half a beat over eight bars is 1.6 %.
RATIO_TOLERANCE = 0.01
# Of both parts: so much better than every other scale does the song's key explain their notes.
CLEAR_KEY_MARGIN = 0.05
# MRR, top 10 of the galleries.
GOALS = {"plain": (0.55, 0.85), "moved": (0.40, 0.70)}
OURS, RULE = "ours", "rule"
# So many stems are also asked for by `rank_matches`, to see that it answers in the order measured.
N_CHECKED = 8


@dataclass
class Findings:
    """One entry per question (a stem, and another role): its song, its pair of roles, and the rank by each method."""

    songs: list[str] = field(default_factory=list)
    pairs: list[tuple[str, str]] = field(default_factory=list)
    ranks: dict[str, list[Rank]] = field(default_factory=dict)

    def add(self, stem: Stem, role: str, ranks: Mapping[str, Rank]) -> None:
        self.songs.append(stem.song)
        self.pairs.append((stem.role, role))
        for method, rank in ranks.items():
            self.ranks.setdefault(method, []).append(rank)


@dataclass(frozen=True)
class Answer:
    """What a match says of all stems for one stem and role, by number: scores (NaN: rejected), shifts, ratios."""

    scores: NDArray[np.float64]
    shifts: NDArray[np.float64]
    ratios: NDArray[np.float64]


def run(work: Path, corpus: Path) -> list[Measure]:
    if not (corpus / "corpus" / "melodies.json.gz").exists():
        print(f"no corpus at {corpus}: matching is not measured")
        return []
    folder = material(corpus)
    return [*measure(folder), *answer_times(work, folder / "plain", corpus)]


def measure(folder: Path) -> list[Measure]:
    """Ranks and movements in both conditions of a folder of material."""
    measures = []
    for condition in CONDITIONS:
        stems = read_truth(folder / condition)
        with listened(folder / condition) as library:
            questions = list(_questions(library, stems))
            baselines = _baselines(library, stems)
        for name, galleries, goals in (
            (f"{condition}, galleries of {GALLERY_SONGS} songs", _galleries(stems), GOALS[condition]),
            (
                f"{condition}, all {len({stem.song for stem in stems})} songs",
                [np.ones(len(stems), np.bool_)],
                (None, None),
            ),
        ):
            findings = _findings(stems, questions, baselines, galleries)
            measures += _rank_measures(name, findings, goals)
        measures += _movement_measures(condition, stems, questions)
    return measures


def _questions(library: Library, stems: Sequence[Stem]) -> Iterator[tuple[int, str, Answer]]:
    """Every stem with every other role, answered over the whole library; a stem counts by its best region."""
    table, number_of = regions_of(library, stems)
    weights = library_weights(library)
    for number, stem in enumerate(stems):
        query = table.take((number_of == number) & (table.numbers == 0))
        others = np.flatnonzero(number_of != number)
        among = table.take(others)
        for role in ROLES:
            if role == stem.role:
                continue
            fits = fit(query, among, weights, role=Role(role))
            best = fits.best(len(among))
            if number < N_CHECKED:
                _check(library, query, Role(role), among.take(best[:10]))
            # Written from the worst to the best, so that the best of a stem's regions stays.
            at = number_of[others[best[::-1]]]
            answer = Answer(*(np.full(len(stems), np.nan) for _ in range(3)))
            answer.scores[at] = fits.total[best[::-1]]
            answer.shifts[at] = fits.semitone_shift[best[::-1]]
            answer.ratios[at] = fits.tempo_ratio[best[::-1]]
            yield number, role, answer


def _check(library: Library, query: RegionTable, role: Role, first: RegionTable) -> None:
    """What is ranked here is what the library function answers; only its rows are not written for every question."""
    answer = rank_matches(library, query, library_weights(library), role=role, k=10)
    answered, ranked = (
        [(match.row.id, match.row.region) for match in answer.rows],
        list(zip(first.ids, first.numbers.tolist(), strict=True)),
    )
    if answered != ranked:
        raise RuntimeError(f"rank_matches answers {answered}, ranked here: {ranked}")


Scores = Callable[[int], NDArray[np.float64]]


def _baselines(library: Library, stems: Sequence[Stem]) -> dict[str, Scores]:
    """Scores of all stems for the stem of a number, higher is better."""
    table = region_table_in_order(library, stems)
    with library.read() as connection:
        space = next(each.space for each in list_spaces(connection) if each.space.id == table.space_id)
    vectors = table.vectors.astype(np.float64)
    part = next(each for each in space.parts if each.name == "timbre")
    timbre = vectors[:, part.start : part.stop]
    timbre = timbre / np.maximum(np.linalg.norm(timbre, axis=1, keepdims=True), 1e-9)
    compatible = np.array([[_goes_by_rule(one, other) for other in stems] for one in stems], np.float64)
    return {
        "random": lambda number: np.zeros(len(stems)),
        "timbre": lambda number: timbre @ timbre[number],
        "embedding": lambda number: vectors @ vectors[number],
        RULE: lambda number: compatible[number],
    }


def _goes_by_rule(one: Stem, other: Stem) -> bool:
    """Tempo within 6 % and, where both have a key, Camelot-compatible."""
    if abs(other.tempo_bpm / one.tempo_bpm - 1.0) > RULE_TEMPO_SHARE:
        return False
    if one.tonic is None or other.tonic is None or one.mode is None or other.mode is None:
        return True
    theirs = Key(other.tonic, "minor" if other.mode == "minor" else "major")
    return theirs in Key(one.tonic, "minor" if one.mode == "minor" else "major").compatible()


def _galleries(stems: Sequence[Stem]) -> list[NDArray[np.bool_]]:
    """Songs in their order of making, so many to a gallery; every tempo has as many in each."""
    songs = {song: number for number, song in enumerate(dict.fromkeys(stem.song for stem in stems))}
    numbers = np.array([songs[stem.song] // GALLERY_SONGS for stem in stems])
    return [numbers == gallery for gallery in range(max(1, len(songs) // GALLERY_SONGS))]


def _findings(
    stems: Sequence[Stem],
    questions: Sequence[tuple[int, str, Answer]],
    baselines: Mapping[str, Scores],
    galleries: Sequence[NDArray[np.bool_]],
) -> Findings:
    found = Findings()
    is_role = {role: np.array([stem.role == role for stem in stems]) for role in ROLES}
    partner = {(stem.song, stem.role): number for number, stem in enumerate(stems)}
    for gallery in galleries:
        for number, role, answer in questions:
            if not gallery[number]:
                continue
            among = np.flatnonzero(gallery & is_role[role])
            right = int(np.flatnonzero(among == partner[stems[number].song, role])[0])
            scores = {name: score(number)[among] for name, score in baselines.items()} | {OURS: answer.scores[among]}
            found.add(stems[number], role, {name: rank_of(each, right) for name, each in scores.items()})
    return found


def _rank_measures(name: str, found: Findings, goals: tuple[float | None, float | None]) -> list[Measure]:
    measures = []
    reciprocal = {method: [rank.reciprocal() for rank in ranks] for method, ranks in found.ranks.items()}
    within = {method: [rank.within(10) for rank in ranks] for method, ranks in found.ranks.items()}
    for method in found.ranks:
        mrr_goal, top_goal = goals if method == OURS else (None, None)
        measures.append(_mean(f"{name}: MRR, {method}", reciprocal[method], found.songs, goal=mrr_goal))
        measures.append(_mean(f"{name}: top 10, {method}", within[method], found.songs, goal=top_goal))
    for method in (each for each in found.ranks if each != OURS):
        gain = [ours - theirs for ours, theirs in zip(reciprocal[OURS], reciprocal[method], strict=True)]
        low, high = interval(gain, found.songs)
        measures.append(
            Measure(
                f"{name}: MRR, ours minus {method}, least",
                low,
                "",
                0.0,
                note=f"mean {np.mean(gain):.3f}, most {high:.3f}",
            )
        )
    for pair in dict.fromkeys(found.pairs):
        chosen = [number for number, each in enumerate(found.pairs) if each == pair]
        ours, rule = ([reciprocal[method][number] for number in chosen] for method in (OURS, RULE))
        songs = [found.songs[number] for number in chosen]
        measures.append(_mean(f"{name}: MRR, {pair[0]} to {pair[1]}", ours, songs, note=f"rule {np.mean(rule):.3f}"))
    return measures


def _movement_measures(
    condition: str, stems: Sequence[Stem], questions: Sequence[tuple[int, str, Answer]]
) -> list[Measure]:
    """Whether the answer that is the true partner comes with the movement that undoes its making."""
    partner = {(stem.song, stem.role): number for number, stem in enumerate(stems)}
    shifts, clear, both, ratios = [], [], [], []
    songs, clear_songs, ratio_songs = [], [], []
    for number, role, answer in questions:
        one = stems[number]
        at = partner[one.song, role]
        other = stems[at]
        ratio_is_right = abs(answer.ratios[at] / (one.tempo_bpm / other.tempo_bpm) - 1.0) < RATIO_TOLERANCE
        ratios.append(float(ratio_is_right))
        ratio_songs.append(one.song)
        if one.key_margin is None or other.key_margin is None:
            continue
        shift_is_right = (answer.shifts[at] - (one.shift - other.shift)) % 12 == 0
        shifts.append(float(shift_is_right))
        songs.append(one.song)
        if min(one.key_margin, other.key_margin) > CLEAR_KEY_MARGIN:
            clear.append(float(shift_is_right))
            both.append(float(shift_is_right and ratio_is_right))
            clear_songs.append(one.song)
    return [
        _mean(f"{condition}: shift right", shifts, songs, goal=0.80),
        _mean(f"{condition}: shift right, key clear", clear, clear_songs, goal=0.90),
        _mean(f"{condition}: shift and ratio right, key clear", both, clear_songs, goal=0.90),
        _mean(f"{condition}: ratio right", ratios, ratio_songs),
    ]


def _mean(
    name: str, values: Sequence[float], songs: Sequence[str], *, goal: float | None = None, note: str = ""
) -> Measure:
    low, high = interval(values, songs)
    return Measure(name, float(np.mean(values)), "", goal, low=low, high=high, note=note or f"{len(values)}")


if __name__ == "__main__":
    print_measures(measure(Path(sys.argv[1])), {})
