"""A source is the file that a sound of the library is played from: one that holds its content now.

A file is read once, by a worker, to know whose content it holds; as long as the file system says that
nothing was written to it since (``audio.file_stamp``), a later question costs a look at the folder.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections import OrderedDict
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import xxhash

from sonoteca.audio.file_stamp import AsItIs, FileLook, FileStamp, stamp_of
from sonoteca.catalogue.identity.locations import Location, locations_of
from sonoteca.catalogue.identity.sounds import get_sound, region_span, resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import AudioError, SoundsMissing, about
from sonoteca.ingest.deadline import deadline_of_file
from sonoteca.media import worker_tasks
from sonoteca.media.kept_files import folder_of, once
from sonoteca.whole_file import write_whole

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

LOOKS_FOLDER = ("cache", "looks")
_LOOKS_VERSION = 1
_LOOKS_HELD = 20_000


@dataclass(frozen=True, slots=True)
class MediaSound:
    """A sound of the library that is to be played or seen; what is not known of it is None.

    ``is_failed``: it could not be analysed.
    """

    row_id: int
    public_id: str
    content_hash: str
    shown: str
    is_failed: bool
    n_samples: int | None
    sample_rate: int | None
    duration_s: float | None
    places: tuple[Location, ...]


@dataclass(frozen=True, slots=True)
class Source:
    """A file that holds the content of a sound now; ``as_it_is`` unless it has to be transcoded."""

    path: str
    stamp: FileStamp
    as_it_is: AsItIs | None


def find_sound(library: Library, name: str) -> MediaSound:
    """The sound that is meant.

    Raises
    ------
    SoundNotFound, AmbiguousSound
    """
    with library.read() as connection:
        with about("sound"):
            found = resolve_sound(connection, name)
        row = get_sound(connection, found.id)
        places = tuple(locations_of(connection, [found.id])[found.id])
    shown = places[0].display_path if places else row.title or row.public_id
    return MediaSound(
        row.id,
        row.public_id,
        row.content_hash,
        shown,
        row.status == "failed",
        row.n_samples,
        row.sample_rate,
        row.duration_s,
        places,
    )


def find_region_span(library: Library, sound: MediaSound, number: int) -> tuple[float, float] | None:
    """Start and end in seconds of a region, None if the sound has no such region."""
    with library.read() as connection:
        return region_span(connection, sound.row_id, number)


def find_source(library: Library, sound: MediaSound, listener: Listener) -> Source:
    """A file that holds the sound's content.

    Raises
    ------
    SoundsMissing
        None does: no file is there, or other sounds are in them now.
    AudioError
        It could not be analysed either, and this is why.
    WorkerError
        Reading a file crashed, hung or ate memory.
    """
    reasons = []
    for place in sound.places:
        path = os.fspath(place.path)
        try:
            look = _looked_at(library, path, listener)
        except OSError as error:
            reasons.append(f"the file cannot be read ({error.strerror or error})")
        except AudioError as error:
            if sound.is_failed:
                # It never was a sound.
                raise
            reasons.append(f"the file is no sound any more ({error.message})")
        except SoundsMissing as error:
            reasons.append(error.message.rstrip("."))
        else:
            if look.content_hash == sound.content_hash:
                return Source(path, look.stamp, look.as_it_is)
            reasons.append("the file holds another sound now")
    why = "; ".join(dict.fromkeys(reasons)) or "no file of it is known"
    raise SoundsMissing(f"{sound.shown} is missing: {why}.", field="sound")


def content_in(library: Library, path: str, listener: Listener) -> str:
    """The hash of the content that a file holds now, read by a worker unless nothing was written to it since one read it.

    Raises
    ------
    OSError
        The file cannot be looked at.
    AudioError, WorkerError
        It holds no sound, or reading it crashed, hung or ate memory.
    """
    return _looked_at(library, path, listener).content_hash


def _looked_at(library: Library, path: str, listener: Listener) -> FileLook:
    stamp = stamp_of(path)
    held: OrderedDict[str, FileLook] = library.held.setdefault("media.looks", OrderedDict())
    look = held.get(path)
    if look is None or look.stamp != stamp:
        look = _kept_look(library, path)
    if look is None or look.stamp != stamp:
        look = once(library, f"look {path}", lambda: _look(library, path, listener))
    with library.lock("media.looks"):
        held[path] = look
        held.move_to_end(path)
        while len(held) > _LOOKS_HELD:
            held.popitem(last=False)
    return look


def _look(library: Library, path: str, listener: Listener) -> FileLook:
    look = listener.ask(worker_tasks.look, path, path, timeout_s=deadline_of_file(path))
    told = {"version": _LOOKS_VERSION, "path": os.fsencode(path).hex(), **asdict(look)}
    if (file := _look_file(library, path)) is not None:
        # A library that cannot be written answers all the same.
        with contextlib.suppress(OSError):
            write_whole(file, json.dumps(told).encode())
    return look


def _look_file(library: Library, path: str) -> Path | None:
    folder = folder_of(library, *LOOKS_FOLDER)
    return None if folder is None else folder / f"{xxhash.xxh3_128_hexdigest(os.fsencode(path))}.json"


def _kept_look(library: Library, path: str) -> FileLook | None:
    file = _look_file(library, path)
    if file is None:
        return None
    try:
        told = json.loads(file.read_bytes())
        if told["version"] != _LOOKS_VERSION or told["path"] != os.fsencode(path).hex():
            return None
        as_it_is = None if told["as_it_is"] is None else AsItIs(**told["as_it_is"])
        return FileLook(FileStamp(**told["stamp"]), told["content_hash"], as_it_is)
    except (OSError, ValueError, KeyError, TypeError):
        # What cannot be read is looked at again.
        return None
