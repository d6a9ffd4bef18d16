"""Arrangements as files of other programs: which format, what it needs, and where it may be written."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.sound.sources import find_sources
from sonoteca.catalogue.identity.sounds import find_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError
from sonoteca.interchange.arrangement_json import arrangement_json_bytes
from sonoteca.interchange.dawproject import dawproject_bytes
from sonoteca.interchange.export_format import ExportFormat
from sonoteca.interchange.midi_markers import midi_marker_bytes
from sonoteca.whole_file import write_whole

_BY_SUFFIX = {
    ".dawproject": ExportFormat.DAWPROJECT,
    ".mid": ExportFormat.MIDI_MARKERS,
    ".midi": ExportFormat.MIDI_MARKERS,
    ".json": ExportFormat.JSON,
}


@dataclass(frozen=True, slots=True)
class Exported:
    """What was written; ``missing`` names sounds without a file, which only DAWproject refuses."""

    path: Path
    format: ExportFormat
    n_bytes: int
    missing: tuple[str, ...]


def export_arrangement(
    library: Library,
    arrangement: Arrangement,
    path: Path,
    *,
    format: ExportFormat | None = None,
    embed: bool = False,
) -> Exported:
    """Write an arrangement for another program.

    Parameters
    ----------
    path : Path
        Replaced if it exists, unless it is a sound of the library.
    format : ExportFormat, optional
        By default what the suffix of ``path`` says.
    embed : bool
        Put the sounds into a DAWproject file.

    Raises
    ------
    RequestError
        The suffix says no format, there is nothing to embed in this one, or the file cannot be written there.
    SoundsMissing
        DAWproject needs every sound.
    """
    chosen = format or _BY_SUFFIX.get(path.suffix.lower())
    if chosen is None:
        raise RequestError(f"The name {path.name} does not say which format.", "Give --format.")
    if embed and chosen is not ExportFormat.DAWPROJECT:
        raise RequestError(f"{chosen} holds no sounds.", "Leave --embed out, or export as dawproject.")
    with library.read() as connection:
        if path.exists() and find_sounds(connection, os.path.abspath(path)):
            raise RequestError(f"{path} is a sound of the library.", "Name another file.")
        sources = find_sources(connection, arrangement.clips)
    if chosen is ExportFormat.DAWPROJECT:
        content = dawproject_bytes(arrangement, sources, embed=embed)
    elif chosen is ExportFormat.MIDI_MARKERS:
        content = midi_marker_bytes(arrangement, sources)
    else:
        content = arrangement_json_bytes(arrangement, sources)
    try:
        write_whole(path, content)
    except OSError as error:
        raise RequestError(
            f"{path} cannot be written ({error.strerror}).", "Name a file that you may write."
        ) from error
    missing = tuple(f"{each.shown}: {each.why_missing}" for each in sources.values() if each.path is None)
    return Exported(path, chosen, len(content), missing)
