"""Arrangements leave for files of other programs, and come back from JSON files."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoteca.arrange.keep.answer import ArrangeAnswer
from sonoteca.arrange.keep.arrangements import keep_arrangement
from sonoteca.arrange.keep.clip_fits import fit_clips
from sonoteca.arrange.keep.store import load_arrangement
from sonoteca.arrange.sources import find_sources
from sonoteca.catalogue.identity.sounds import find_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.errors import RequestError
from sonoteca.interchange.arrangement_json import arrangement_json_bytes, read_arrangement_json
from sonoteca.interchange.dawproject import dawproject_bytes
from sonoteca.interchange.export_format import ExportFormat
from sonoteca.interchange.midi_markers import midi_marker_bytes
from sonoteca.whole_file import write_whole

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener

_BY_SUFFIX = {
    ".dawproject": ExportFormat.DAWPROJECT,
    ".mid": ExportFormat.MIDI_MARKERS,
    ".midi": ExportFormat.MIDI_MARKERS,
    ".json": ExportFormat.JSON,
}


class ArrangementExportRequest(Request):
    """An arrangement as a file for another program.

    Attributes
    ----------
    arrangement : str
        Its id or a unique prefix of it.
    output : str
        The file; replaced if it exists, unless it is a sound of the library.
    format : ExportFormat or None
        None: what the suffix of ``output`` says.
    embed : bool
        Put the sounds into a DAWproject file.
    """

    arrangement: str
    output: str
    format: ExportFormat | None = None
    embed: bool = False


@dataclass(frozen=True, slots=True)
class ArrangementExportAnswer:
    """What was written; ``missing`` names sounds without a file, which only DAWproject refuses."""

    request: ArrangementExportRequest
    format: ExportFormat
    n_bytes: int
    missing: tuple[str, ...]

    def as_json(self) -> dict[str, Any]:
        return {
            "path": self.request.output,
            "format": self.format.value,
            "bytes": self.n_bytes,
            "missing": list(self.missing),
        }


def export_arrangement(
    library: Library, request: ArrangementExportRequest, *, listener: Listener | None = None
) -> ArrangementExportAnswer:
    """Write an arrangement for another program; the same arrangement gives the same bytes.

    ``listener`` as of ``find_sources``.

    Raises
    ------
    ArrangementNotFound, AmbiguousArrangement
        From its name.
    RequestError
        The suffix says no format, there is nothing to embed in this one, or the file cannot be written there.
    SoundsMissing
        DAWproject needs every sound.
    """
    path = Path(request.output)
    chosen = request.format or _BY_SUFFIX.get(path.suffix.lower())
    if chosen is None:
        remedy = f"Say one of {', '.join(ExportFormat)}."
        raise RequestError(f"The name {path.name} does not say which format.", remedy, field="format")
    if request.embed and chosen is not ExportFormat.DAWPROJECT:
        raise RequestError(f"{chosen} holds no sounds.", "Embed nothing, or export as dawproject.", field="embed")
    with library.read() as connection:
        arrangement = load_arrangement(connection, request.arrangement)
        if path.exists() and find_sounds(connection, os.path.abspath(path)):
            raise RequestError(f"{path} is a sound of the library.", "Name another file.", field="output")
    sources = find_sources(library, arrangement.clips, listener=listener)
    if chosen is ExportFormat.DAWPROJECT:
        content = dawproject_bytes(arrangement, sources, embed=request.embed)
    elif chosen is ExportFormat.MIDI_MARKERS:
        content = midi_marker_bytes(arrangement, sources)
    else:
        content = arrangement_json_bytes(arrangement, sources, fit_clips(library, arrangement))
    try:
        write_whole(path, content)
    except OSError as error:
        sentence = f"{path} cannot be written ({error.strerror})."
        raise RequestError(sentence, "Name a file that you may write.", field="output") from error
    missing = tuple(f"{each.shown}: {each.why_missing}" for each in sources.values() if each.path is None)
    return ArrangementExportAnswer(request, chosen, len(content), missing)


def import_arrangement(library: Library, path: str | os.PathLike[str]) -> ArrangeAnswer:
    """Keep an arrangement from a JSON file as a new one; the answer names sounds that this library does not have.

    Raises
    ------
    FileUnreadable
        The file cannot be read.
    RequestError
        It is no arrangement; the message says where.
    """
    return keep_arrangement(library, read_arrangement_json(Path(path)))
