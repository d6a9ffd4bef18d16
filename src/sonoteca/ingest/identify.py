"""What a worker does before anybody listens: whose content is in these files, and how long they claim to be.

Files come in batches, because opening a short file costs less than a message between
processes. The claimed length only sets the deadline of the file's analysis.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.audio.content_hash import hash_content
from sonoteca.audio.probe import probe
from sonoteca.errors import AudioError, SonotecaError

# A file is given this much time whatever its length, for a slow disk and a busy machine.
BASE_DEADLINE_S = 60.0
# No sound is sparser: 500 bytes are a second of speech at 4 kbit/s. A header that claims more lies.
_FEWEST_BYTES_PER_S = 500.0
# Where the header says nothing, 32 kbit/s.
_USUAL_BYTES_PER_S = 4_000.0


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


def deadline_s(size: int, claimed_s: float | None) -> float:
    """60 s and a fifth of the sound's length, which is claimed or guessed from the file's size in bytes.

    Examples
    --------
    A lying header of a small file, and 3 hours of FLAC:

    >>> deadline_s(400_000, 1e9), deadline_s(10**9, 3 * 3600.0)
    (220.0, 2220.0)
    """
    if claimed_s is None:
        claimed_s = size / _USUAL_BYTES_PER_S
    return BASE_DEADLINE_S + min(claimed_s, size / _FEWEST_BYTES_PER_S) / 5.0


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
