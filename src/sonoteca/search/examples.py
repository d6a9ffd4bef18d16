"""Examples for a similarity search: regions of the library, or sounds just heard."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, vectors_of_region
from sonoteca.catalogue.identity.sounds import resolve_sound
from sonoteca.catalogue.store.schema import regions
from sonoteca.domain.embedding import Embedding
from sonoteca.errors import RequestError
from sonoteca.search.likeness import Example
from sonoteca.search.result_row import region_facts

_REGION = sa.select(regions.c.id).where(
    regions.c.sound_id == sa.bindparam("sound_id"), regions.c.number == sa.bindparam("number")
)


def example_from_library(connection: Connection, space: StoredSpace, name: str, *, region_number: int = 0) -> Example:
    """The vector of a region of the sound that ``name`` means.

    Raises
    ------
    SoundNotFound, AmbiguousSound
        From the name.
    RequestError
        The sound has no such region, or the region has no vector (it is silent, or not analysed yet).
    """
    sound = resolve_sound(connection, name)
    region_id = connection.execute(_REGION, {"sound_id": sound.id, "number": region_number}).scalar()
    if region_id is None:
        raise RequestError(
            f"{name} has no region {region_number}.", "Region 0 is the whole sound; events are numbered from 1."
        )
    vectors = vectors_of_region(connection, space, region_id)
    if not vectors:
        raise RequestError(
            f"Region {region_number} of {name} has no vector to compare by.",
            "It is silent, or not analysed yet.",
        )
    return Example(vectors[0][1], region_facts(connection, [region_id]).get(region_id))


def example_from_vectors(name: str, embeddings: Sequence[Sequence[Embedding]], *, region_number: int = 0) -> Example:
    """The vector of a region of a sound just heard; RequestError where nothing sounds."""
    if not 0 <= region_number < len(embeddings) or not embeddings[region_number]:
        raise RequestError(f"Region {region_number} of {name} has nothing to compare by: it is silent or not there.")
    return Example(embeddings[region_number][0].vector)
