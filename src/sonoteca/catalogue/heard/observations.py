"""Observations: every statement about a region, side by side, with who made it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection, Row

from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.schema import observations, regions
from sonoteca.domain.believed import CORRECTIONS, believe
from sonoteca.domain.contradiction import TEMPO_EVIDENCE
from sonoteca.domain.descriptor import DESCRIPTORS, GRID_SHIFT, LOCKED, OWN_CUES, Descriptor
from sonoteca.domain.evidence import CLAIMABLE, DOUBTED_BY, Doubt, evidence_of
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.precedence import NAME_PRODUCER, winning
from sonoteca.domain.vocabulary import Source

# A person's own judgement: no analyzer produces it.
RATING = Descriptor("rating", "how much a person likes it", "stars", 0, 5)
KNOWN_DESCRIPTORS: dict[str, Descriptor] = DESCRIPTORS | {RATING.name: RATING}
# What a person says and no analyzer builds on: it is heard no otherwise because of it.
PERSONAL = frozenset({RATING.name, GRID_SHIFT.name, OWN_CUES.name, LOCKED.name})

# Claims of file names that a person said to trust: precedence ranks any other import producer
# than ``NAME_PRODUCER`` above the analyzers.
TRUSTED_NAME_PRODUCER = "trusted_name"
# Producers that read the file itself: a new analysis replaces what they said.
FILE_PRODUCERS = ("tags", "riff", "aiff", NAME_PRODUCER, TRUSTED_NAME_PRODUCER)
IS_FROM_FILE = (observations.c.source == Source.IMPORT) & observations.c.producer.in_(FILE_PRODUCERS)


def descriptor_named(name: str) -> Descriptor:
    """The descriptor of that name; one that no code here knows (a plugin's) has no meaning text."""
    return KNOWN_DESCRIPTORS.get(name) or Descriptor(name, "")


def load(
    connection: Connection, region_ids: Sequence[int], descriptors: Iterable[str] | None = None
) -> dict[int, list[Observation]]:
    """All statements per region, of all sources."""
    names = None if descriptors is None else list(descriptors)
    found: dict[int, list[Observation]] = {region_id: [] for region_id in region_ids}
    for some in chunks(list(region_ids)):
        query = sa.select(observations).where(observations.c.region_id.in_(some))
        if names is not None:
            query = query.where(observations.c.descriptor.in_(names))
        for row in connection.execute(query):
            found[row.region_id].append(_observation(row))
    return found


def _observation(row: Row[Any]) -> Observation:
    origin = Provenance(Source(row.source), row.producer, row.version, row.settings, row.at, row.preference)
    return Observation(descriptor_named(row.descriptor), row.value, row.confidence, origin)


def row_of(region_id: int, observation: Observation, at: str) -> dict[str, Any]:
    """The row of table ``observations`` for a statement made ``at`` that moment."""
    origin = observation.provenance
    return {
        "region_id": region_id,
        "descriptor": observation.descriptor.name,
        "source": str(origin.source),
        "producer": origin.producer,
        "version": origin.version,
        "settings": origin.settings,
        "value": observation.value,
        "confidence": observation.confidence,
        "at": at,
        "preference": origin.preference,
    }


def believed(
    connection: Connection, ends_s: Mapping[int, float], descriptors: Iterable[str] | None = None
) -> dict[int, dict[str, Observation]]:
    """What is believed per region and descriptor name (a user's null included).

    Parameters
    ----------
    ends_s : mapping of region row number to end in the sound [s]
    descriptors : iterable of str, optional
        Names; what corrects them, and what a claimed tempo is weighed by, is loaded as well.
    """
    names = None if descriptors is None else {*descriptors, *(each.name for each in (*CORRECTIONS, *TEMPO_EVIDENCE))}
    return {
        region_id: believe(statements, end_s=ends_s[region_id])
        for region_id, statements in load(connection, list(ends_s), names).items()
    }


# Made once: building it takes longer than answering it.
_CLAIMED = (
    sa.select(observations.c.region_id)
    .distinct()
    .where(
        observations.c.region_id.in_(sa.bindparam("ids", expanding=True)),
        observations.c.descriptor.in_(CLAIMABLE),
        observations.c.source == Source.IMPORT,
    )
)


def doubts(connection: Connection, region_ids: Sequence[int]) -> dict[int, tuple[Doubt, ...]]:
    """Per region the claims that what was heard contradicts; regions without any are left out."""
    claimed: list[int] = []
    for some in chunks(list(region_ids)):
        claimed += connection.execute(_CLAIMED, {"ids": some}).scalars()
    # What is small says for most that there is no doubt; the others are looked at whole.
    small = load(connection, claimed, DOUBTED_BY)
    doubted = [region_id for region_id, statements in small.items() if evidence_of(statements).doubts]
    ends = sa.select(regions.c.id, (regions.c.end_s - regions.c.start_s).label("duration_s"))
    found: dict[int, tuple[Doubt, ...]] = {}
    for some in chunks(doubted):
        durations_s = {row.id: row.duration_s for row in connection.execute(ends.where(regions.c.id.in_(some)))}
        for region_id, statements in load(connection, some).items():
            found[region_id] = evidence_of(statements, duration_s=durations_s[region_id]).doubts
    return {region_id: each for region_id, each in found.items() if each}


def input_digest(statements: Iterable[Observation]) -> str:
    """What analyzers built on besides the audio, as ``runs.input`` holds it: "" for nothing.

    Of a person's word about a whole sound, without what is ``PERSONAL``.
    """
    lines = sorted(
        f"{each.descriptor.name}\t{json.dumps(each.value, sort_keys=True)}"
        for each in statements
        if each.provenance.source is Source.USER and each.descriptor.name not in PERSONAL
    )
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()[:16] if lines else ""


def stated(connection: Connection, sound_ids: Sequence[int]) -> dict[int, Mapping[Descriptor, Observation]]:
    """What users and imports say about whole sounds: the ``known_values`` of ``engine.analyze_recording``."""
    found: dict[int, Mapping[Descriptor, Observation]] = {}
    for some in chunks(list(sound_ids)):
        query = (
            sa.select(regions.c.sound_id, observations)
            .join(observations, observations.c.region_id == regions.c.id)
            .where(
                regions.c.sound_id.in_(some),
                regions.c.number == 0,
                observations.c.source.in_([Source.USER, Source.IMPORT]),
            )
        )
        by_sound: dict[int, list[Observation]] = {}
        for row in connection.execute(query):
            by_sound.setdefault(row.sound_id, []).append(_observation(row))
        for sound_id, statements in by_sound.items():
            found[sound_id] = {each.descriptor: each for each in winning(statements).values()}
    return found
