"""A playable file is what an answer gives to be played: where it is, what it is, and how to be sure that it is still that."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

from sonoteca.audio.file_stamp import FileStamp, stamp_of
from sonoteca.domain.request import Request
from sonoteca.errors import SoundsMissing


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PlayableFile:
    """A file that every browser plays.

    Attributes
    ----------
    request : Request
    path : Path
        Where the file is on this machine; who answers strangers keeps it for himself. ``open`` opens it.
    media_type : str
    etag : str
        A strong validator, quotes included: a hash over all bytes of the file.
    n_bytes, n_samples, sample_rate, channels : int
        Samples per channel: exactly the frames that are heard.
    stamp : FileStamp
        Of the file when the answer was given.
    """

    request: Request
    path: Path
    media_type: str
    etag: str
    n_bytes: int
    n_samples: int
    sample_rate: int
    channels: int
    stamp: FileStamp

    @property
    def duration_s(self) -> float:
        return self.n_samples / self.sample_rate

    @property
    def shown(self) -> str:
        """Whose file it is, as sentences call it."""
        raise NotImplementedError

    def open(self) -> BinaryIO:
        """The file, to be read and closed.

        Raises
        ------
        SoundsMissing
            It was changed or removed since the answer was given.
        """
        try:
            file = self.path.open("rb")
        except OSError as error:
            raise self._gone() from error
        if stamp_of(file.fileno()) != self.stamp:
            file.close()
            raise self._gone()
        return file

    def _gone(self) -> SoundsMissing:
        return SoundsMissing(f"The file of {self.shown} was changed or removed a moment ago.", "Ask again.")

    def as_json(self) -> dict[str, Any]:
        """Everything but where the file is."""
        return {
            "query": self.request.as_json(),
            "media_type": self.media_type,
            "etag": self.etag,
            "n_bytes": self.n_bytes,
            "n_samples": self.n_samples,
            "sample_rate": self.sample_rate,
            "channels": self.channels,
            "duration_s": self.duration_s,
        }

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {self.shown}, {self.media_type}, {self.duration_s:.3f} s>"


@dataclass(frozen=True, slots=True, repr=False, kw_only=True)
class PlayableSound(PlayableFile):
    """A sound of the library, or a part of it, as a file that every browser plays.

    Attributes
    ----------
    sound : str
        The public id.
    start_s : float [s]
        Where in the sound it begins.
    """

    sound: str
    start_s: float

    @property
    def shown(self) -> str:
        return self.sound

    def as_json(self) -> dict[str, Any]:
        # The class is made anew for its slots, which the short form of super does not know.
        return PlayableFile.as_json(self) | {"sound": self.sound, "start_s": self.start_s}
