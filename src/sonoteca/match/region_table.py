"""A region table holds what is known of n regions, column by column, as a match weighs it.

Conventions of every column: unknown is NaN (numbers), None (words), or a row of NaN (vectors);
times are seconds of the sound; pitch classes count from C.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.beat_profile import N_NOTES, N_ONSETS, bytes_of_json
from sonoteca.domain.columns import Columns
from sonoteca.domain.descriptor import BEAT_PROFILE, CHROMA, QUALITY, ROLE, SWING
from sonoteca.domain.swing import Swing
from sonoteca.domain.vocabulary import Role

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
    vectors : float32 (n, dimensions)
        Unit vectors of the space ``space_id``; no column where there is no space.
    n_beats : int64 (n,)
        Beats of the profile; 0 where there is none.
    profile_start_s, beat_s : float64 (n,)
        First beat and mean length of a beat of the profile.
    profile_beats_per_bar : float64 (n,)
    fills : bool (n,)
        The beats fill the region exactly.
    notes : uint8 (n, longest, ``N_NOTES``)
        As stored: see ``domain.beat_profile.notes_of_bytes``; rows from ``n_beats`` on are 0.
    onsets : uint8 (n, longest, ``N_ONSETS``)
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
    vectors: NDArray[np.float32]
    n_beats: NDArray[np.int64]
    profile_start_s: Numbers
    beat_s: Numbers
    profile_beats_per_bar: Numbers
    fills: NDArray[np.bool_]
    notes: NDArray[np.uint8]
    onsets: NDArray[np.uint8]
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


_NUMBERS = (
    "start_s", "end_s", "tempo_bpm", "tempo_confidence", "beats_per_bar", "bars", "key_number", "key_confidence",
    "tonality", "energy_level", "onset_density", "loudness_lufs",
)  # fmt: skip


def region_table_of(statements: Iterable[RegionStatement], *, space_id: str | None = None) -> RegionTable:
    """Make the table of these regions, in the order given."""
    rows = list(statements)
    n = len(rows)
    numbers: dict[str, Any] = {
        name: np.array([_float(row.columns.get(name)) for row in rows], np.float64).reshape(n) for name in _NUMBERS
    }
    faults = [{QUALITY_CODES.get(each.get("code", "")) for each in row.values.get(QUALITY.name) or ()} for row in rows]
    dimensions = next((len(row.vector) for row in rows if row.vector is not None), 0)
    vectors = np.full((n, dimensions), np.nan, np.float32)
    for i, row in enumerate(rows):
        if row.vector is not None:
            vectors[i] = row.vector
    return RegionTable(
        region_ids=np.array([row.columns.get("region_id", -1) for row in rows], np.int64).reshape(n),
        sound_ids=np.array([row.columns.get("sound_id", -1) for row in rows], np.int64).reshape(n),
        ids=tuple(str(row.columns.get("id", "")) for row in rows),
        content_hashes=tuple(str(row.columns.get("content_hash", "")) for row in rows),
        numbers=np.array([row.columns.get("number", 0) for row in rows], np.int64).reshape(n),
        kinds=tuple(row.columns.get("kind") for row in rows),
        roles=_stacked([_role_scores(row.values.get(ROLE.name)) for row in rows], len(ROLES)),
        chroma=_stacked([row.values.get(CHROMA.name) for row in rows], 12),
        clipped=np.array(["clipped" in each for each in faults], np.bool_).reshape(n),
        noisy=np.array(["noisy" in each for each in faults], np.bool_).reshape(n),
        failed=np.array([bool(row.columns.get("failed")) for row in rows], np.bool_).reshape(n),
        vectors=vectors,
        space_id=space_id if dimensions else None,
        **numbers,
        **_profiles([row.values.get(BEAT_PROFILE.name) for row in rows]),
        **_swings([row.values.get(SWING.name) for row in rows]),
    )


def _float(value: Any) -> float:
    return float("nan") if value is None else float(value)


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


def _stacked(rows: Sequence[Sequence[float] | None], width: int) -> NDArray[np.float32]:
    stacked = np.full((len(rows), width), np.nan, np.float32)
    for i, row in enumerate(rows):
        if row is not None and len(row) == width:
            stacked[i] = row
    return stacked


def _profiles(values: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    n = len(values)
    lengths = np.array([min(value["n_beats"], MOST_BEATS) if value else 0 for value in values], np.int64).reshape(n)
    longest = int(lengths.max(initial=0))
    notes = np.zeros((n, longest, N_NOTES), np.uint8)
    onsets = np.zeros((n, longest, N_ONSETS), np.uint8)
    columns = {name: np.full(n, np.nan) for name in ("profile_start_s", "beat_s", "profile_beats_per_bar")}
    fills = np.zeros(n, np.bool_)
    for i, value in enumerate(values):
        if not value:
            continue
        some_notes, some_onsets = bytes_of_json(dict(value))
        notes[i, : lengths[i]] = some_notes[: lengths[i]]
        onsets[i, : lengths[i]] = some_onsets[: lengths[i]]
        columns["profile_start_s"][i] = value["start_s"]
        columns["beat_s"][i] = value["beat_s"]
        columns["profile_beats_per_bar"][i] = value["beats_per_bar"]
        fills[i] = value["fills"]
    return {"n_beats": lengths, "fills": fills, "notes": notes, "onsets": onsets, **columns}


def _swings(values: Sequence[Mapping[str, Any] | None]) -> dict[str, Any]:
    shares, onsets = np.full((len(values), 2), np.nan), np.full((len(values), 2), np.nan)
    for i, value in enumerate(values):
        swing = Swing.of_json(dict(value)) if value else Swing(None, None)
        for pair, off_beats in enumerate((swing.eighths, swing.sixteenths)):
            if off_beats is not None:
                shares[i, pair], onsets[i, pair] = off_beats.share, off_beats.onsets
    return {"swing_shares": shares, "swing_onsets": onsets}
