"""A rendered file is a mix that is kept to be played; it is made once, by workers, for whoever asks for the same."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sonoteca.arrange.sound.orders import MEDIA_TYPES, AudioFormat, MixDown
from sonoteca.arrange.sound.render import Rendering, measures_as_json
from sonoteca.audio.file_stamp import stamp_of
from sonoteca.media.kept_files import Kept
from sonoteca.media.playable_file import PlayableFile
from sonoteca.media.worker_tasks import disk_errors_explained

# Raise it whenever the same voices would become another file.
_VERSION = 1
_CHANNELS = 2


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class RenderedFile(PlayableFile):
    """A mix; ``down`` says how loud it is."""

    down: MixDown

    def as_json(self) -> dict[str, Any]:
        # The class is made anew for its slots, which the short form of super does not know.
        return PlayableFile.as_json(self) | measures_as_json(self.down)


def kept_mix(kept: Kept, name: str, audio_format: AudioFormat, make: Callable[[Path], Rendering]) -> dict[str, Any]:
    """The file of a mix, made if it is not kept, as the arguments of a ``RenderedFile``.

    Parameters
    ----------
    name : str
        Of what is heard, see ``orders.name_of``.
    make : function of the path to write to
        Raises OSError where that cannot be written.

    Raises
    ------
    LibraryFull, LibraryUnwritable
        It has no place.
    """

    def made(target: Path) -> dict[str, Any]:
        with disk_errors_explained(os.fspath(target)):
            rendering = make(target)
        mixed = rendering.mixed
        return {
            "n_bytes": mixed.n_bytes,
            "bytes_hash": mixed.bytes_hash,
            "n_samples": rendering.n_samples,
            "sample_rate": rendering.sample_rate,
            "down": asdict(mixed.down),
        }

    file = kept.get(f"{name}.v{_VERSION}.{audio_format}", made)
    note = file.note
    return {
        "path": file.path,
        "media_type": MEDIA_TYPES[audio_format],
        "etag": f'"{note["bytes_hash"]}"',
        "n_bytes": note["n_bytes"],
        "n_samples": note["n_samples"],
        "sample_rate": note["sample_rate"],
        "channels": _CHANNELS,
        "stamp": stamp_of(os.fspath(file.path)),
        "down": MixDown(**note["down"]),
    }
