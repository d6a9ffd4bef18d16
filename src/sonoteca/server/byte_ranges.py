"""Files sent in answers, whole or the one range of bytes that is asked for, under a validator that says whose bytes they are.

What browsers need in order to play and to seek: one range gives 206, a file that a client holds already 304, a range that
the file does not have 416. Whatever else is asked (several ranges, a suffix longer than the file, a range of a file
that was another then) is answered with the whole file. Nothing is compressed.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any, BinaryIO

from fastapi import Depends, Header
from starlette.concurrency import run_in_threadpool
from starlette.requests import ClientDisconnect
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from sonoteca import PlayableFile
from sonoteca.errors import RangeRefused
from sonoteca.server.problems import problem_response

BINARY: Mapping[str, Any] = {"schema": {"type": "string", "format": "binary"}}
# A client may keep what it got, and asks each time whether it is still that.
ASKED_AGAIN = "private, no-cache"
# What never changes under its address is not asked for again within a year. No cache in between keeps it: it may need a key.
NEVER_CHANGES = "private, max-age=31536000, immutable"

_CHUNK = 2**18
_ONE_RANGE = re.compile(r"bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*")
# More digits than this are beyond the end of any file.
_DIGITS = 18


@dataclass(frozen=True, slots=True)
class Conditions:
    """What a client says of what it holds and wants: the headers of a request, None where they are not there."""

    range: str | None = None
    if_range: str | None = None
    if_none_match: str | None = None

    def has(self, etag: str) -> bool:
        """Whether the client holds what ``etag`` names."""
        held = self.if_none_match
        if held is None:
            return False
        return held.strip() == "*" or etag in [each.strip().removeprefix("W/") for each in held.split(",")]

    def wanted(self, etag: str, n_bytes: int) -> tuple[int, int] | None:
        """First byte and end (exclusive) of the range that is asked for; None for the whole file.

        >>> asked = Conditions(range="bytes=0-1")
        >>> asked.wanted('"a"', 100), Conditions("bytes=90-").wanted('"a"', 100), Conditions("bytes=-5").wanted('"a"', 100)
        ((0, 2), (90, 100), (95, 100))
        >>> Conditions("bytes=0-1,5-6").wanted('"a"', 100), Conditions("bytes=0-1", if_range='"b"').wanted('"a"', 100)
        (None, None)

        Raises
        ------
        RangeRefused
            The file has no such range.
        """
        # A weak validator, a date or another file's: the range would be one of other bytes.
        if self.range is None or self.if_range not in (None, etag):
            return None
        found = _ONE_RANGE.fullmatch(self.range.strip().lower())
        if found is None or not (found[1] or found[2]):
            return None
        first, last = (_number(text) if text else None for text in found.groups())
        if first is None:
            assert last is not None
            if last == 0:
                raise RangeRefused("The last 0 bytes of a file are none.")
            return None if last > n_bytes else (n_bytes - last, n_bytes)
        if first >= n_bytes:
            raise RangeRefused(f"The file has {n_bytes} bytes, and none at {found[1][:20]}.")
        if last is not None and last < first:
            raise RangeRefused(f"A range that begins at byte {first} does not end at byte {last}.")
        return first, n_bytes if last is None else min(last + 1, n_bytes)


async def _conditions(
    range: Annotated[str | None, Header(description="The bytes that are wanted, as bytes=0-99.")] = None,
    if_range: Annotated[
        str | None,
        Header(description="The ETag of what the client holds a part of; if it is another by now, all is sent."),
    ] = None,
    if_none_match: Annotated[
        str | None, Header(description="ETags of what the client holds: 304 if it is still that.")
    ] = None,
) -> Conditions:
    return Conditions(range, if_range, if_none_match)


Held = Annotated[Conditions, Depends(_conditions)]


def not_modified(etag: str, caching: str, headers: Mapping[str, str] = {}) -> Response:
    """The answer to a client that holds it already."""
    return Response(status_code=304, headers={"ETag": etag, "Cache-Control": caching, **headers})


def sent(played: PlayableFile, held: Conditions, *, caching: str) -> Response:
    """A playable file as the answer to who asks for it."""
    if held.has(played.etag):
        return not_modified(played.etag, caching)
    return FileAnswer(played.open(), played.etag, played.media_type, held, caching=caching)


class FileAnswer(Response):
    """Sends an open file, or the range of it that is asked for, and closes it.

    Parameters
    ----------
    file : open binary file
        Closed at the end, whatever that is.
    etag : str
        A strong validator of all its bytes, quotes included.
    caching : str
        ``Cache-Control``.
    """

    def __init__(self, file: BinaryIO, etag: str, media_type: str, held: Conditions, *, caching: str) -> None:
        self._file = file
        state = os.fstat(file.fileno())
        self._n_bytes, self._written_ns = state.st_size, state.st_mtime_ns
        self._refusal: RangeRefused | None = None
        wanted: tuple[int, int] | None = None
        try:
            wanted = held.wanted(etag, self._n_bytes)
        except RangeRefused as error:
            self._refusal = error
        self._first, self._end = wanted or (0, self._n_bytes)
        headers = {
            "Accept-Ranges": "bytes",
            "Content-Length": str(self._end - self._first),
            "ETag": etag,
            "Cache-Control": caching,
        }
        if wanted is not None:
            headers["Content-Range"] = f"bytes {self._first}-{self._end - 1}/{self._n_bytes}"
        super().__init__(status_code=200 if wanted is None else 206, headers=headers, media_type=media_type)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            if self._refusal is not None:
                told = {"Content-Range": f"bytes */{self._n_bytes}", "Accept-Ranges": "bytes"}
                await problem_response(self._refusal, told)(scope, receive, send)
                return
            await self._send(receive, send)
        finally:
            self._file.close()

    async def _send(self, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_gone(receive))
        try:
            await send({"type": "http.response.start", "status": self.status_code, "headers": self.raw_headers})
            at = self._first
            while at < self._end:
                data = await run_in_threadpool(self._read, at)
                at += len(data)
                if gone.done():
                    # Nobody is told that it is gone by what is sent to it.
                    raise ClientDisconnect
                await send({"type": "http.response.body", "body": data, "more_body": at < self._end})
        finally:
            gone.cancel()

    def _read(self, at: int) -> bytes:
        self._file.seek(at)
        data = self._file.read(min(_CHUNK, self._end - at))
        if not data or os.fstat(self._file.fileno()).st_mtime_ns != self._written_ns:
            # Half an answer is out under the name of what the file was: it must not end as if it were whole.
            raise OSError("the file was changed while it was sent")
        return data


async def _gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _number(digits: str) -> int:
    return int(digits) if len(digits.lstrip("0")) <= _DIGITS else 10**_DIGITS
