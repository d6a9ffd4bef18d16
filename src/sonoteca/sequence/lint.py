"""A linter for playlists: what is wrong with an order, and the smallest repairs, one after the other."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import sqlalchemy as sa
from numpy.typing import NDArray
from pydantic import AfterValidator, Field, model_validator

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import counted
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import Kind
from sonoteca.errors import RequestError
from sonoteca.search.result_row import RegionFacts, region_facts
from sonoteca.search.selection import selected_ids
from sonoteca.sequence.candidates import candidate_regions
from sonoteca.sequence.flags import Fault, Judgement, flags_of, judge, score_of
from sonoteca.sequence.load_tracks import load_tracks
from sonoteca.sequence.playlist_entries import Entry, EntryState, entries_of_hashes
from sonoteca.sequence.playlist_file import named_entries, playlist_file_name, write_entries
from sonoteca.sequence.playlists import resolved_entries
from sonoteca.sequence.reasons import energy_where_they_meet, transition_facts
from sonoteca.sequence.repairing import MODE, Repair, Repairing, rounded
from sonoteca.sequence.replacement_pool import ReplacementPool
from sonoteca.sequence.tracks import Tracks
from sonoteca.sequence.transition import TransitionStyle, transitions
from sonoteca.sequence.weights import GivenWeights, Weights, weights_of

MOST_SOUNDS = 1000
_STATE_WORDS = {
    EntryState.MOVED: "is not there any more; the library has it at {path}",
    EntryState.MISSING: "is known to the library, but its file is missing",
    EntryState.NOT_IN_LIBRARY: "is not in the library, so nothing can be said about it",
    EntryState.UNCLEAR: "is not there, and several sounds of the library may be meant: {may_be}",
    EntryState.NOT_FOUND: "is nowhere: no such file, and nothing of that name in the library",
}


@dataclass(frozen=True, slots=True)
class Finding:
    """Something wrong. Positions count from 1; ``earlier`` is None for a fault of one entry alone.

    Then ``entry`` is how the playlist writes it, and ``state`` what is wrong with it.
    """

    code: str
    position: int
    earlier: int | None
    message: str
    entry: str | None = None
    state: str | None = None

    def as_json(self) -> dict[str, Any]:
        return {"code": self.code, "position": self.position, "earlier": self.earlier, "message": self.message}


class LintRequest(Request):
    """Which playlist is judged, or which order of sounds, and how.

    Attributes
    ----------
    playlist : str or None
        A playlist of the library, or an M3U file.
    sounds : tuple of str
        Sounds by any of their names in the order that is judged, instead of a playlist.
    repair : bool
        Whether to look for repairs.
    filter : str or None
        A query that replacements from the library have to satisfy.
    doubletime : bool
        Whether half and double tempo fit too.
    key_lock : bool
        Whether a stretch keeps the pitch, as DJ programs do.
    weights : mapping or None
        Numbers of ``sequence.weights`` that replace the shipped ones; ``lint.artist_gap=5`` is read too.
    """

    playlist: str | None = None
    sounds: tuple[str, ...] = Field(default=(), max_length=MOST_SOUNDS)
    repair: bool = True
    filter: str | None = None
    doubletime: bool = True
    key_lock: bool = True
    weights: GivenWeights = None

    @model_validator(mode="after")
    def _is_one_of_both(self) -> LintRequest:
        if (self.playlist is None) != bool(self.sounds):
            raise RequestError("What is judged is a playlist, or sounds in an order.", "Name one.", field="playlist")
        return self


@dataclass(frozen=True, slots=True, repr=False)
class LintAnswer:
    """What was found, and the repairs in order.

    Attributes
    ----------
    request : LintRequest
    findings : tuple of Finding
        By position.
    repairs : tuple of Repair
        Each is applied after those before it.
    score : float or None
        The mean transition, None where none can be judged.
    repaired : tuple of Entry
        The playlist after all repairs.
    entries, known : int
        How many entries there are, and how many of them the library knows.
    """

    request: LintRequest
    findings: tuple[Finding, ...]
    repairs: tuple[Repair, ...]
    score: float | None
    repaired: tuple[Entry, ...]
    entries: int
    known: int

    def as_json(self) -> dict[str, Any]:
        return {
            "query": {"mode": MODE, **self.request.as_json(), "entries": self.entries, "known": self.known},
            "score": rounded(self.score),
            "results": self.as_rows(),
            "repairs": [repair.as_json() for repair in self.repairs],
        }

    def as_rows(self) -> list[dict[str, Any]]:
        """The findings as plain values."""
        return [finding.as_json() for finding in self.findings]

    def __repr__(self) -> str:
        flags, repairs = counted(len(self.findings), "flag"), counted(len(self.repairs), "repair")
        return f"<LintAnswer: {flags} in {counted(self.entries, 'entry', 'entries')}, {repairs}>"


def lint(library: Library, request: LintRequest, *, may_be_file: bool = True) -> LintAnswer:
    """Judge the order of a playlist, and find the smallest changes that leave fewer flags.

    Parameters
    ----------
    may_be_file : bool
        Whether the playlist may be a file of this machine; else it is one of the library.

    Raises
    ------
    PlaylistNotFound, PlaylistUnreadable
    SoundNotFound, AmbiguousSound
        From ``sounds``.

    Notes
    -----
    Each repair is the change that clears most flags for its effort (``repair.EFFORT``) and leaves fewer
    than before it. Entries that the library does not know are skipped, as a player skips a lost
    file: the entries around them are judged as neighbours, and they stay after the one they follow.
    """
    with library.read() as connection:
        if request.playlist is not None:
            entries = named_entries(connection, request.playlist, may_be_file=may_be_file)
        else:
            named = resolved_entries(connection, request.sounds)
            entries = entries_of_hashes(connection, [entry.content_hash for entry in named])
    return lint_entries(library, entries, request)


def lint_entries(library: Library, entries: Sequence[Entry], request: LintRequest) -> LintAnswer:
    """Judge entries that were read before, as ``request`` says."""
    weights = weights_of(request.weights)
    style = TransitionStyle(request.doubletime, request.key_lock)
    with library.read() as connection:
        where = candidate_regions(connection, request.filter, kind=Kind.TRACK)
        if not request.repair:
            where = where.where(sa.false())
        # Loaded together, so that artists have one numbering.
        tracks = load_tracks(library, connection, where, also_sounds=_sound_ids(entries))
        choosable = np.isin(tracks.region_ids, selected_ids(connection, where))
        at = tracks.index_of_sounds()
        places = [place for place, entry in enumerate(entries) if entry.sound_id in at]
        items = tracks.take([at[entry.sound_id] for entry in entries if entry.sound_id in at])
        facts = region_facts(connection, np.unique(items.region_ids).tolist())
    names = [
        replace(facts[int(region_id)], path=facts[int(region_id)].path or entries[place].last_path).name
        for place, region_id in zip(places, items.region_ids, strict=True)
    ]
    judgement = judge(items, weights, style)
    order = range(len(places))
    findings = [
        *_unplayable(entries, dict(zip(places, names, strict=True))),
        *_flagged(judgement, places, items, names, facts, weights, style),
    ]
    findings.sort(key=lambda finding: (finding.position, finding.earlier or 0, finding.code))
    repairs: tuple[Repair, ...] = ()
    repaired = tuple(entries)
    if request.repair:
        pool = ReplacementPool(_pool(tracks, choosable, entries), weights, style)
        repairs, repaired = Repairing(library, pool, items, names, entries, places).run()
    score = score_of(judgement, order)
    return LintAnswer(request, tuple(findings), repairs, score, repaired, len(entries), len(places))


class WriteRepairedRequest(Request):
    """Where the repaired playlist is written: the path of an M3U file."""

    output: Annotated[str, AfterValidator(playlist_file_name)]


def write_repaired(library: Library, answer: LintAnswer, request: WriteRepairedRequest) -> None:
    """Write the playlist as it is after all repairs; entries whose file is nowhere keep the path where it was last."""
    with library.read() as connection:
        write_entries(connection, Path(request.output), answer.repaired)


def _sound_ids(entries: Sequence[Entry]) -> list[int]:
    return list(dict.fromkeys(entry.sound_id for entry in entries if entry.sound_id is not None))


def _pool(tracks: Tracks, choosable: NDArray[np.bool_], entries: Sequence[Entry]) -> Tracks:
    """Tracks that can be judged and are not in the playlist."""
    is_new = choosable & ~np.isnan(tracks.tempo_start) & ~np.isin(tracks.sound_ids, _sound_ids(entries))
    return tracks.take(np.flatnonzero(is_new))


# --- findings ------------------------------------------------------------------------------------


def _unplayable(entries: Sequence[Entry], names: Mapping[int, str]) -> list[Finding]:
    """What is wrong with single entries; ``names`` are those of the sounds that the library knows, by place."""
    findings = []
    for at, entry in enumerate(entries):
        if entry.state is EntryState.FOUND:
            continue
        # A path that leads nowhere is what the reader has to look at; what is known has a name.
        called = names.get(at, entry.called) if entry.state is EntryState.MISSING else entry.called
        words = _state_words(entry)
        findings.append(Finding(str(entry.state), at + 1, None, f"{called} {words}", called, words))
    return findings


def _state_words(entry: Entry) -> str:
    if entry.state is EntryState.NOT_FOUND and entry.is_content:
        return "is not in the library any more"
    if entry.state is EntryState.MISSING and entry.is_disk_away:
        return "is known to the library, but its disk is not there"
    return _STATE_WORDS[entry.state].format(path=entry.path, may_be=", ".join(entry.may_be))


def _flagged(
    judgement: Judgement,
    places: Sequence[int],
    items: Tracks,
    names: Sequence[str],
    facts: Mapping[int, RegionFacts],
    weights: Weights,
    style: TransitionStyle,
) -> list[Finding]:
    findings = []
    for flag in flags_of(judgement, range(len(places))):
        one, other = flag.earlier, flag.later
        end, start = items.take([one]), items.take([other])
        words = transition_facts(
            transitions(end, start, weights, style),
            end,
            start,
            (0, 0),
            style,
            clash_below=weights.lint.key_clash,
            wholes=(facts[int(end.region_ids[0])], facts[int(start.region_ids[0])]),
        )
        earlier = places[one] + 1
        message = {
            Fault.TEMPO_CLIFF: f"{names[other]} would have to stretch by {words.stretch_pct or 0.0:+.1f} % to fit {names[one]}",
            Fault.KEY_CLASH: f"{names[other]} after {names[one]}: {words.key or 'keys clash'}",
            Fault.ENERGY_DROP: f"{names[other]} after {names[one]}: {energy_where_they_meet(end, start) or 'energy falls'}",
            Fault.ARTIST_REPEAT: f"{names[other]} is by the artist of {names[one]} at {earlier}",
            Fault.DUPLICATE: f"{names[other]} is there already at {earlier}",
            Fault.NEAR_DUPLICATE: f"{names[other]} sounds like the same recording as {names[one]} at {earlier}",
        }[flag.fault]
        findings.append(Finding(str(flag.fault), places[other] + 1, earlier, message))
    return findings
