"""How wide text is on a terminal, and how it is cut and wrapped there.

A terminal counts cells, not characters: a letter takes one, one of Han, kana or Hangul and
an emoji two, an accent that follows its letter none. ``cells`` counts them; ``cut`` and
``wrapped`` never divide what is drawn as one.
"""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterator

from rich.cells import cell_len

_JOINER = "\u200d"
_EMOJI_STYLE = "\ufe0f"
_FLAG_LETTERS = range(0x1F1E6, 0x1F200)
_SKIN_TONES = range(0x1F3FB, 0x1F400)
NO_BREAK = "\u00a0"
"""A space at which ``wrapped`` does not end a line; it is printed as a space."""
# Where a word that is longer than a line may end: behind what separates the parts of a path or a name.
_PARTS = re.compile(r"[^/\\_\-,:;=&?]*[/\\_\-,:;=&?]+|[^/\\_\-,:;=&?]+")


def clusters(text: str) -> Iterator[str]:
    """What a reader takes for single characters: a letter with its accents, a joined emoji, a flag.

    >>> [len(each) for each in clusters("e\\u0301\\u2764\\ufe0fx")]
    [2, 2, 1]
    """
    held = ""
    for character in text:
        if held and not _continues(held, character):
            yield held
            held = ""
        held += character
    if held:
        yield held


def _continues(held: str, character: str) -> bool:
    code = ord(character)
    if character == _JOINER or code in _SKIN_TONES or unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return True
    if held[-1] == _JOINER:
        # Emoji are joined to one picture; letters around a joiner stay letters.
        return _width(held[0]) == 2 or unicodedata.category(held[0]) == "So"
    return code in _FLAG_LETTERS and len(held) == 1 and ord(held) in _FLAG_LETTERS


@functools.lru_cache(maxsize=4096)
def _width(character: str) -> int:
    return 0 if unicodedata.category(character) in ("Mn", "Me", "Cf") else cell_len(character)


def cells(text: str) -> int:
    """Cells of a terminal that ``text`` takes.

    >>> cells("kick"), cells("\\u65e5\\u672c"), cells("e\\u0301"), cells("\\U0001f469\\u200d\\U0001f3a4")
    (4, 4, 1, 2)
    """
    if text.isascii():
        return len(text)
    return sum(_cluster_cells(each) for each in clusters(text))


def _cluster_cells(cluster: str) -> int:
    if _EMOJI_STYLE in cluster or (len(cluster) == 2 and ord(cluster[0]) in _FLAG_LETTERS):
        return 2
    return max(map(_width, cluster))


def cut(text: str, width: int, *, mark: str) -> str:
    """``text`` in at most ``width`` cells: where it is longer, ``mark`` stands for its middle.

    What tells names apart is how they begin and how they end: two thirds of the room are for the beginning.

    >>> cut("drums straight 124bpm.wav", 16, mark="..."), cut("kick.wav", 16, mark="...")
    ('drums str...wav', 'kick.wav')
    """
    if cells(text) <= width:
        return text
    room = width - cells(mark)
    if room < 1:
        return _taken(list(clusters(text)), width)
    parts = list(clusters(text))
    tail = _taken(parts[::-1], room // 3, from_end=True)
    head = _taken(parts, room - cells(tail))
    return head.rstrip() + mark + tail.lstrip()


def _taken(parts: list[str], room: int, *, from_end: bool = False) -> str:
    taken: list[str] = []
    for part in parts:
        room -= _cluster_cells(part)
        if room < 0:
            break
        taken.append(part)
    return "".join(taken[::-1] if from_end else taken)


def wrapped(text: str, width: int, *, is_whole: bool = False) -> list[str]:
    """``text`` in lines of at most ``width`` cells that end between words; at least one line.

    A word that is longer than a line is divided behind a separator (``/ _ -``), or where it has to be. With
    ``is_whole`` it stays whole on a line of its own, so that a path can be copied: the line is then longer.

    >>> wrapped("both drums, 124 against 124 bpm", 14)
    ['both drums,', '124 against', '124 bpm']
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph, width, is_whole=is_whole):
            if not line:
                line = word
            elif cells(line) + 1 + cells(word) <= width:
                line += " " + word
            else:
                lines.append(line)
                line = word
        lines.append(line)
    return lines


def longest_word(text: str) -> int:
    """Cells of the longest word, which is what a column of wrapped text needs at least."""
    return max((cells(word) for word in text.split(" ")), default=0)


def _words(text: str, width: int, *, is_whole: bool) -> Iterator[str]:
    for word in text.split(" "):
        if not word:
            continue
        if is_whole or cells(word) <= width:
            yield word
        else:
            yield from _divided(word, max(1, width))


def _divided(word: str, width: int) -> Iterator[str]:
    held = ""
    for part in _PARTS.findall(word):
        rest = part
        if held and cells(held + rest) > width:
            yield held
            held = ""
        while cells(rest) > width:
            # One picture may be wider than the room that there is.
            head = _taken(list(clusters(rest)), width) or next(clusters(rest))
            yield head
            rest = rest[len(head) :]
        held += rest
    if held:
        yield held
