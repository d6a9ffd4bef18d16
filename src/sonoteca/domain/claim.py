"""Claims: what files and their names say about themselves, and which of it are observations of source ``import``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from sonoteca.domain.descriptor import KEY, TEMPO
from sonoteca.domain.music import Key
from sonoteca.domain.observation import Observation, Provenance
from sonoteca.domain.tempo_words import FASTEST_BPM, SLOWEST_BPM
from sonoteca.domain.vocabulary import Source

CLAIM_VERSION = 1


@dataclass(frozen=True, slots=True)
class Claim:
    """Something the file or its name says about itself: ``tempo_bpm`` 120.0, ``key`` "A minor", ``title`` ...

    ``producer`` is ``tags``, ``riff``, ``aiff`` or ``name``.
    """

    field: str
    value: str | float | int
    producer: str


def claimed_observations(claims: Iterable[Claim]) -> tuple[Observation, ...]:
    """The claims that are descriptors, in the order given; what cannot be read is left out.

    ``tempo_bpm`` becomes TEMPO and ``key`` KEY. A claim is no probability, so confidence is None.

    >>> [found] = claimed_observations([Claim("key", "Bbm", "tags"), Claim("tempo_bpm", 0, "tags")])
    >>> found.value["tonic"], found.value["mode"], found.provenance.producer
    (10, 'minor', 'tags')
    """
    found = (_observation(claim) for claim in claims)
    return tuple(observation for observation in found if observation is not None)


def _observation(claim: Claim) -> Observation | None:
    origin = Provenance(Source.IMPORT, claim.producer, CLAIM_VERSION)
    if claim.field == "tempo_bpm":
        try:
            bpm = float(claim.value)
        except ValueError:
            return None
        if not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            return None
        return Observation(TEMPO, {"bpm": bpm, "alternatives_bpm": []}, None, origin)
    if claim.field == "key":
        try:
            key = Key.parse(str(claim.value))
        except ValueError:
            return None
        return Observation(KEY, {"tonic": key.tonic, "mode": key.mode, "alternatives": []}, None, origin)
    return None
