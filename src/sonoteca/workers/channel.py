"""Messages of bytes between a program and its worker, over plain file descriptors.

A message is its length (8 bytes, big-endian), then its bytes. Pipes and sockets will do, on every
system; who reads an end that nobody writes to any more gets ``EOFError``, also in the middle of a message.
"""

from __future__ import annotations

import contextlib
import os
import struct

_LENGTH = struct.Struct("!Q")
# One system call reads or writes at most this much.
_PIECE_BYTES = 2**20


class Channel:
    """One end: what is sent here is received there, whole and in order.

    ``reader`` and ``writer`` are file descriptors, maybe the same (of a socket); ``close`` closes them.
    """

    def __init__(self, reader: int, writer: int) -> None:
        self.reader = reader
        self.writer = writer
        self._closed = False

    def send(self, message: bytes) -> None:
        """Send one message; OSError if the other end is closed."""
        rest = memoryview(_LENGTH.pack(len(message)) + message)
        while rest:
            rest = rest[os.write(self.writer, rest[:_PIECE_BYTES]) :]

    def receive(self, limit: int | None = None) -> bytes:
        """Wait for one message.

        Raises
        ------
        EOFError
            The other end is closed, or was closed in the middle of a message.
        OSError
            The connection broke, or the message is longer than ``limit`` bytes: it is not read.
        """
        (length,) = _LENGTH.unpack(self._read(_LENGTH.size))
        if limit is not None and length > limit:
            raise OSError(f"a message of {length} bytes is longer than {limit}")
        return self._read(length)

    def _read(self, length: int) -> bytes:
        pieces: list[bytes] = []
        while length:
            piece = os.read(self.reader, min(length, _PIECE_BYTES))
            if not piece:
                raise EOFError("the other end is closed")
            pieces.append(piece)
            length -= len(piece)
        return b"".join(pieces)

    def close(self) -> None:
        """Close both descriptors, once."""
        if not self._closed:
            self._closed = True
            for descriptor in {self.reader, self.writer}:
                with contextlib.suppress(OSError):
                    os.close(descriptor)
