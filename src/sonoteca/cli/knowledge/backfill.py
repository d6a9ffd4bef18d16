"""``sonoteca knowledge backfill`` and ``verify``: vectors for entries, and what became of them."""

from __future__ import annotations

from typing import Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.knowledge.words import open_to_ask
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def register(group: typer.Typer) -> None:
    group.command(epilog=examples("knowledge backfill", "knowledge backfill --all --batch 100"))(backfill)
    group.command(epilog=examples("knowledge verify"))(verify)


def backfill(
    batch: Annotated[int, typer.Option(min=1, max=1000, metavar="N", help="Write so many at once.")] = 50,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say how many entries would get a vector.")] = False,
    everything: Annotated[
        bool, typer.Option("--all/--missing-only", help="Make all vectors anew, or those that are missing.")
    ] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Give entries the vectors by which they are found by meaning.

    Each batch is read back by another connection. It ends with 1 where a vector is not there afterwards. What was interrupted goes on when it is
    run again. `sonoteca models pull text` brings the model.
    """
    from pathlib import Path

    import sonoteca
    from sonoteca.cli.output import counted, note, print_json
    from sonoteca.settings import load_settings

    request = sonoteca.BackfillRequest(batch=batch, all=everything, dry_run=dry_run)
    with open_named_library(library, mode="write") as opened:
        answer = sonoteca.backfill_knowledge(opened, request, models=Path(load_settings().models_dir))
    if as_json:
        print_json(answer.as_json())
    elif dry_run:
        note(f"{counted(answer.planned, 'entry', 'entries')} would get a vector")
    else:
        for each in answer.refused:
            note(each.message)
        note(f"{answer.processed} processed, {answer.updated} updated, {answer.verified} verified")
    if not answer.is_whole:
        raise typer.Exit(1)


def verify(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Read all vectors back and compare them.

    It says which entries have one of today's model. It ends with 1 where some have not; needs no model.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json

    with open_to_ask(library) as opened:
        answer = sonoteca.verify_knowledge(opened)
    if as_json:
        print_json(answer.as_json())
    else:
        counts = answer.counts
        note(
            f"{counts.entries} entries: {counts.verified} verified, {counts.missing} without a vector, "
            f"{counts.of_others} with one of another model, {len(counts.damaged)} damaged"
        )
    if not answer.is_whole:
        raise typer.Exit(1)
