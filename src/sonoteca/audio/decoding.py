"""One run through the packets of a file: frames become blocks, blocks go where they are wanted.

FFmpeg itself drops encoder delay at the start (LAME/Xing, Opus pre-skip, edit lists); what it
leaves at the end is held back and cut when the end is known. The bytes of the packets are
hashed on the way, so whoever decodes a sound to its end also knows its identity.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Generic, Protocol, TypeVar

import av.error
from av.audio.frame import AudioFrame
from av.codec.context import Flags2
from numpy import float32
from numpy.typing import NDArray

from sonoteca.audio.container import MAX_CHANNELS, MAX_RATE, MIN_RATE, OpenedContainer
from sonoteca.audio.content_hash import PacketHash
from sonoteca.audio.gapless import MAX_PADDING, StatedLength
from sonoteca.audio.sample_blocks import FrameQueue
from sonoteca.errors import UnsupportedFormat


class Sink(Protocol):
    """Where native samples go."""

    @property
    def sample_rate(self) -> int: ...

    @property
    def wanted(self) -> int:
        """How many samples the next block has to hold (fewer only if it is the last)."""
        ...

    def push(self, block: NDArray[float32], *, is_raw_float: bool) -> None:
        """The next block, shape (n_channels, ``wanted``); it may be changed in place."""
        ...


SinkT = TypeVar("SinkT", bound=Sink)


class Decoding(Generic[SinkT]):
    """``run()`` once; then ``sink`` holds the sound, or is None where nothing could be decoded.

    ``begin`` makes the sink from rate and FFmpeg's channel names, which the first frame tells.
    """

    def __init__(self, opened: OpenedContainer, shown: str, begin: Callable[[int, tuple[str, ...]], SinkT]) -> None:
        container, stream = opened.container, opened.stream
        self._container = container
        self._stream = stream
        self._shown = shown
        self._begin_sink = begin
        self._queue = FrameQueue()
        self.sink: SinkT | None = None
        self._n_errors = 0
        self._first_error: Exception | None = None
        self._ended_early = False
        self._codec = stream.codec_context.codec.canonical_name
        self._length = StatedLength(container, stream)
        stream.codec_context.thread_count = 1
        if self._length.wants_manual_skip:
            stream.codec_context.flags2 |= Flags2.skip_manual
        self.packets = PacketHash(stream)

    def run(self, *, longest_s: float | None = None) -> None:
        """Decode to the end, or until at least ``longest_s`` seconds are there: then ``packets`` tells no identity."""
        for frame in self._frames():
            if self.sink is None:
                self.sink = self._begin(frame)
            self._queue.write(frame)
            # What may turn out to be padding is held back until the end is known.
            while self._queue.n_waiting >= self.sink.wanted + MAX_PADDING:
                self._take(self.sink)
            if longest_s is not None and self._queue.n_written >= longest_s * self.sink.sample_rate:
                break
        if self.sink is None:
            return
        self._queue.finish()
        stated = self._length.n_samples(self.sink.sample_rate)
        n_padding = self._queue.n_written - stated if stated is not None else 0
        if not 0 < n_padding < min(MAX_PADDING, self._queue.n_waiting):
            n_padding = 0
        while self._queue.n_waiting > n_padding:
            self._take(self.sink, leave=n_padding)

    def _take(self, sink: SinkT, *, leave: int = 0) -> None:
        block = self._queue.read(min(sink.wanted, self._queue.n_waiting - leave))
        # Decoders give no denormals; floats that were stored can be anything.
        sink.push(block, is_raw_float=self._codec.startswith("pcm_f"))

    def _frames(self) -> Iterator[AudioFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                packet = next(packets, None)
            except (av.error.FFmpegError, ValueError) as error:
                self._note(error)
                self._ended_early = True
                break
            if packet is None:
                return
            if packet.size:
                self._length.observe(packet)
                self.packets.update(bytes(packet))
            try:
                yield from packet.decode()
            except (av.error.FFmpegError, ValueError) as error:
                self._note(error)
        try:
            yield from self._stream.codec_context.decode(None)
        except (av.error.FFmpegError, ValueError) as error:
            self._note(error)

    def _note(self, error: Exception) -> None:
        if isinstance(error, MemoryError):
            raise error
        self._n_errors += 1
        if self._first_error is None:
            self._first_error = error

    def _begin(self, frame: AudioFrame) -> SinkT:
        rate, layout = frame.sample_rate, frame.layout
        if not MIN_RATE <= rate <= MAX_RATE:
            raise UnsupportedFormat(
                f"{self._shown} claims {rate} samples a second; {MIN_RATE} to {MAX_RATE} can be analysed."
            )
        if not 1 <= layout.nb_channels <= MAX_CHANNELS:
            raise UnsupportedFormat(
                f"{self._shown} claims {layout.nb_channels} channels; 1 to {MAX_CHANNELS} can be analysed."
            )
        names = tuple(channel.name for channel in layout.channels)
        if len(names) != layout.nb_channels:
            names = tuple(f"C{number}" for number in range(layout.nb_channels))
        self._queue.skip = self._length.n_skipped
        return self._begin_sink(rate, names)
