"""Ranks the regions of a library by how well they go with one region, with reasons, and counts what was not ranked."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from sonoteca.catalogue.identity.sounds import known_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.fit import Fits, fit
from sonoteca.match.gate import REJECTED, STATUS_NAMES, is_silent
from sonoteca.match.load_regions import load_region_table
from sonoteca.match.reasons import reasons_of, risks_of
from sonoteca.match.region_table import ROLES, RegionTable
from sonoteca.match.weights import Weights
from sonoteca.search.distinct import copies_by_region, distinct_page
from sonoteca.search.result_row import RegionFacts, ResultRow, region_facts

Mode = Literal["loop", "hum"]
MODE = "match"


@dataclass(frozen=True, slots=True)
class MatchRow:
    """A result row and what a match adds to it; totals are None where the gate rejected it before it was scored."""

    row: ResultRow
    role: str | None
    tempo_ratio: float | None
    semitone_shift: int
    quality_flags: tuple[str, ...]
    gating_status: str
    risk_reasons: tuple[str, ...]
    total_score: float | None
    uncapped_score: float | None
    # Of ``role``: stated only where it is the role that is said of the region, and said without a doubt.
    role_certainty: Certainty | None = None

    def as_json(self) -> dict[str, Any]:
        plain = self.row.as_json()
        fit_scores = plain["parts"] | {"total_score": _rounded(self.total_score)}
        return plain | {
            "role": self.role,
            "role_certainty": None if self.role_certainty is None else self.role_certainty.value,
            "fit": fit_scores,
            "fit_scores": fit_scores,
            "missing": [name for name, value in plain["parts"].items() if value is None],
            "tempo_ratio": None if self.tempo_ratio is None else round(self.tempo_ratio, 5),
            "semitone_shift": self.semitone_shift,
            "quality_flags": list(self.quality_flags),
            "gating_status": self.gating_status,
            "risk_reasons": list(self.risk_reasons),
            "uncapped_score": _rounded(self.uncapped_score),
        }


@dataclass(frozen=True, slots=True)
class Ranking:
    """Rows best first; ``rejected`` counts what was not ranked.

    Each region counts once, by the first reason that holds; with ``total`` they are all regions but those asked of. The rest
    is told by ``domain.page``.
    """

    rows: tuple[MatchRow, ...]
    rejected: Mapping[str, int]
    total: int | None = None
    next_offset: int | None = None


def rank_matches(
    library: Library,
    query: RegionTable,
    weights: Weights,
    *,
    role: Role | None = None,
    mode: Mode = "loop",
    strict: bool = False,
    where: Sequence[int] | NDArray[np.int64] | None = None,
    k: int = 10,
    offset: int = 0,
) -> Ranking:
    """The ``k`` regions that go best with ``query``, which is the table of one region.

    Parameters
    ----------
    library : Library
    query : RegionTable
        Neither its own sound nor another encoding of it is among the answers.
    weights : Weights
    role : Role, optional
        What the answers shall play; by default each is judged in its most probable role.
    mode : "loop" or "hum"
        What ``query`` is.
    strict : bool
        Reject what would only be capped.
    where : region ids, optional
        Which regions may answer.
    k : int >= 1
    offset : int >= 0
        So many of the best are left out first.

    Raises
    ------
    RequestError
        ``query`` is silent: everything would go with it.
    """
    if mode == "loop" and is_silent(query)[0]:
        raise RequestError(
            "There is only silence, and everything goes with that.", "Name a sound, or another region.", field="sound"
        )
    candidates = load_region_table(library, where=where)
    fits = fit(query, candidates, weights, role=role, strict=strict, hum=mode == "hum")
    # A hash stands for the content, wherever it is kept. The table is not copied without them: it may be large.
    own = np.array([each == query.content_hashes[0] for each in candidates.content_hashes], np.bool_)
    ranked = fits.best(len(fits))
    ranked = ranked[~own[ranked]]
    with library.read() as connection:
        asked = known_sounds(connection, [str(query.content_hashes[0])])
        before = [] if mode == "hum" else list(asked.values())
        page, known = distinct_page(connection, candidates.region_ids[ranked], k, offset, before=before)
        best = ranked[list(page.rows)]
        facts = region_facts(connection, candidates.region_ids[best].tolist())
        copies = copies_by_region(connection, known, list(facts))
    rows = []
    for i in best.tolist():
        region_id = int(candidates.region_ids[i])
        if region_id in facts:
            row = _row(query, candidates, fits, i, facts[region_id])
            rows.append(replace(row, row=row.row.standing_for(copies[region_id])))
    rejected = _counts_of_rejected(fits, ~own, len(ranked))
    if page.total is not None:
        rejected["copy"] = len(ranked) - page.total
    return Ranking(tuple(rows), rejected, page.total, page.next_offset)


def fit_of_regions(
    library: Library,
    query: RegionTable,
    weights: Weights,
    region_ids: Sequence[int],
    *,
    role: Role | None,
    strict: bool,
) -> dict[int, MatchRow]:
    """How well given regions go with ``query``, whatever the gate says of them, by region id; errors are those of
    ``rank_matches``."""
    if not region_ids:
        return {}
    candidates = load_region_table(library, where=np.asarray(sorted(region_ids), np.int64))
    fits = fit(query, candidates, weights, role=role, strict=strict)
    with library.read() as connection:
        facts = region_facts(connection, candidates.region_ids.tolist())
    return {
        region_id: _row(query, candidates, fits, i, facts[region_id])
        for i, region_id in enumerate(candidates.region_ids.tolist())
        if region_id in facts
    }


def _counts_of_rejected(fits: Fits, counted: NDArray[np.bool_], n_ranked: int) -> dict[str, int]:
    """How many of the ``counted`` candidates were not ranked, each once: by the first reason, and what has no other."""
    left = counted.copy()
    counts = {}
    for name, found in fits.rejections.items():
        counts[name] = int((found & left).sum())
        left &= ~found
    flagged = left & (fits.gating == REJECTED)
    counts["flagged"] = int(flagged.sum())
    counts["nothing_known"] = int((left & ~flagged).sum()) - n_ranked
    return counts


def _row(query: RegionTable, candidates: RegionTable, fits: Fits, i: int, facts: RegionFacts) -> MatchRow:
    total, uncapped = _known(fits.total[i]), _known(fits.uncapped[i])
    ratio = float(fits.tempo_ratio[i])
    role = ROLES[fits.roles[i]].value if fits.roles[i] >= 0 else None
    row = ResultRow.of(
        facts,
        start_s=float(candidates.start_s[i]),
        end_s=float(candidates.end_s[i]),
        score=total or 0.0,
        mode=MODE,
        parts={name: float(v[i]) if np.isfinite(v[i]) else None for name, v in fits.axes.items()},
        reasons=reasons_of(query, candidates, fits, i),
    )
    return MatchRow(
        row=row,
        role=role,
        tempo_ratio=ratio if np.isfinite(ratio) else None,
        semitone_shift=int(fits.semitone_shift[i]),
        quality_flags=tuple(name for name, found in fits.flags.items() if found[i]),
        gating_status=STATUS_NAMES[fits.gating[i]],
        risk_reasons=tuple(risks_of(fits, i)),
        total_score=total,
        uncapped_score=uncapped,
        role_certainty=None if role is None else _certainty_of_role(role, facts),
    )


def _known(value: float) -> float | None:
    return float(value) if np.isfinite(value) else None


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 4)


def _certainty_of_role(role: str, facts: RegionFacts) -> Certainty:
    """What is judged in a role that nobody said of it plays that at best likely."""
    return facts.certainty.get("role", Certainty.LIKELY) if facts.role == role else Certainty.LIKELY
