"""``sonoteca set``: an order of tracks for a night."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.arguments import filter_text, query_text
from sonoteca.cli.examples import examples
from sonoteca.cli.options import (
    DataDirOption,
    FilterOption,
    JsonOption,
    LibraryOption,
    MissingOption,
    open_named_library,
)
from sonoteca.cli.style_options import DoubleTimeOption, KeyLockOption
from sonoteca.cli.weights import WeightsOption, weights_text

if TYPE_CHECKING:
    from sonoteca import KeepSetAnswer, SetAnswer, SetCandidate


def register(app: typer.Typer) -> None:
    app.command(
        name="set",
        epilog=examples(
            "set --length 60m --curve peak -o tonight.m3u8", "set --length 20 --start now.mp3 --save friday"
        ),
    )(set_)


def set_(
    length: Annotated[str, typer.Option(metavar="20|60m", help="Fill so many tracks, or so much time (60m, 1h30m).")],
    start: Annotated[str | None, typer.Option(metavar="SOUND", help="Begin with this track.")] = None,
    end: Annotated[str | None, typer.Option(metavar="SOUND", help="End with this track.")] = None,
    must: Annotated[
        list[str] | None,
        typer.Option(metavar="SOUND[@5]", help="Have this track in it, or at that position; may be repeated."),
    ] = None,
    curve: Annotated[
        str | None,
        typer.Option(metavar="warmup|peak|closing|FILE", help="Let energy go so; a FILE has levels 1 to 10."),
    ] = None,
    avoid: Annotated[
        list[str] | None, typer.Option(metavar="QUERY", help="Take nothing that QUERY finds; may be repeated.")
    ] = None,
    count: Annotated[
        int, typer.Option("-k", "--count", min=1, max=20, metavar="N", help="Give so many different sets.")
    ] = 3,
    alternatives: Annotated[int | None, typer.Option("--alternatives", min=1, max=20, hidden=True)] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, metavar="N", help="Choose otherwise with another number.")] = 0,
    tempo_pct: Annotated[
        float | None,
        typer.Option("--tempo-pct", min=0, metavar="PERCENT", help="Stretch no track by more than so many percent."),
    ] = None,
    double_time: DoubleTimeOption = True,
    key_lock: KeyLockOption = True,
    weights: WeightsOption = None,
    only: FilterOption = None,
    include_missing: MissingOption = False,
    save: Annotated[str | None, typer.Option(metavar="NAME", help="Keep the set as a playlist of the library.")] = None,
    replace: Annotated[bool, typer.Option("--replace", help="Let a playlist of that name give way.")] = False,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", metavar="FILE.m3u", help="Write the set as M3U.")
    ] = None,
    pick: Annotated[int, typer.Option(min=1, metavar="N", help="Keep and write this one of the sets.")] = 1,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Build a set: an order of tracks with good transitions.

    Energy can follow a curve, and tracks can be locked to their places.
    """
    import sonoteca
    from sonoteca.cli.output import print_json

    keep = sonoteca.KeepSetRequest(
        pick=pick, save=save or None, replace=replace, output=None if output is None else str(output)
    )
    request = sonoteca.SetRequest(
        length=length,
        start=start,
        end=end,
        must=must or (),
        curve=curve,
        filter=filter_text(only),
        avoid=tuple(query_text([each]) for each in avoid or ()),
        alternatives=alternatives or count,
        seed=seed,
        tempo_pct=tempo_pct,
        doubletime=double_time,
        key_lock=key_lock,
        weights=weights_text(weights),
        include_missing=include_missing,
    )
    with open_named_library(library, mode="write" if save else "read") as opened:
        answer = sonoteca.build_set(opened, request)
        kept = sonoteca.keep_set(opened, answer, keep) if save or output else None
    if as_json:
        print_json(answer.as_json())
    else:
        _print_sets(answer)
    if kept is not None:
        _print_kept(kept)


def _print_kept(kept: KeepSetAnswer) -> None:
    from sonoteca.cli.output import note

    asked = kept.request
    warning = f"; {kept.cliffs}" if kept.cliffs is not None else ""
    if asked.output is not None:
        without = f", without the files of {', '.join(kept.missing)}" if kept.missing else ""
        note(f"set {asked.pick} written to {asked.output}{without}{warning}")
    if asked.save is not None:
        note(f"set {asked.pick} kept as the playlist {asked.save!r}{warning}")


def _print_sets(answer: SetAnswer) -> None:
    from sonoteca.cli.output import note

    for number, candidate in enumerate(answer.candidates, start=1):
        _print_set(number, candidate)
    for text in answer.notes:
        note(f"{text} (--include-missing)" if text == answer.away_note else text)


def _print_set(number: int, candidate: SetCandidate) -> None:
    from sonoteca.cli.absence_marks import AWAY_MARKS, explain_marks
    from sonoteca.cli.output import clock, note, print_table
    from sonoteca.cli.sound_names import key_text, marked, names_of, tempo_text
    from sonoteca.cli.table import Column

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
            Column("score", "right", spare=1),
            ("bpm", "right"),
            "key",
            ("energy", "right"),
            ("length", "right"),
            ("sound", "name"),
            "file",
            ("why", "below"),
        ],
        [
            (
                f"{track.position}{'*' if track.is_locked else ''}",
                clock(track.at_s),
                None if track.transition is None else f"{track.transition.score:.2f}",
                tempo_text(track.tempo_bpm),
                marked(key_text(track.key), track.key_certainty),
                None if track.energy_level is None else f"{track.energy_level:.0f}",
                clock(track.row.end_s - track.row.start_s),
                name,
                AWAY_MARKS.get(track.place.absence),
                ", ".join(track.row.reasons),
            )
            for track, name in zip(candidate.tracks, names_of([track.row for track in candidate.tracks]), strict=True)
        ],
        title="\n".join(title),
    )
    explain_marks([track.place.absence for track in candidate.tracks])
    note(f"{len(candidate.tracks)} tracks, {clock(candidate.worth.duration_s)} in all")
    if candidate.cliffs is not None:
        note(f"{candidate.cliffs} (`sonoteca lint` names it)")
