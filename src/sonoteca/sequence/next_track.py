"""Tracks of the library are ranked by the transition that leads into them: what comes next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import AfterValidator, Field
from sqlalchemy.engine import Connection

from sonoteca.catalogue.identity.sounds import resolve_sound, whole_regions
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.music import Key, transposed_key_numbers
from sonoteca.domain.page import Offset
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError, about
from sonoteca.search.distinct import copies_by_region, distinct_page
from sonoteca.search.result_row import Copy, RegionFacts, ResultRow, region_facts
from sonoteca.search.selection import selected_ids
from sonoteca.sequence.axes import heard_shift, stretch, stretches_beyond
from sonoteca.sequence.candidates import away_sentence, candidates_there, not_considered, roots_away
from sonoteca.sequence.freshness import freshness_axis
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.playlist_file import named_entries
from sonoteca.sequence.reasons import TransitionFacts, transition_facts
from sonoteca.sequence.tracks import NO_KEY, Tracks
from sonoteca.sequence.transition import TransitionStyle, transitions
from sonoteca.sequence.weights import GivenWeights, Weights, weights_of

MODE = "next"
Energy = Literal["up", "down", "hold"]
DIRECTIONS: Mapping[str | None, int] = {"up": 1, "down": -1, "hold": 0, None: 0}
# Energy holds within one of the ten levels.
_ONE_LEVEL = 1.0 / 9.0 + 1e-6


@dataclass(frozen=True, slots=True)
class Limits:
    """What may come next at all, decided before anything is ranked. None: no limit.

    ``tempo_pct`` is the widest stretch either way. ``keys`` are those that the next
    track may start in, as it then sounds; ``"compatible"`` are the same, the relative and the
    neighbouring keys of the one that ends. ``energy`` compares the levels of the whole tracks.
    """

    tempo_pct: float | None = 6.0
    keys: tuple[Key, ...] | Literal["compatible"] | None = None
    energy: Energy | None = None


@dataclass(frozen=True, slots=True)
class NextRow:
    """A result row, how the track is played to fit, and what is known of it.

    ``energy_level`` is 1..10; ``key_certainty`` says how sure the ``key`` is.
    """

    row: ResultRow
    transition: TransitionFacts
    tempo_bpm: float | None = None
    key: Key | None = None
    energy_level: float | None = None
    key_certainty: Certainty | None = None

    @property
    def duration_s(self) -> float:
        """How long the track is."""
        return self.row.end_s - self.row.start_s

    def as_json(self) -> dict[str, Any]:
        ratio = self.transition.tempo_ratio
        return self.row.as_json() | {
            "bpm": self.tempo_bpm,
            "camelot": None if self.key is None else self.key.camelot,
            "key_certainty": None if self.key_certainty is None else self.key_certainty.value,
            "energy_level": self.energy_level,
            "duration_s": round(self.duration_s, 3),
            "tempo_ratio": None if ratio is None else round(ratio, 5),
            "missing": list(self.transition.missing),
        }


def parse_keys(text: str) -> tuple[Key, ...] | Literal["compatible"] | None:
    """``compatible``, ``any``, or keys separated by commas.

    >>> parse_keys("8A, C"), parse_keys("any")
    ((Key(tonic=9, mode='minor'), Key(tonic=0, mode='major')), None)

    Raises
    ------
    RequestError
        One of them is not a key.
    """
    word = text.strip().lower()
    if word == "any":
        return None
    if word == "compatible":
        return "compatible"
    try:
        return tuple(Key.parse(item) for item in text.split(","))
    except ValueError as error:
        raise RequestError(f"{error}.", "Write compatible, any, or for example 8A,9A,8B.", field="keys") from error


def _readable_keys(text: str) -> str:
    parse_keys(text)
    return text


class NextRequest(Request):
    """A question: what may come after this sound.

    Attributes
    ----------
    sound : str
        What plays now: an id, a unique prefix of one, a path, ``external:ID``.
    tempo_pct : float in 0..100, or None
        The widest stretch in percent; None: any.
    doubletime : bool
        Whether half and double tempo fit too.
    keys : str
        Keys that the next may start in, as it then sounds: ``compatible`` (the same, the relative, the neighbours),
        ``any``, or for example ``8A,9A``.
    energy : "up", "down", "hold" or None
        Only livelier, calmer, or equally lively ones.
    played : str, tuple of str, or None
        What was heard before, latest last, and comes neither again nor its artists soon: a playlist of the
        library or a file of one by name, or sounds.
    key_lock : bool
        Whether a stretch keeps the pitch, as DJ programs do.
    filter : str or None
        Only sounds that this query finds. Unless it speaks of kinds, answers are of the kind of ``sound``.
    include_missing : bool
        Whether sounds may come next whose files are missing, or on a disk that is not there.
    weights : mapping or None
        Numbers of ``sequence.weights`` that replace the shipped ones; ``key=0,tempo.half_pct=3`` is read too.
    k : int in 1..1000
        How many answers.
    offset : int >= 0
        So many are left out first; ``next_offset`` of an answer is that of the next page.
    """

    sound: str
    tempo_pct: float | None = Field(default=6.0, ge=0.0, le=100.0)
    doubletime: bool = True
    keys: Annotated[str, AfterValidator(_readable_keys)] = "any"
    energy: Energy | None = None
    played: str | tuple[str, ...] | None = None
    key_lock: bool = True
    filter: str | None = None
    include_missing: bool = False
    weights: GivenWeights = None
    k: int = Field(default=10, ge=1, le=1000)
    offset: Offset = 0

    @property
    def limits(self) -> Limits:
        """What is decided before anything is ranked."""
        return Limits(self.tempo_pct, parse_keys(self.keys), self.energy)


@dataclass(frozen=True, slots=True, repr=False)
class NextAnswer(Rows):
    """Tracks, best first.

    Attributes
    ----------
    request : NextRequest
    rows : tuple of NextRow
    sound : str
        Public id of what plays now.
    candidates : int
        How many tracks were within the limits, each recording once where ``total`` is known; copies and all otherwise.
    weights : Weights
        By which the transitions were scored.
    notes : tuple of str
        Which limits could not be applied, and what was left out, as sentences.
    total, next_offset : int or None
        How many there are in all, and where the next page begins; see ``domain.page``.
    away_note : str or None
        That of the notes which says how many could not come because their disk is not there.
    """

    request: NextRequest
    rows: tuple[NextRow, ...]
    sound: str
    candidates: int
    weights: Weights
    notes: tuple[str, ...] = ()
    total: int | None = None
    next_offset: int | None = None
    away_note: str | None = None

    def as_json(self) -> dict[str, Any]:
        found = {
            "sound": self.sound,
            "candidates": self.candidates,
            "weights": self.weights.axes.model_dump(),
            "notes": list(self.notes),
            "total": self.total,
            "next_offset": self.next_offset,
        }
        return {"query": {"mode": MODE, **self.request.as_json(), **found}, "results": self.as_rows()}


def find_next(library: Library, request: NextRequest, *, may_be_file: bool = True) -> NextAnswer:
    """Rank what may come next by tempo, key, energy, timbre, rhythm and freshness of the artist.

    Limits and the filter are applied before ranking; what is not known satisfies no limit. Other encodings of
    the sound, and of what was heard before, do not come next; of several of one track one does, and names the others.

    Parameters
    ----------
    may_be_file : bool
        Whether a playlist of what was heard before may be a file of this machine; else it is one of the library.

    Raises
    ------
    SoundNotFound, AmbiguousSound, PlaylistNotFound
        From the names.
    RequestError
        The sound was not analysed.
    """
    limits, weights = request.limits, weights_of(request.weights)
    with library.read() as connection:
        with about("sound"):
            sound = resolve_sound(connection, request.sound)
        with about("played"):
            played = _heard_before(connection, request.played, may_be_file=may_be_file)
        region_id = whole_regions(connection, [sound.id])[sound.id]
        now = region_facts(connection, [region_id])[region_id]
        kind = now.kind
        away_roots = None if request.include_missing else roots_away(connection)
        where, away = candidates_there(connection, request.filter, kind=kind, away=away_roots)
        loaded = load_tracks(library, connection, where, also_sounds=[sound.id, *played])
        at = loaded.index_of_sounds()
        there = selected_ids(connection, where)
        others = not_considered(connection, request.filter, kind=kind, missing=request.include_missing)
        candidates = _candidate_rows(loaded, there, {sound.id, *played})
    current = loaded.take([at[sound.id]])
    style = TransitionStyle(request.doubletime, request.key_lock, DIRECTIONS[limits.energy])
    allowed, notes = within(limits, current, candidates, style)
    if int(allowed.sum()) < request.k and (left_out := _left_out(limits, current, candidates, style, allowed)):
        notes.append(left_out)
    if int(allowed.sum()) < request.k and others:
        notes.append(others)
    candidates = candidates.take(np.flatnonzero(allowed))
    heard = [int(loaded.artist[at[each]]) for each in played if each in at] + [int(current.artist[0])]
    scored = transitions(
        current,
        candidates,
        weights,
        style,
        freshness=freshness_axis(candidates, heard, weights.freshness.artist_gap),
    )
    # Tracks stand in order of their ids, and a stable sort keeps that among equals.
    best = np.argsort(-scored.total[0], kind="stable")
    with library.read() as connection:
        ranked = candidates.region_ids[best]
        page, known = distinct_page(connection, ranked, request.k, request.offset, before=[sound.id, *played])
        best = best[list(page.rows)]
        facts = region_facts(connection, candidates.region_ids[best].tolist())
        copies = copies_by_region(connection, known, list(facts))
    rows = [
        next_row(
            facts[region_id],
            transition_facts(
                scored,
                current,
                candidates,
                (0, int(column)),
                style,
                clash_below=weights.lint.key_clash,
                wholes=(now, facts[region_id]),
            ),
            MODE,
            level=float(candidates.level[column]),
            copies=copies[region_id],
        )
        for column, region_id in zip(best, candidates.region_ids[best].tolist(), strict=True)
        if region_id in facts
    ]
    away_note = away_sentence(away, kind, all_of_them=not len(there)) if away else None
    notes += [] if away_note is None else [away_note]
    return NextAnswer(
        request,
        tuple(rows),
        sound.public_id,
        int(allowed.sum()) if page.total is None else page.total,
        weights,
        tuple(notes),
        page.total,
        page.next_offset,
        away_note,
    )


def _heard_before(connection: Connection, played: str | tuple[str, ...] | None, *, may_be_file: bool) -> list[int]:
    """Sounds heard before, latest last; entries of a playlist that the library does not know are left out."""
    if not played:
        return []
    if isinstance(played, str):
        entries = named_entries(connection, played, may_be_file=may_be_file)
        return [entry.sound_id for entry in entries if entry.sound_id is not None]
    return [resolve_sound(connection, name).id for name in played]


def next_row(
    facts: RegionFacts, transition: TransitionFacts, mode: str, *, level: float = np.nan, copies: Sequence[Copy] = ()
) -> NextRow:
    """Make the row of a track that a transition leads to.

    ``level`` is its energy, 0..1 or NaN; ``copies`` are those for which it stands.
    """
    reasons = list(transition.reasons)
    if transition.missing:
        reasons.append(f"not known: {', '.join(transition.missing_words)}")
    row = ResultRow.of(
        facts,
        start_s=facts.start_s,
        end_s=facts.end_s,
        score=transition.score,
        mode=mode,
        parts=transition.parts,
        reasons=reasons,
    )
    return NextRow(
        row.standing_for(copies),
        transition,
        tempo_bpm=facts.tempo_bpm,
        key=facts.key,
        energy_level=None if np.isnan(level) else round(1.0 + 9.0 * level, 2),
        key_certainty=facts.certainty.get("key"),
    )


def _candidate_rows(loaded: Tracks, region_ids: NDArray[np.int64], left_out: set[int]) -> Tracks:
    is_candidate = np.isin(loaded.region_ids, region_ids) & ~np.isin(loaded.sound_ids, list(left_out))
    return loaded.take(np.flatnonzero(is_candidate))


def within(
    limits: Limits, current: Tracks, candidates: Tracks, style: TransitionStyle
) -> tuple[NDArray[np.bool_], list[str]]:
    """Mark candidates (n,) that are within all limits, and write a sentence per limit that ``current`` gives no measure for."""
    allowed = np.ones(len(candidates), bool)
    notes = []
    played = stretch(current, candidates, double_time=style.double_time)
    if limits.tempo_pct is not None:
        if np.isnan(current.tempo_end[0]):
            notes.append("This sound has no known tempo, so any tempo may follow.")
        else:
            ratio = played.log2_ratio[0]
            allowed &= ~np.isnan(ratio) & ~stretches_beyond(ratio, limits.tempo_pct)
    if limits.keys is not None:
        if limits.keys == "compatible" and current.key_end[0] == NO_KEY:
            notes.append("This sound has no known key, so any key may follow.")
        else:
            keys = Key.of_number(int(current.key_end[0])).compatible() if limits.keys == "compatible" else limits.keys
            semitones, _ = heard_shift(current, candidates, played, key_lock=style.key_lock)
            allowed &= _sounds_in(candidates.key_start, semitones[0], keys)
    if limits.energy is not None:
        rise = candidates.level - current.level[0]
        if np.isnan(current.level[0]):
            notes.append("This sound has no known energy, so any energy may follow.")
        elif limits.energy == "hold":
            allowed &= np.abs(rise) <= _ONE_LEVEL
        else:
            allowed &= rise * DIRECTIONS[limits.energy] > 1e-6
    return allowed, notes


def _left_out(
    limits: Limits, current: Tracks, candidates: Tracks, style: TransitionStyle, allowed: NDArray[np.bool_]
) -> str | None:
    """How many candidates were left out, and by which of the limits: one may be by several. None: nothing was."""
    each_alone = {
        "tempo": Limits(tempo_pct=limits.tempo_pct),
        "keys": Limits(tempo_pct=None, keys=limits.keys),
        "energy": Limits(tempo_pct=None, energy=limits.energy),
    }
    by = {name: int((~within(alone, current, candidates, style)[0]).sum()) for name, alone in each_alone.items()}
    told = ", ".join(f"{count} by {name}" for name, count in by.items() if count)
    return f"{int((~allowed).sum())} more were left out: {told}." if told else None


def _sounds_in(key_start: NDArray[np.int8], semitones: NDArray[np.int8], keys: Sequence[Key]) -> NDArray[np.bool_]:
    sounding = transposed_key_numbers(key_start.astype(np.int64), semitones.astype(np.int64))
    return np.asarray((key_start != NO_KEY) & np.isin(sounding, [key.number for key in keys]), bool)
