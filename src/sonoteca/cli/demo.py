"""``sonoteca demo``: the main job on a small library, a table of what was found, and what one sound is similar to."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.listening_options import WorkersOption, open_worker_pool

if TYPE_CHECKING:
    from sonoteca import Library

_SHOWN = 40
_SIMILAR = 5


def register(app: typer.Typer) -> None:
    app.command()(demo)


def demo(
    music: Annotated[Path | None, typer.Option(help="Your own folder instead of the made sounds.")] = None,
    folder: Annotated[Path, typer.Option(help="Where the demo library and its sounds are kept.")] = Path(
        "demo-library"
    ),
    workers: WorkersOption = None,
) -> None:
    """Run the main job on a small library: make it, listen to it, show what was found and what is similar."""
    import sonoteca
    from sonoteca.cli.output import note
    from sonoteca.cli.progress import ProgressBar

    made = sonoteca.make_demo(folder, music)
    with sonoteca.open_library(made.library, mode="create") as library:
        request = sonoteca.AddRequest(paths=(made.music,))
        with ProgressBar() as progress, open_worker_pool(workers) as listener:
            answer = sonoteca.add(library, request, listener=listener, progress=progress)
        _show(library)
    note(answer.sentence())
    if not answer.analysed and not answer.failed and not answer.interrupted:
        note("There was nothing left to do.")
    note(f"The library is {made.library}; try: sonoteca --library '{made.library}' list kind:loop")
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
