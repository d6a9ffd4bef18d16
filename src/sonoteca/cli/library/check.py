"""``sonoteca library check``: what is wrong with the library."""

from __future__ import annotations

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def check(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Read the whole library and say what is wrong with it.

    Nothing is changed.
    """
    import sonoteca
    from sonoteca.cli.hints import remedy_of_finding
    from sonoteca.cli.output import print_json, print_pairs, print_table

    with open_named_library(library, mode="read") as opened:
        report = sonoteca.check_library(opened)
    if as_json:
        print_json(report.as_json())
    elif report.is_whole:
        print_pairs(report.counts)
        print_pairs({"result": "the library is whole"})
    else:
        print_table(
            ["code", "what is wrong", "remedy"],
            [(each.code, each.message, remedy_of_finding(each.code, each.remedy)) for each in report.findings],
        )
    if not report.is_whole:
        raise typer.Exit(1)
