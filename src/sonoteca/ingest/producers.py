"""What today's analyzers and embedders are called, so that it can be told which sounds they have heard."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sonoteca.domain.embedding import Space
from sonoteca.domain.file_analysis import AnalysisSettings
from sonoteca.domain.sound_analysis import Identity
from sonoteca.ingest import worker_tasks
from sonoteca.ingest.failures import LOADING

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

# Whoever starts the first worker waits for all that it loads.
_DEADLINE_S = 120.0


@dataclass(frozen=True, slots=True)
class Producers:
    """Today's identities: what a sound has to have been through to count as done."""

    identities: tuple[Identity, ...]
    spaces: tuple[Space, ...]


def todays_producers(settings: AnalysisSettings, listener: Listener | None) -> Producers:
    """What a sound has to have been through with these settings.

    Parameters
    ----------
    listener : Listener or None
        One of its workers says it, who has analyzers and embedders loaded; None: they are loaded here.

    Raises
    ------
    PluginBroken
        One of them cannot be loaded.
    WorkerError
        No worker could be asked.
    """
    if listener is None:
        return worker_tasks.producers(settings)
    return listener.ask(worker_tasks.producers, settings, "analyzers", timeout_s=_DEADLINE_S, doing=LOADING)
