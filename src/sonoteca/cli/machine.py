"""``sonoteca plugins`` and ``sonoteca doctor``: what this machine and this installation can do."""

from __future__ import annotations

import typer

from sonoteca.cli.options import JsonOption, LibraryOption


def register(app: typer.Typer) -> None:
    app.command()(plugins)
    app.command()(doctor)


def plugins(as_json: JsonOption = False) -> None:
    """List analyzers and embedders: what ships, what packages added, what could not be loaded."""
    from sonoteca.cli.output import print_error, print_json, print_table
    from sonoteca.plugins import ANALYZERS_GROUP, GROUPS, load_plugins

    found = [plugin for group in GROUPS for plugin in load_plugins(group)]
    broken = [plugin.error for plugin in found if plugin.error is not None]
    rows = [
        {
            "group": plugin.group,
            "package": plugin.package,
            "package_version": plugin.package_version,
            "id": member.id if plugin.group == ANALYZERS_GROUP else member.space.id,
            "version": member.version if plugin.group == ANALYZERS_GROUP else member.space.version,
            "produces": [descriptor.name for descriptor in getattr(member, "produces", ())],
        }
        for plugin in found
        for member in plugin.members
    ]
    if as_json:
        print_json({"plugins": rows, "broken": [{"code": error.code, "message": error.message} for error in broken]})
    else:
        print_table(
            ["id", ("version", "right"), "says", "package"],
            [(row["id"], row["version"], ", ".join(row["produces"]), row["package"]) for row in rows],
        )
        for error in broken:
            print_error(error)
    if broken:
        raise typer.Exit(1)


def doctor(library: LibraryOption = None, as_json: JsonOption = False) -> None:
    """Check this machine and the library, with a remedy for each thing that is wrong."""
    from sonoteca.cli.options import library_location
    from sonoteca.cli.output import print_json, print_table
    from sonoteca.settings import load_settings
    from sonoteca.upkeep.doctor import examine

    settings = load_settings()
    checks = examine(library_location(library, settings), data_dir=settings.data_dir)
    if as_json:
        print_json({"checks": [check.as_json() for check in checks], "ok": all(check.ok for check in checks)})
    else:
        print_table(
            ["", "check", "found", "remedy"],
            [("ok" if check.ok else "WRONG", check.name, check.found, check.remedy or "") for check in checks],
        )
    if not all(check.ok for check in checks):
        raise typer.Exit(1)
