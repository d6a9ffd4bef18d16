"""``sonoteca demo``: the main job on a small library, a table of what was found, and what one sound is similar to."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.listening_options import WorkersOption, open_worker_pool
from sonoteca.cli.options import JsonOption

if TYPE_CHECKING:
    from sonoteca import Library

_SHOWN = 40
_SIMILAR = 5


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("demo", "demo --music ~/Samples"))(demo)


def demo(
    music: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Take your own folder instead of the made sounds.")
    ] = None,
    folder: Annotated[Path, typer.Option(metavar="FOLDER", help="Keep the demo library and its sounds here.")] = Path(
        "demo-library"
    ),
    workers: WorkersOption = None,
    as_json: JsonOption = False,
) -> None:
    """Show the main job on a small library that it makes.

    It makes sounds, listens to them, and shows what was found and what is similar to one of them.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json
    from sonoteca.cli.progress import ProgressBar

    made = sonoteca.make_demo(folder, music)
    with sonoteca.open_library(made.library, mode="create") as library:
        request = sonoteca.AddRequest(paths=(made.music,))
        with ProgressBar(quiet=as_json) as progress, open_worker_pool(workers) as listener:
            answer = sonoteca.add(library, request, listener=listener, progress=progress)
        if as_json:
            print_json({"library": str(made.library), "add": answer.as_json(), **_found(library)})
        else:
            _show(library)
    if as_json:
        raise typer.Exit(1 if answer.failed else 0)
    note(answer.sentence())
    if not answer.analysed and not answer.failed and not answer.interrupted:
        note("There was nothing left to do.")
    note(f"The library is {made.library}; try: `sonoteca --library {shlex.quote(str(made.library))} list kind:loop`")
    if answer.failed:
        raise typer.Exit(1)


def _show(library: Library) -> None:
    import sonoteca
    from sonoteca.cli.answer_table import ids_of, print_results
    from sonoteca.cli.listing_table import print_listing
    from sonoteca.cli.output import note, print_text
    from sonoteca.cli.sound_names import names_of
    from sonoteca.errors import SonotecaError

    listed = sonoteca.list_sounds(library, sonoteca.ListRequest(filter="sort:path", limit=_SHOWN)).rows
    print_listing(listed, sonoteca.short_ids(library, [row.id for row in listed]))
    chosen = sonoteca.find_showcase(library)
    if chosen is None:
        return
    try:
        found = sonoteca.find_similar(library, sonoteca.SimilarRequest(sounds=(chosen.id,), k=_SIMILAR))
    except SonotecaError as error:
        note(error.message)
        return
    print_text(f"\nWhat sounds like {names_of([chosen])[0]}:")
    print_results(found.rows, ids_of(library, found.rows), notes=found.notes)


def _found(library: Library) -> dict[str, Any]:
    """All sounds, and what is similar to the one that the demo chooses; None where none can be compared."""
    import sonoteca
    from sonoteca.errors import SonotecaError

    sounds = sonoteca.list_sounds(library, sonoteca.ListRequest(filter="sort:path", limit=None)).as_rows()
    chosen = sonoteca.find_showcase(library)
    similar = None
    if chosen is not None:
        try:
            similar = sonoteca.find_similar(library, sonoteca.SimilarRequest(sounds=(chosen.id,), k=_SIMILAR)).as_json()
        except SonotecaError:
            similar = None
    return {"sounds": sounds, "similar": similar}
