"""Opening a file as a container of sound, safely.

The file is opened here, by us, and FFmpeg is given only a way to read and seek it: names
that are not UTF-8 work, a file called ``concat:...`` or ``clip%03d.wav`` is just a file, and
no format can reach another file or the network, because there is no protocol to reach it
with. Only formats that carry sound are let through (``FORMATS``): playlists, concat scripts,
HLS, SDP, pictures, subtitles, raw video and text are refused after they are recognised.
"""

from __future__ import annotations

import io
import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cache

import av
import av.error
from av.audio.stream import AudioStream
from av.container import InputContainer
from av.stream import Disposition

from sonoteca.audio.riff_repair import View, mended, samples_only
from sonoteca.domain.names import printable_path
from sonoteca.errors import DamagedAudio, EmptyAudio, FileUnreadable, NotARegularFile, NotAudio, UnsupportedFormat

# FFmpeg's demuxers for files that hold sound, containers of video with sound included. What
# is absent is refused: anything that names other files, renders text or pictures, is a bare
# video stream, or has no header at all (raw PCM of a guessed rate is not evidence).
FORMATS = (
    "3dostr,4xm,aa,aac,aax,ac3,ac4,acm,adp,ads,adx,aea,afc,aiff,aix,alp,amr,amrnb,amrwb,apac,apc,ape,apm,argo_asf,asf,"
    "ast,au,avi,avr,avs,bfstm,binka,boa,bonk,brstm,caf,dcstr,derf,dsf,dss,dts,dtshd,dv,eac3,epaf,flac,flv,fsb,fwse,g729,"
    "genh,gsm,gxf,hca,hcom,iamf,iff,ilbc,ircam,iss,kvag,kwai,laf,lc3,loas,lvf,m4a,matroska,mca,mlp,mov,mp3,mp4,mpc,mpc8,"
    "mpeg,mpegts,msf,mtaf,musx,mxf,nistsphere,nsv,nut,oga,ogg,oma,opus,osq,paf,pvf,qcp,qoa,rka,rm,rso,sbc,scd,sds,sdx,"
    "shn,sol,sox,spdif,svag,tak,truehd,tta,vag,voc,vqf,w64,wady,wav,wavarc,wsd,wtv,wv,wve,xa,xvag,xwma"
)

MIN_RATE, MAX_RATE = 1_000, 768_000
MAX_CHANNELS = 64
# FFmpeg reads this much at a time from us: fewer trips through Python than its 32 KiB.
READ_BYTES = 2**17

# A file that begins like this was meant to be sound: when it cannot be opened it is damaged.
_MAGIC = (
    b"RIFF",
    b"RF64",
    b"RIFX",
    b"BW64",
    b"riff",
    b"fLaC",
    b"OggS",
    b"ID3",
    b"FORM",
    b"caff",
    b"wvpk",
    b"MAC ",
    b"TTA1",
)


def open_regular_file(path: str | os.PathLike[str] | bytes) -> io.FileIO:
    """Open ``path`` for reading, unbuffered, if and only if it is a regular file.

    Raises
    ------
    NotARegularFile
        A folder, FIFO, socket, device, a dangling or circular link. None of them is opened.
    FileUnreadable
        It does not exist, or may not be read.
    """
    shown = printable_path(path)
    try:
        mode = os.stat(path).st_mode
    except (OSError, ValueError) as error:
        if _is_link(path):
            raise NotARegularFile(f"{shown} is a link that leads nowhere.") from error
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise FileUnreadable(f"{shown} cannot be read: {reason}.") from error
    _require_regular(mode, shown)
    # O_NONBLOCK: had the file become a FIFO since, opening it would not wait for a writer.
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_BINARY", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        raise FileUnreadable(f"{shown} cannot be read: {error.strerror}.") from error
    file = io.FileIO(descriptor, "rb", closefd=True)
    try:
        _require_regular(os.fstat(descriptor).st_mode, shown)
    except NotARegularFile:
        file.close()
        raise
    return file


def _is_link(path: str | os.PathLike[str] | bytes) -> bool:
    try:
        return stat.S_ISLNK(os.lstat(path).st_mode)
    except (OSError, ValueError):
        return False


def _require_regular(mode: int, shown: str) -> None:
    if stat.S_ISREG(mode):
        return
    kinds = {
        stat.S_IFDIR: "a folder",
        stat.S_IFIFO: "a FIFO",
        stat.S_IFCHR: "a device",
        stat.S_IFBLK: "a device",
        stat.S_IFSOCK: "a socket",
    }
    raise NotARegularFile(f"{shown} is {kinds.get(stat.S_IFMT(mode), 'not a regular file')}.")


@cache
def _audio_decoders() -> str:
    """Names of all audio decoders: pictures and video inside a file are never decoded, not even to probe it."""
    names = []
    for name in av.codecs_available:
        try:
            codec = av.Codec(name, "r")
        except (av.error.FFmpegError, ValueError):
            continue
        if codec.type == "audio":
            names.append(name)
    return ",".join(sorted(names))


@dataclass(frozen=True, slots=True)
class OpenedContainer:
    """A container and the audio stream that a player plays; ``warnings`` say what it took to open it.

    ``valid_bits`` is how many bits of a sample count where its words have more, None where all do.
    """

    container: InputContainer
    stream: AudioStream
    warnings: tuple[str, ...] = ()
    valid_bits: int | None = None


@contextmanager
def open_container(file: io.FileIO, shown: str) -> Iterator[OpenedContainer]:
    """The container in ``file`` and its audio stream; ``shown`` names it in errors.

    Of several audio streams the one is taken that the container marks as its default, else the first.

    Raises
    ------
    EmptyAudio
        The file has no bytes.
    NotAudio, UnsupportedFormat, DamagedAudio
        No sound in it, sound we refuse or have no decoder for, sound that cannot be read.
    FileUnreadable
        The disk failed.
    """
    try:
        file.seek(0)
        head = file.read(16) or b""
        if not head:
            raise EmptyAudio(f"{shown} is empty: it has zero bytes.")
        container, warnings, valid_bits = _open(file, head, shown)
    except av.error.FFmpegError:
        raise
    except OSError as error:
        # What our own file raised while FFmpeg read from it.
        raise FileUnreadable(f"{shown} cannot be read: {error.strerror or error}.") from error
    with container:
        streams = container.streams.audio
        if not streams:
            raise NotAudio(f"{shown} holds no sound ({container.format.name}).")
        stream = next((each for each in streams if each.disposition & Disposition.default), streams[0])
        # A stream whose codec FFmpeg does not know has no codec context, whatever the type hints say.
        if getattr(stream, "codec_context", None) is None:
            raise UnsupportedFormat(f"{shown} is compressed with a codec that is not known here.")
        yield OpenedContainer(container, stream, warnings, valid_bits)


def _open(file: io.FileIO, head: bytes, shown: str) -> tuple[InputContainer, tuple[str, ...], int | None]:
    try:
        if (riff := mended(file)) is not None:
            return _open_with_ffmpeg(riff.view), riff.warnings, riff.valid_bits
        file.seek(0)
        return _open_with_ffmpeg(file), (), None
    except av.error.ArgumentError as error:
        raise UnsupportedFormat(f"{shown} is of a kind that is not opened (a playlist, picture or text).") from error
    except (av.error.FFmpegError, ValueError, EOFError) as error:
        if (samples := samples_only(file)) is not None:
            with suppress(av.error.FFmpegError, ValueError, EOFError):
                warning = "The file's side chunks are damaged: only its sound was read."
                return _open_with_ffmpeg(samples), (warning,), None
        if head.startswith(_MAGIC) or head[4:8] == b"ftyp":
            raise DamagedAudio(f"{shown} begins like a sound file, but its header cannot be read.") from error
        raise NotAudio(f"{shown} is not a sound file: no known format was recognised.") from error


def _open_with_ffmpeg(file: io.FileIO | View) -> InputContainer:
    return av.open(
        file,
        mode="r",
        options={"format_whitelist": FORMATS, "codec_whitelist": _audio_decoders(), "protocol_whitelist": "none"},
        # Bytes that are no UTF-8 stay what they are, for who knows better (tags/read.py).
        metadata_errors="surrogateescape",
        buffer_size=READ_BYTES,
    )
