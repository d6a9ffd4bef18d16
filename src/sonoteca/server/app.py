"""The application: its routes, what guards them, and what runs as long as it does."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping

from anyio.to_thread import current_default_thread_limiter
from fastapi import FastAPI
from fastapi.responses import Response
from starlette.middleware.cors import CORSMiddleware

from sonoteca import Library, Listener, QueueSettings, __version__
from sonoteca.server.events import Events
from sonoteca.server.guard.bodies import Bodies
from sonoteca.server.guard.headers import Headers
from sonoteca.server.guard.hosts import Hosts
from sonoteca.server.guard.keys import Key, KeyRing, Keys
from sonoteca.server.guard.origins import Origins
from sonoteca.server.guard.rates import Rates
from sonoteca.server.guard.sessions import Sessions
from sonoteca.server.head_requests import HeadRequests
from sonoteca.server.job_feed import JobFeed
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.life import about_answer, well_answer
from sonoteca.server.loading import Loading, Routes
from sonoteca.server.mcp.http import Assistants
from sonoteca.server.openapi import describe_itself
from sonoteca.server.page_files import PageFiles
from sonoteca.server.problems import answer_errors
from sonoteca.server.queue_thread import QueueThread
from sonoteca.server.request_counts import Counted, RequestCounts
from sonoteca.server.request_log import RequestLog
from sonoteca.server.routes import docs
from sonoteca.server.running import Stopping, Turns
from sonoteca.server.staging import Staging
from sonoteca.server.upkeep_thread import UpkeepThread
from sonoteca.settings import ServerSettings

_DESCRIPTION = "Listens to everything you have recorded, keeps what it heard, and answers questions about it."
# What a page of an allowed origin may send and read.
_SENT = [
    "Authorization",
    "Content-Type",
    "If-None-Match",
    "If-Range",
    "Last-Event-ID",
    "Range",
    "X-API-Key",
]
_READ = ["Accept-Ranges", "Content-Range", "ETag", "Location", "Retry-After", "X-Request-ID"]
# Threads that answer whoever waits for no worker, and how many requests wait for one at least, of each sort.
_THREADS, _FEWEST_TURNS = 40, 16
# What is answered before all routes are there.
_MEANWHILE: Mapping[str, Callable[[], Response]] = {
    "/": about_answer,
    "/health": well_answer,
    "/docs": docs.docs,
    "/docs/page.js": docs.docs_script,
    "/docs/page.css": docs.docs_style,
}


def create_app(
    library: Library,
    listener: Listener,
    settings: ServerSettings | None = None,
    *,
    queue: QueueSettings = QueueSettings(),
    loads_beside: bool = False,
) -> FastAPI:
    """The HTTP API of an open library, as an ASGI application.

    Parameters
    ----------
    library : Library
        Open as long as the application runs; it is not closed.
    listener : Listener
        Hears what is uploaded. Its workers are started with the application; it is not closed.
    settings : ServerSettings, optional
        Limits and who may ask; read from the environment if left out.
    queue : QueueSettings
        How the queue of the library behaves, which the application works on as long as it runs, unless the settings
        leave that to others.
    loads_beside : bool
        Whether routes are loaded while the application runs already, see ``loading``.
    """
    app = FastAPI(
        title="Sonoteca",
        version=__version__,
        description=_DESCRIPTION,
        default_response_class=StrictJSONResponse,
        lifespan=_lifetime,
        redirect_slashes=False,
        # The page of documentation is our own.
        docs_url=None,
        redoc_url=None,
    )
    # Who asks over HTTP learns nothing of files that are in no library.
    library.names_files = False
    app.state.library = library
    app.state.listener = listener
    settings = settings if settings is not None else ServerSettings()
    ring = KeyRing(key.get_secret_value() for key in settings.api_keys)
    # From here on only digests of the keys are held.
    app.state.settings = settings = settings.model_copy(update={"api_keys": ()})
    app.state.stopping = Stopping()
    app.state.staging = Staging(library, settings.min_free_mb)
    app.state.queue = queue
    app.state.feed = JobFeed(library)
    app.state.events = Events(library, settings)
    app.state.upload_turns, app.state.playing_turns = (Turns(_turns(listener), app.state.stopping) for _ in range(2))
    app.state.counts = RequestCounts()
    app.state.page = PageFiles()
    app.state.needs_key = bool(ring)
    app.state.sessions = sessions = Sessions[Key]()
    app.state.started_at = time.time()
    app.state.routes = routes = Routes(app)
    if not loads_beside:
        routes.load()
    app.state.assistants = assistants = Assistants(library, listener, settings, app.state.stopping.is_set)
    app.router.routes.append(assistants.route())
    describe_itself(app)
    answer_errors(app)
    # The last that is added is asked first.
    app.add_middleware(HeadRequests)
    app.add_middleware(Bodies, settings=settings)
    app.add_middleware(Origins, allowed=settings.allowed_origins)
    app.add_middleware(Keys, ring=ring, rates=Rates(settings.requests_per_minute), sessions=sessions)
    if settings.allowed_origins:
        app.add_middleware(
            CORSMiddleware,
            allow_origins=[origin.rstrip("/") for origin in settings.allowed_origins],
            allow_methods=["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"],
            allow_headers=_SENT,
            expose_headers=_READ,
        )
    app.add_middleware(Loading, routes=routes, meanwhile=_MEANWHILE)
    app.add_middleware(Hosts, allowed=[*settings.allowed_hosts, settings.host])
    app.add_middleware(RequestLog)
    app.add_middleware(Counted, counts=app.state.counts)
    app.add_middleware(Headers, is_shared=bool(settings.allowed_origins))
    return app


def _turns(listener: Listener) -> int:
    """How many requests of a sort may wait for workers at once: every worker has somebody's work."""
    return max(_FEWEST_TURNS, listener.workers)


@contextlib.asynccontextmanager
async def _lifetime(app: FastAPI) -> AsyncIterator[None]:
    """What begins before the first request and ends after the last."""
    app.state.stopping.begin()
    current_default_thread_limiter().total_tokens = _THREADS + 2 * _turns(app.state.listener)
    app.state.routes.begin()
    app.state.staging.remove_leftovers()
    app.state.listener.start(wait=False)
    # Jobs are told to end when the server is, not after everything that is answered: both have seconds.
    queue = QueueThread(app.state.library, app.state.listener, app.state.queue, app.state.stopping.in_threads)
    if app.state.settings.run_queue:
        queue.start()
    upkeep = UpkeepThread(app.state.library, app.state.settings)
    upkeep.start()
    try:
        async with app.state.assistants.running():
            yield
    finally:
        app.state.stopping.set()
        # Not in the threads that answer: they may all wait.
        for close in (queue.close, upkeep.close, app.state.events.close):
            await asyncio.to_thread(close)
        app.state.staging.remove()
