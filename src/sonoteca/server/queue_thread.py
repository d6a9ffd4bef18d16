"""The queue of the library, worked on by the server in a thread of its own as long as it runs."""

from __future__ import annotations

import logging
import threading

import sonoteca
from sonoteca import Library, Listener, QueueSettings
from sonoteca.errors import SonotecaError

_log = logging.getLogger(__name__)


class QueueThread:
    """Does what waits in the queue until ``stop`` is set; its work goes to the listener's processes."""

    def __init__(self, library: Library, listener: Listener, settings: QueueSettings, stop: threading.Event) -> None:
        self._library = library
        self._listener = listener
        self._settings = settings
        self._stop = stop
        self._thread = threading.Thread(target=self._run, name="sonoteca-queue", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Begin nothing more, and return when nothing runs: it ends within the grace of the settings or waits in the queue again."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()

    def _run(self) -> None:
        try:
            sonoteca.run_jobs(self._library, self._listener, settings=self._settings, stop=self._stop)
        except SonotecaError as error:
            _log.error("the queue stands still: %s", error, exc_info=error)
