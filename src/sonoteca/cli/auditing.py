"""``sonoteca audit`` and ``gaps``: what is in the library, what is missing from it, what changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from sonoteca.cli.options import JsonOption, LibraryOption, analysis_settings, open_named_library

if TYPE_CHECKING:
    from collections.abc import Mapping

RootsArgument = Annotated[
    list[Path] | None, typer.Argument(help="Folders to compare with; none: the disk is not read.")
]


def register(app: typer.Typer) -> None:
    app.command()(audit)
    app.command()(gaps)


def audit(
    roots: RootsArgument = None,
    diff: Annotated[bool, typer.Option("--diff", help="Print only what changed since the last audit.")] = False,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Count everything; with ROOTS also compare the catalogue with the disk. Each audit is kept."""
    from sonoteca.catalogue import audit as audits
    from sonoteca.cli.output import note, print_json, print_pairs, print_table
    from sonoteca.errors import LibraryUnwritable
    from sonoteca.ingest.audit_scan import audit_library

    try:
        opened = open_named_library(library, mode="write")
    except LibraryUnwritable as unwritable:
        # A library on a read-only disk can be counted, but the audit cannot be kept.
        opened = open_named_library(library, mode="read")
        note(f"this audit is not kept: {unwritable.message}")
    with opened:
        counts = audit_library(opened, roots or [], ears=analysis_settings())
        with opened.read() as connection:
            last = audits.last(connection)
        if opened.mode != "read":
            with opened.write() as connection:
                audits.keep(connection, counts)
    if diff:
        changes = {} if last is None else audits.difference(last[1], counts)
        if as_json:
            rows = {name: {"before": old, "now": new} for name, (old, new) in changes.items()}
            print_json({"since": None if last is None else last[0], "changes": rows})
        elif last is None:
            note("this is the first audit: there is nothing to compare with")
        else:
            print_table(
                ["count", ("before", "right"), ("now", "right"), ("change", "right")],
                [(name, old, new, f"{new - old:+d}") for name, (old, new) in changes.items()],
                title=f"since {last[0]}" + ("" if changes else ": nothing changed"),
            )
        return
    if as_json:
        print_json(counts)
        return
    print_pairs({name: value for name, value in counts.items() if not isinstance(value, dict)})
    for name, value in counts.items():
        if isinstance(value, dict) and value:
            print_table([name, ("count", "right")], _sorted(value))


def _sorted(counts: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(counts.items(), key=lambda item: (-item[1], item[0]))


def gaps(
    roots: Annotated[list[Path], typer.Argument(help="Folders to look through.")],
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the paths files.")],
    chunk: Annotated[int, typer.Option("--chunk", min=1, help="Paths per file.")] = 1000,
    library: LibraryOption = None,
    as_json: JsonOption = False,
) -> None:
    """Write what is on disk but not analysed or not embedded, as paths files for `add --paths-file`."""
    from sonoteca.cli.output import note, print_json
    from sonoteca.ingest.audit_scan import write_gaps

    with open_named_library(library, mode="read") as opened:
        written = write_gaps(opened, roots, out, chunk=chunk, ears=analysis_settings())
    if as_json:
        print_json({"paths": written.n_paths, "files": [str(path) for path in written.files]})
    else:
        note(f"{written.n_paths} paths in {len(written.files)} files in {out}")
