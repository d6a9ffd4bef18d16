"""A library whose sounds are files that nobody has analysed, heard in this very process."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from render_samples import know
from sonoteca.audio.encode import write_wav
from sonoteca.audio.signal import AudioSignal
from sonoteca.catalogue.store.library import Library
from sonoteca.ingest.listener import Listener
from sonoteca.media.clip import ClipAnswer, ClipRequest, clip
from sonoteca.media.rendition import RenditionAnswer, RenditionRequest, rendition
from sonoteca.media.waveform import WaveformAnswer, WaveformRequest, waveform
from sonoteca.workers.executor import Done, Failed, Task
from sonoteca.workers.in_process import InProcessExecutor


class NotedTasks(InProcessExecutor):
    """Notes the names of the functions that workers were asked to do."""

    def __init__(self) -> None:
        super().__init__()
        self.done: list[str] = []

    def _outcome(self, function: Callable[[Any], Any], task: Task[Any]) -> Done[Any] | Failed:
        self.done.append(function.__name__)
        return super()._outcome(function, task)


@dataclass(frozen=True)
class Played:
    """A library, a folder for its sounds, and a listener that notes what it does."""

    library: Library
    folder: Path
    executor: NotedTasks
    listener: Listener

    def keep(self, name: str, signal: AudioSignal, **how: Any) -> str:
        """Write a WAV file and record it; its path."""
        write_wav(path := self.folder / name, signal, **how)
        return self.know(path)

    def know(self, path: Path) -> str:
        know(self.library, path)
        return str(path)

    def rendition(self, sound: str, **asked: Any) -> RenditionAnswer:
        return rendition(self.library, RenditionRequest(sound=sound, **asked), listener=self.listener)

    def waveform(self, sound: str, **asked: Any) -> WaveformAnswer:
        return waveform(self.library, WaveformRequest(sound=sound, **asked), listener=self.listener)

    def clip(self, sound: str, **asked: Any) -> ClipAnswer:
        return clip(self.library, ClipRequest(sound=sound, **asked), listener=self.listener)
