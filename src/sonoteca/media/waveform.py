"""A waveform of a sound is drawn once, in a worker, and kept beside the library."""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

import xxhash

from sonoteca.audio.dat import dat_as_json, is_dat
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.ingest.deadline import deadline_of_file
from sonoteca.media import worker_tasks
from sonoteca.media.kept_files import folder_of, once
from sonoteca.media.source import MediaSound, find_sound, find_source
from sonoteca.whole_file import write_whole

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.audio.dat import DrawnPeaks
    from sonoteca.ingest.listener import Listener

PEAKS_FOLDER = "peaks"
# Raise it whenever the same content would be drawn otherwise.
_VERSION = 1


class Resolution(StrEnum):
    """How finely a waveform is drawn: to be seen whole, or a stretch of it."""

    OVERVIEW = "overview"
    ZOOM = "zoom"


class WaveformRequest(Request):
    """The waveform of a sound.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``, a title.
    resolution : Resolution
        ``overview`` has 1,000 to 2,000 pixels; ``zoom`` 256 samples in a pixel, more beyond a million
        pixels (``audio.peaks``). A sound of fewer samples than pixels has as many pixels as samples.
    """

    sound: str
    resolution: Resolution = Resolution.OVERVIEW


@dataclass(frozen=True, slots=True, repr=False)
class WaveformAnswer:
    """A drawn waveform.

    Attributes
    ----------
    sound : str
        The public id.
    data : bytes
        BBC audiowaveform's ``.dat``, version 2, of 16-bit values and one channel.
    etag : str
        A strong validator of ``data``, quotes included.
    """

    request: WaveformRequest
    sound: str
    data: bytes
    etag: str

    def as_json(self) -> dict[str, Any]:
        """The same as audiowaveform's JSON: nothing beside it, because what draws it reads just that."""
        return dat_as_json(self.data)

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.sound}, {self.request.resolution}, {len(self.data)} bytes>"


def waveform(library: Library, request: WaveformRequest, *, listener: Listener) -> WaveformAnswer:
    """Draw a sound, from the very frames that its rendition plays; one that was drawn before is read.

    Parameters
    ----------
    listener : Listener
        Its workers decode and draw. For a waveform that is kept nobody is asked, and no file of the sound is needed.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    SoundsMissing
        It is not drawn yet, and no file holds it now.
    AudioError, WorkerError
        The file cannot be heard; EmptyAudio for one without a single sample.
    """
    sound = find_sound(library, request.sound)
    data = _kept(library, sound, request.resolution)
    if data is None:
        drawn = once(library, f"{PEAKS_FOLDER}/{sound.content_hash}", lambda: _drawn(library, sound, listener))
        data = drawn.overview if request.resolution is Resolution.OVERVIEW else drawn.zoom
    return WaveformAnswer(request, sound.public_id, data, f'"{xxhash.xxh3_128_hexdigest(data)}"')


def _drawn(library: Library, sound: MediaSound, listener: Listener) -> DrawnPeaks:
    source = find_source(library, sound, listener)
    order = worker_tasks.PeaksOrder(source.path, source.stamp)
    timeout_s = deadline_of_file(source.path)
    drawn = listener.ask(worker_tasks.draw, order, source.path, timeout_s=timeout_s)
    # A library that cannot be written answers all the same.
    with contextlib.suppress(OSError):
        for resolution, data in ((Resolution.OVERVIEW, drawn.overview), (Resolution.ZOOM, drawn.zoom)):
            if (path := _path(library, sound, resolution)) is not None:
                write_whole(path, data)
    return drawn


def _kept(library: Library, sound: MediaSound, resolution: Resolution) -> bytes | None:
    if (path := _path(library, sound, resolution)) is None:
        return None
    try:
        data = path.read_bytes()
    except OSError:
        return None
    return data if is_dat(data) else None


def _path(library: Library, sound: MediaSound, resolution: Resolution) -> Path | None:
    folder = folder_of(library, PEAKS_FOLDER)
    name = f"{sound.content_hash.replace(':', '-')}.v{_VERSION}.{resolution}.dat"
    return None if folder is None else folder / name
