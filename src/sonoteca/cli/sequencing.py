"""``sonoteca next``, ``set`` and ``path``: what comes after what."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.options import CountOption, FilterOption, JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from sonoteca.catalogue.store.library import Library
    from sonoteca.sequence.build_set import SetAnswer, SetCandidate


class Direction(StrEnum):
    """Where energy goes."""

    UP = "up"
    DOWN = "down"
    HOLD = "hold"


WeightsOption = Annotated[
    str | None,
    typer.Option("--weights", metavar="FILE|name=number,...", help="For this call, e.g. key=0,tempo.half_pct=3."),
]
DoubleTimeOption = Annotated[bool, typer.Option("--doubletime/--no-doubletime", help="Half and double tempo fit too.")]
KeyLockOption = Annotated[
    bool, typer.Option("--key-lock/--no-key-lock", help="Whether a stretch keeps the pitch, as DJ programs do.")
]
AnyStretchOption = Annotated[
    float | None, typer.Option("--tempo-pct", min=0, help="No stretch beyond so many percent.")
]


def register(app: typer.Typer) -> None:
    app.command(name="next")(next_)
    app.command(name="set")(set_)
    app.command()(path)


def next_(
    sound: Annotated[
        str, typer.Argument(metavar="SOUND", help="What plays now: id, unique prefix, path, external:ID.")
    ],
    tempo_pct: Annotated[float, typer.Option(min=0, max=100, help="The widest stretch in percent.")] = 6.0,
    double_time: DoubleTimeOption = True,
    keys: Annotated[
        str, typer.Option(metavar="compatible|any|LIST", help="Keys to start in, e.g. 8A,9A; any: keys only count.")
    ] = "any",
    energy: Annotated[Direction | None, typer.Option(help="Only livelier, calmer, or equally lively tracks.")] = None,
    played: Annotated[
        str | None,
        typer.Option(metavar="PLAYLIST|FILE", help="Heard before: not again, nor the same artists soon."),
    ] = None,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    only: FilterOption = None,
    count: CountOption = 10,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Rank what may come next by tempo, key, energy, timbre, rhythm and freshness of the artist.

    Limits and the filter are applied before ranking. Answers are of the kind of SOUND, unless the filter speaks of kinds.
    """
    from sonoteca.cli.answer_table import print_results
    from sonoteca.cli.output import print_json
    from sonoteca.cli.weights import sequence_weights
    from sonoteca.sequence.next_track import Limits, find_next, parse_keys
    from sonoteca.sequence.playlist_file import named_entries

    chosen = sequence_weights(weights)
    limits = Limits(tempo_pct=tempo_pct, keys=parse_keys(keys), energy=None if energy is None else energy.value)
    with open_named_library(library, mode="read") as opened:
        heard: list[int] = []
        if played:
            with opened.read() as connection:
                heard = [entry.sound_id for entry in named_entries(connection, played) if entry.sound_id is not None]
        answer = find_next(
            opened,
            sound,
            limits=limits,
            only=query_text([only]) if only else None,
            played=heard,
            weights=chosen,
            double_time=double_time,
            key_lock=key_lock,
            k=count,
            query={
                "tempo_pct": tempo_pct,
                "doubletime": double_time,
                "keys": keys,
                "energy": limits.energy,
                "played": played,
                "key_lock": key_lock,
                "filter": only,
            },
        )
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, notes=answer.notes)


def set_(
    length: Annotated[str, typer.Option(metavar="20|60m", help="So many tracks, or so much time (60m, 1h30m).")],
    start: Annotated[str | None, typer.Option(metavar="SOUND", help="The first track.")] = None,
    end: Annotated[str | None, typer.Option(metavar="SOUND", help="The last track.")] = None,
    must: Annotated[
        list[str] | None, typer.Option(metavar="SOUND[@5]", help="A track that has to be in it, or at that position.")
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option(metavar="warmup|peak|closing|FILE", help="How energy goes; a FILE has levels 1 to 10."),
    ] = None,
    avoid: Annotated[list[str] | None, typer.Option(metavar="QUERY", help="Nothing that this query finds.")] = None,
    alternatives: Annotated[int, typer.Option(min=1, max=20, help="How many different sets.")] = 3,
    seed: Annotated[int, typer.Option(min=0, help="Another number, another taste; 0 has none.")] = 0,
    tempo_pct: AnyStretchOption = None,
    double_time: DoubleTimeOption = True,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    only: FilterOption = None,
    save: Annotated[str | None, typer.Option(metavar="NAME", help="Keep it as a playlist of the library.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="A playlist of that name gives way.")] = False,
    output: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write it as M3U.")] = None,
    pick: Annotated[int, typer.Option(min=1, help="Which of the sets is kept and written.")] = 1,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build sets from the tracks of the library: good transitions along an energy curve, locked tracks in place."""
    from sonoteca.cli.output import print_json
    from sonoteca.cli.weights import sequence_weights
    from sonoteca.sequence.build_set import build_set
    from sonoteca.sequence.playlist_file import check_playlist_file
    from sonoteca.sequence.set_request import SetRequest, parse_length, parse_must

    check_playlist_file(output)
    request = SetRequest(
        length=parse_length(length),
        start=start,
        end=end,
        must=tuple(parse_must(each) for each in must or ()),
        curve=curve,
        only=query_text([only]) if only else None,
        avoid=tuple(query_text([each]) for each in avoid or ()),
        alternatives=alternatives,
        seed=seed,
        tempo_pct=tempo_pct,
        double_time=double_time,
        key_lock=key_lock,
    )
    chosen = sequence_weights(weights)
    query = {
        "length": length,
        "start": start,
        "end": end,
        "must": list(must or []),
        "curve": curve,
        "filter": only,
        "avoid": list(avoid or []),
        "alternatives": alternatives,
        "tempo_pct": tempo_pct,
        "doubletime": double_time,
        "key_lock": key_lock,
    }
    with open_named_library(library, mode="write" if save else "read") as opened:
        answer = build_set(opened, request, weights=chosen, query=query)
        if save or output:
            _keep(opened, answer, pick, save, replace, output)
    if as_json:
        print_json(answer.as_json())
    else:
        _print_sets(answer)


def _keep(opened: Library, answer: SetAnswer, pick: int, name: str | None, replace: bool, output: Path | None) -> None:
    """Keep one candidate as a playlist of the library, as a file, or both."""
    from sonoteca.catalogue.identity.sounds import resolve_sound
    from sonoteca.catalogue.made.playlists import PlaylistEntry, save_playlist
    from sonoteca.cli.output import note
    from sonoteca.errors import RequestError
    from sonoteca.sequence.playlist_entries import entries_of_hashes
    from sonoteca.sequence.playlist_file import write_entries

    if pick > len(answer.candidates):
        raise RequestError(f"--pick {pick}: there are {len(answer.candidates)} sets.", "Pick one of them.")
    candidate = answer.candidates[pick - 1]
    with opened.read() as connection:
        hashes = [resolve_sound(connection, track.row.id).content_hash for track in candidate.tracks]
        if output is not None:
            entries = entries_of_hashes(connection, hashes)
            write_entries(connection, output, entries)
            missing = [entry.name for entry in entries if entry.path is None]
            note(
                f"set {pick} written to {output}" + (f", without the files of {', '.join(missing)}" if missing else "")
            )
    if name is not None:
        details = {"query": answer.as_json()["query"], "score": candidate.worth.total}
        with opened.write() as connection:
            save_playlist(connection, name, [PlaylistEntry(each) for each in hashes], details=details, replace=replace)
        note(f"set {pick} kept as the playlist {name!r}")


def _print_sets(answer: SetAnswer) -> None:
    from sonoteca.cli.output import note

    for number, candidate in enumerate(answer.candidates, start=1):
        _print_set(number, candidate)
    for text in answer.notes:
        note(text)


def _print_set(number: int, candidate: SetCandidate) -> None:
    from sonoteca.cli.output import clock, print_table

    parts = ", ".join(f"{name} {value:.2f}" for name, value in candidate.worth.parts.items() if value is not None)
    shared = [f"{count} of {len(candidate.tracks)} tracks of set {other}" for other, count in candidate.shared.items()]
    title = [
        f"set {number}: {candidate.worth.total:.2f} ({parts}), {len(candidate.tracks)} tracks, "
        f"{clock(candidate.worth.duration_s)}" + (f"; has {', '.join(shared)}" if shared else ""),
        *candidate.reasons,
    ]
    print_table(
        [
            ("", "right"),
            ("at", "right"),
            ("score", "right"),
            ("bpm", "right"),
            "key",
            ("energy", "right"),
            "sound",
            "why",
        ],
        [
            (
                f"{track.position}{'*' if track.is_locked else ''}",
                clock(track.at_s),
                None if track.transition is None else f"{track.transition.score:.2f}",
                None if track.tempo_bpm is None else f"{track.tempo_bpm:.1f}",
                track.camelot,
                None if track.energy_level is None else f"{track.energy_level:.0f}",
                track.row.path or track.row.title or track.row.id,
                ", ".join(track.row.reasons),
            )
            for track in candidate.tracks
        ],
        title="\n".join(title),
    )


def path(
    start: Annotated[str, typer.Argument(metavar="A", help="Where the walk begins: any name of a sound.")],
    end: Annotated[str, typer.Argument(metavar="B", help="Where it ends.")],
    steps: Annotated[int, typer.Option(min=0, max=200, help="Sounds in between.")] = 5,
    mixable: Annotated[
        float, typer.Option(min=0, help="What good transitions count beside small steps; 0: only the sound.")
    ] = 0.0,
    double_time: DoubleTimeOption = True,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    only: FilterOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Walk from A to B through sounds that are each a little nearer to B, without going back."""
    from sonoteca.cli.answer_table import print_results
    from sonoteca.cli.output import print_json
    from sonoteca.cli.weights import sequence_weights
    from sonoteca.sequence.transition import TransitionStyle
    from sonoteca.sequence.walk import find_walk

    chosen = sequence_weights(weights)
    with open_named_library(library, mode="read") as opened:
        answer = find_walk(
            opened,
            start,
            end,
            steps=steps,
            only=query_text([only]) if only else None,
            mixable=mixable,
            weights=chosen,
            style=TransitionStyle(double_time, key_lock),
            query={"filter": only, "mixable": mixable},
        )
    if as_json:
        print_json(answer.as_json())
    else:
        print_results(answer.rows, notes=answer.notes)
