"""The region that a match is asked for: of a sound of the library, of a file that is in none, or a hum."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError, SonotecaError, SoundNotFound, about
from sonoteca.match.file_regions import regions_of_file
from sonoteca.match.hum_regions import regions_of_hum
from sonoteca.match.load_regions import regions_of_sound
from sonoteca.match.region_table import RegionTable

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


def asked_region(library: Library, name: str, region: int, listener: Listener | None) -> RegionTable:
    """One region of a sound of the library by any of its names, else of a file that the listener hears.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    AudioError, WorkerError
        The file cannot be heard.
    RequestError
        There is no such region.
    """
    try:
        with library.read() as connection, about("sound"):
            sound = resolve_sound(connection, name)
        found = regions_of_sound(library, sound.id)
    except SoundNotFound:
        if listener is None or not Path(name).is_file():
            raise
        found = regions_of_file(listener.analyze_file(name))
    return region_numbered(found, region, name)


def region_numbered(found: RegionTable, number: int, name: str, *, field: str = "region") -> RegionTable:
    """Take the region of a number from those of one sound; RequestError, of a field, where it was not analysed."""
    chosen = found.take(found.numbers == number)
    if not len(chosen):
        sentence = f"{name} has no region {number} that was analysed."
        raise RequestError(sentence, "What is known of a sound lists its regions.", field=field)
    return chosen


def hummed_region(name: str, listener: Listener | None) -> RegionTable:
    """The one region of a file of somebody humming, heard by the listener.

    Raises
    ------
    AudioError, WorkerError
        The file cannot be heard.
    RequestError
        Nothing is there that hears files, or too little was hummed.
    """
    if listener is None:
        raise RequestError("A hum is a file, and nothing was given that hears files.", field="sound")
    # It brings a decoder, which a match of a sound of the library does without.
    from sonoteca.search.hum.hear_query import hear_queries

    (heard,) = hear_queries(listener, [name])
    if isinstance(heard, SonotecaError):
        raise heard
    return regions_of_hum(heard)
