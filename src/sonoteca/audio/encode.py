"""Signals to files: WAV written here, every other format by FFmpeg."""

from __future__ import annotations

import os
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import av
import av.error
import numpy as np
from av.audio.frame import AudioFrame
from av.audio.stream import AudioStream
from numpy.typing import NDArray

from sonoteca.audio.signal import AudioSignal
from sonoteca.errors import AudioError, UnsupportedFormat

SampleWidth = Literal["pcm_16", "pcm_24", "float_32"]

_PCM, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
# A RIFF length is 32 bits wide.
_LARGEST_WAV = 2**32 - 2**12


@dataclass(frozen=True, slots=True)
class _Encoding:
    container: str
    codec: str
    # The sample format the encoder is opened with; its default when left out.
    encoder_format: str | None = None
    # The sample format of the frames it is fed; FFmpeg converts.
    fed_format: Literal["flt", "s32"] = "flt"
    bit_rate: int | None = None


# By suffix. Lossless ones are fed 24-bit integers. FFmpeg's wheel has no good Vorbis encoder,
# and Opus is better at every rate.
ENCODINGS = {
    ".flac": _Encoding("flac", "flac", "s32", "s32"),
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
    """Write a RIFF WAVE file.

    Integers clip at full scale and are rounded, not dithered; ``float_32`` keeps every value.

    Raises
    ------
    ValueError
        If the samples do not fit into the 4 GB a WAV file can hold.
    """
    Path(path).write_bytes(wav_bytes(signal, width=width))


def wav_bytes(signal: AudioSignal, *, width: SampleWidth = "pcm_16") -> bytes:
    """The bytes of a RIFF WAVE file; see ``write_wav``."""
    n_bits = {"pcm_16": 16, "pcm_24": 24, "float_32": 32}[width]
    n_channels = len(signal.samples)
    n_bytes = signal.n_samples * n_channels * n_bits // 8
    if n_bytes > _LARGEST_WAV:
        raise ValueError(f"{n_bytes} bytes of samples do not fit into a WAV file")
    interleaved = np.ascontiguousarray(signal.samples.T)
    if width == "float_32":
        tag, data = _FLOAT, interleaved.astype("<f4").tobytes()
    elif width == "pcm_24":
        words = to_integers(interleaved, 24).astype("<i4")
        tag, data = _PCM, words.view(np.uint8).reshape(-1, 4)[:, :3].tobytes()
    else:
        tag, data = _PCM, to_integers(interleaved, 16).astype("<i2").tobytes()
    align = n_channels * n_bits // 8
    fmt = struct.pack("<HHIIHH", tag, n_channels, signal.sample_rate, signal.sample_rate * align, align, n_bits)
    fact = struct.pack("<4sII", b"fact", 4, signal.n_samples) if tag == _FLOAT else b""
    body = b"WAVE" + struct.pack("<4sI", b"fmt ", len(fmt)) + fmt + fact
    body += struct.pack("<4sI", b"data", len(data)) + data + b"\0" * (len(data) & 1)
    return struct.pack("<4sI", b"RIFF", len(body)) + body


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
    if suffix not in ENCODINGS:
        raise UnsupportedFormat(f"Sound cannot be written as {suffix!r}.", f"Use one of .wav {' '.join(ENCODINGS)}.")
    how = ENCODINGS[suffix]
    layout = {1: "mono", 2: "stereo"}.get(len(signal.samples))
    if layout is None:
        raise UnsupportedFormat(f"Only mono and stereo can be encoded, got {len(signal.samples)} channels.", "Use WAV.")
    try:
        with av.open(os.fspath(path), "w", format=how.container) as container:
            stream = container.add_stream(how.codec, rate=signal.sample_rate, layout=layout)
            assert isinstance(stream, AudioStream)
            if how.encoder_format is not None:
                stream.codec_context.format = how.encoder_format
            if (wanted := bit_rate or how.bit_rate) is not None:
                stream.codec_context.bit_rate = wanted
            container.metadata.update(tags or {})
            container.mux(stream.encode(_frame(signal, how.fed_format, layout)))
            container.mux(stream.encode(None))
    except (av.error.FFmpegError, ValueError) as error:
        raise AudioError(
            f"{how.codec} did not take {signal.sample_rate} Hz, {len(signal.samples)} channels: {error}",
            "Use another rate or format.",
        ) from error


def _frame(signal: AudioSignal, sample_format: str, layout: str) -> AudioFrame:
    interleaved = np.ascontiguousarray(signal.samples.T).reshape(1, -1)
    if sample_format == "s32":
        # 24 bits in the upper part of the word, where FFmpeg has them.
        frame = AudioFrame.from_ndarray(to_integers(interleaved, 24) << 8, format="s32", layout=layout)
    else:
        frame = AudioFrame.from_ndarray(interleaved, format="flt", layout=layout)
    frame.sample_rate = signal.sample_rate
    frame.pts = 0
    return frame
