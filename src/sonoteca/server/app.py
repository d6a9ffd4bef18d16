"""The application: its routes, what guards them, and what runs as long as it does."""

from __future__ import annotations

import contextlib
import importlib
import pkgutil
import time
from collections.abc import AsyncIterator, Iterator

from fastapi import APIRouter, FastAPI

import sonoteca.server.routes
from sonoteca import Library, Listener, __version__
from sonoteca.server.head_requests import HeadRequests
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.openapi import describe_itself
from sonoteca.server.problems import answer_errors
from sonoteca.server.request_log import RequestLog
from sonoteca.server.running import Stopping
from sonoteca.settings import ServerSettings

_DESCRIPTION = "Listens to everything you have recorded, keeps what it heard, and answers questions about it."


def create_app(library: Library, listener: Listener, settings: ServerSettings | None = None) -> FastAPI:
    """The HTTP API of an open library, as an ASGI application.

    Parameters
    ----------
    library : Library
        Open as long as the application runs; it is not closed.
    listener : Listener
        Hears what is uploaded. Its workers are started with the application; it is not closed.
    settings : ServerSettings, optional
        Limits and who may ask; read from the environment if left out.
    """
    app = FastAPI(
        title="Sonoteca",
        version=__version__,
        description=_DESCRIPTION,
        default_response_class=StrictJSONResponse,
        lifespan=_lifetime,
        redirect_slashes=False,
        redoc_url=None,
    )
    app.state.library = library
    app.state.listener = listener
    app.state.settings = settings if settings is not None else ServerSettings()
    app.state.stopping = Stopping()
    app.state.started_at = time.time()
    for router in _routers():
        # As they are: what is included is matched by way of a copy of each.
        app.router.routes.extend(router.routes)
    describe_itself(app)
    answer_errors(app)
    # The last that is added is asked first.
    app.add_middleware(HeadRequests)
    app.add_middleware(RequestLog)
    return app


@contextlib.asynccontextmanager
async def _lifetime(app: FastAPI) -> AsyncIterator[None]:
    """What begins before the first request and ends after the last."""
    app.state.stopping.begin()
    app.state.listener.start(wait=False)
    try:
        yield
    finally:
        app.state.stopping.set()


def _routers() -> Iterator[APIRouter]:
    for found in pkgutil.iter_modules(sonoteca.server.routes.__path__, "sonoteca.server.routes."):
        yield importlib.import_module(found.name).router
