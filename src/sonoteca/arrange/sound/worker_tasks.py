"""What a worker is told to do in order to render.

As in ``ingest.worker_tasks`` the functions import what they need when they are called.
"""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.arrange.sound.orders import Mixed, MixOrder, PassOrder


@dataclass(frozen=True, slots=True)
class PassWork:
    """The pass of an order, of the file at ``path``, to be written to ``target`` as ``orders.PassFile`` says."""

    order: PassOrder
    path: str
    target: str


def make_pass(work: PassWork) -> None:
    """See ``material.make_pass``."""
    from sonoteca.arrange.sound.material import make_pass as make

    make(work)


def mix_down(order: MixOrder) -> Mixed:
    """See ``mixdown.mix_down``."""
    from sonoteca.arrange.sound.mixdown import mix_down as mix

    return mix(order)
