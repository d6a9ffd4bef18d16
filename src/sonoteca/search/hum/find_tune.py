"""From a recording of somebody humming to the answer."""

from __future__ import annotations

from collections.abc import Iterable

from sonoteca.audio.signal import AudioSignal
from sonoteca.search.hum.answer import HumAnswer
from sonoteca.search.hum.melody_index import MelodyIndex
from sonoteca.search.hum.query_pitch import query_notes


def find_tune(index: MelodyIndex, signal: AudioSignal, k: int = 10, *, where: Iterable[int] | None = None) -> HumAnswer:
    """Track the pitch of a hummed, sung or whistled query and search its notes.

    Parameters
    ----------
    signal : AudioSignal
        Any rate and number of channels; the first 60 s are heard.
    """
    return index.search(query_notes(signal), k, where=where)
