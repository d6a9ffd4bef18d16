"""Frames of long sounds lie in a temporary file, and only the stretch asked for is in memory.

All features of three hours take half a gigabyte, of which an analyzer looks at a fifth.
"""

from __future__ import annotations

import contextlib
import tempfile
import weakref
from typing import IO

import numpy as np
from numpy.typing import NDArray

from sonoteca.errors import AudioError
from sonoteca.features.frame_series import FrameSeries

# Frames brought from the file's order (frame by frame) to that of arrays (value by value) at once.
_AT_ONCE = 4096


class FrameSpool:
    """The frames of one feature: ``append`` in order, ``seal()``, then ``read`` any stretch.

    The file has no name where the system allows that, and is gone as soon as nobody holds the spool.
    """

    def __init__(self) -> None:
        self._file = _temporary_file()
        # Not left to the garbage collector, which warns of files nobody closed.
        self._close = weakref.finalize(self, _close, self._file)
        self._lead: tuple[int, ...] = ()
        self.n_frames = 0

    def append(self, frames: NDArray[np.float32]) -> None:
        """Add frames, shape (..., n), behind the last; each time the same (...).

        Raises
        ------
        AudioError
            If the file cannot be written.
        """
        self._lead = frames.shape[:-1]
        try:
            self._file.write(np.ascontiguousarray(np.moveaxis(frames, -1, 0), np.float32).data)
        except OSError as error:
            raise _unwritable(error) from error
        self.n_frames += frames.shape[-1]

    def seal(self) -> None:
        """Call it when nothing will be appended any more: a full disk is met here, not by whoever reads first.

        Raises
        ------
        AudioError
            If what was appended last cannot be written.
        """
        try:
            self._file.flush()
        except OSError as error:
            raise _unwritable(error) from error

    def read(self, start: int, stop: int) -> NDArray[np.float32]:
        """Frames ``[start, stop)`` in an array of their own, shape (..., stop - start).

        Raises
        ------
        ValueError
            If the spool does not hold them all.
        """
        if not 0 <= start <= stop <= self.n_frames:
            raise ValueError(f"frames {start} to {stop} were asked of {self.n_frames}")
        result = np.empty((*self._lead, stop - start), np.float32)
        for first in range(start, stop, _AT_ONCE):
            part = np.empty((min(_AT_ONCE, stop - first), *self._lead), np.float32)
            self._file.seek(first * part[:1].nbytes)
            if self._file.readinto(part.data.cast("B")) != part.nbytes:  # type: ignore[attr-defined]
                raise OSError("the frames' file ended too early: was it emptied by another program?")
            result[..., first - start : first - start + len(part)] = np.moveaxis(part, 0, -1)
        return result

    def close(self) -> None:
        self._close()


class SpooledSeries(FrameSeries):
    """A FrameSeries whose ``values`` are read from the file each time they are asked for: ask once."""

    __slots__ = ("_spool",)
    _spool: FrameSpool

    def __init__(self, spool: FrameSpool, sample_rate: int, hop_length: int) -> None:
        # Frozen like its base, whose ``values`` stay unset: the property stands before them.
        object.__setattr__(self, "_spool", spool)
        object.__setattr__(self, "sample_rate", sample_rate)
        object.__setattr__(self, "hop_length", hop_length)
        object.__setattr__(self, "first_frame", 0)

    @property
    def values(self) -> NDArray[np.float32]:
        return self._spool.read(0, self._spool.n_frames)

    @property
    def n_frames(self) -> int:
        return self._spool.n_frames

    def in_memory(self) -> FrameSeries:
        return self._part(0, self.n_frames)

    def _part(self, start: int, stop: int) -> FrameSeries:
        return FrameSeries(self._spool.read(start, stop), self.sample_rate, self.hop_length, start)


def _temporary_file() -> IO[bytes]:
    try:
        return tempfile.TemporaryFile(prefix="sonoteca-frames-")
    except OSError as error:
        raise _unwritable(error) from error


def _close(file: IO[bytes]) -> None:
    # What a full disk did not take is written once more on closing; that was reported before.
    with contextlib.suppress(OSError):
        file.close()


def _unwritable(error: OSError) -> AudioError:
    return AudioError(
        f"The temporary file of a long sound cannot be written: {error.strerror or error}.",
        "Free disk space, or name another temporary folder in TMPDIR.",
    )
