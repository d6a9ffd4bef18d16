"""A preview lets two sounds be heard together, or one going over into the other, before anybody uses them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonoteca.arrange.preview.make import Preview, render_preview
from sonoteca.arrange.preview.request import DEFAULT_BARS, PreviewRequest
from sonoteca.arrange.preview.sounds import load_preview_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.match.library_weights import library_weights

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


@dataclass(frozen=True, slots=True, repr=False)
class PreviewAnswer:
    """What was asked, and what was written for it."""

    request: PreviewRequest
    preview: Preview

    def __repr__(self) -> str:
        made = self.preview
        return f"<Preview {made.rendering.path}: {made.mode}, {made.rendering.duration_s:.1f} s>"

    def as_json(self) -> dict[str, Any]:
        return {"query": self.request.as_json(), "results": [self.preview.as_json()]}


def preview(
    library: Library, request: PreviewRequest, *, listener: Listener | None = None, workers: int = 2
) -> PreviewAnswer:
    """Write a file in which B is heard with A as a match puts it, or after it, bar line on bar line.

    Parameters
    ----------
    listener : Listener, optional
        Hears names that are files and no sounds of the library; its worker processes, once they run, stretch
        the sounds too.
    workers : int >= 1
        How many are started for this call where no listener runs any.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From a name.
    SoundsMissing
        The library knows a sound, and no file of it is there.
    RequestError
        A sound was not analysed, ``at`` lies outside of A, or the output cannot be written.
    AudioError, WorkerError
        A file cannot be heard.
    """
    a = load_preview_sound(library, request.a, listener=listener)
    b = load_preview_sound(library, request.b, region=request.b_region, listener=listener)
    made = render_preview(
        library,
        a,
        b,
        request.output,
        mode=request.mode,
        at=request.moment,
        bars=DEFAULT_BARS if request.bars is None else request.bars,
        tempo_ratio=request.tempo_ratio,
        semitones=request.semitones,
        weights=library_weights(library),
        workers=workers,
        executor=None if listener is None else listener.ready_executor,
    )
    return PreviewAnswer(request, made)
