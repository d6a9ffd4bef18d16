"""The answer to every question about one arrangement: the arrangement, and where its sounds are today."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.clip_fits import ClipFit, fit_clips
from sonoteca.arrange.keep.document import full_document
from sonoteca.arrange.keep.told_changes import told_changes
from sonoteca.arrange.sources import Source, find_sources
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


@dataclass(frozen=True, slots=True, repr=False)
class ArrangeAnswer:
    """An arrangement of a library.

    Attributes
    ----------
    arrangement : Arrangement
    sources : mapping of content hash to Source
        Where each of its sounds is; some may be missing.
    fits : tuple of ClipFit or None
        How each clip goes with what plays with it, in the order of the clips.
    request : Request or None
        What it was made or changed by; None where it was only opened.
    changes : tuple of str
        What an edit changed, in short sentences.
    """

    arrangement: Arrangement
    sources: Mapping[str, Source]
    fits: tuple[ClipFit | None, ...]
    request: Request | None = None
    changes: tuple[str, ...] = ()

    def __repr__(self) -> str:
        held = self.arrangement
        key = "" if held.key is None else f" in {held.key.name}"
        title = "" if held.title is None else f" {held.title!r}"
        return (
            f"<Arrangement {held.public_id}{title}: {held.bars} bars, {held.tempo_bpm:g} bpm{key}, "
            f"{len(held.clips)} clips>"
        )

    @property
    def missing(self) -> tuple[Source, ...]:
        """The sounds that have no file now."""
        return tuple(source for source in self.sources.values() if source.path is None)

    def as_rows(self) -> list[dict[str, Any]]:
        """The clips as plain values, which a table of any kind can be made of."""
        rows: list[dict[str, Any]] = self.as_json()["clips"]
        return rows

    def as_json(self) -> dict[str, Any]:
        """The document of the arrangement with its sounds, each clip with its fit; what was asked stands in ``details``."""
        return full_document(self.arrangement, self.sources, self.fits)


def answer_with(
    library: Library,
    arrangement: Arrangement,
    request: Request | None = None,
    *,
    listener: Listener | None = None,
    instead_of: Arrangement | None = None,
) -> ArrangeAnswer:
    """Answer with an arrangement: where its sounds are now, and what is otherwise than ``instead_of``.

    ``listener`` as of ``find_sources``.
    """
    former = () if instead_of is None else instead_of.clips
    found = find_sources(library, (*arrangement.clips, *former), listener=listener)
    changes: tuple[str, ...] = ()
    if instead_of is not None:
        changes = told_changes(instead_of, arrangement, {each.content_hash: each.name for each in found.values()})
    played = {clip.content_hash for clip in arrangement.clips}
    sources = {name: source for name, source in found.items() if name in played}
    return ArrangeAnswer(arrangement, sources, fit_clips(library, arrangement), request, changes)
