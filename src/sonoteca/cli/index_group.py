"""``sonoteca index check|rebuild``: the vector index against the catalogue."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from sonoteca.cli.options import JsonOption, LibraryOption, open_named_library

if TYPE_CHECKING:
    from sonoteca.search.indexing import SpaceReport

group = typer.Typer(no_args_is_help=True, rich_markup_mode=None, help="Check the vector index, or build it anew.")


def register(app: typer.Typer) -> None:
    app.add_typer(group, name="index")


@group.command()
def check(
    queries: Annotated[int, typer.Option(min=1, help="How many stored vectors recall is measured with.")] = 50,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Read every index file, compare with the catalogue, and measure recall; changes nothing."""
    from sonoteca.search.indexing import check_indexes

    with open_named_library(library, mode="read") as opened:
        reports = check_indexes(opened, n_queries=queries)
    _print(reports, as_json=as_json)
    if not all(report.is_whole for report in reports):
        raise typer.Exit(1)


@group.command()
def rebuild(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Write all index files anew from the catalogue."""
    from sonoteca.search.indexing import check_indexes, rebuild_indexes

    with open_named_library(library, mode="write") as opened:
        rebuild_indexes(opened)
        reports = check_indexes(opened)
    _print(reports, as_json=as_json)


def _print(reports: list[SpaceReport], *, as_json: bool) -> None:
    from sonoteca.cli.output import note, print_json, print_table

    if as_json:
        print_json({"spaces": [report.as_json() for report in reports], "ok": all(r.is_whole for r in reports)})
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
                r.in_catalogue,
                r.stored,
                r.missing,
                r.orphaned,
                None if r.recall is None else f"{r.recall:.3f}",
            )
            for r in reports
        ],
    )
    for report in reports:
        for message in report.messages:
            note(message)
