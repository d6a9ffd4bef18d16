"""``sonoteca arrange edit``: change an arrangement, with a way back."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.arrange.arguments import IdArgument
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

Texts = list[str] | None


def edit(
    arrangement: IdArgument,
    replace: Annotated[Texts, typer.Option(metavar="TARGET=SOUND", help="Let this loop play there.")] = None,
    other: Annotated[Texts, typer.Option(metavar="TARGET", help="Let the next best loop play there.")] = None,
    without: Annotated[Texts, typer.Option(metavar="TARGET", help="Let nothing play there.")] = None,
    gain: Annotated[Texts, typer.Option(metavar="TARGET=DB", help="Play it louder or softer by so many dB.")] = None,
    shift: Annotated[Texts, typer.Option(metavar="TARGET=N", help="Play it higher or lower by N semitones.")] = None,
    lock: Annotated[Texts, typer.Option(metavar="TARGET", help="Keep the loop from being replaced.")] = None,
    unlock: Annotated[Texts, typer.Option(metavar="TARGET", help="Give it free again.")] = None,
    mute: Annotated[Texts, typer.Option(metavar="ROLE", help="Keep a role, but silent.")] = None,
    unmute: Annotated[Texts, typer.Option(metavar="ROLE", help="Let it be heard again.")] = None,
    bars: Annotated[Texts, typer.Option(metavar="SECTION=N", help="Make a section N bars long.")] = None,
    move: Annotated[Texts, typer.Option(metavar="SECTION=N", help="Put a section at place N, from 1.")] = None,
    repeat: Annotated[Texts, typer.Option(metavar="SECTION", help="Play a section twice in a row.")] = None,
    remove_section: Annotated[Texts, typer.Option(metavar="SECTION", help="Take a section out.")] = None,
    rename_section: Annotated[Texts, typer.Option(metavar="SECTION=NAME", help="Call a section otherwise.")] = None,
    title: Annotated[
        str | None, typer.Option(metavar="TITLE", help="Call the arrangement so; '' takes the name away.")
    ] = None,
    undo: Annotated[bool, typer.Option("--undo", help="Take back the last edit instead.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Change an arrangement, with a way back.

    All options of one call are one edit, and are done or refused together. TARGET is ROLE or ROLE@SECTION; SECTION is verse (all of that name) or verse#2 (the second). Every option may be
    repeated. --undo takes back edit after edit.
    """
    import sonoteca
    from sonoteca.cli.arrange.table import print_arrangement
    from sonoteca.cli.output import counted, note

    request = sonoteca.ArrangementEditRequest(
        arrangement=arrangement,
        undo=undo,
        unlock=tuple(unlock or ()),
        replace=tuple(replace or ()),
        other=tuple(other or ()),
        without=tuple(without or ()),
        gain=tuple(gain or ()),
        shift=tuple(shift or ()),
        mute=tuple(mute or ()),
        unmute=tuple(unmute or ()),
        bars=tuple(bars or ()),
        move=tuple(move or ()),
        repeat=tuple(repeat or ()),
        remove_section=tuple(remove_section or ()),
        rename_section=tuple(rename_section or ()),
        title=title,
        lock=tuple(lock or ()),
    )
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.edit_arrangement(opened, request)
    print_arrangement(answer, as_json=as_json)
    if not as_json:
        for each in answer.changes:
            note(each)
        back = "" if undo else f"; `sonoteca arrange edit {answer.arrangement.public_id} --undo` takes it back"
        note(f"{'took back' if undo else 'changed'} {counted(len(answer.changes), 'thing')}{back}")
