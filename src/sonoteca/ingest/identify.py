"""What a worker does before anybody listens: whose content is in these files, and how long they claim to be.

Files come in batches, because opening a short file costs less than a message between
processes. The claimed length only sets the deadline of the file's analysis.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.probe import probe
from sonoteca.errors import AudioError, SonotecaError


@dataclass(frozen=True, slots=True)
class Identified:
    """``content_hash`` or ``error`` is set. ``claimed_s`` is None where the header does not say."""

    path: str
    content_hash: str | None
    claimed_s: float | None
    error: SonotecaError | None


def identify(paths: tuple[str, ...]) -> list[Identified]:
    """Content hash and claimed length of each file, in order; a file that cannot be read is an item with its error."""
    return [_identify(path) for path in paths]


def claimed_lengths(paths: tuple[str, ...]) -> list[float | None]:
    """Claimed length of each file in seconds, in order; None where its header does not say."""
    return [_claimed_s(path) for path in paths]


def _identify(path: str) -> Identified:
    try:
        content_hash = hash_content(path)
    except SonotecaError as error:
        return Identified(path, None, None, error)
    return Identified(path, content_hash, _claimed_s(path), None)


def _claimed_s(path: str) -> float | None:
    try:
        claimed_s = probe(path).duration_s
    except (AudioError, OSError, ValueError):
        return None
    return claimed_s if claimed_s is not None and claimed_s > 0 else None
