"""``sonoteca match versions``: the weights that a library learnt."""

from __future__ import annotations

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library


def versions(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """List the library's own versions of the weights."""
    import sonoteca
    from sonoteca.cli.output import note, print_json, print_table

    with open_named_library(library, mode="read") as opened:
        answer = sonoteca.list_match_weights(opened)
    if as_json:
        print_json(answer.as_json())
        return
    print_table(
        [("version", "right"), "in use", "made", "why"],
        [(str(each.version), "yes" if each.is_active else "", each.at[:16], each.note) for each in answer.rows],
    )
    if not any(each.is_active for each in answer.rows):
        note("the shipped weights are in use")
