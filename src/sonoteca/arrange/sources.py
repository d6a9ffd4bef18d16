"""A source is where a sound of an arrangement is now: a clip holds a content, a file holds it today.

A file that changed since it was listened to is asked for its content again, so that a clip never
plays another sound that took the place of its own.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import sqlalchemy as sa

from sonoteca.arrange.arrangement import Arrangement, Clip
from sonoteca.catalogue.heard.summaries import certainties
from sonoteca.catalogue.identity.locations import locations_of
from sonoteca.catalogue.identity.sounds import known_sounds
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import locations, sounds, summaries
from sonoteca.domain.certainty import Certainty
from sonoteca.domain.names import path_end, sound_name
from sonoteca.errors import AudioError, SoundsMissing, WorkerError
from sonoteca.media.source import content_in

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

_NAMED = 6


@dataclass(frozen=True, slots=True)
class Source:
    """A sound of an arrangement as the library knows it today.

    ``path`` is a file that holds the content now, or None; then ``why_missing`` is a sentence.
    ``shown`` is how people know it: its path or title, else its hash. ``role`` is what is said that it plays,
    ``role_certainty`` how sure that is.
    """

    content_hash: str
    shown: str
    public_id: str | None = None
    path: Path | None = None
    why_missing: str | None = None
    duration_s: float | None = None
    sample_rate: int | None = None
    channels: int | None = None
    role: str | None = None
    role_certainty: Certainty | None = None
    called: str | None = None

    @property
    def name(self) -> str:
        """What tables and sentences call it: artist and title, a shop's title, or its file."""
        return self.called or path_end(self.shown)


def find_sources(library: Library, clips: Iterable[Clip], *, listener: Listener | None = None) -> dict[str, Source]:
    """Find the source of each content of the clips, by hash; missing ones are in it, with the reason.

    Parameters
    ----------
    listener : Listener, optional
        Its workers read files that were changed since the library saw them; without one, this process does.
    """
    hashes = list(dict.fromkeys(clip.content_hash for clip in clips))
    with library.read() as connection:
        ids = known_sounds(connection, hashes)
        known = list(ids.values())
        places = locations_of(connection, known)
        facts = {row.id: row for row in connection.execute(sa.select(sounds).where(sounds.c.id.in_(known)))}
        heard = sa.select(summaries).where(summaries.c.sound_id.in_(known), summaries.c.number == 0)
        roles = {row.sound_id: row for row in connection.execute(heard)}
        seen = sa.select(locations).where(locations.c.sound_id.in_(known))
        stamps = {row.id: (row.size, row.mtime_ns) for row in connection.execute(seen)}

    def content_of(path: Path) -> str:
        return _content_of(library, path, listener)

    found: dict[str, Source] = {}
    for each in hashes:
        if each not in ids:
            why = "the library does not know this sound any more"
            found[each] = Source(each, each, why_missing=why, called="a removed sound")
            continue
        row, here = facts[ids[each]], places[ids[each]]
        refusals = {place.path: _why_not(place.path, stamps[place.id], each, content_of) for place in here}
        path = next((path for path, why in refusals.items() if why is None), None)
        found[each] = Source(
            content_hash=each,
            shown=here[0].display_path if here else row.title or row.public_id,
            public_id=row.public_id,
            path=path,
            why_missing=None if path else next(iter(refusals.values()), "no file of it is known"),
            duration_s=row.duration_s,
            sample_rate=row.sample_rate,
            channels=row.channels,
            role=roles[row.id].role,
            role_certainty=certainties(roles[row.id]._mapping).get("role"),
            called=sound_name(
                row.public_id, row.title, row.artist, here[0].display_path if here else None, row.shop_title
            ),
        )
    return found


def _content_of(library: Library, path: Path, listener: Listener | None) -> str:
    """The hash of the content of a file, read now."""
    if listener is not None:
        return content_in(library, os.fspath(path), listener)
    # Not above: it loads what reads containers.
    from sonoteca.audio.content_hash import hash_content

    return hash_content(path)


def _why_not(path: Path, stamp: tuple[int, int], wanted: str, content_of: Callable[[Path], str]) -> str | None:
    """Say why a file cannot stand for a content; None if it can."""
    try:
        state = os.stat(path)
        if (state.st_size, state.st_mtime_ns) != stamp and content_of(path) != wanted:
            return "the file holds another sound now"
    except OSError as error:
        return f"the file cannot be read ({error.strerror})"
    except AudioError as error:
        return f"the file is no sound any more ({error.message})"
    except (SoundsMissing, WorkerError) as error:
        # It changed while it was read, or a worker that read it died.
        return f"the file cannot be read ({error.message.rstrip('.')})"
    return None


def require_all(arrangement: Arrangement, sources: Mapping[str, Source], *, with_muted: bool) -> None:
    """Raise SoundsMissing, naming each with its clips, unless every sound has a file (those of muted roles on request)."""
    heard = [clip for clip in arrangement.clips if with_muted or clip.role not in arrangement.muted]
    missing = [source for source in sources.values() if source.path is None]
    named: list[str] = []
    for source in missing:
        clips = [clip for clip in heard if clip.content_hash == source.content_hash]
        if clips:
            where = ", ".join(
                dict.fromkeys(f"{clip.role} in {arrangement.section_at(clip.start_bar).name}" for clip in clips)
            )
            named.append(f"{source.shown} ({where}): {source.why_missing}")
    if named:
        more = "" if len(named) <= _NAMED else f"; and {len(named) - _NAMED} more"
        sentence = f"{len(named)} of {len(sources)} sounds are missing: {'; '.join(named[:_NAMED])}{more}."
        raise SoundsMissing(sentence)
