"""Files to recordings: one decode, block by block.

The native blocks (``audio.decoding``) feed the measurements; the same blocks are mixed to mono and
resampled into a spool. The native file is never whole in memory.
"""

from __future__ import annotations

import os
from collections.abc import Collection
from dataclasses import replace
from functools import partial

from sonoteca.audio.chunks import read_chunks
from sonoteca.audio.claims import CHUNKS, all_claims
from sonoteca.audio.container import (
    OpenedContainer,
    open_container,
    open_regular_file,
)
from sonoteca.audio.content_hash import hash_bytes
from sonoteca.audio.decoding import Decoding
from sonoteca.audio.intake import Intake, SpooledRecording
from sonoteca.audio.probe import bit_depth, container_name
from sonoteca.audio.tags.read import read_tags
from sonoteca.domain.audio_info import AudioInfo
from sonoteca.domain.names import printable_path
from sonoteca.errors import DamagedAudio, EmptyAudio, FileUnreadable


def open_recording(
    path: str | os.PathLike[str] | bytes,
    *,
    spool_dir: str | os.PathLike[str] | None = None,
    root_name: str | None = None,
    rates: Collection[int] = (),
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

    rates : collection of int [Hz], optional
        Rates above the analysis rate at which ``signal`` will be asked for samples: they are kept from the same decode.

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
    shown = printable_path(path)
    with open_regular_file(path) as file, open_container(file, shown) as opened:
        decoding = _Listening(opened, shown, spool_dir, rates)
        try:
            decoding.run()
            recording = decoding.recording()
            # FFmpeg reads through the same file: it has to be done with it.
            chunk_file = read_chunks(file, CHUNKS)
            recording.claims = all_claims(
                chunk_file,
                read_tags(file, opened.container, opened.stream),
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


class _Listening(Decoding[Intake]):
    """A decode whose samples are measured, mixed and spooled."""

    def __init__(
        self,
        opened: OpenedContainer,
        shown: str,
        spool_dir: str | os.PathLike[str] | None,
        rates: Collection[int],
    ) -> None:
        super().__init__(opened, shown, partial(Intake, spool_dir=spool_dir, rates=rates))
        self._rates = rates
        self._opened = opened
        self._spool_dir = spool_dir

    def recording(self) -> SpooledRecording:
        intake, warnings = self.sink, [*self._opened.warnings]
        if intake is None:
            intake = self._without_samples()
            warnings.append("The file holds not a single sample.")
        measurements, spools, mix_warnings = intake.finish()
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
            bit_depth=bit_depth(self._opened),
            bit_rate=context.bit_rate or self._container.bit_rate or None,
        )
        return SpooledRecording(info, measurements, spools, warnings=tuple(warnings))

    def _without_samples(self) -> Intake:
        if self._n_errors or self.packets.n_bytes:
            raise DamagedAudio(f"{self._shown}: nothing in it could be decoded.") from self._first_error
        context = self._stream.codec_context
        if not self._codec.startswith("pcm_"):
            raise EmptyAudio(f"{self._shown} has a header and no sound.")
        # A valid header and an empty data chunk is a finished recording of nothing.
        names = tuple(channel.name for channel in context.layout.channels)
        return Intake(context.sample_rate, names, rates=self._rates, spool_dir=self._spool_dir)

    def discard(self) -> None:
        if self.sink is not None:
            self.sink.discard()
