"""``sonoteca index check|rebuild``: all that is derived from the catalogue, against it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from sonoteca import IndexAnswer

group = typer.Typer(
    no_args_is_help=True, rich_markup_mode=None, help="Check what is derived from the catalogue, or make it anew."
)


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="index")


@group.command(epilog=examples("index check"))
def check(
    queries: Annotated[int, typer.Option(min=1, metavar="N", help="Measure recall with so many stored vectors.")] = 50,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Compare every index file with the catalogue.

    Recall is measured too, and nothing is changed.
    """
    import sonoteca

    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.check_index(opened, n_queries=queries)
    _print(answer, as_json=as_json)
    if not answer.is_whole:
        raise typer.Exit(1)


@group.command(epilog=examples("index rebuild"))
def rebuild(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Write everything that is derived anew.

    That is all index files, and whatever else is made from the catalogue.
    """
    import sonoteca
    from sonoteca.cli.output import messages

    with open_named_library(library, mode="write") as opened, messages().status("making it anew") as status:
        answer = sonoteca.rebuild_index(opened, progress=lambda name: status.update(f"making {name} anew"))
    _print(answer, as_json=as_json)


def _print(answer: IndexAnswer, *, as_json: bool) -> None:
    from sonoteca.cli.output import note, print_json, print_table

    if as_json:
        print_json(answer.as_json())
        return
    print_table(
        [
            "space",
            ("vectors", "right"),
            ("found", "right"),
            ("missing", "right"),
            ("too many", "right"),
            ("recall@10", "right"),
        ],
        [
            (
                r.space_id,
                r.state.in_source,
                r.state.stored,
                r.state.missing,
                r.state.orphaned,
                None if r.recall is None else f"{r.recall:.3f}",
            )
            for r in answer.spaces
        ],
    )
    print_table(
        ["derived", "state"],
        [(each.name, each.in_words) for each in answer.derived],
    )
    for report in answer.spaces:
        for message in report.state.messages:
            note(message)
    for each in answer.derived:
        if each.message:
            note(f"{each.name}: {each.message}")
