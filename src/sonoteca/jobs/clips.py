"""A job that makes the clips of all sounds that have none yet, so that nobody waits for one.

A clip that is kept is not made again, so a job that was stopped goes on where it was.
"""

from __future__ import annotations

import itertools
import threading
from collections import Counter, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Literal

import sqlalchemy as sa

from sonoteca.catalogue.store.database import chunks
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.schema import sounds
from sonoteca.domain.answer import counted
from sonoteca.errors import JobFailed, LibraryError, SonotecaError, SoundNotFound, SoundsMissing, StoredFailure
from sonoteca.jobs.kind import JobContext, JobOutcome
from sonoteca.jobs.requests import MakeClipsJob
from sonoteca.media.clip import CLIPS_FOLDER, ClipRequest, clip, has_clip
from sonoteca.media.kept_files import folder_size
from sonoteca.search.query.listing import as_query, find_sound_ids

# So many sounds without a clip are named in a result.
MOST_NAMED = 200
# MP3 of 128 kbit/s, and what stands around it.
_BYTES_PER_S, _BYTES_AROUND = 16_000, 4_096

_State = Literal["made", "had", "skipped", "failed"]


def check_filter(library: Library, request: MakeClipsJob) -> None:
    """Refuse what cannot be read as a query."""
    as_query(request.filter)


def make_clips(library: Library, request: MakeClipsJob, context: JobContext) -> JobOutcome:
    """Make a clip of every sound that has none; the result counts, and says why a sound has none still.

    A sound whose file is not there is skipped. So is one for whose clip another would have to go: what is kept has a limit.
    """
    wanted = _analysed(library, request.filter)
    context.progress.step(None, total=len(wanted), done=0)
    count: Counter[_State] = Counter()
    named: list[dict[str, Any]] = []
    for done, (name, state, error) in enumerate(_each(library, request, context, wanted), 1):
        count[state] += 1
        if error is not None and len(named) < MOST_NAMED:
            named.append({"id": name, "state": state, **_told(error)})
        context.progress.step(name, done=done)
    has, skipped, failed = count["made"] + count["had"], count["skipped"], count["failed"]
    context.progress.ended(total=len(wanted), done=has, skipped=skipped, failed=failed)
    result = {
        "total": len(wanted),
        **{state: count[state] for state in ("made", "had", "skipped", "failed")},
        "sounds": named,
        "truncated": skipped + failed > len(named),
    }
    if wanted and not has:
        why = ", ".join(f"{number:,} {code}" for code, number in Counter(each["code"] for each in named).most_common(5))
        return JobOutcome(result, JobFailed(f"None of {counted(len(wanted), 'sound')} got a clip: {why}."))
    return JobOutcome(result)


def _analysed(library: Library, query: str) -> list[str]:
    """Public ids of the sounds that a query finds and that were listened to, the oldest first."""
    with library.read() as connection:
        found: list[str] = []
        for some in chunks(find_sound_ids(connection, query)):
            is_ready = sounds.c.id.in_(some) & (sounds.c.status == "analysed")
            found += connection.execute(sa.select(sounds.c.public_id).where(is_ready).order_by(sounds.c.id)).scalars()
    return found


def _each(
    library: Library, request: MakeClipsJob, context: JobContext, wanted: Sequence[str]
) -> Iterator[tuple[str, _State, SonotecaError | None]]:
    """What came of each sound, in order; as many at once as there are workers."""
    room = _Room(library, context, request.length_s)

    def one(name: str) -> tuple[_State, SonotecaError | None]:
        asked = ClipRequest(sound=name, length_s=request.length_s)
        try:
            context.progress.require_going_on()
            if has_clip(library, asked):
                return "had", None
            if not room.take():
                return "skipped", _no_room()
            clip(library, asked, listener=context.listener, limits=context.kept)
        except (SoundsMissing, SoundNotFound) as error:
            return "skipped", error
        except LibraryError:
            # Neither this sound nor the next can be written.
            raise
        except SonotecaError as error:
            return "failed", error
        return "made", None

    workers = context.listener.workers
    begun: deque[tuple[str, Future[tuple[_State, SonotecaError | None]]]] = deque()
    rest = iter(wanted)
    with ThreadPoolExecutor(workers, thread_name_prefix="sonoteca-clips") as threads:
        begun.extend((name, threads.submit(one, name)) for name in itertools.islice(rest, 2 * workers))
        while begun:
            name, future = begun.popleft()
            state, error = future.result()
            begun.extend((following, threads.submit(one, following)) for following in itertools.islice(rest, 1))
            yield name, state, error


class _Room:
    """How many clips more are kept before the least used would have to go."""

    def __init__(self, library: Library, context: JobContext, length_s: float) -> None:
        left = context.kept.most_bytes - folder_size(library.data_folder(*CLIPS_FOLDER)).n_bytes
        self._left = int(left // (length_s * _BYTES_PER_S + _BYTES_AROUND))
        self._lock = threading.Lock()

    def take(self) -> bool:
        """Whether there is room for one more, which then is taken."""
        with self._lock:
            self._left -= 1
            return self._left >= 0


def _no_room() -> SonotecaError:
    return StoredFailure("library_full", "There is no room for more clips.", "Let more be cached, or use a filter.")


def _told(error: SonotecaError) -> dict[str, str | None]:
    return {"code": error.code, "message": error.message, "remedy": error.remedy}
