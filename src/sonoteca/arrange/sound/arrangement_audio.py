"""A kept arrangement as a file that browsers play, rendered once for whoever asks for it as it is now."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.arrange.keep.store import load_arrangement
from sonoteca.arrange.sound.orders import AudioFormat
from sonoteca.arrange.sound.rate import DEFAULT_RATE
from sonoteca.arrange.sound.render import Rendering, check_render, name_of_sound, write_arrangement
from sonoteca.arrange.sound.rendered_file import RenderedFile, kept_mix
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.media.kept_files import KeepingLimits, Kept

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

RENDERS_FOLDER = ("cache", "renders")


class ArrangementAudioRequest(Request):
    """A kept arrangement as a file that is played.

    Attributes
    ----------
    arrangement : str
        Its id or a unique prefix of it.
    format : "flac", "wav" or "mp3"
        FLAC and WAV hold 24 bits, at 44,100 Hz.
    """

    arrangement: str = Field(min_length=1)
    format: AudioFormat = "flac"


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class ArrangementAudioAnswer(RenderedFile):
    """What is to be played; ``arrangement`` is the whole id."""

    arrangement: str

    @property
    def shown(self) -> str:
        return f"the arrangement {self.arrangement}"

    def as_json(self) -> dict[str, Any]:
        # The class is made anew for its slots, which the short form of super does not know.
        return RenderedFile.as_json(self) | {"arrangement": self.arrangement}


def arrangement_audio(
    library: Library, request: ArrangementAudioRequest, *, listener: Listener, limits: KeepingLimits = KeepingLimits()
) -> ArrangementAudioAnswer:
    """Give the mix of a kept arrangement, as ``render`` writes it, as a file that every browser plays.

    It is kept by what is heard: an edit that is undone finds the file of before, and what was rendered needs
    no file of the sounds.

    Parameters
    ----------
    listener : Listener
        Its workers decode, stretch, mix and encode: the calling process does nothing of it.
    limits : KeepingLimits
        How much is kept of what was rendered.

    Raises
    ------
    ArrangementNotFound, AmbiguousArrangement
        From its name.
    SoundsMissing
        It was not rendered yet; names every sound that is missing or cannot be read.
    RequestError
        The arrangement is too long; or the library has no folder for what is kept.
    AudioError, WorkerError
        A sound or the mix cannot be made.
    LibraryFull, LibraryUnwritable
        It has no place.
    """
    with library.read() as connection:
        arrangement = load_arrangement(connection, request.arrangement)
    check_render(arrangement, DEFAULT_RATE)

    def make(target: Path) -> Rendering:
        return write_arrangement(
            library, arrangement, target, sample_rate=DEFAULT_RATE, executor=listener.executor, listener=listener
        )

    kept = Kept(library, *RENDERS_FOLDER, limits=limits)
    made = kept_mix(kept, name_of_sound(arrangement, DEFAULT_RATE), request.format, make)
    return ArrangementAudioAnswer(request=request, arrangement=arrangement.public_id or request.arrangement, **made)
