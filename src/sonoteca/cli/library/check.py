"""``sonoteca library check``: what is wrong with the library."""

from __future__ import annotations

from typing import Final

import typer

from sonoteca.cli.options import DataDirOption, JsonOption, LibraryOption, open_named_library

# What a person calls the rows of each table; the others hold what only the program counts.
_IN_WORDS: Final = {
    "sounds": "sounds",
    "locations": "files known",
    "roots": "folders they lie in",
    "regions": "sounds and events in them",
    "observations": "facts known of them",
    "claims": "facts that their files claim",
    "embeddings": "vectors to compare them by",
    "tags": "tags",
    "edits": "edits",
    "playlists": "playlists",
    "playlist_entries": "entries of playlists",
    "arrangements": "arrangements",
    "arrangement_clips": "clips in arrangements",
    "audits": "audits kept",
    "match_weights": "versions of match weights",
    "map_points": "places on the map",
    "events": "questions and choices kept",
    "jobs": "jobs",
    "runs": "analyses noted",
}


def check(library: LibraryOption = None, data_dir: DataDirOption = None, as_json: JsonOption = False) -> None:
    """Read the whole library and say what is wrong with it.

    Nothing is changed.
    """
    import sonoteca
    from sonoteca.cli.hints import remedy_of_finding
    from sonoteca.cli.output import note, print_json, print_table

    with open_named_library(library, mode="read") as opened:
        report = sonoteca.check_library(opened)
    if as_json:
        print_json(report.as_json())
    elif report.is_whole:
        counts = [(words, report.counts.get(name)) for name, words in _IN_WORDS.items()]
        print_table(["", ("count", "right")], [(words, count) for words, count in counts if count])
        note("The library is whole.")
    else:
        print_table(
            ["code", "what is wrong", "remedy"],
            [(each.code, each.message, remedy_of_finding(each.code, each.remedy)) for each in report.findings],
        )
    if not report.is_whole:
        raise typer.Exit(1)
