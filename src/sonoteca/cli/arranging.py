"""``sonoteca arrange``: a piece from the library's loops; show, list, export, remove what was made."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.matching import WeightsOption, weights_in_use
from sonoteca.cli.options import (
    JsonOption,
    LibraryOption,
    YesOption,
    allowed_regions,
    open_named_library,
    remember_library,
)
from sonoteca.interchange.export_format import ExportFormat

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sonoteca.arrange.arrangement import Arrangement
    from sonoteca.arrange.sound.sources import Source
    from sonoteca.catalogue.store.library import Library
    from sonoteca.domain.music import Key

group = typer.Typer(rich_markup_mode=None)

IdArgument = Annotated[str, typer.Argument(metavar="ID", help="An arrangement: its id or a unique prefix of it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="arrange")


@group.callback(invoke_without_command=True)
def arrange(
    context: typer.Context,
    seed: Annotated[
        str | None,
        typer.Option(metavar="SOUND", help="Grow from this loop: it plays, and its tempo and key hold."),
    ] = None,
    form: Annotated[
        str | None,
        typer.Option(help="Sections as NAME:BARS or NAME:BARS:ROLE+ROLE; default intro:8,verse:16,chorus:16,outro:8."),
    ] = None,
    roles: Annotated[str | None, typer.Option(help="What plays; default drums,bass,harmony,melody.")] = None,
    bpm: Annotated[float | None, typer.Option(help="Tempo; default the seed's, else what suits most loops.")] = None,
    key: Annotated[str | None, typer.Option(help="'F# minor', 'F#m', '11A'; default as for the tempo.")] = None,
    beats_per_bar: Annotated[int | None, typer.Option(help="Felt beats in a bar; default the seed's or 4.")] = None,
    only: Annotated[str | None, typer.Option("--filter", "-f", help="Only loops that this query finds.")] = None,
    must: Annotated[
        list[str] | None, typer.Option(metavar="SOUND", help="A loop that has to play; may be repeated.")
    ] = None,
    max_stretch: Annotated[float, typer.Option(min=0, max=25, help="Percent of tempo change a loop may take.")] = 25.0,
    max_shift: Annotated[int, typer.Option(min=0, max=6, help="Semitones a loop may be shifted.")] = 6,
    random_seed: Annotated[int, typer.Option(min=0, max=2**31 - 1, help="Another number, another choice.")] = 0,
    title: Annotated[str | None, typer.Option(help="What to call it.")] = None,
    weights: WeightsOption = None,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Make an arrangement from the loops of the library, keep it, and print it.

    Loops are chosen per role and section by how well they match, stretched and shifted to one tempo and key, and
    laid on a bar grid. The words below open, change, render and export what was made.
    """
    if context.invoked_subcommand is not None:
        _refuse_wishes(context)
        if library is not None:
            remember_library(library)
        return
    from sonoteca.arrange.choose.make import make_arrangement
    from sonoteca.arrange.choose.place import Limits
    from sonoteca.arrange.form import DEFAULT_FORM, parse_form, parse_roles
    from sonoteca.arrange.keep.store import save_new
    from sonoteca.arrange.request import ArrangeRequest

    with open_named_library(library, mode="write") as opened:
        request = ArrangeRequest(
            form=parse_form(form or DEFAULT_FORM),
            roles=None if roles is None else parse_roles(roles),
            tempo_bpm=bpm,
            beats_per_bar=beats_per_bar,
            key=None if key is None else _key(key),
            seed=None if seed is None else _content_hash(opened, seed),
            must=tuple(_content_hash(opened, name) for name in must or ()),
            where=allowed_regions(opened, only),
            limits=Limits(max_stretch / 100.0, max_shift),
            random_seed=random_seed,
            title=(_storable(title) or "").strip() or None,
            asked={
                "seed": _storable(seed),
                "form": _storable(form),
                "roles": _storable(roles),
                "bpm": bpm,
                "key": _storable(key),
                "beats_per_bar": beats_per_bar,
                "filter": _storable(only),
                "must": [_storable(name) for name in must or ()],
                "max_stretch": max_stretch,
                "max_shift": max_shift,
            },
        )
        arrangement = make_arrangement(opened, request, weights=weights_in_use(opened, weights))
        with opened.write() as connection:
            arrangement = save_new(connection, arrangement)
        print_arrangement(opened, arrangement, as_json=as_json)


def _refuse_wishes(context: typer.Context) -> None:
    """RequestError for a wish before another word, where it would be lost."""
    from sonoteca.errors import RequestError

    for name in context.params:
        source = context.get_parameter_source(name)
        if name != "library" and source is not None and source.name == "COMMANDLINE":
            option = {"only": "filter", "as_json": "json"}.get(name, name).replace("_", "-")
            word = context.invoked_subcommand
            raise RequestError(
                f"--{option} before {word} would be lost.", f"Write it after {word}, or leave {word} out."
            )


def _key(text: str) -> Key:
    from sonoteca.domain.music import Key
    from sonoteca.errors import RequestError

    try:
        return Key.parse(text)
    except ValueError as error:
        raise RequestError(f"{error}.", "Write a key as 'F# minor', 'F#m' or '11A'.") from error


def _storable(text: str | None) -> str | None:
    """Text as every database takes it: a path on the command line may be of any bytes."""
    from sonoteca.catalogue.store.names import storable

    return None if text is None else storable(text)


def _content_hash(library: Library, name: str) -> str:
    from sonoteca.catalogue.identity.sounds import resolve_sound

    with library.read() as connection:
        return resolve_sound(connection, name).content_hash


@group.command()
def show(arrangement: IdArgument, library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Print an arrangement: grid, sections, clips, and why each was chosen."""
    with open_named_library(library, mode="read") as opened:
        print_arrangement(opened, _open(opened, arrangement), as_json=as_json)


@group.command(name="list")
def list_(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """List the arrangements of the library, the last made first."""
    from dataclasses import asdict

    from sonoteca.catalogue.made.arrangements import list_arrangements
    from sonoteca.cli.output import print_json, print_table
    from sonoteca.domain.music import Key

    with open_named_library(library, mode="read") as opened, opened.read() as connection:
        entries = list_arrangements(connection)
    if as_json:
        for entry in entries:
            print_json(asdict(entry))
        return
    print_table(
        ["id", "title", ("bpm", "right"), "key", ("sections", "right"), ("bars", "right"), ("clips", "right"), "made"],
        [
            (
                entry.public_id,
                entry.title,
                f"{entry.tempo_bpm:g}",
                None if entry.tonic is None else Key(entry.tonic, entry.mode).name,  # type: ignore[arg-type]
                entry.sections,
                f"{entry.bars:g}",
                entry.clips,
                entry.created_at,
            )
            for entry in entries
        ],
    )


@group.command()
def remove(arrangement: IdArgument, library: LibraryOption = None, yes: YesOption = False) -> None:
    """Forget an arrangement; its sounds stay."""
    from sonoteca.catalogue.made.arrangements import remove_arrangement
    from sonoteca.cli.output import note

    with open_named_library(library, mode="write") as opened:
        public_id = _open(opened, arrangement).public_id
        assert public_id is not None
        if not yes:
            typer.confirm(f"Forget arrangement {public_id}?", abort=True, err=True)
        with opened.write() as connection:
            remove_arrangement(connection, public_id)
    note(f"forgot arrangement {public_id}")


@group.command()
def export(
    arrangement: IdArgument,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FILE", help="Where to; replaced if it exists.")],
    format: Annotated[ExportFormat | None, typer.Option(help="Default: what the suffix of FILE says.")] = None,
    embed: Annotated[bool, typer.Option("--embed", help="dawproject: put the sounds into the file.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write an arrangement for another program.

    dawproject: tracks, clips, warps, tempo and markers for Bitwig Studio, Cubase, Studio One. midi-markers: grid and
    form for any program with a timeline. json: everything, to be read again by `arrange import`.
    """
    from sonoteca.cli.output import note, print_json
    from sonoteca.interchange.arrangement_files import export_arrangement

    with open_named_library(library, mode="read") as opened:
        written = export_arrangement(opened, _open(opened, arrangement), output, format=format, embed=embed)
    if as_json:
        print_json(
            {"path": str(output), "format": written.format, "bytes": written.n_bytes, "missing": written.missing}
        )
        return
    for sentence in written.missing:
        note(f"missing: {sentence}")
    note(f"wrote {output} ({written.n_bytes / 1024:.0f} kB)")


@group.command()
def render(
    arrangement: IdArgument,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help=".wav, .flac or .mp3; replaced if it exists.")
    ],
    stems: Annotated[bool, typer.Option("--stems", help="One file per role too, beside FILE.")] = False,
    rate: Annotated[int, typer.Option(min=8_000, max=192_000, help="Samples per second.")] = 44_100,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Leave silence where a sound is missing.")
    ] = False,
    workers: Annotated[int, typer.Option(min=1, help="Processes that stretch sounds.")] = 1,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Render an arrangement to sound: exact to the sample, below -1 dBTP, the same bytes every time."""
    from sonoteca.arrange.sound.render import render_arrangement
    from sonoteca.cli.output import clock, note, print_json

    with open_named_library(library, mode="read") as opened:
        made = render_arrangement(
            opened,
            _open(opened, arrangement),
            output,
            stems=stems,
            sample_rate=rate,
            allow_missing=allow_missing,
            workers=workers,
        )
    if as_json:
        print_json(made.as_json())
        return
    for sentence in made.missing:
        note(f"missing, so silent: {sentence}")
    loudness = "silent" if made.down.loudness_lufs is None else f"{made.down.loudness_lufs:.1f} LUFS"
    for path in (made.path, *made.stems.values()):
        note(f"wrote {path}")
    note(f"{clock(made.duration_s)}, {loudness}")


@group.command(name="import")
def import_(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="JSON as `arrange export` writes it.")],
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Keep an arrangement from a JSON file; sounds that this library does not have are named."""
    from sonoteca.arrange.keep.store import save_new
    from sonoteca.interchange.arrangement_json import read_arrangement_json

    read = read_arrangement_json(file)
    with open_named_library(library, mode="write") as opened:
        with opened.write() as connection:
            kept = save_new(connection, read)
        print_arrangement(opened, kept, as_json=as_json)


def _open(library: Library, name: str) -> Arrangement:
    from sonoteca.arrange.keep.store import open_arrangement

    with library.read() as connection:
        return open_arrangement(connection, name)


def _sources(library: Library, arrangement: Arrangement) -> Mapping[str, Source]:
    from sonoteca.arrange.sound.sources import find_sources

    with library.read() as connection:
        return find_sources(connection, arrangement.clips)


def _warn_of_missing(sources: Mapping[str, Source]) -> None:
    from sonoteca.cli.output import note

    for source in sources.values():
        if source.path is None:
            note(f"missing: {source.shown} ({source.why_missing})")


def print_arrangement(library: Library, arrangement: Arrangement, *, as_json: bool) -> None:
    """An arrangement for a person or a program; sounds that are missing are named."""
    from sonoteca.cli.output import clock, note, print_json, print_pairs, print_table
    from sonoteca.interchange.arrangement_json import full_document

    sources = _sources(library, arrangement)
    if as_json:
        print_json(full_document(arrangement, sources))
        return
    key = arrangement.key
    print_pairs(
        {
            "id": arrangement.public_id,
            "title": arrangement.title,
            "tempo": f"{arrangement.tempo_bpm:g} bpm, {arrangement.beats_per_bar} beats to the bar",
            "key": None if key is None else f"{key.name} ({key.camelot})",
            "length": f"{arrangement.bars} bars, {clock(arrangement.duration_s)}",
            "seed": arrangement.seed,
            "muted": ", ".join(sorted(arrangement.muted)) or None,
            "locked": ", ".join(f"{role}@{section}" for role, section in sorted(arrangement.locked)) or None,
        }
    )
    print_table(
        [
            "section", ("bar", "right"), ("bars", "right"), "role", "sound", ("loop", "right"), ("tempo", "right"),
            ("shift", "right"), ("gain", "right"), ("fit", "right"), "why",
        ],
        [
            (
                arrangement.section_at(clip.start_bar).name,
                f"{clip.start_bar + 1:g}",
                f"{clip.bars:g}",
                clip.role,
                Path(sources[clip.content_hash].shown).name,
                f"{arrangement.pass_bars(clip):g}",
                f"{100 * (clip.tempo_ratio - 1):+.1f} %",
                f"{clip.semitone_shift:+d}" if clip.semitone_shift else "0",
                f"{clip.gain_db:+.1f} dB",
                None if clip.score is None else f"{clip.score:.2f}",
                # The first reason is about tempo, which has a column.
                " ".join(clip.reasons[1:] or clip.reasons),
            )
            for clip in arrangement.clips
        ],
    )  # fmt: skip
    notes = arrangement.details.get("notes")
    for sentence in notes if isinstance(notes, list) else []:
        note(str(sentence))
    _warn_of_missing(sources)
