"""``sonoteca edit``: what a person says about sounds."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arguments import query_text
from sonoteca.cli.asking import confirm
from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, YesOption, open_named_library
from sonoteca.domain.answer import MeantSounds

QueryArgument = Annotated[
    list[str],
    typer.Argument(metavar="QUERY", help="Which sounds: an id, a name, or a query as in `sonoteca list --help`."),
]

_ASK_ABOVE = 1


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("edit break96.wav --bpm 96", "edit kind:loop bpm:174 --tag +jungle --yes"))(edit)


def edit(
    query: QueryArgument,
    bpm: Annotated[
        str | None, typer.Option(metavar="BPM", help="Say the tempo in beats per minute, none, or auto.")
    ] = None,
    half: Annotated[bool, typer.Option("--half", help="Make it half as fast: every second beat is left out.")] = False,
    double: Annotated[bool, typer.Option("--double", help="Make it twice as fast: a beat between every two.")] = False,
    key: Annotated[
        str | None, typer.Option(metavar="KEY", help="Say the key: 'F# minor', 'F#m', '11A', none, or auto.")
    ] = None,
    kind: Annotated[
        str | None,
        typer.Option(metavar="KIND", help="Say the kind: track, loop, one_shot, field_recording, none, or auto."),
    ] = None,
    role: Annotated[
        str | None,
        typer.Option(metavar="ROLE", help="Say the role: drums, bass, harmony, melody, vocal, fx, mix, none, or auto."),
    ] = None,
    sound_class: Annotated[
        str | None,
        typer.Option(
            "--class",
            metavar="CLASS",
            help="Say the class: kick, snare, hat, cymbal, tom, clap, percussion, bass, chord, stab, note, vocal, fx, "
            "none, or auto.",
        ),
    ] = None,
    rating: Annotated[str | None, typer.Option(metavar="STARS", help="Rate with 0 to 5, none, or auto.")] = None,
    tag: Annotated[
        list[str] | None, typer.Option(metavar="+TAG|-TAG", help="Add the tag a and take b away with --tag +a -b.")
    ] = None,
    shift_grid: Annotated[
        str | None,
        typer.Option(metavar="SECONDS", help="Let every beat and bar fall so much later (-0.012: earlier), or auto."),
    ] = None,
    cue: Annotated[
        list[str] | None, typer.Option(metavar="TIME=NAME", help="Set a cue: 12.5=Drop, 1:02.5=Drop; may be repeated.")
    ] = None,
    remove_cue: Annotated[
        list[str] | None,
        typer.Option(metavar="CUE", help="Take a cue away by moment or name; auto leaves what was heard alone."),
    ] = None,
    lock: Annotated[bool, typer.Option("--lock", help="Keep its values whatever is analysed or edited.")] = False,
    unlock: Annotated[bool, typer.Option("--unlock", help="Let them change again.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    yes: YesOption = False,
    as_json: JsonOption = False,
) -> None:
    """Correct values and tags of all sounds that QUERY finds.

    Corrections stay whatever is analysed later. none says that a sound has no such value, auto takes a correction
    back. Beats, bars and grid follow a corrected tempo. `sonoteca undo` takes back a whole edit.
    """
    import sonoteca
    from sonoteca.cli.changes import tell_changes
    from sonoteca.cli.output import counted, note, print_json

    def ask(meant: MeantSounds) -> None:
        if meant.count > _ASK_ABOVE:
            confirm(f"Edit {meant.told}?", yes=yes or as_json)

    request = sonoteca.EditRequest(
        query=query_text(query),
        bpm=bpm,
        half=half,
        double=double,
        key=key,
        kind=kind,
        role=role,
        sound_class=sound_class,
        rating=rating,
        tags=tag or (),
        shift_grid=shift_grid,
        cues=cue or (),
        remove_cues=remove_cue or (),
        lock=lock,
        unlock=unlock,
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.edit(opened, request, approve=ask)
    if as_json:
        print_json(answer.as_json())
    elif answer.batch is None:
        note("nothing was changed" + (": it was so already" if answer.found else ": no sound answers to that"))
    else:
        tell_changes(answer.changes, answer.changed)
        so = "" if answer.changes else ", to what was believed already: it stays so whatever is analysed later"
        of = "" if answer.changed == answer.found else f"{answer.changed} of "
        note(f"changed {of}{counted(answer.found, 'sound')}{so}; `sonoteca undo` takes it back")
    if answer.locked and not as_json:
        note(f"{answer.locked} of them are locked and stay as they are; --unlock frees them")
    if answer.n_unfit and not as_json:
        note(f"{answer.n_unfit} of them could not be changed so: {' '.join(answer.unfit)}")
