"""Signals to files: WAV written here, every other format by FFmpeg."""

from __future__ import annotations

import errno
import os
import struct
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Literal

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from sonoteca.audio.signal import AudioSignal
from sonoteca.errors import AudioError, UnsupportedFormat
from sonoteca.whole_file import WholeFile, write_whole

SampleWidth = Literal["pcm_16", "pcm_24", "float_32"]

_PCM, _FLOAT = 1, 3
_BITS: dict[SampleWidth, int] = {"pcm_16": 16, "pcm_24": 24, "float_32": 32}
# A RIFF length is 32 bits wide.
_LARGEST_WAV = 2**32 - 2**12


@dataclass(frozen=True, slots=True)
class _Encoding:
    container: str
    codec: str
    # The sample format the encoder is opened with; its default when left out.
    encoder_format: str | None = None
    # The sample format of the frames it is fed; FFmpeg converts.
    fed_format: Literal["flt", "s16", "s32"] = "flt"
    bit_rate: int | None = None


# By suffix. Lossless ones are fed 24-bit integers, unless the name says 16. FFmpeg's wheel has no good Vorbis encoder,
# and Opus is better at every rate.
ENCODINGS = {
    ".flac": _Encoding("flac", "flac", "s32", "s32"),
    ".16.flac": _Encoding("flac", "flac", "s16", "s16"),
    ".mp3": _Encoding("mp3", "libmp3lame", bit_rate=256_000),
    ".m4a": _Encoding("ipod", "aac", bit_rate=192_000),
    ".alac.m4a": _Encoding("ipod", "alac", "s32p", "s32"),
    ".aac": _Encoding("adts", "aac", bit_rate=192_000),
    ".opus": _Encoding("ogg", "libopus", bit_rate=128_000),
    ".webm": _Encoding("webm", "libopus", bit_rate=128_000),
    ".mka": _Encoding("matroska", "flac", "s32", "s32"),
    ".wma": _Encoding("asf", "wmav2", bit_rate=192_000),
    ".aiff": _Encoding("aiff", "pcm_s24be", fed_format="s32"),
    ".caf": _Encoding("caf", "pcm_s24le", fed_format="s32"),
    ".w64": _Encoding("w64", "pcm_s24le", fed_format="s32"),
    ".au": _Encoding("au", "pcm_s24be", fed_format="s32"),
    ".wv": _Encoding("wv", "wavpack", "s32p", "s32"),
    ".tta": _Encoding("tta", "tta", "s32", "s32"),
    ".ac3": _Encoding("ac3", "ac3", bit_rate=192_000),
    ".mp2": _Encoding("mp2", "mp2", bit_rate=256_000),
}


def write_wav(path: str | os.PathLike[str], signal: AudioSignal, *, width: SampleWidth = "pcm_16") -> None:
    """Write a RIFF WAVE file; one that is there is replaced.

    Integers clip at full scale and are rounded, not dithered; ``float_32`` keeps every value.

    Raises
    ------
    ValueError
        If the samples do not fit into the 4 GB a WAV file can hold.
    """
    write_whole(path, wav_bytes(signal, width=width))


def wav_bytes(signal: AudioSignal, *, width: SampleWidth = "pcm_16") -> bytes:
    """The bytes of a RIFF WAVE file; see ``write_wav``."""
    # The header first: it refuses what would not fit.
    header = _wav_header(signal.n_samples, len(signal.samples), signal.sample_rate, width)
    data = _sample_bytes(signal.samples, width)
    return header + data + b"\0" * (len(data) & 1)


def _wav_header(n_samples: int, n_channels: int, sample_rate: int, width: SampleWidth) -> bytes:
    """Everything before the samples; ValueError where they would not fit."""
    n_bits = _BITS[width]
    align = n_channels * n_bits // 8
    n_bytes = n_samples * align
    if n_bytes > _LARGEST_WAV:
        raise ValueError(f"{n_bytes} bytes of samples do not fit into a WAV file")
    tag = _FLOAT if width == "float_32" else _PCM
    fmt = struct.pack("<HHIIHH", tag, n_channels, sample_rate, sample_rate * align, align, n_bits)
    fact = struct.pack("<4sII", b"fact", 4, n_samples) if tag == _FLOAT else b""
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(fmt)) + fmt + fact + struct.pack("<4sI", b"data", n_bytes)
    return struct.pack("<4sI", b"RIFF", len(body) + n_bytes + (n_bytes & 1)) + body


def _sample_bytes(samples: NDArray[np.float32], width: SampleWidth) -> bytes:
    """Samples (channels, n) as they stand in a WAV file."""
    interleaved = np.ascontiguousarray(samples.T)
    if width == "float_32":
        return interleaved.astype("<f4").tobytes()
    if width == "pcm_24":
        return to_integers(interleaved, 24).astype("<i4").view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    return to_integers(interleaved, 16).astype("<i2").tobytes()


def to_integers(samples: NDArray[np.float32], n_bits: int) -> NDArray[np.int32]:
    """Full scale ±1 to signed integers of ``n_bits``, rounded and clipped."""
    full_scale = 2.0 ** (n_bits - 1)
    return np.clip(np.rint(samples.astype(np.float64) * full_scale), -full_scale, full_scale - 1).astype(np.int32)


def write_audio(
    path: str | os.PathLike[str],
    signal: AudioSignal,
    *,
    encoding: str | None = None,
    bit_rate: int | None = None,
    tags: dict[str, str] | None = None,
) -> None:
    """Encode ``signal`` into the format of the path's suffix.

    Parameters
    ----------
    path : path
        Overwritten if it exists.
    signal : AudioSignal
        Mono or stereo; its rate has to be one the codec takes (Opus: 48,000 Hz).
    encoding : str, optional
        A key of ``ENCODINGS`` when the suffix does not say it (``".alac.m4a"``).
    bit_rate : int, optional [bit/s]
        For lossy codecs; a rate without audible loss when left out.
    tags : dict, optional
        Written as FFmpeg's metadata.

    Raises
    ------
    UnsupportedFormat
        No encoder for the suffix, or one that does not take this rate.
    """
    suffix = encoding if encoding is not None else Path(path).suffix.lower()
    if suffix == ".wav" and not tags:
        write_wav(path, signal)
        return
    with SoundWriter(
        path, signal.sample_rate, len(signal.samples), encoding=suffix, bit_rate=bit_rate, tags=tags
    ) as to:
        to.write(signal.samples)


class SoundWriter:
    """Writes a sound block by block; the file is there when it is complete, and not before.

    Parameters as of ``write_audio``; ``width`` is how ``.wav`` keeps its samples; ``in_place`` writes at the path itself,
    which is aside already, for who gives the file its name later. The bytes depend on the samples
    alone: no time stamp is written (WAV, FLAC, MP3; Ogg and Matroska draw serial numbers).
    A context manager: leaving it by an error leaves no file, and what was there before.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        sample_rate: int,
        n_channels: int,
        *,
        encoding: str | None = None,
        width: SampleWidth = "pcm_24",
        bit_rate: int | None = None,
        tags: dict[str, str] | None = None,
        in_place: bool = False,
    ) -> None:
        self._whole = None if in_place else WholeFile(path)
        aside = Path(path) if self._whole is None else self._whole.aside
        suffix = encoding if encoding is not None else Path(path).suffix.lower()
        self._target: _WavFile | _EncodedFile
        if suffix == ".wav" and not tags:
            self._target = _WavFile(aside, sample_rate, n_channels, width)
            return
        if suffix not in ENCODINGS:
            raise UnsupportedFormat(
                f"Sound cannot be written as {suffix!r}.", f"Use one of .wav {' '.join(ENCODINGS)}."
            )
        self._target = _EncodedFile(aside, sample_rate, n_channels, ENCODINGS[suffix], bit_rate, tags or {})

    def write(self, samples: NDArray[np.float32]) -> None:
        """Append a block, float32 (n_channels, n)."""
        self._target.write(samples)

    def __enter__(self) -> SoundWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            self._target.close(complete=kind is None)
            if kind is None and self._whole is not None:
                self._whole.keep()
        finally:
            if self._whole is not None:
                self._whole.discard()


class _WavFile:
    def __init__(self, path: Path, sample_rate: int, n_channels: int, width: SampleWidth) -> None:
        self._sample_rate, self._n_channels, self._width = sample_rate, n_channels, width
        self._n_samples = 0
        self._file = path.open("wb")
        self._file.write(_wav_header(0, n_channels, sample_rate, width))

    def write(self, samples: NDArray[np.float32]) -> None:
        self._n_samples += samples.shape[1]
        self._file.write(_sample_bytes(samples, self._width))

    def close(self, *, complete: bool) -> None:
        with self._file:
            if complete:
                self._file.write(b"\0" * (self._file.tell() & 1))
                self._file.seek(0)
                self._file.write(_wav_header(self._n_samples, self._n_channels, self._sample_rate, self._width))


class _EncodedFile:
    """What FFmpeg encodes."""

    def __init__(
        self, path: Path, sample_rate: int, n_channels: int, how: _Encoding, bit_rate: int | None, tags: dict[str, str]
    ) -> None:
        layout = {1: "mono", 2: "stereo"}.get(n_channels)
        if layout is None:
            raise UnsupportedFormat(f"Only mono and stereo can be encoded, got {n_channels} channels.", "Use WAV.")
        self._how, self._layout, self._sample_rate = how, layout, sample_rate
        self._n_samples = 0
        self._container = av.open(os.fspath(path), "w", format=how.container)
        with self._refusing():
            stream = self._container.add_stream(how.codec, rate=sample_rate, layout=layout)
            assert isinstance(stream, AudioStream)
            if how.encoder_format is not None:
                stream.codec_context.format = how.encoder_format
            if (wanted := bit_rate or how.bit_rate) is not None:
                stream.codec_context.bit_rate = wanted
            self._container.metadata.update(tags)
            self._stream = stream

    def write(self, samples: NDArray[np.float32]) -> None:
        frame = _frame(samples, self._how.fed_format, self._layout)
        frame.sample_rate = self._sample_rate
        frame.pts = self._n_samples
        self._n_samples += samples.shape[1]
        with self._refusing():
            self._container.mux(self._stream.encode(frame))

    def close(self, *, complete: bool) -> None:
        try:
            if complete:
                with self._refusing():
                    self._container.mux(self._stream.encode(None))
        finally:
            self._container.close()

    @contextmanager
    def _refusing(self) -> Iterator[None]:
        try:
            yield
        except (av.error.FFmpegError, ValueError) as error:
            self._container.close()
            if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
                # No fault of what was to be written.
                raise OSError(error.errno, os.strerror(error.errno)) from error
            raise AudioError(
                f"{self._how.codec} did not take {self._sample_rate} Hz, {self._layout}: {error}",
                "Use another rate or format.",
            ) from error


def _frame(samples: NDArray[np.float32], sample_format: str, layout: str) -> AudioFrame:
    interleaved = np.ascontiguousarray(samples.T).reshape(1, -1)
    if sample_format == "s16":
        return AudioFrame.from_ndarray(to_integers(interleaved, 16).astype(np.int16), format="s16", layout=layout)
    if sample_format == "s32":
        # 24 bits in the upper part of the word, where FFmpeg has them.
        return AudioFrame.from_ndarray(to_integers(interleaved, 24) << 8, format="s32", layout=layout)
    return AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
