"""What a file says about itself: tags, RIFF and AIFF chunks, and its name.

Claims are evidence, not truth: they become observations of source ``import``. Earlier claims
go before later ones of the same field: tags, then chunks, then the name. A claim that makes
no sense (a tempo of 0, a key of "o") is left out, and so is a field whose claims of one
producer contradict each other.

Fields: ``title artist album album_artist track genre date comment tempo_bpm key kind beats meter
root_note loop_start_s loop_end_s cue_s description originator``.
"""

from __future__ import annotations

import struct
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from typing import TypeVar

from sonoteca.audio.chunks import ChunkFile
from sonoteca.audio.names import name_claims
from sonoteca.audio.tags.read import Tags
from sonoteca.domain.claim import Claim
from sonoteca.domain.key_words import read_key_words
from sonoteca.domain.music import PITCH_CLASS_NAMES, Key
from sonoteca.domain.tempo_words import FASTEST_BPM, SLOWEST_BPM, read_tempo_words
from sonoteca.domain.text_bytes import text_of

_Value = TypeVar("_Value")

MAX_TEXT = 500
MAX_CUES = 200
# Signs that are not seen and yet change what is read: the joiners of Persian, of Indian scripts and of emoji.
_JOINERS = "\u200c\u200d"
# Letters of the flags of England, Scotland and Wales.
_FIRST_EMOJI_TAG, _LAST_EMOJI_TAG = 0xE0020, 0xE007F

# Names of tags in ID3, MP4, Vorbis comments, APE, ASF, RIFF INFO and as FFmpeg spells them, in order of trust.
_TEXT_TAGS = {
    "title": ("title", "tit2", "tt2", "©nam", "inam"),
    "artist": ("artist", "tpe1", "tp1", "©art", "iart", "author", "artists"),
    "album": ("album", "talb", "tal", "©alb", "iprd", "wm/albumtitle"),
    "album_artist": ("album_artist", "albumartist", "album artist", "tpe2", "tp2", "aart", "wm/albumartist"),
    "track": ("track", "tracknumber", "trck", "trk", "trkn", "itrk", "wm/tracknumber"),
    "genre": ("genre", "tcon", "tco", "©gen", "gnre", "ignr", "wm/genre"),
    "date": ("date", "tdrc", "year", "tyer", "tye", "©day", "icrd", "wm/year"),
    "comment": ("comment", "©cmt", "icmt"),
}
_TEMPO_TAGS = (
    "tbpm", "tbp", "bpm", "tmpo", "tempo", "ibpm", "fbpm", "wm/beatsperminute", "beatsperminute", "beats_per_minute",
)  # fmt: skip
_KEY_TAGS = (
    "tkey", "tke", "initialkey", "initial_key", "initial key", "wm/initialkey", "key", "ikey", "musical_key", "musicalkey",
)  # fmt: skip

# The chunks whose data is needed.
CHUNKS = frozenset({b"acid", b"smpl", b"inst", b"cue ", b"bext", b"fmt ", b"INST", b"MARK", b"basc", b"COMM"})


def all_claims(
    chunk_file: ChunkFile | None, tags: Iterable[Tags], name: str, *, duration_s: float | None
) -> tuple[Claim, ...]:
    """Everything claimed by a file's chunks, by the ``tags`` in it (``tags.read``), and by its ``name``.

    ``chunk_file`` is what ``chunks.read_chunks(file, CHUNKS)`` gives. ``duration_s`` turns a count
    of beats into a tempo (Apple Loops store no tempo); None leaves that out.
    """
    claims = [*tag_claims(tags)]
    if chunk_file is not None:
        claims += chunk_claims(chunk_file, duration_s=duration_s)
    claims += name_claims(name)
    return tuple(claims)


def clean_text(text: str) -> str:
    """One line without control and direction characters, at most ``MAX_TEXT`` long; joiners stay."""
    kept = (" " if c in "\r\n\t\0" else c for c in text[: 4 * MAX_TEXT])
    line = " ".join("".join(c for c in kept if _is_text(c)).split())[:MAX_TEXT].strip()
    return line if any(unicodedata.category(c) != "Cf" for c in line) else ""


def _is_text(character: str) -> bool:
    if character in _JOINERS or _FIRST_EMOJI_TAG <= ord(character) <= _LAST_EMOJI_TAG:
        return True
    category = unicodedata.category(character)
    if category == "Cn":
        # Emoji are younger than Python's table of them; what is no character at all never gets into it.
        return ord(character) & 0xFFFE != 0xFFFE and not 0xFDD0 <= ord(character) <= 0xFDEF
    return category not in ("Cc", "Cf", "Cs", "Co")


def tag_claims(tags: Iterable[Tags]) -> Iterable[Claim]:
    """Claims of producer ``tags``: for each field what the first place says that says something.

    Several artists become one text; several genres are a claim each.

    >>> places = [{"tit2": ("Dust",), "tbpm": ("0",)}, {"title": ("Dus",), "bpm": ("128.5",), "initialkey": ("8A",)}]
    >>> [(claim.field, claim.value) for claim in tag_claims(places)]
    [('title', 'Dust'), ('tempo_bpm', 128.5), ('key', 'A minor')]
    """
    places = tuple(tags)
    for field, names in _TEXT_TAGS.items():
        texts = next(_readable(places, names, lambda text: clean_text(text) or None), ())
        if field != "genre" and texts:
            texts = ("; ".join(texts),) if field in ("artist", "album_artist") else texts[:1]
        for text in texts:
            yield Claim(field, text[:MAX_TEXT], "tags")
    for bpm in next(_readable(places, _TEMPO_TAGS, read_tempo_words), ())[:1]:
        yield Claim("tempo_bpm", bpm, "tags")
    for key in next(_readable(places, _KEY_TAGS, read_key_words), ())[:1]:
        yield Claim("key", Key(*key).name, "tags")


def _readable(
    places: Iterable[Tags], names: Iterable[str], read: Callable[[str], _Value | None]
) -> Iterator[tuple[_Value, ...]]:
    """The different values of each place and name that has any which can be read, in order of trust."""
    for place in places:
        for name in names:
            values = dict.fromkeys(value for text in place.get(name, ()) if (value := read(text)) is not None)
            if values:
                yield tuple(values)


def chunk_claims(chunk_file: ChunkFile, *, duration_s: float | None) -> Iterable[Claim]:
    """Claims of producer ``riff`` or ``aiff``."""
    if chunk_file.kind == "riff":
        yield from _riff_claims(chunk_file)
    else:
        yield from _aiff_claims(chunk_file, duration_s=duration_s)


def _riff_claims(riff: ChunkFile) -> Iterable[Claim]:
    if (acid := riff.find(b"acid")) is not None and len(acid) >= 24:
        yield from _acid_claims(acid, riff.order)
    rate = _riff_rate(riff)
    if (smpl := riff.find(b"smpl")) is not None and len(smpl) >= 36:
        yield from _smpl_claims(smpl, riff.order, rate)
    elif (inst := riff.find(b"inst")) is not None and len(inst) >= 7 and inst[0] <= 127:
        yield Claim("root_note", inst[0], "riff")
    if (cue := riff.find(b"cue ")) is not None and len(cue) >= 4 and rate:
        (n_points,) = struct.unpack_from(riff.order + "I", cue)
        n_points = min(n_points, (len(cue) - 4) // 24, MAX_CUES)
        for point in range(n_points):
            (offset,) = struct.unpack_from(riff.order + "I", cue, 4 + 24 * point + 20)
            yield Claim("cue_s", offset / rate, "riff")
    if (bext := riff.find(b"bext")) is not None:
        for field, text in (("description", bext[:256]), ("originator", bext[256:288])):
            if cleaned := clean_text(text_of(text.split(b"\0")[0], may_be_cut=b"\0" not in text)):
                yield Claim(field, cleaned, "riff")


def _riff_rate(riff: ChunkFile) -> int:
    fmt = riff.find(b"fmt ")
    return int(struct.unpack_from(riff.order + "I", fmt, 4)[0]) if fmt is not None and len(fmt) >= 8 else 0


def _acid_claims(acid: bytes, order: str) -> Iterable[Claim]:
    """Sony's ACID chunk: flags (1 one-shot, 2 root note is set), root note, beats, meter, tempo."""
    flags, root, _, _, n_beats, unit, beats_per_bar, bpm = struct.unpack_from(order + "IHHfIHHf", acid)
    if flags & 2 and root <= 127:
        yield Claim("root_note", root, "riff")
    if flags & 1:
        yield Claim("kind", "one_shot", "riff")
        return
    if not 1 <= n_beats <= 10_000:
        return
    yield Claim("kind", "loop", "riff")
    yield Claim("beats", n_beats, "riff")
    if SLOWEST_BPM <= bpm <= FASTEST_BPM:
        yield Claim("tempo_bpm", round(float(bpm), 4), "riff")
    yield from _meter_claim(beats_per_bar, unit, "riff")


def _meter_claim(beats_per_bar: int, unit: int, producer: str) -> Iterable[Claim]:
    if 1 <= beats_per_bar <= 32 and unit in (1, 2, 4, 8, 16, 32):
        yield Claim("meter", f"{beats_per_bar}/{unit}", producer)


def _smpl_claims(smpl: bytes, order: str, rate: int) -> Iterable[Claim]:
    """The sampler chunk: the note the sample sounds at, and its first loop."""
    note, n_loops = struct.unpack_from(order + "12xI12xI", smpl)
    if note <= 127:
        yield Claim("root_note", note, "riff")
    if n_loops and rate and len(smpl) >= 60:
        start, end = struct.unpack_from(order + "II", smpl, 44)
        if start < end:
            # The last sample of the loop is played, too.
            yield Claim("loop_start_s", start / rate, "riff")
            yield Claim("loop_end_s", (end + 1) / rate, "riff")


def _aiff_claims(aiff: ChunkFile, *, duration_s: float | None) -> Iterable[Claim]:
    if (basc := aiff.find(b"basc")) is not None and len(basc) >= 16:
        yield from _basc_claims(basc, duration_s=duration_s)
    inst, rate = aiff.find(b"INST"), _aiff_rate(aiff)
    if inst is not None and len(inst) >= 14:
        if inst[0] <= 127:
            yield Claim("root_note", inst[0], "aiff")
        play_mode, begin, end = struct.unpack_from(">hhh", inst, 8)
        marks = dict(_marks(aiff.find(b"MARK") or b""))
        if play_mode and rate and begin in marks and end in marks and marks[begin] < marks[end]:
            yield Claim("loop_start_s", marks[begin] / rate, "aiff")
            yield Claim("loop_end_s", marks[end] / rate, "aiff")


def _basc_claims(basc: bytes, *, duration_s: float | None) -> Iterable[Claim]:
    """Apple Loops: beats, root note (48 is C), scale (1 minor, 2 major), meter; the length gives the tempo."""
    _, n_beats, root, scale, beats_per_bar, unit = struct.unpack_from(">IIHHHH", basc)
    if scale in (1, 2) and 1 <= root <= 127:
        yield Claim("key", f"{PITCH_CLASS_NAMES[root % 12]} {'minor' if scale == 1 else 'major'}", "aiff")
    if not 1 <= n_beats <= 10_000:
        return
    yield Claim("kind", "loop", "aiff")
    yield Claim("beats", n_beats, "aiff")
    if duration_s:
        bpm = 60.0 * n_beats / duration_s
        if SLOWEST_BPM <= bpm <= FASTEST_BPM:
            yield Claim("tempo_bpm", round(bpm, 4), "aiff")
    yield from _meter_claim(beats_per_bar, unit, "aiff")


def _marks(mark: bytes) -> Iterable[tuple[int, int]]:
    """(id, sample) of the markers of an AIFF file."""
    position = 2
    for _ in range(MAX_CUES):
        if position + 7 > len(mark):
            return
        number, sample, length = struct.unpack_from(">hIB", mark, position)
        yield number, sample
        # The name is a Pascal string, padded to an even size with its length byte.
        position += 6 + (length + 2 & ~1)


def _aiff_rate(aiff: ChunkFile) -> float:
    """The sample rate, an 80-bit float in COMM."""
    comm = aiff.find(b"COMM") or b""
    if len(comm) < 18:
        return 0.0
    exponent, mantissa = struct.unpack_from(">HQ", comm, 8)
    # 32 bits and more are no sample rate; the guard keeps the power small.
    return float(mantissa * 2.0 ** (exponent - 16383 - 63)) if 16383 <= exponent < 16383 + 32 else 0.0
