"""What is asked, kept as events of the library where its owner wants that: a route notes its answer on its way out."""

from __future__ import annotations

from typing import Annotated, TypeVar

from fastapi import Depends, Request

import sonoteca
from sonoteca import Library
from sonoteca.domain.vocabulary import EventKind
from sonoteca.settings import ServerSettings

Answered = TypeVar("Answered", bound="sonoteca.Answered")


class Events:
    """Notes answers where the settings say so; elsewhere it does nothing."""

    def __init__(self, library: Library, settings: ServerSettings) -> None:
        self._recorder = (
            sonoteca.EventRecorder(library, keep_days=settings.events_keep_days) if settings.events else None
        )

    def noted(self, kind: EventKind, answer: Answered) -> Answered:
        """The answer, which is written down soon; nobody waits for it."""
        if self._recorder is not None:
            self._recorder.note(kind, answer)
        return answer

    def close(self) -> None:
        """Write what was noted."""
        if self._recorder is not None:
            self._recorder.close()


async def _events(request: Request) -> Events:
    events: Events = request.app.state.events
    return events


Log = Annotated[Events, Depends(_events)]
