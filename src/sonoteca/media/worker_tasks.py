"""What a worker is told to do with a file that is to be played or seen.

As in ``ingest.worker_tasks`` the functions import what they need when they are called.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from sonoteca.audio.file_stamp import FileLook, FileStamp
from sonoteca.errors import LibraryFull, LibraryUnwritable

if TYPE_CHECKING:
    from sonoteca.audio.dat import DrawnPeaks
    from sonoteca.audio.written import Written


@dataclass(frozen=True, slots=True)
class SpanOrder:
    """``[start_s, end_s)`` of the file at ``path`` that has this stamp, to be written to ``target``."""

    path: str
    stamp: FileStamp
    target: str
    start_s: float
    end_s: float | None


@dataclass(frozen=True, slots=True)
class ClipOrder(SpanOrder):
    """A span with a fade at each end, in seconds."""

    fade_in_s: float
    fade_out_s: float


@dataclass(frozen=True, slots=True)
class PeaksOrder:
    """The peaks of the file at ``path`` that has this stamp."""

    path: str
    stamp: FileStamp


def look(path: str) -> FileLook:
    """See ``audio.file_look.look_at``."""
    from sonoteca.audio.file_look import look_at

    return look_at(path)


def transcode(order: SpanOrder) -> Written:
    """See ``audio.transcode.transcode``; a disk that is full or takes nothing is an error of the library."""
    from sonoteca.audio.transcode import transcode as write

    with disk_errors_explained(order.target):
        return write(order.path, order.stamp, order.target, start_s=order.start_s, end_s=order.end_s)


def clip(order: ClipOrder) -> Written:
    """See ``audio.clip.write_clip``; disks as of ``transcode``."""
    from sonoteca.audio.clip import write_clip

    with disk_errors_explained(order.target):
        return write_clip(
            order.path,
            order.stamp,
            order.target,
            start_s=order.start_s,
            end_s=order.end_s,
            fade_in_s=order.fade_in_s,
            fade_out_s=order.fade_out_s,
        )


def draw(order: PeaksOrder) -> DrawnPeaks:
    """See ``audio.peaks.draw_peaks``."""
    from sonoteca.audio.peaks import draw_peaks

    return draw_peaks(order.path, order.stamp)


@contextmanager
def disk_errors_explained(target: str) -> Iterator[None]:
    """Tell that ``target``, a file of the library's own, cannot be written as an error of the library."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            raise LibraryFull(f"There is no room for {target}.", "Free disk space, or let less be cached.") from error
        raise LibraryUnwritable(f"{target} cannot be written: {error.strerror or error}.") from error


def note_of(written: Written) -> dict[str, Any]:
    """What was written, as it is noted beside the file."""
    return asdict(written)
