"""A clip lets a stranger hear a sound: a limited length from its most representative place, with soft ends."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import Field

from sonoteca.audio.file_stamp import stamp_of
from sonoteca.catalogue.described import stored_sound_object
from sonoteca.catalogue.store.library import Library
from sonoteca.domain.request import Request
from sonoteca.ingest.deadline import deadline_of_file
from sonoteca.media import worker_tasks
from sonoteca.media.kept_files import KeepingLimits, Kept
from sonoteca.media.playable_file import PlayableSound
from sonoteca.media.representative import representative_start_s
from sonoteca.media.source import MediaSound, find_sound, find_source

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

CLIPS_FOLDER = ("cache", "clips")
DEFAULT_LENGTH_S, MAX_LENGTH_S = 30.0, 60.0
# Raise it whenever the same content and place would become another file.
_VERSION = 1
# Where the sound is cut, and where it begins and ends by itself.
_FADE_IN_S, _FADE_OUT_S, _OWN_S = 0.5, 1.5, 0.005


class ClipRequest(Request):
    """A short piece of a sound, for whoever may not have all of it.

    Attributes
    ----------
    sound : str
        An id, a unique prefix of one, a path, ``external:ID``, a title.
    length_s : float in 1..60 [s]
        How much is heard at most; a shorter sound is heard whole. The place is not asked for: of many clips
        somebody could put the whole together.
    """

    sound: str
    length_s: float = Field(default=DEFAULT_LENGTH_S, ge=1.0, le=MAX_LENGTH_S, allow_inf_nan=False)


@dataclass(frozen=True, slots=True, repr=False)
class ClipAnswer(PlayableSound):
    """What is to be played: MP3 of 128 kbit/s; ``n_samples`` is what was encoded."""


def clip(
    library: Library, request: ClipRequest, *, listener: Listener, limits: KeepingLimits = KeepingLimits()
) -> ClipAnswer:
    """Give a short piece of a sound as a file that every browser plays, made once by a worker.

    It is taken from the most representative place that what is known of the sound tells
    (``representative_start_s``), and rises and falls softly where the sound is cut. A clip that was made before needs no file
    of the sound.

    Parameters
    ----------
    listener : Listener
        Its workers decode and encode.
    limits : KeepingLimits
        How much is kept of the clips.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    SoundsMissing
        It was not made yet, and no file holds the sound now.
    AudioError, WorkerError
        The file cannot be heard; EmptyAudio for one without a single sample.
    RequestError
        The library has no folder for what is kept.
    LibraryFull, LibraryUnwritable
        It has no place.
    """
    sound, start_s, name = _which(library, request)
    end_s = start_s + request.length_s
    is_end_of_sound = sound.duration_s is not None and end_s >= sound.duration_s

    def make(target: Path) -> dict[str, Any]:
        source = find_source(library, sound, listener)
        order = worker_tasks.ClipOrder(
            source.path,
            source.stamp,
            os.fspath(target),
            start_s,
            None if is_end_of_sound else end_s,
            fade_in_s=_FADE_IN_S if start_s else _OWN_S,
            fade_out_s=_OWN_S if is_end_of_sound else _FADE_OUT_S,
        )
        written = listener.ask(
            worker_tasks.clip, order, source.path, timeout_s=deadline_of_file(source.path)
        )  # fmt: skip
        return worker_tasks.note_of(written)

    made = Kept(library, *CLIPS_FOLDER, limits=limits).get(name, make)
    note = made.note
    return ClipAnswer(
        request=request,
        sound=sound.public_id,
        path=made.path,
        media_type="audio/mpeg",
        etag=f'"{note["bytes_hash"]}"',
        n_bytes=note["n_bytes"],
        n_samples=note["n_samples"],
        sample_rate=note["sample_rate"],
        channels=note["channels"],
        start_s=start_s,
        stamp=stamp_of(os.fspath(made.path)),
    )


def has_clip(library: Library, request: ClipRequest) -> bool:
    """Whether the clip that is asked for was made already, and is kept; then it counts as used.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    RequestError
        The library has no folder for what is kept.
    """
    _, _, name = _which(library, request)
    return Kept(library, *CLIPS_FOLDER).find(name) is not None


def _which(library: Library, request: ClipRequest) -> tuple[MediaSound, float, str]:
    """The sound that is meant, where its clip begins in seconds, and the name under which that is kept."""
    sound = find_sound(library, request.sound)
    start_s = _start_s(library, sound, request.length_s)
    name = f"{sound.content_hash.replace(':', '-')}.{start_s:.4f}-{request.length_s:.4f}.v{_VERSION}.mp3"
    return sound, start_s, name


def _start_s(library: Library, sound: MediaSound, length_s: float) -> float:
    if sound.duration_s is None or sound.duration_s <= length_s:
        return 0.0
    with library.read() as connection:
        facts = stored_sound_object(connection, sound.row_id)
    return representative_start_s(facts, length_s, sound.duration_s)
