"""What people call a sound, typed or pasted: a path in any writing, a file's name, a title, "Artist - Title".

Names are compared without regard to case and Unicode form, and one dash is as good as another.
"""

from __future__ import annotations

import difflib
import os
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from urllib.parse import unquote

import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard import fulltext
from sonoteca.catalogue.heard.word_splitting import typed_words, words
from sonoteca.catalogue.store.schema import locations, sounds, summaries
from sonoteca.errors import Candidate

_QUOTES = {'"': '"', "'": "'", "\u201c": "\u201d", "\u2018": "\u2019", "\u201e": "\u201c", "\u00ab": "\u00bb"}
_FILE_URI = re.compile(r"file:(?://(?:localhost)?)?(?=/)", re.IGNORECASE)
_DRIVE = re.compile(r"/?[A-Za-z]:(?=[\\/])")
_DASHES = re.compile("[\u2010-\u2015\u2212]")
_DASH = re.compile(r"\s+-\s+")
# So many sounds whose paths or titles hold the words are compared with a name.
_COMPARED = 2_000
# How alike a name has to be to be offered: two of three letters stand in both, in order.
_ALIKE = 0.6
_OFFERED = 5


def spellings(name: str) -> list[str]:
    r"""A name as it was typed, and without what pasting adds: blanks, quotes, ``file://``, ``\``, ``C:``.

    >>> spellings("'C:\\Drums\\kick.wav' ")
    ["'C:\\Drums\\kick.wav' ", 'C:\\Drums\\kick.wav', '/Drums/kick.wav']
    >>> spellings("file:///a%20b.wav")
    ['file:///a%20b.wav', '/a b.wav']
    """
    found = [name]
    bare = name.strip()
    if len(bare) > 2 and _QUOTES.get(bare[0]) == bare[-1]:
        bare = bare[1:-1].strip()
    found.append(bare)
    if (uri := _FILE_URI.match(bare)) is not None:
        bare = unquote(bare[uri.end() :], errors="surrogateescape")
        found.append(bare)
    if (drive := _DRIVE.match(bare)) is not None:
        found.append(bare[drive.end() :].replace("\\", "/"))
    elif "\\" in bare:
        # A terminal writes a blank so when a file is dropped on it; Windows writes folders so.
        found += [re.sub(r"\\(.)", r"\1", bare), bare.replace("\\", "/")]
    return [each for each in dict.fromkeys(found) if each.strip()]


def named_external(name: str) -> str | None:
    """Another program's id in ``external:ID``, without blanks around; None in any other name.

    >>> named_external(" external:LP-1 "), named_external("LP-1")
    ('LP-1', None)
    """
    prefix, colon, rest = name.strip().partition(":")
    return rest.strip() if colon and prefix.lower() == "external" else None


def looks_like_a_path(name: str) -> bool:
    r"""Whether a text can only be meant as a path: it begins at a folder, a drive or ``file:/``.

    >>> [looks_like_a_path(each) for each in ("/a", "~/a", "'C:\\a'", "file:///a", "a/b", "rain")]
    [True, True, True, True, False, False]
    """
    bare = name.strip().lstrip("".join(_QUOTES))
    return bool(
        bare.startswith(("/", "~/", "./", "../", "\\\\")) or _FILE_URI.match(bare) or _DRIVE.match(bare)
    )  # fmt: skip


def compared(name: str) -> str:
    """What two writings of a name have in common.

    >>> compared("A  – b.WAV") == compared("a - B.wav")
    True
    """
    return " ".join(_DASHES.sub("-", unicodedata.normalize("NFC", name)).casefold().split())


def sounds_called(connection: Connection, name: str) -> list[int]:
    """Row numbers of the sounds whose file's name, title or "Artist - Title" is ``name``; of a path, whose path ends so.

    A file's name with its ending is more than one without; so where a file is called exactly so, no title counts.
    """
    folders = [part for part in name.split("/") if part not in ("", ".", "..", "~")]
    if not folders:
        return []
    if len(folders) > 1:
        # The same file below another folder, as another computer writes it; a file's name alone would be a guess.
        ends = {each: _common_end(folders, path) for each, path in _paths_with(connection, folders[-1])}
        most = max(ends.values(), default=0)
        by_path = [each for each, n_common in ends.items() if n_common == most] if most > 1 else []
        return by_path or _titled(connection, name)
    wanted = compared(name)
    places = [(each, compared(path.rpartition("/")[2])) for each, path in _paths_with(connection, name)]
    exact = [each for each, file_name in places if file_name == wanted]
    stems = [each for each, file_name in places if os.path.splitext(file_name)[0] == wanted]
    return list(dict.fromkeys(exact or [*stems, *_titled(connection, name)]))


def _common_end(folders: Sequence[str], path: str) -> int:
    """How many of the last parts of two paths are equal."""
    count = 0
    for one, other in zip(reversed(folders), reversed(path.split("/")), strict=False):
        if compared(one) != compared(other):
            break
        count += 1
    return count


def _paths_with(connection: Connection, file_name: str) -> Iterator[tuple[int, str]]:
    """Sounds with the path of each place, if it may end with this name."""
    for asked in typed_words(file_name, is_prefix=False)[:1]:
        ids = fulltext.sounds_with_phrase(connection, asked.words, "path", limit=_COMPARED, is_prefix=asked.is_prefix)
        places = sa.select(locations.c.sound_id, locations.c.display_path).where(locations.c.sound_id.in_(ids))
        for place in connection.execute(places.order_by(locations.c.id)):
            yield place.sound_id, place.display_path


def _titled(connection: Connection, name: str) -> list[int]:
    plain = " ".join(_DASHES.sub("-", name).split())
    # A name with several dashes may part at any of them; without an artist, all of it is the title.
    splits = [("", plain), *((plain[: dash.start()], plain[dash.end() :]) for dash in _DASH.finditer(plain))]
    found: list[int] = []
    for artist, title in splits:
        for asked in typed_words(title, is_prefix=False)[:1]:
            ids = fulltext.sounds_with_phrase(
                connection, asked.words, "title", limit=_COMPARED, is_prefix=asked.is_prefix
            )
            texts = fulltext.texts_of(connection, ids)
            found += [
                each
                for each in ids
                if any(_are_alike(title, held) for held in texts[each]["title"])
                and (not artist or any(_is_by(held, artist) for held in texts[each]["artist"]))
            ]
    return list(dict.fromkeys(found))


def _are_alike(typed: str, title: str) -> bool:
    return compared(typed) == compared(title) or (words(typed) == words(title) != [])


def _is_by(artist: str, name: str) -> bool:
    """Whether these are the artist, or one of several."""
    wanted = words(name)
    return bool(wanted) and f" {' '.join(wanted)} " in f" {' '.join(words(artist))} "


def candidates(connection: Connection, sound_ids: Sequence[int]) -> tuple[Candidate, ...]:
    """What these sounds are called, in their order; those that are gone are left out.

    Those that are called alike are told by their files' names, and by whole paths where these are alike too.
    """
    rows = {
        row.sound_id: row
        for row in connection.execute(
            sa.select(summaries.c.sound_id, sounds.c.public_id, summaries.c.title, summaries.c.artist, summaries.c.path)
            .join(sounds, sounds.c.id == summaries.c.sound_id)
            .where(summaries.c.number == sa.literal_column("0"), summaries.c.sound_id.in_(sound_ids))
        )
    }
    names = {each: _called(row.title, row.artist, row.path) or row.public_id for each, row in rows.items()}
    for is_whole_path in (False, True):
        used = Counter(compared(name) for name in names.values())
        for each, name in list(names.items()):
            path = rows[each].path
            if used[compared(name)] > 1 and path is not None:
                names[each] = path if is_whole_path else path.rpartition("/")[2]
    return tuple(Candidate(rows[each].public_id, names[each]) for each in sound_ids if each in rows)


def _called(title: str | None, artist: str | None, path: str | None) -> str | None:
    if title is not None:
        return title if artist is None else f"{artist} - {title}"
    return None if path is None else path.rpartition("/")[2]


def near_sounds(connection: Connection, name: str) -> list[int]:
    """Row numbers of a few sounds that are called nearly so, the most alike first, or by an artist called so; often none."""
    return _called_nearly(connection, name) or _by_artist(connection, name)


def _by_artist(connection: Connection, name: str) -> list[int]:
    for asked in typed_words(name, is_prefix=False)[:1]:
        return fulltext.sounds_with_phrase(connection, asked.words, "artist", limit=_OFFERED, is_prefix=asked.is_prefix)
    return []


def _called_nearly(connection: Connection, name: str) -> list[int]:
    bare = spellings(name)[-1].rstrip("/").rpartition("/")[2] if name.strip() else ""
    beginnings = list(dict.fromkeys(word[:3] for word in words(os.path.splitext(bare)[0]) if len(word) > 1))
    if not beginnings:
        return []
    ids = fulltext.sounds_with_beginnings(connection, beginnings, limit=_COMPARED)
    wanted = compared(bare)
    alike: list[tuple[float, int]] = []
    columns = (summaries.c.sound_id, summaries.c.title, summaries.c.artist, summaries.c.path)
    query = sa.select(*columns).where(summaries.c.number == sa.literal_column("0"), summaries.c.sound_id.in_(ids))
    matcher = difflib.SequenceMatcher(autojunk=False)
    matcher.set_seq2(wanted)
    for row in connection.execute(query):
        file_name = (row.path or "").rpartition("/")[2]
        names = {row.title, _called(row.title, row.artist, None), file_name, os.path.splitext(file_name)[0]} - {
            None,
            "",
        }
        best = 0.0
        for each in names:
            matcher.set_seq1(compared(each))
            # The first is a bound of the second, and takes a tenth of its time.
            if matcher.quick_ratio() > max(best, _ALIKE):
                best = max(best, matcher.ratio())
        if best >= _ALIKE:
            alike.append((-best, row.sound_id))
    return [sound_id for _, sound_id in sorted(alike)[:_OFFERED]]
