"""Runs that failed, counted per producer, with the newest reasons."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.store.schema import runs

# Reasons that are told of each producer.
NEWEST = 3


@dataclass(frozen=True, slots=True)
class FailureReason:
    """A reason, the version that gave it, how often, and when last."""

    reason: str | None
    version: int
    count: int
    at: str


@dataclass(frozen=True, slots=True)
class ProducerFailures:
    """``count`` regions on which a producer failed; ``last`` are the newest reasons, newest first."""

    count: int
    last: tuple[FailureReason, ...]

    def as_json(self) -> dict[str, Any]:
        return {"count": self.count, "last": [asdict(reason) for reason in self.last]}


def failures_by_producer(connection: Connection) -> Mapping[str, ProducerFailures]:
    """What failed, by producer; whoever never failed is left out."""
    newest = sa.func.max(runs.c.at)
    query = (
        sa.select(runs.c.producer, runs.c.version, runs.c.reason, sa.func.count(), newest)
        .where(runs.c.outcome == "failed")
        .group_by(runs.c.producer, runs.c.version, runs.c.reason)
        .order_by(newest.desc(), runs.c.reason)
    )
    found: dict[str, list[FailureReason]] = {}
    for producer, version, reason, count, at in connection.execute(query):
        found.setdefault(producer, []).append(FailureReason(reason or None, version, count, at))
    return {
        producer: ProducerFailures(sum(each.count for each in reasons), tuple(reasons[:NEWEST]))
        for producer, reasons in found.items()
    }
