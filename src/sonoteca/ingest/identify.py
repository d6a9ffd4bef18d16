"""What a worker does before anybody listens: whose content is in these files, and what they claim to be.

Files come in batches, because opening a short file costs less than a message between
processes. The claimed length only sets the deadline of the file's analysis.
"""

from __future__ import annotations

from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.probe import AudioFacts, probe
from sonoteca.domain.claim import Claim
from sonoteca.errors import AudioError, SonotecaError
from sonoteca.ingest.identified import Identified


def identify(paths: tuple[str, ...]) -> list[Identified]:
    """Content hash and claims of each file, in order; a file that cannot be read is an item with its error."""
    return [_identify(path) for path in paths]


def claimed_lengths(paths: tuple[str, ...]) -> list[float | None]:
    """Claimed length of each file in seconds, in order; None where its header does not say."""
    return [_claimed_s(_facts(path)) for path in paths]


def read_claims(paths: tuple[str, ...]) -> list[tuple[Claim, ...] | None]:
    """What each file says about itself, in order; None where it cannot be read."""
    return [None if (facts := _facts(path)) is None else facts.claims for path in paths]


def _identify(path: str) -> Identified:
    try:
        content_hash = hash_content(path)
    except SonotecaError as error:
        return Identified(path, None, None, error)
    facts = _facts(path)
    return Identified(path, content_hash, _claimed_s(facts), None, None if facts is None else facts.claims)


def _facts(path: str) -> AudioFacts | None:
    try:
        return probe(path)
    except (AudioError, OSError, ValueError):
        return None


def _claimed_s(facts: AudioFacts | None) -> float | None:
    claimed_s = None if facts is None else facts.duration_s
    return claimed_s if claimed_s is not None and claimed_s > 0 else None
