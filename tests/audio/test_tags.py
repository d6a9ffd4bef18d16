"""Tags as programs of thirty years write them, byte by byte, and what they have to say."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from audio.handmade import atom, chunk, pluck, wav, with_ilst, write
from sonoteca.audio.claims import clean_text, tag_claims
from sonoteca.audio.encode import write_audio
from sonoteca.audio.probe import probe
from sonoteca.audio.tags.ape import read_ape
from sonoteca.audio.tags.id3 import GENRES, read_id3v1, read_id3v2

SILENCE = bytes(2000)


@pytest.fixture(scope="module")
def mp3(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    """An MP3 file without any tag."""
    write_audio(path := tmp_path_factory.mktemp("mp3") / "plain.mp3", pluck(22_050, 44_100), tags={})
    data = path.read_bytes()
    with io.FileIO(path) as file:
        tag = read_id3v2(file, 0)
    return data[tag.end :] if tag else data


def synchsafe(number: int) -> bytes:
    return bytes(number >> shift & 127 for shift in (21, 14, 7, 0))


def frame(name: bytes, text: bytes, *, encoding: int = 3, version: int = 4, flags: int = 0) -> bytes:
    body = bytes([encoding]) + text
    if version == 2:
        return name + len(body).to_bytes(3, "big") + body
    size = synchsafe(len(body)) if version == 4 else len(body).to_bytes(4, "big")
    return name + size + bytes([0, flags]) + body


def id3(*frames: bytes, version: int = 4, flags: int = 0) -> bytes:
    body = b"".join(frames)
    return b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body


def id3v1(*, title: bytes = b"", artist: bytes = b"", album: bytes = b"", genre: int = 255) -> bytes:
    texts = (title.ljust(30, b"\0"), artist.ljust(30, b"\0"), album.ljust(30, b"\0"), bytes(4), bytes(30))
    return b"TAG" + b"".join(texts) + bytes([genre])


def ape(**items: str) -> bytes:
    body = b"".join(
        struct.pack("<II", len(value.encode()), 0) + name.encode() + b"\0" + value.encode()
        for name, value in items.items()
    )
    edge = struct.pack("<8s4I8x", b"APETAGEX", 2000, len(body) + 32, len(items), 0x80000000)
    return body + edge


def said(path: Path) -> dict[str, object]:
    """The first claim of each field of a file's tags."""
    found: dict[str, object] = {}
    for claim in tag_claims(probe(path).tags):
        found.setdefault(claim.field, claim.value)
    return found


def title_of(tag: bytes, folder: Path) -> object:
    """What a tag alone says the title is."""
    with io.FileIO(write(folder / "tag", tag)) as file:
        found = read_id3v2(file, 0)
    assert found is not None
    return next((claim.value for claim in tag_claims([found.values]) if claim.field == "title"), None)


@pytest.mark.parametrize("version", [3, 4])
@pytest.mark.parametrize(
    ("encoding", "text"),
    [
        (3, "Café bleu".encode()),
        (3, "Café bleu".encode("latin-1")),
        (0, "Café bleu".encode("latin-1")),
        (0, "Café bleu".encode()),
        (0, "Café bleu".encode("utf-16")),
        (1, "Café bleu".encode("utf-16")),
        (1, b"\xfe\xff" + "Café bleu".encode("utf-16-be")),
        (1, b"\xff\xfe" + "Café bleu".encode("utf-16-be")),
        (1, "Café bleu".encode("utf-16-le")),
        (1, "Café bleu".encode("utf-16-be")),
        (1, "Café bleu".encode("latin-1")),
        (1, "Café bleu".encode()),
        (2, "Café bleu".encode("utf-16-be")),
        (2, "Café bleu".encode("utf-16-le")),
        (2, "Café bleu".encode("latin-1")),
    ],
)
def test_text_is_what_its_bytes_are_whatever_the_frame_states(
    encoding: int, text: bytes, version: int, tmp_path: Path
) -> None:
    assert (
        title_of(id3(frame(b"TIT2", text, encoding=encoding, version=version), version=version), tmp_path)
        == "Café bleu"
    )


@pytest.mark.parametrize("text", ["東京の夜", "Земфира", "مرحبا بالعالم", "한국어노래", "中文"])
@pytest.mark.parametrize(
    ("encoding", "codec"), [(3, "utf-8"), (0, "utf-8"), (1, "utf-16"), (1, "utf-16-le"), (2, "utf-16-be")]
)
def test_other_scripts_are_read(text: str, encoding: int, codec: str, tmp_path: Path) -> None:
    assert title_of(id3(frame(b"TIT2", text.encode(codec), encoding=encoding)), tmp_path) == text


def test_quotation_marks_of_windows_are_read_in_a_latin_1_frame(tmp_path: Path) -> None:
    assert title_of(id3(frame(b"TIT2", b"\x93Heroes\x94", encoding=0)), tmp_path) == "“Heroes”"


def test_a_frame_without_its_encoding_is_read(tmp_path: Path) -> None:
    body = b"Old"
    assert title_of(id3(b"TIT2" + synchsafe(len(body)) + b"\0\0" + body), tmp_path) == "Old"


WORDS = st.text(st.characters(codec="cp1252", categories=("L", "N", "Zs")), min_size=1, max_size=60)


@given(
    WORDS, st.sampled_from([(0, "cp1252"), (3, "cp1252"), (3, "utf-8"), (0, "utf-8"), (1, "utf-16"), (2, "utf-16-be")])
)
def test_a_text_comes_back_from_whatever_it_was_written_as(
    tmp_path_factory: pytest.TempPathFactory, text: str, written: tuple[int, str]
) -> None:
    encoding, codec = written
    data = text.encode(codec)
    try:
        if codec == "cp1252" and data.decode("utf-8") != text:
            return  # by chance these bytes are a text of UTF-8 as well
    except UnicodeDecodeError:
        pass
    tag = id3(frame(b"TIT2", data, encoding=encoding))
    assert title_of(tag, tmp_path_factory.getbasetemp()) == (clean_text(text) or None)


@pytest.mark.parametrize("version", [2, 3, 4])
def test_every_version_of_id3_says_the_same(version: int, mp3: bytes, tmp_path: Path) -> None:
    names = (
        (b"TT2", b"TP1", b"TAL", b"TCO", b"TBP", b"TKE")
        if version == 2
        else (b"TIT2", b"TPE1", b"TALB", b"TCON", b"TBPM", b"TKEY")
    )
    words = (b"Old Tune", b"Ada", b"Alb", b"(17)", b"97", b"Dm")
    tag = id3(*(frame(n, w, encoding=0, version=version) for n, w in zip(names, words, strict=True)), version=version)
    assert said(write(tmp_path / "x.mp3", tag + mp3)) == {
        "title": "Old Tune", "artist": "Ada", "album": "Alb", "genre": "Rock", "tempo_bpm": 97.0, "key": "D minor",
    }  # fmt: skip


def test_all_artists_are_named_in_every_format(mp3: bytes, tmp_path: Path) -> None:
    names = ("Anna Ek", "Bo Lind", "Carl Ros")
    expected = "Anna Ek; Bo Lind; Carl Ros"
    for encoding, joined in ((3, "\0".join(names).encode()), (1, "\0".join(names).encode("utf-16"))):
        tag = id3(frame(b"TPE1", joined, encoding=encoding))
        assert said(write(tmp_path / "id3.mp3", tag + mp3))["artist"] == expected
    each_with_mark = b"\0\0".join(name.encode("utf-16") for name in names)
    assert (
        said(write(tmp_path / "marks.mp3", id3(frame(b"TPE1", each_with_mark, encoding=1)) + mp3))["artist"] == expected
    )
    assert said(write(tmp_path / "ape.mp3", mp3 + ape(Artist="\0".join(names))))["artist"] == expected

    write_audio(path := tmp_path / "x.m4a", pluck(22_050, 44_100), tags={"title": "T"})
    values = [atom(b"data", struct.pack(">II", 1, 0) + name.encode()) for name in names]
    plain = path.read_bytes()
    assert said(write(path, with_ilst(plain, atom(b"\xa9ART", b"".join(values)))))["artist"] == expected
    assert (
        said(write(path, with_ilst(plain, b"".join(atom(b"\xa9ART", value) for value in values))))["artist"] == expected
    )

    write_audio(path := tmp_path / "x.flac", pluck(22_050, 44_100), tags={"title": "T"})
    assert (
        said(write(path, with_comments(path.read_bytes(), *(f"ARTIST={name}" for name in names))))["artist"] == expected
    )


def with_comments(flac: bytes, *comments: str) -> bytes:
    """A FLAC file with these Vorbis comments after STREAMINFO, and no others."""
    texts = b"".join(struct.pack("<I", len(each.encode())) + each.encode() for each in comments)
    body = struct.pack("<I", 0) + struct.pack("<I", len(comments)) + texts
    position, blocks, is_last = 4, b"", False
    while not is_last:
        head, size = flac[position], int.from_bytes(flac[position + 1 : position + 4], "big")
        is_last = bool(head & 128)
        if head & 127 == 0:
            blocks += bytes([0]) + flac[position + 1 : position + 4 + size]
        position += 4 + size
    return b"fLaC" + blocks + bytes([128 | 4]) + len(body).to_bytes(3, "big") + body + flac[position:]


def test_a_slash_in_a_name_is_no_separator(mp3: bytes, tmp_path: Path) -> None:
    tag = id3(frame(b"TPE1", b"AC/DC", encoding=0, version=3), version=3)
    assert said(write(tmp_path / "x.mp3", tag + mp3))["artist"] == "AC/DC"


def test_every_genre_is_a_claim_of_its_own(tmp_path: Path) -> None:
    with io.FileIO(write(tmp_path / "tag", id3(frame(b"TCON", b"House\x00(4)\x0099")))) as file:
        tag = read_id3v2(file, 0)
    assert tag is not None
    assert [claim.value for claim in tag_claims([tag.values])] == ["House", "Disco", "Acoustic"]
    assert (len(GENRES), GENRES[0], GENRES[17], GENRES[79], GENRES[191]) == (
        192,
        "Blues",
        "Rock",
        "Hard Rock",
        "Psybient",
    )


def test_what_one_tag_lacks_the_next_one_fills(mp3: bytes, tmp_path: Path) -> None:
    data = (
        id3(frame(b"TCON", b"House"), frame(b"TBPM", b"0"))
        + mp3
        + ape(Artist="Full Name Of The Artist", BPM="91", Album="From Ape")
        + id3v1(title=b"Bass Again", artist=b"Full Name", album=b"Old", genre=7)
    )
    assert said(write(tmp_path / "x.mp3", data)) == {
        "genre": "House", "title": "Bass Again", "artist": "Full Name Of The Artist", "album": "From Ape", "tempo_bpm": 91.0,
    }  # fmt: skip
    lyrics = b"LYRICSBEGININD0000200"
    data = mp3 + ape(Title="Ape") + lyrics + f"{len(lyrics):06}".encode() + b"LYRICS200" + id3v1(artist=b"One")
    assert said(write(tmp_path / "y.mp3", data)) == {"title": "Ape", "artist": "One"}


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Mot\xf6rliga".encode("latin-1"), "Mot\xf6rliga"),
        ("Mot\xf6rliga".encode(), "Mot\xf6rliga"),
        (b"x" * 29 + "\xe9".encode("latin-1"), "x" * 29 + "\xe9"),
        (("x" + "\u0416" * 20).encode()[:30], "x" + "\u0416" * 14),
        (b"Padded    ", "Padded"),
    ],
)
def test_the_oldest_tag_is_read_in_any_encoding(title: bytes, expected: str, tmp_path: Path) -> None:
    with io.FileIO(write(tmp_path / "tag", SILENCE + id3v1(title=title, genre=17))) as file:
        assert read_id3v1(file, len(SILENCE) + 128) == {"title": (expected,), "genre": ("Rock",)}
        assert read_id3v1(file, len(SILENCE)) is None


def test_pcm_that_ends_like_an_old_tag_has_none(tmp_path: Path) -> None:
    samples = bytes(4_000) + id3v1(title=b"Noise")
    assert said(write(tmp_path / "x.wav", wav(samples))) == {}


@pytest.mark.parametrize("codec", ["cp1252", "utf-8"])
def test_riff_info_has_no_encoding_of_its_own(codec: str, tmp_path: Path) -> None:
    texts = ((b"INAM", "Rød grød"), (b"IART", "Bjørn"))
    info = chunk(b"LIST", b"INFO" + b"".join(chunk(name, text.encode(codec) + b"\0") for name, text in texts))
    assert said(write(tmp_path / "x.wav", wav(SILENCE, info))) == {"title": "Rød grød", "artist": "Bjørn"}


def test_the_id3_chunk_of_a_wav_goes_before_its_info(tmp_path: Path) -> None:
    info = chunk(b"LIST", b"INFO" + chunk(b"INAM", b"Cut\0") + chunk(b"IART", b"Someone\0"))
    tag = chunk(b"id3 ", id3(frame(b"TIT2", "Vollständig".encode("latin-1"))))
    for chunks in ((info, tag), (tag, info)):
        assert said(write(tmp_path / "x.wav", wav(SILENCE, *chunks))) == {"title": "Vollständig", "artist": "Someone"}


def test_vorbis_comments_in_an_old_encoding_are_read(tmp_path: Path) -> None:
    write_audio(path := tmp_path / "x.flac", pluck(22_050, 44_100), tags={"title": "Xxxxx"})
    data = with_comments(path.read_bytes(), "TITLE=Mxrk", "INITIALKEY=a minor", "BPM=12850")
    path.write_bytes(data.replace(b"Mxrk", b"M\xf8rk"))
    assert said(path) == {"title": "Mørk", "key": "A minor", "tempo_bpm": 128.5}


@pytest.mark.parametrize(("kind", "data"), [(21, b"\x00\x80"), (0, b"\x00\x80"), (1, b"128 BPM")])
def test_a_tempo_of_mp4_is_a_number_or_words(kind: int, data: bytes, tmp_path: Path) -> None:
    write_audio(path := tmp_path / "x.m4a", pluck(22_050, 44_100), tags={"title": "T"})
    genre = atom(b"gnre", atom(b"data", struct.pack(">II", 0, 0) + b"\x00\x12"))
    tempo = atom(b"tmpo", atom(b"data", struct.pack(">II", kind, 0) + data))
    found = said(write(path, with_ilst(path.read_bytes(), tempo + genre)))
    assert (found["tempo_bpm"], found["genre"]) == (128.0, "Rock")


def test_flags_of_frames_and_tags_are_undone(tmp_path: Path) -> None:
    text = b"\x03" + "Grün".encode()
    packed = zlib.compress(text)
    assert (
        title_of(id3(b"TIT2" + synchsafe(len(packed) + 4) + b"\0\x09" + synchsafe(len(text)) + packed), tmp_path)
        == "Grün"
    )
    grouped = b"TIT2" + (len(text) + 1).to_bytes(4, "big") + b"\0\x20" + b"\x05" + text
    assert title_of(id3(grouped, version=3), tmp_path) == "Grün"
    encrypted = b"TIT2" + synchsafe(len(text)) + b"\0\x04" + text
    assert title_of(id3(encrypted), tmp_path) is None
    wide = b"\x01" + "Ungestört".encode("utf-16")
    unsynchronised = wide.replace(b"\xff", b"\xff\x00")
    body = b"TIT2" + len(wide).to_bytes(4, "big") + b"\0\0" + unsynchronised
    assert title_of(id3(body, version=3, flags=0x80), tmp_path) == "Ungestört"
    extended = synchsafe(6) + b"\x01\x00" + frame(b"TIT2", b"After")
    assert title_of(id3(extended, flags=0x40), tmp_path) == "After"


@pytest.mark.parametrize("version", [3, 4])
def test_sizes_counted_the_other_way_are_understood(version: int, tmp_path: Path) -> None:
    long = frame(b"TIT3", b"x" * 300, version=7 - version)
    assert (
        title_of(id3(long, frame(b"TIT2", b"Behind", version=7 - version), bytes(20), version=version), tmp_path)
        == "Behind"
    )


def test_a_picture_before_the_title_is_passed_over(tmp_path: Path) -> None:
    assert title_of(id3(frame(b"APIC", bytes(200_000)), frame(b"TIT2", b"Behind")), tmp_path) == "Behind"


@given(st.binary(max_size=300), st.sampled_from([2, 3, 4]), st.integers(0, 255))
def test_any_bytes_in_a_tag_are_walked(
    tmp_path_factory: pytest.TempPathFactory, body: bytes, version: int, flags: int
) -> None:
    data = b"ID3" + bytes([version, 0, flags]) + synchsafe(len(body)) + body
    footer = struct.pack("<8s4I8x", b"APETAGEX", 2000, len(body) + 32, 5, 0)
    with io.FileIO(write(tmp_path_factory.getbasetemp() / "any.tag", data + body + footer)) as file:
        sources: list[Mapping[str, tuple[str, ...]] | None] = [read_ape(file, len(data + body + footer))]
        tag = read_id3v2(file, 0)
        assert tag is not None
        sources += [tag.values, read_id3v1(file, len(data))]
    for claim in tag_claims([source for source in sources if source]):
        assert isinstance(claim.value, float) or clean_text(str(claim.value)) == claim.value


@pytest.mark.parametrize(
    "text",
    [
        "می\u200cخواهم",
        "Family \U0001f468\u200d\U0001f469\u200d\U0001f467",
        "क्\u200dष",
        "❤️",
        "\U0001f3f4\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f",
        "\U0001fae9",
    ],
)
def test_joiners_and_emoji_survive(text: str) -> None:
    assert clean_text(f" {text}\u202e ") == text


def test_riff_descriptions_are_read_in_any_encoding(tmp_path: Path) -> None:
    from sonoteca.audio.chunks import read_chunks
    from sonoteca.audio.claims import CHUNKS, chunk_claims

    bext = chunk(b"bext", "Straße".encode("cp1252").ljust(256, b"\0") + bytes(400))
    with io.FileIO(write(tmp_path / "x.wav", wav(np.zeros(100, np.int16).tobytes(), bext))) as file:
        found = read_chunks(file, CHUNKS)
    assert found is not None
    assert [claim.value for claim in chunk_claims(found, duration_s=1.0)] == ["Straße"]
