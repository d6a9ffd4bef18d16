"""A region table holds what is known of n regions, column by column, as a match weighs it.

Conventions of every column: unknown is NaN (numbers), None (words), or a row of NaN (vectors);
times are seconds of the sound; pitch classes count from C.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS, bytes_end_to_end
from sonoteca.domain.columns import Columns
from sonoteca.domain.descriptor import BEAT_PROFILE, CHROMA, QUALITY, ROLE, SWING
from sonoteca.domain.swing import Swing
from sonoteca.domain.vocabulary import Role
from sonoteca.match.beat_rows import BeatRows, laid_end_to_end

ROLES: tuple[Role, ...] = tuple(Role)
# Sixteen bars of 4/4 are compared; a longer region is represented by its first.
MOST_BEATS = 64
# Faults of a recording that a match speaks of.
QUALITY_CODES: Mapping[str, str] = {
    "clipping": "clipped",
    "hiss": "noisy",
    "hum_50_hz": "noisy",
    "hum_60_hz": "noisy",
}
# What has to be read from the observations; everything else stands in the summaries.
DESCRIPTORS = (ROLE.name, CHROMA.name, QUALITY.name, BEAT_PROFILE.name, SWING.name)

Numbers: TypeAlias = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class RegionTable(Columns):
    """Facts of n regions.

    Attributes
    ----------
    region_ids, sound_ids : int64 (n,)
        Row numbers in the library; -1 for a file that is in none.
    ids, content_hashes : tuple of str
        Public ids and content hashes of the sounds.
    numbers : int64 (n,)
        Number of the region in its sound; 0 is the whole.
    start_s, end_s : float64 (n,)
    kinds : tuple of str or None
    roles : float32 (n, 7)
        Chance of each of ``ROLES``.
    tempo_bpm, tempo_confidence, beats_per_bar, bars : float64 (n,)
    key_number, key_confidence : float64 (n,)
        The number of the key (``domain.music``): 0..11 major, 12..23 minor.
    tonality, energy_level, onset_density, loudness_lufs : float64 (n,)
    chroma : float32 (n, 12)
        Mean pitch class energy; sums to 1.
    clipped, noisy, failed : bool (n,)
    vectors : float32, or float16 as the library keeps them, (n, dimensions)
        Unit vectors of the space ``space_id``; no column where there is no space.
    n_beats : int64 (n,)
        Beats of the profile; 0 where there is none.
    profile_start_s, beat_s : float64 (n,)
        First beat and mean length of a beat of the profile.
    profile_beats_per_bar : float64 (n,)
    fills : bool (n,)
        The beats fill the region exactly.
    notes, onsets : BeatRows (n,)
        Per beat ``N_NOTES`` and ``N_ONSETS`` bytes, as stored: see ``domain.beat_profile.notes_of_bytes``.
    swing_shares, swing_onsets : float64 (n, 2)
        Of pairs of eighths and of sixteenths: where the second falls, and of how many that was heard.
    """

    region_ids: NDArray[np.int64]
    sound_ids: NDArray[np.int64]
    ids: tuple[str, ...]
    content_hashes: tuple[str, ...]
    numbers: NDArray[np.int64]
    start_s: Numbers
    end_s: Numbers
    kinds: tuple[str | None, ...]
    roles: NDArray[np.float32]
    tempo_bpm: Numbers
    tempo_confidence: Numbers
    beats_per_bar: Numbers
    bars: Numbers
    key_number: Numbers
    key_confidence: Numbers
    tonality: Numbers
    energy_level: Numbers
    onset_density: Numbers
    loudness_lufs: Numbers
    chroma: NDArray[np.float32]
    clipped: NDArray[np.bool_]
    noisy: NDArray[np.bool_]
    failed: NDArray[np.bool_]
    vectors: NDArray[np.float32] | NDArray[np.float16]
    n_beats: NDArray[np.int64]
    profile_start_s: Numbers
    beat_s: Numbers
    profile_beats_per_bar: Numbers
    fills: NDArray[np.bool_]
    notes: BeatRows
    onsets: BeatRows
    swing_shares: Numbers
    swing_onsets: Numbers
    space_id: str | None = None

    def duration_s(self) -> Numbers:
        return self.end_s - self.start_s

    def best_roles(self) -> NDArray[np.int64]:
        """Number in ``ROLES`` of the most probable role, -1 where no role is known."""
        known = np.isfinite(self.roles).all(axis=1)
        return np.where(known, np.argmax(np.nan_to_num(self.roles), axis=1), -1)


@dataclass(frozen=True, slots=True)
class RegionStatement:
    """One region before it becomes a row of columns.

    ``columns`` are named as in ``RegionTable`` and may be missing or None; ``values`` are the believed
    values of ``DESCRIPTORS`` by name; ``vector`` is its vector in the space, if it has one.
    """

    columns: Mapping[str, Any]
    values: Mapping[str, Any]
    vector: NDArray[np.float32] | None = None


# Of a file that is in no library much is not known.
_DEFAULTS: Mapping[str, Any] = {
    "region_id": -1, "sound_id": -1, "id": "", "content_hash": "", "number": 0, "kind": None, "failed": False,
}  # fmt: skip
_NUMBERS = (
    "start_s", "end_s", "tempo_bpm", "tempo_confidence", "beats_per_bar", "bars", "key_number", "key_confidence",
    "tonality", "energy_level", "onset_density", "loudness_lufs",
)  # fmt: skip


@dataclass(frozen=True, slots=True, eq=False)
class Stated:
    """Believed values of one descriptor: ``values[i]`` is that of the row ``rows[i]`` of a table."""

    rows: NDArray[np.int64]
    values: Sequence[Any]

    def where(self, is_kept: Sequence[bool]) -> Stated:
        """The values of those rows alone for which ``is_kept``, one word per value."""
        kept = np.flatnonzero(np.array(is_kept, np.bool_))
        return Stated(self.rows[kept], [self.values[each] for each in kept.tolist()])


_NOTHING = Stated(np.zeros(0, np.int64), ())


def region_table_of(statements: Iterable[RegionStatement], *, space_id: str | None = None) -> RegionTable:
    """Make the table of these regions, in the order given."""
    given = list(statements)
    n = len(given)
    facts = {
        name: [each.columns.get(name, default) for each in given]
        for name, default in {**_DEFAULTS, **dict.fromkeys(_NUMBERS)}.items()
    }
    stated = {}
    for name in DESCRIPTORS:
        rows = [row for row, each in enumerate(given) if each.values.get(name) is not None]
        stated[name] = Stated(np.array(rows, np.int64), [given[row].values[name] for row in rows])
    dimensions = next((len(each.vector) for each in given if each.vector is not None), 0)
    vectors = np.full((n, dimensions), np.nan, np.float32)
    for row, each in enumerate(given):
        if each.vector is not None:
            vectors[row] = each.vector
    return region_table_of_columns(n, facts, stated, vectors, space_id=space_id)


def region_table_of_columns(
    n: int,
    facts: Mapping[str, Sequence[Any]],
    stated: Mapping[str, Stated],
    vectors: NDArray[np.float32] | NDArray[np.float16],
    *,
    space_id: str | None = None,
) -> RegionTable:
    """A table of ``n`` regions from columns.

    Parameters
    ----------
    facts : mapping
        Values under the names of the table's columns, ``n`` of each, None where unknown.
    stated : mapping
        Believed values of ``DESCRIPTORS``.
    vectors : float32 or float16 (n, dimensions)
        A row of NaN where there is none.
    """
    numbers: dict[str, Any] = {name: np.array(facts[name], np.float64).reshape(n) for name in _NUMBERS}
    return RegionTable(
        region_ids=np.array(facts["region_id"], np.int64).reshape(n),
        sound_ids=np.array(facts["sound_id"], np.int64).reshape(n),
        ids=tuple(map(str, facts["id"])),
        content_hashes=tuple(map(str, facts["content_hash"])),
        numbers=np.array(facts["number"], np.int64).reshape(n),
        # A few words many times: each is held once.
        kinds=tuple(None if kind is None else sys.intern(str(kind)) for kind in facts["kind"]),
        roles=_stacked(n, stated.get(ROLE.name, _NOTHING), _role_scores, len(ROLES)),
        chroma=_stacked(n, stated.get(CHROMA.name, _NOTHING), list, 12),
        failed=np.array(facts["failed"], np.bool_).reshape(n),
        vectors=vectors,
        space_id=space_id if vectors.shape[1] else None,
        **_faults(n, stated.get(QUALITY.name, _NOTHING)),
        **numbers,
        **_profiles(n, stated.get(BEAT_PROFILE.name, _NOTHING)),
        **_swings(n, stated.get(SWING.name, _NOTHING)),
    )


def _role_scores(value: Any) -> list[float] | None:
    """Chances per role; a role that a person states as a bare word is certain."""
    if isinstance(value, str):
        return [1.0 if role.value == value else 0.0 for role in ROLES]
    if not isinstance(value, dict):
        return None
    scores = value.get("scores")
    if not isinstance(scores, dict) or not scores:
        return _role_scores(value.get("value"))
    return [float(scores.get(role.value, 0.0)) for role in ROLES]


def _stacked(
    n: int, stated: Stated, numbers_of: Callable[[Any], Sequence[float] | None], width: int
) -> NDArray[np.float32]:
    """``width`` numbers per region, NaN where there are none."""
    stacked = np.full((n, width), np.nan, np.float32)
    found = [numbers_of(value) for value in stated.values]
    usable = [row for row, numbers in enumerate(found) if numbers is not None and len(numbers) == width]
    stacked[stated.rows[usable]] = np.array([found[row] for row in usable], np.float32).reshape(-1, width)
    return stacked


def _faults(n: int, stated: Stated) -> dict[str, Any]:
    columns: dict[str, NDArray[np.bool_]] = {name: np.zeros(n, np.bool_) for name in ("clipped", "noisy")}
    for row, faults in zip(stated.rows.tolist(), stated.values, strict=True):
        for fault in faults or ():
            if (name := QUALITY_CODES.get(fault.get("code", ""))) is not None:
                columns[name][row] = True
    return columns


def _profiles(n: int, stated: Stated) -> dict[str, Any]:
    said = [(row, value) for row, value in zip(stated.rows.tolist(), stated.values, strict=True) if value]
    rows = np.array([row for row, _ in said], np.int64)
    values = [value for _, value in said]
    columns: dict[str, Any] = {
        "n_beats": np.zeros(n, np.int64),
        "fills": np.zeros(n, np.bool_),
        **{name: np.full(n, np.nan) for name in ("profile_start_s", "beat_s", "profile_beats_per_bar")},
    }
    lengths = np.array([value["n_beats"] for value in values], np.int64)
    columns["n_beats"][rows] = np.minimum(lengths, MOST_BEATS)
    columns["fills"][rows] = [bool(value["fills"]) for value in values]
    for name, key in (("profile_start_s", "start_s"), ("beat_s", "beat_s"), ("profile_beats_per_bar", "beats_per_bar")):
        columns[name][rows] = [value[key] for value in values]
    for name, width in (("notes", N_NOTES), ("onsets", N_ONSETS)):
        told = bytes_end_to_end([value[name] for value in values], lengths, width)
        # Of the values in the order of their regions, and of each its first beats.
        every = BeatRows.end_to_end(told, lengths).take(np.argsort(rows, kind="stable"))
        first = BeatRows(every.starts, np.minimum(every.lengths, MOST_BEATS), every.stored)
        columns[name] = BeatRows.end_to_end(laid_end_to_end(first.pieces(), width), columns["n_beats"])
    return columns


def _swings(n: int, stated: Stated) -> dict[str, Any]:
    shares, onsets = np.full((n, 2), np.nan), np.full((n, 2), np.nan)
    for row, value in zip(stated.rows.tolist(), stated.values, strict=True):
        swing = Swing.of_json(dict(value)) if value else Swing(None, None)
        for pair, off_beats in enumerate((swing.eighths, swing.sixteenths)):
            if off_beats is not None:
                shares[row, pair], onsets[row, pair] = off_beats.share, off_beats.onsets
    return {"swing_shares": shares, "swing_onsets": onsets}
