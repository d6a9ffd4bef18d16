"""The server tidies its library now and then: caches and staging within their limits, old jobs forgotten, a short log."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable

import sonoteca
from sonoteca import Library
from sonoteca.errors import SonotecaError
from sonoteca.settings import ServerSettings

EVERY_S = 3600.0
# Who just started has other things to do first.
_FIRST_AFTER_S = 10.0
_CLOSED_WITHIN_S = 5.0
_log = logging.getLogger(__name__)


def clean_up_request(settings: ServerSettings, *, restart_workers: bool = True) -> sonoteca.CleanUpRequest:
    """What is removed where nobody says otherwise: what the settings say."""
    return sonoteca.CleanUpRequest(
        cache_mb=settings.cache_mb,
        cache_days=settings.cache_days,
        staging_hours=settings.staging_hours,
        restart_workers=restart_workers,
    )


class UpkeepThread:
    """Logs at ``start`` what may go wrong because of where the library lies, tidies soon after it and every hour after that, until ``close``."""

    def __init__(
        self,
        library: Library,
        settings: ServerSettings,
        *,
        first_after_s: float = _FIRST_AFTER_S,
        every_s: float = EVERY_S,
    ) -> None:
        self._library = library
        self._settings = settings
        self._first_after_s, self._every_s = first_after_s, every_s
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name="sonoteca-upkeep", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def close(self) -> None:
        """Begin nothing more, and wait a moment for what is under way: it may be left at any point."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join(_CLOSED_WITHIN_S)

    def _run(self) -> None:
        _tried(self._warn)
        wait_s = self._first_after_s
        while not self._stop.wait(wait_s):
            wait_s = self._every_s
            for step in (self._clean_up, self._forget_jobs, self._tidy):
                if not self._stop.is_set():
                    _tried(step)

    def _warn(self) -> None:
        for each in sonoteca.library_warnings(self._library):
            _log.warning("%s %s", each.message, each.remedy)

    def _clean_up(self) -> None:
        # Idle workers are warm so that the next question finds them.
        answer = sonoteca.clean_up(self._library, clean_up_request(self._settings, restart_workers=False))
        if answer.freed_bytes:
            _log.info("cleaned up: %d bytes freed", answer.freed_bytes)

    def _forget_jobs(self) -> None:
        sonoteca.purge_jobs(self._library)

    def _tidy(self) -> None:
        sonoteca.tidy_library(self._library)


def _tried(step: Callable[[], None]) -> None:
    try:
        step()
    except (SonotecaError, OSError) as error:
        # Next time; a library that cannot be written says so to whoever asks for a change.
        _log.warning("upkeep was put off: %s", error)
