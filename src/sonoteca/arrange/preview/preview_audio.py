"""A preview of two sounds of the library as a file that browsers play, rendered once for whoever asks for the same."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sonoteca.arrange.preview.make import plan_preview, write_preview
from sonoteca.arrange.preview.mode import PreviewMode
from sonoteca.arrange.preview.request import DEFAULT_BARS, PreviewAudioRequest
from sonoteca.arrange.preview.sounds import load_preview_sound
from sonoteca.arrange.sound.render import Rendering
from sonoteca.arrange.sound.rendered_file import RenderedFile, kept_mix
from sonoteca.catalogue.store.library import Library
from sonoteca.match.library_weights import library_weights
from sonoteca.media.kept_files import KeepingLimits, Kept

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

PREVIEWS_FOLDER = ("cache", "previews")


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PreviewAudioAnswer(RenderedFile):
    """What is to be played, and how it was put together.

    ``at_s`` is where B begins in it; ``notes`` are sentences on what was assumed.
    """

    mode: PreviewMode
    tempo_ratio: float
    semitone_shift: int
    at_s: float
    notes: tuple[str, ...] = ()

    @property
    def shown(self) -> str:
        return "this preview"

    def as_json(self) -> dict[str, Any]:
        # The class is made anew for its slots, which the short form of super does not know.
        return RenderedFile.as_json(self) | {
            "mode": str(self.mode),
            "tempo_ratio": round(self.tempo_ratio, 5),
            "semitone_shift": self.semitone_shift,
            "at_s": round(self.at_s, 4),
            "notes": list(self.notes),
        }


def preview_audio(
    library: Library,
    request: PreviewAudioRequest,
    *,
    listener: Listener,
    limits: KeepingLimits = KeepingLimits(),
    may_be_file: bool = False,
) -> PreviewAudioAnswer:
    """Let two sounds of the library be heard together, as ``preview`` writes it, in a file that every browser plays.

    It is kept by what is heard: the same sounds, put together in the same way, are rendered once.

    Parameters
    ----------
    listener : Listener
        Its workers decode, stretch, mix and encode: the calling process does nothing of it.
    limits : KeepingLimits
        How much is kept of what was rendered.
    may_be_file : bool
        Whether ``a`` may be a file that is in no library.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From a name.
    SoundsMissing
        The library knows a sound, and no file of it is there.
    RequestError
        A sound was not analysed, or ``at`` lies outside of A; or the library has no folder for what is kept.
    AudioError, WorkerError
        A file cannot be heard.
    LibraryFull, LibraryUnwritable
        It has no place.
    """
    a = load_preview_sound(library, request.a, listener=listener, may_be_file=may_be_file)
    b = load_preview_sound(library, request.b, region=request.b_region, listener=listener, may_be_file=False)
    plan = plan_preview(
        a,
        b,
        mode=request.mode,
        at=request.moment,
        bars=DEFAULT_BARS if request.bars is None else request.bars,
        tempo_ratio=request.tempo_ratio,
        semitones=request.semitones,
        weights=library_weights(library),
    )

    def make(target: Path) -> Rendering:
        return write_preview(plan, target, executor=listener.executor).rendering

    kept = Kept(library, *PREVIEWS_FOLDER, limits=limits)
    return PreviewAudioAnswer(
        request=request,
        mode=plan.mode,
        tempo_ratio=plan.tempo_ratio,
        semitone_shift=plan.semitone_shift,
        at_s=plan.at_s,
        notes=plan.notes,
        **kept_mix(kept, plan.name, request.format, make),
    )
