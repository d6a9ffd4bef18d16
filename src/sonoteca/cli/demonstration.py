"""What ``sonoteca demo`` shows: a table of what was found, and what one sound is similar to."""

from __future__ import annotations

import hashlib
from pathlib import Path

from sonoteca.catalogue.store.library import Library, open_library
from sonoteca.cli.answer_table import print_results
from sonoteca.cli.demo_sounds import write_demo_sounds
from sonoteca.cli.listing_table import print_listing
from sonoteca.cli.output import console, note, printable
from sonoteca.cli.progress import ProgressBar
from sonoteca.errors import FileUnreadable, SonotecaError
from sonoteca.ingest.add import AddOptions, add
from sonoteca.ingest.report import AddSummary
from sonoteca.search.indexing import update_indexes
from sonoteca.search.listing import ListRequest, list_sounds
from sonoteca.search.similar import SimilarRequest, find_similar

_SHOWN = 40
_SIMILAR = 5
# Of the made sounds, the one with the most telling neighbours.
_SHOWCASE = "drums busy"


def demonstrate(folder: Path, music: Path | None, options: AddOptions) -> AddSummary:
    """Make or take a folder of sound, run the main job, print the catalogue and one similarity search."""
    if music is not None and not music.is_dir():
        raise FileUnreadable(f"{music} is not a folder.", "Name a folder of sound: make demo MUSIC=/path/to/folder.")
    folder.mkdir(parents=True, exist_ok=True)
    if music is None:
        music = folder / "sounds"
        write_demo_sounds(music)
        location = folder / "library.sonoteca"
    else:
        digest = hashlib.sha256(str(music.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]
        location = folder / f"music-{digest}.sonoteca"
    with open_library(location, mode="create") as library:
        with ProgressBar() as progress:
            summary = add(library, [music], options, progress, after_stored=update_indexes)
        _show_listing(library)
        _show_similar(library)
    note(summary.sentence())
    if not summary.analysed and not summary.failed and not summary.interrupted:
        note("There was nothing left to do.")
    note(f"The library is {location}; try: sonoteca --library '{location}' list kind:loop")
    return summary


def _show_listing(library: Library) -> None:
    print_listing(list_sounds(library, ListRequest(filter="sort:path", limit=_SHOWN)).rows)


def _show_similar(library: Library) -> None:
    candidates = list_sounds(library, ListRequest(filter="status:analysed sort:path", limit=1000)).rows
    if len(candidates) < 2:
        return
    chosen = next((row for row in candidates if _SHOWCASE in (row.path or "")), candidates[0])
    try:
        answer = find_similar(library, SimilarRequest(sounds=(chosen.public_id,), k=_SIMILAR))
    except SonotecaError as error:
        note(error.message)
        return
    console().print(f"\nWhat sounds like {printable(chosen.path or chosen.public_id)}:")
    print_results(answer.rows, notes=answer.notes)
