"""How the queue of a library behaves here: what it takes, how long a silent worker keeps a job, who may be told."""

from __future__ import annotations

from dataclasses import dataclass, field

from sonoteca.media.kept_files import KeepingLimits
from sonoteca.settings import ServerSettings, Settings


@dataclass(frozen=True, slots=True)
class QueueSettings:
    """Settings of the queue, handed down by whoever reads them.

    Attributes
    ----------
    most_queued : int >= 1
        How many jobs may wait.
    lease_s : float > 0 [s]
        How long a job is its worker's without a sign of life; signs come four times as often.
    look_every_s : float > 0 [s]
        How often somebody looks for new jobs, and whether one that runs was cancelled.
    grace_s : float >= 0 [s]
        How long running jobs may go on once the queue is told to stop, before they are given back.
    callback_hosts : tuple of str
        Hosts that may be told when a job ends, each with or without its port.
    callback_secret : str or None
        What messages to them are signed with; nobody is told without.
    kept : KeepingLimits
        How much jobs keep of what they make to be played.
    """

    most_queued: int = 1000
    lease_s: float = 60.0
    look_every_s: float = 0.5
    grace_s: float = 2.0
    callback_hosts: tuple[str, ...] = ()
    callback_secret: str | None = field(default=None, repr=False)
    kept: KeepingLimits = field(default_factory=KeepingLimits)


def queue_settings(settings: Settings, server: ServerSettings | None = None) -> QueueSettings:
    """The settings of the queue among those that were read; what is kept is as of the server, if it is given."""
    secret = settings.callback_secret
    return QueueSettings(
        most_queued=settings.job_queue_limit,
        callback_hosts=settings.callback_hosts,
        callback_secret=None if secret is None else secret.get_secret_value(),
        kept=KeepingLimits()
        if server is None
        else KeepingLimits(server.cache_mb * 2**20, server.cache_days * 86_400.0),
    )
