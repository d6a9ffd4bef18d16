"""Moments as the catalogue stores them: UTC text of fixed width that sorts."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> str:
    """The present moment, ``2026-11-20T12:54:47.123Z``."""
    return moment(datetime.now(UTC))


def moment(when: datetime) -> str:
    """An aware ``datetime`` as stored text; ValueError for a naive one."""
    if when.tzinfo is None:
        raise ValueError(f"a moment needs a time zone, got {when!r}")
    return when.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{when.microsecond // 1000:03d}Z"
