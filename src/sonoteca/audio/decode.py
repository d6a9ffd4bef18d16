"""Files to recordings: one decode, block by block.

The native blocks feed the measurements; the same blocks are mixed to mono and resampled into
a spool. The native file is never whole in memory. FFmpeg itself drops encoder delay at the
start (LAME/Xing, Opus pre-skip, edit lists); what it leaves at the end is cut in ``_Trim``.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import replace

import av.error
from av.audio.frame import AudioFrame
from av.codec.context import Flags2

from sonoteca.audio.chunks import read_chunks
from sonoteca.audio.claims import CHUNKS, all_claims
from sonoteca.audio.container import (
    MAX_CHANNELS,
    MAX_RATE,
    MIN_RATE,
    OpenedContainer,
    display_name,
    open_container,
    open_regular_file,
)
from sonoteca.audio.content_hash import PacketHash, hash_bytes
from sonoteca.audio.gapless import MAX_PADDING, StatedLength
from sonoteca.audio.intake import Intake, SpooledRecording
from sonoteca.audio.probe import all_tags, bit_depth, container_name
from sonoteca.audio.recording import AudioInfo
from sonoteca.audio.sample_blocks import FrameQueue
from sonoteca.errors import DamagedAudio, EmptyAudio, FileUnreadable, UnsupportedFormat


def open_recording(
    path: str | os.PathLike[str] | bytes,
    *,
    spool_dir: str | os.PathLike[str] | None = None,
    root_name: str | None = None,
) -> SpooledRecording:
    """Decode a file once: measurements, mono samples at 22,050 Hz, identity and claims.

    Parameters
    ----------
    path : str, PathLike or bytes
        Any name the file system allows.
    spool_dir : path, optional
        Where the temporary file of a long sound goes; the system's own place by default.
    root_name : str, optional
        The name to read claims from when it is not the path's own (an upload, a spool).

    Returns
    -------
    SpooledRecording
        To be closed; a context manager.

    Raises
    ------
    AudioError
        ``NotARegularFile``, ``FileUnreadable``, ``NotAudio``, ``UnsupportedFormat``, ``EmptyAudio`` or
        ``DamagedAudio``. A file of which a part can be read gives that part, with a warning.
    """
    shown = display_name(path)
    with open_regular_file(path) as file, open_container(file, shown) as opened:
        decoding = _Decoding(opened, shown, spool_dir)
        try:
            decoding.run()
            recording = decoding.recording()
            # FFmpeg reads through the same file: it has to be done with it.
            chunk_file = read_chunks(file, CHUNKS)
            recording.claims = all_claims(
                chunk_file,
                all_tags(file, opened),
                root_name if root_name is not None else os.fsdecode(path),
                duration_s=recording.info.duration_s,
            )
            if chunk_file is not None and (missing := chunk_file.missing_share) >= _LEAST_SHARE:
                recording.warnings += (f"The file was cut off: {missing:.0%} of the sound it promises is missing.",)
        except OSError as error:
            decoding.discard()
            raise FileUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from error
        except BaseException:
            decoding.discard()
            raise
        if not decoding.packets.n_bytes:
            recording.info = replace(recording.info, content_hash=hash_bytes(file))
    return recording


# Less than this may be missing without a warning: headers are rounded, and codecs have frames.
_MISSING_S = 0.2
_LEAST_SHARE = 0.01


class _Decoding:
    """One run through the packets of a stream."""

    def __init__(self, opened: OpenedContainer, shown: str, spool_dir: str | os.PathLike[str] | None) -> None:
        container, stream = opened.container, opened.stream
        self._container = container
        self._stream = stream
        self._warnings = opened.warnings
        self._shown = shown
        self._spool_dir = spool_dir
        self._queue = FrameQueue()
        self._intake: Intake | None = None
        self._n_errors = 0
        self._first_error: Exception | None = None
        self._ended_early = False
        self._codec = stream.codec_context.codec.canonical_name
        self._length = StatedLength(container, stream)
        stream.codec_context.thread_count = 1
        if self._length.wants_manual_skip:
            stream.codec_context.flags2 |= Flags2.skip_manual
        self.packets = PacketHash(stream)

    def run(self) -> None:
        for frame in self._frames():
            if self._intake is None:
                self._intake = self._begin(frame)
            self._queue.write(frame)
            # What may turn out to be padding is held back until the end is known.
            while self._queue.n_waiting >= self._intake.wanted + MAX_PADDING:
                self._take(self._intake)
        if self._intake is None:
            return
        self._queue.finish()
        stated = self._length.n_samples(self._intake.sample_rate)
        n_padding = self._queue.n_written - stated if stated is not None else 0
        if not 0 < n_padding < min(MAX_PADDING, self._queue.n_waiting):
            n_padding = 0
        while self._queue.n_waiting > n_padding:
            self._take(self._intake, leave=n_padding)

    def _take(self, intake: Intake, *, leave: int = 0) -> None:
        block = self._queue.read(min(intake.wanted, self._queue.n_waiting - leave))
        # Decoders give no denormals; floats that were stored can be anything.
        intake.push(block, is_raw_float=self._codec.startswith("pcm_f"))

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

    def _begin(self, frame: AudioFrame) -> Intake:
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
        return Intake(rate, names, spool_dir=self._spool_dir)

    def recording(self) -> SpooledRecording:
        intake, warnings = self._intake, [*self._warnings]
        if intake is None:
            intake = self._without_samples()
            warnings.append("The file holds not a single sample.")
        measurements, spool, mix_warnings = intake.finish()
        warnings += mix_warnings
        if self._ended_early:
            warnings.append("The file is damaged or changes its format: what follows could not be read.")
        elif self._n_errors:
            warnings.append(
                f"The file is damaged and could not be decoded in {self._n_errors} of its packets; the rest was analysed."
            )
        if self._queue.changed:
            warnings.append("Rate or channels change within the file: all of it was converted to what it begins with.")
        claimed_s = self._length.claimed_s
        if claimed_s is not None and claimed_s - intake.n_samples / intake.sample_rate > _MISSING_S:
            warnings.append(
                f"The header promises {claimed_s:.1f} s, of which {intake.n_samples / intake.sample_rate:.1f} s were found."
            )
        context = self._stream.codec_context
        info = AudioInfo(
            duration_s=intake.n_samples / intake.sample_rate,
            sample_rate=intake.sample_rate,
            channels=intake.n_channels,
            codec=self._codec,
            container=container_name(self._container),
            n_samples=intake.n_samples,
            content_hash=self.packets.text(),
            bit_depth=bit_depth(context),
            bit_rate=context.bit_rate or self._container.bit_rate or None,
        )
        return SpooledRecording(info, measurements, spool, warnings=tuple(warnings))

    def _without_samples(self) -> Intake:
        if self._n_errors or self.packets.n_bytes:
            raise DamagedAudio(f"{self._shown}: nothing in it could be decoded.") from self._first_error
        context = self._stream.codec_context
        if not self._codec.startswith("pcm_"):
            raise EmptyAudio(f"{self._shown} has a header and no sound.")
        # A valid header and an empty data chunk is a finished recording of nothing.
        names = tuple(channel.name for channel in context.layout.channels)
        return Intake(context.sample_rate, names, spool_dir=self._spool_dir)

    def discard(self) -> None:
        if self._intake is not None:
            self._intake.discard()
