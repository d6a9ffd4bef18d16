"""The server and its machine: what it is, what it can hear with, what it has, what it keeps, and cleaning up."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import Request

import sonoteca
from sonoteca.errors import LibraryUnwritable
from sonoteca.server.json_answers import StrictJSONResponse, answered
from sonoteca.server.request_bodies import said
from sonoteca.server.route import documented, routes
from sonoteca.server.running import Limits, OpenLibrary, WarmListener
from sonoteca.server.upkeep_thread import clean_up_request

router = routes("system")

CleanUpFields = Annotated[
    dict[str, Any],
    said(sonoteca.CleanUpRequest, example={"cache_mb": 1024, "restart_workers": False}, is_optional=True),
]

_QUEUE = {"queued": 0, "running": 1, "done": 12, "failed": 0, "cancelled": 0}
_EXECUTOR = {"kind": "local", "workers": 2, "states": {"idle": 2, "busy": 0, "starting": 0}}
_STATUS: dict[str, Any] = {
    "version": "1.0.0",
    "commit": "0123456789abcdef0123456789abcdef01234567",
    "database_url": "sqlite:////srv/music/library.sonoteca",
    "engine": {"name": "sqlite", "version": "3.45.1"},
    "schema_revision": "0011",
    "weights_version": "shipped-3",
    "index": [
        {"space_id": "timbre.v1", "dimensions": 512, "count": 900, "indexed": 900, "generation": 3, "answers": True}
    ],
    "queue": _QUEUE,
    "executor": _EXECUTOR,
    "models": [{"name": "role.npz", "sha256": "9f86d081884c7d65"}],
    "warnings": [{"code": "network_disk", "message": "It lies on a network disk.", "remedy": "Keep it here."}],
    "started_at": "2026-01-31T12:00:00.000Z",
}
_FOLDER = {"files": 12, "n_bytes": 1048576}
_CACHES = dict.fromkeys(["audio", "clips", "looks", "peaks", "previews", "renders", "staging"], _FOLDER)
_RESOURCES: dict[str, Any] = {
    "processor": {"count": 4, "usable": 4, "busy": 0.2, "load_1_min": 0.8},
    "memory": {"total_bytes": 8589934592, "available_bytes": 4294967296, "program_bytes": 209715200},
    "disk": {"total_bytes": 500000000000, "free_bytes": 250000000000},
    "gpu": [{"name": "Graphics processor"}],
    "workers": _EXECUTOR,
    "queue": _QUEUE,
    "caches": _CACHES,
}
_PLUGIN = {
    "group": "sonoteca.analyzers",
    "package": "sonoteca",
    "package_version": "1.0.0",
    "id": "rhythm.bars.hypotheses",
    "version": 3,
    "requires": ["onsets"],
    "produces": ["tempo", "beats"],
    "failures": {"count": 1},
}


@router.get(
    "/status",
    **documented(
        "Which program answers, of which library, with which weights and index, and how its queue and workers stand.",
        example=_STATUS,
    ),
)
def status(request: Request, library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    began = datetime.fromtimestamp(request.app.state.started_at, UTC).isoformat(timespec="milliseconds")
    told = sonoteca.library_status(library, listener=listener).as_json()
    return StrictJSONResponse(told | {"started_at": began.replace("+00:00", "Z")})


@router.get(
    "/plugins",
    **documented(
        "The analyzers and embedders that are installed: what each needs, what it finds, and how it failed lately.",
        example={"plugins": [_PLUGIN], "broken": [{"code": "plugin_broken", "message": "It cannot be used."}]},
    ),
)
def plugins(library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    return answered(sonoteca.list_plugins(library, listener=listener))


@router.get(
    "/api/system/resources",
    **documented(
        "What the machine has and does: processor, memory, disk, GPU or null, workers, queue, caches.",
        example=_RESOURCES,
    ),
)
def resources(library: OpenLibrary, listener: WarmListener) -> StrictJSONResponse:
    return answered(sonoteca.system_resources(library, listener=listener))


@router.post(
    "/api/system/cleanup",
    **documented(
        "Old uploads and what caches hold beyond their limits are removed, and idle workers replaced; how much was freed.",
        description="Without a body, or for fields that it does not give, the limits are those of the server's settings.",
        example={
            "query": {"cache_mb": 10240, "cache_days": 30.0, "staging_hours": 24.0, "restart_workers": True},
            "freed_bytes": 5242880,
            "removed": _CACHES,
            "restarted_workers": 2,
        },
        errors=[LibraryUnwritable],
    ),
)
def clean_up(said: CleanUpFields, library: OpenLibrary, listener: WarmListener, settings: Limits) -> StrictJSONResponse:
    request = sonoteca.CleanUpRequest(**(clean_up_request(settings).as_json() | said))
    return answered(sonoteca.clean_up(library, request, listener=listener))
