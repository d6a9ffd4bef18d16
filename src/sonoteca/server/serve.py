"""The process that serves: a socket, the application, one sentence when it is ready, and an end within seconds."""

from __future__ import annotations

import asyncio
import errno
import ipaddress
import logging
import signal
import socket
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from types import FrameType

import uvicorn
from fastapi import FastAPI

from sonoteca import Library, Listener, QueueSettings
from sonoteca.errors import AddressUnusable, RequestError
from sonoteca.server.app import create_app
from sonoteca.server.request_log import JsonLines
from sonoteca.settings import ServerSettings

# What is being answered may take so long to end; then its connection is cut.
GRACE_S = 2
_BACKLOG = 2048
_REFUSED = {
    errno.EADDRINUSE: "another program listens there",
    errno.EACCES: "this user may not listen there",
    errno.EADDRNOTAVAIL: "this machine does not have that address",
}


def serve(
    library: Library,
    listener: Listener,
    settings: ServerSettings | None = None,
    *,
    queue: QueueSettings = QueueSettings(),
    on_ready: Callable[[str], None] = lambda url: None,
) -> None:
    """Answer over HTTP until the process is told to end (SIGTERM, Ctrl-C); both are no error.

    Parameters
    ----------
    library : Library
        Open to change; it stays open.
    listener : Listener
        Hears what is uploaded; its workers are started, and stopped at the end.
    settings : ServerSettings, optional
        Where it listens, and who may ask; read from the environment if left out.
    queue : QueueSettings
        How the library's queue behaves, which this process works on unless ``settings.run_queue`` is off.
    on_ready : function
        Called with the URL once the server answers.

    Raises
    ------
    AddressUnusable
        It cannot listen there.
    RequestError
        It would listen beyond this machine without a key.
    """
    settings = settings if settings is not None else ServerSettings()
    require_keys(settings)
    with closing(listening_socket(settings.host, settings.port)) as listening, _logged(settings.log_level):
        url = url_of(settings.host, listening.getsockname()[1])
        app = create_app(library, listener, settings, queue=queue, loads_beside=True)
        config = uvicorn.Config(
            app,
            lifespan="on",
            log_config=None,
            access_log=False,
            ws="none",
            server_header=False,
            proxy_headers=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        _Server(config, app, listener, lambda: on_ready(url)).run(sockets=[listening])


def require_keys(settings: ServerSettings) -> None:
    """Refuse to be asked by other machines without a key; RequestError."""
    if not settings.api_keys and not is_loopback(settings.host):
        raise RequestError(
            f"At {settings.host} other machines could ask this server, and it has no API key.",
            "Give it a key, or have it listen at 127.0.0.1.",
            field="api_keys",
        )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach an address.

    >>> is_loopback("127.0.0.1"), is_loopback("localhost"), is_loopback("[::1]"), is_loopback("0.0.0.0")
    (True, True, True, False)
    """
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def url_of(host: str, port: int) -> str:
    """Where a person on this machine finds a server that listens there.

    >>> url_of("127.0.0.1", 8000), url_of("::1", 80), url_of("0.0.0.0", 80)
    ('http://127.0.0.1:8000', 'http://[::1]:80', 'http://127.0.0.1:80')
    """
    name = host.strip("[]")
    if name in ("", "0.0.0.0"):
        name = "127.0.0.1"
    elif name == "::":
        name = "::1"
    return f"http://[{name}]:{port}" if ":" in name else f"http://{name}:{port}"


def listening_socket(host: str, port: int) -> socket.socket:
    """A socket that listens there; AddressUnusable where none can."""
    try:
        found = socket.getaddrinfo(host.strip("[]") or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except OSError as error:
        raise AddressUnusable(
            f"There is no address {host!r} ({error.strerror}).", "Name an address of this machine.", field="host"
        ) from error
    family, kind, protocol, _, address = found[0]
    listening = socket.socket(family, kind, protocol)
    try:
        if sys.platform != "win32":
            # A server that just ended leaves connections behind that would hold the port for a minute.
            listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.bind(address)
        listening.listen(_BACKLOG)
    except OSError as error:
        listening.close()
        reason = _REFUSED.get(error.errno or 0, error.strerror)
        field = "host" if error.errno == errno.EADDRNOTAVAIL else "port"
        remedy = "Name an address of this machine." if field == "host" else None
        raise AddressUnusable(
            f"The server cannot listen at {host}, port {port}: {reason}.", remedy, field=field
        ) from error
    return listening


class _Server(uvicorn.Server):
    """Says when it is ready, and tells the application when it is to end; a signal that ended it is not raised again."""

    def __init__(self, config: uvicorn.Config, app: FastAPI, listener: Listener, on_ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._app = app
        self._listener = listener
        self._on_ready = on_ready

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        if self.started and not self.should_exit:
            self._on_ready()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        await super().shutdown(sockets=sockets)
        # A thread that still waits for a worker would be waited for; so it is told that the worker is gone.
        await asyncio.to_thread(self._listener.close)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        if threading.current_thread() is not threading.main_thread():
            # Signals are the main thread's; who serves beside other work ends it otherwise.
            yield
            return
        before = {number: signal.signal(number, self.handle_exit) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            yield
        finally:
            for number, handler in before.items():
                signal.signal(number, handler)

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        if self.should_exit:
            # Asked twice: nothing is waited for.
            self.force_exit = True
        self.should_exit = True
        self._app.state.stopping.set()


@contextmanager
def _logged(level: str) -> Iterator[None]:
    """Have everything that is logged written to stderr as lines of JSON."""
    handler = logging.StreamHandler()
    handler.setFormatter(JsonLines())
    root = logging.getLogger()
    before = root.level
    root.addHandler(handler)
    root.setLevel(logging.WARNING)
    ours = logging.getLogger("sonoteca")
    before_ours = ours.level
    ours.setLevel(level.upper())
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(before)
        ours.setLevel(before_ours)
