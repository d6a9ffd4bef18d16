"""The demo: a small library of made sounds, or of a person's own folder, to look at before one's own is added."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from sonoteca.catalogue.store.library import Library
from sonoteca.errors import FileUnreadable
from sonoteca.search.listing import ListRequest, list_sounds
from sonoteca.search.query.listing import SoundRow
from sonoteca.upkeep.demo_sounds import write_demo_sounds

# Of the made sounds, the one with the most telling neighbours.
_SHOWCASE = "drums busy"


@dataclass(frozen=True, slots=True)
class Demo:
    """Where the demo's library is (maybe not yet made), and the folder of sound that goes into it."""

    library: Path
    music: Path


def make_demo(folder: Path, music: Path | None = None) -> Demo:
    """Write the demo's sounds into ``folder``, or take a folder of music; each folder has a library of its own.

    Raises
    ------
    FileUnreadable
        ``music`` is no folder.
    """
    if music is not None and not music.is_dir():
        raise FileUnreadable(f"{music} is not a folder.", "Name a folder of sound.")
    folder.mkdir(parents=True, exist_ok=True)
    if music is None:
        write_demo_sounds(folder / "sounds")
        return Demo(folder / "library.sonoteca", folder / "sounds")
    digest = hashlib.sha256(str(music.resolve()).encode("utf-8", "surrogateescape")).hexdigest()[:8]
    return Demo(folder / f"music-{digest}.sonoteca", music)


def find_showcase(library: Library) -> SoundRow | None:
    """The sound whose neighbours are worth showing; None where there are not two."""
    rows = list_sounds(library, ListRequest(filter="status:analysed sort:path", limit=1000)).rows
    if len(rows) < 2:
        return None
    return next((row for row in rows if _SHOWCASE in (row.path or "")), rows[0])
