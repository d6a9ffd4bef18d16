"""One sound of the catalogue as the object that ``inspect --json`` prints, with what only a library knows."""

from __future__ import annotations

from typing import Any

from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.statements import statements_of
from sonoteca.catalogue.heard.tags import tags_of
from sonoteca.catalogue.identity.locations import locations_of
from sonoteca.catalogue.identity.sounds import get_sound, whole_regions
from sonoteca.domain.sound_object import AudioFacts, sound_object
from sonoteca.errors import StoredFailure


def describe_sound(connection: Connection, sound_id: int) -> dict[str, Any]:
    """The sound object (DESIGN §6) of a stored sound.

    Beside its keys: ``external_id``, ``title``, ``artist``, ``album``, ``price``, ``currency``, ``url``, ``tags``,
    ``locations``, ``added_at``, ``analysed_at``, and ``state`` (pending, analysed, failed).
    """
    row = get_sound(connection, sound_id)
    places = locations_of(connection, [sound_id]).get(sound_id, [])
    whole = whole_regions(connection, [sound_id])[sound_id]
    failure = (
        StoredFailure(row.error_code, row.error_message or "", row.error_remedy or "")
        if row.status == "failed" and row.error_code is not None
        else None
    )
    document: dict[str, Any] = sound_object(
        places[0].display_path if places else None,
        sound_id=row.public_id,
        audio=AudioFacts(
            duration_s=row.duration_s,
            sample_rate=row.sample_rate,
            channels=row.channels,
            codec=row.codec,
            container=row.container,
            content_hash=row.content_hash,
        ),
        statements=statements_of(connection, sound_id),
        error=failure,
        warnings=row.warnings or (),
    )
    return document | {
        "state": row.status,
        "external_id": row.external_id,
        "title": row.title,
        "artist": row.artist,
        "album": row.album,
        "price": row.price,
        "currency": row.currency,
        "url": row.url,
        "tags": [
            {"label": tag.label, "source": str(tag.source), "confidence": tag.confidence}
            for tag in tags_of(connection, [whole]).get(whole, [])
        ],
        "locations": [{"path": place.display_path, "missing": place.is_missing} for place in places],
        "added_at": row.added_at,
        "analysed_at": row.analysed_at,
    }
