"""``sonoteca audit``: what is in the library, what is missing from it, what changed."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from sonoteca.cli.examples import examples
from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

RootsArgument = Annotated[
    list[Path] | None,
    typer.Argument(metavar="ROOTS", help="Folders to compare with; without any, the disk is not read."),
]


def register(app: typer.Typer) -> None:
    app.command(epilog=examples("audit", "audit ~/Music --diff"))(audit)


def audit(
    roots: RootsArgument = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print only what changed since the last audit.")] = False,
    library: LibraryOption = None,
    data_dir: DataDirOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count what the library holds, lacks and could not read.

    With ROOTS it is compared with the disk too. Each audit is kept, so that the next can say what changed.
    """
    import sonoteca
    from sonoteca.cli.output import note, print_json, print_pairs, print_table
    from sonoteca.errors import LibraryUnwritable

    try:
        opened = open_named_library(library, mode="write")
    except LibraryUnwritable as unwritable:
        # A library on a read-only disk can be counted, but the audit cannot be kept.
        opened = open_named_library(library, mode="read")
        note(f"this audit is not kept: {unwritable.message}")
    with opened:
        answer = sonoteca.audit(opened, sonoteca.AuditRequest(roots=tuple(roots or ())))
    if diff:
        if as_json:
            print_json(answer.changes_as_json())
        elif answer.since is None:
            note("this is the first audit: there is nothing to compare with")
        else:
            print_table(
                ["count", ("before", "right"), ("now", "right"), ("change", "right")],
                [(name, old, new, f"{new - old:+d}") for name, (old, new) in answer.changes.items()],
                title=f"since {answer.since}" + ("" if answer.changes else ": nothing changed"),
            )
        return
    if as_json:
        print_json(answer.as_json())
        return
    print_pairs({name: value for name, value in answer.counts.items() if not isinstance(value, dict)})
    for name, paths in (("missing", answer.missing_files), ("gone, not marked missing", answer.gone_files)):
        if paths:
            print_table([name], [(path,) for path in paths])
    for name, value in answer.counts.items():
        if isinstance(value, dict) and value:
            print_table([name, ("count", "right")], _sorted(value))


def _sorted(counts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))
