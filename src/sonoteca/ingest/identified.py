"""What a worker says of a file before anybody listens to it; who reads that loads nothing that opens files."""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.domain.claim import Claim
from sonoteca.errors import SonotecaError


@dataclass(frozen=True, slots=True)
class Identified:
    """``content_hash`` or ``error`` is set.

    ``claimed_s`` is None where the header does not say, ``claims`` where it could not be read.
    """

    path: str
    content_hash: str | None
    claimed_s: float | None
    error: SonotecaError | None
    claims: tuple[Claim, ...] | None = None
