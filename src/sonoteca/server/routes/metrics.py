"""What the server counts, as Prometheus reads it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from fastapi import FastAPI, Request
from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric
from prometheus_client.registry import Collector
from starlette.responses import Response

import sonoteca
from sonoteca.server.request_counts import BUCKETS_S, RequestCounts
from sonoteca.server.route import documented, routes

router = routes("metrics")

MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@router.get(
    "/metrics",
    **documented(
        "What the server counts, in Prometheus's text format.",
        description="Requests by route and status and how long they took, jobs by state, workers, who listens to events, "
        "uploads under way, bytes of caches, disk and memory.",
        example=None,
        media_types={"text/plain": {"schema": {"type": "string"}}},
    ),
)
def metrics(request: Request) -> Response:
    registry = CollectorRegistry()
    registry.register(_Counted(request.app))
    ProcessCollector(registry=registry)
    return Response(generate_latest(registry), media_type=MEDIA_TYPE)


class _Counted(Collector):
    """What stands in the application now."""

    def __init__(self, app: FastAPI) -> None:
        self._app = app

    def describe(self) -> list[Metric]:
        # Nothing is asked when it is registered.
        return []

    def collect(self) -> Iterator[Metric]:
        state = self._app.state
        yield from _requests(state.counts)
        yield _one("sonoteca_started_seconds", "When the server started, in seconds since 1970.", state.started_at)
        yield _one("sonoteca_uploads_under_way", "Uploads that come in or are answered now.", state.staging.under_way)
        yield _one("sonoteca_event_listeners", "Streams of events that are open now.", state.feed.listeners)
        has = sonoteca.system_resources(state.library, listener=state.listener)
        yield _by("sonoteca_jobs", "Jobs by state.", "state", {str(name): count for name, count in has.queue.items()})
        if has.workers is not None:
            yield _by("sonoteca_workers", "Workers by state.", "state", has.workers.as_json()["states"])
            yield _one("sonoteca_workers_most", "How many workers there may be.", has.workers.workers)
        sizes = {name: each.n_bytes for name, each in has.caches.items()}
        yield _by("sonoteca_kept_bytes", "What caches and staging hold, in bytes.", "folder", sizes)
        if has.disk is not None:
            yield _one("sonoteca_disk_free_bytes", "What the disk of the data folder has left.", has.disk.free_bytes)
        yield _one("sonoteca_memory_available_bytes", "What the machine has left.", has.memory.available_bytes)


def _requests(counts: RequestCounts) -> Iterator[Metric]:
    answers, durations = counts.snapshot()
    total = CounterMetricFamily(
        "sonoteca_requests", "Requests that were answered.", labels=("method", "route", "status")
    )
    for (method, route, status), count in answers.items():
        total.add_metric((method, route, str(status)), count)
    yield total
    took = HistogramMetricFamily(
        "sonoteca_request_seconds", "How long requests took until their last byte.", labels=("method", "route")
    )
    for labels, each in durations.items():
        ends = [*map(str, BUCKETS_S), "+Inf"]
        took.add_metric(labels, list(zip(ends, accumulate(map(float, each.counts)), strict=True)), each.sum_s)
    yield took
    yield _one("sonoteca_requests_under_way", "Requests that are being answered now.", counts.under_way)


def _one(name: str, told: str, value: float) -> Metric:
    return GaugeMetricFamily(name, told, value=value)


def _by(name: str, told: str, label: str, values: Mapping[str, int]) -> Metric:
    family = GaugeMetricFamily(name, told, labels=(label,))
    for each, value in values.items():
        family.add_metric((each,), value)
    return family
