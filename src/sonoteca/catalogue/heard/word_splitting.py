"""Splits texts into the words they can be found by, as people write them and as people type them.

A *word* is a run of letters and digits, folded: lower case, without diacritics. What is stored of a text are its words
in order, and behind ``MARK`` its other forms: what begins inside a word, where a small letter
stands before a capital or a letter beside a digit (*snare* of ``AcousticSnare``, *808clap* of ``tr808clap``), the name of a sound at a word's end
(*hat* of ``hihat``, *clap* of ``handclap``), and words that some write as
one (*dont* of ``Don't``, *rem* of ``R.E.M.``). So no phrase spans a word and another form, and a typed word needs no splitting of that kind: it
finds what begins with it, in both. Scripts that put no blanks between words are stored as overlapping pairs of
characters; a typed run of them is the same pairs as a phrase, so that every part of two characters or more is found, and
a single one as the beginning of a pair.
"""

from __future__ import annotations

import itertools
import re
import unicodedata
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

# Stands between two titles, paths or tags of one sound, so that no phrase spans both. A private
# character that no word holds.
BREAK = "\ue000"
# Stands between the words of a text and its other forms.
MARK = "\ue001"
# Stands inside a word before a part that people look for by itself.
_SEAM = "\ue002"
# ASCII signs are stored as private characters, because the databases split at the signs themselves.
_SIGNS = {code: 0xE100 + code for code in range(0x21, 0x7F) if not chr(code).isalnum()}

_ASCII_WORD = re.compile("[a-z0-9]+")

# Letters that have no decomposition into base and mark, but are typed without it.
_PLAIN_LETTERS = str.maketrans(
    {"ø": "o", "đ": "d", "ł": "l", "ħ": "h", "ı": "i", "æ": "ae", "œ": "oe", "þ": "th", "ð": "d"}
)

# Thai, Lao, Burmese, Khmer, kana, Han; and Hangul, where words with their endings stand together.
_UNSPACED = (
    "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff"
    "\uac00-\ud7af\uf900-\ufaff\U00020000-\U0003ffff"
)
_SCRIPTS = re.compile(f"([{_UNSPACED}]+)")

_ASCII_RUN = re.compile("[A-Za-z0-9]+")
_RUN = re.compile(r"[^\W_]+")
_ASCII_PART = re.compile("[A-Z]+(?![a-z])|[A-Z]?[a-z]+|[0-9]+")
# Between two words that some write as one: Don't, Run-D.M.C., AC/DC, P!nk. A point counts between initials.
_APOSTROPHES = "'\u2019\u2018\u02bc\u00b4`"
_HYPHENS = r"\-" "\u2010\u2011\u2012\u2013\u2212"
_JOINT = rf"(?:[{_APOSTROPHES}{_HYPHENS}/&*!$+]|(?<![^\W_][^\W_])\.(?![^\W_][^\W_]))"
_JOINED = re.compile(rf"(?<![^\W_])[^\W_]++(?:{_JOINT}[^\W_]++)+")
_JOINT_ALONE = re.compile(_JOINT)
_STYLED = str.maketrans("$!", "si")
# A name's ending, whose digits are no word: mp3, m4a.
_ENDING = re.compile(r"\.\w{1,5}$")
# What stands for itself between blanks, as in the name of !!!, and what only joins names.
_SIGNS_ALONE = re.compile(r"(?<!\S)[^\w\s]+(?=\s|$|\.\w{1,5}$)")
_CONNECTORS = frozenset('-\u2010\u2011\u2012\u2013\u2014\u2015\u2212&+|~/\\\u00b7\u2022,;:._()[]{}<>"*' + _APOSTROPHES)

# What is typed joined is short; and names made of numbers and letters by a machine have seams without end.
_LONGEST_JOIN = 16
_MOST_FORMS = 24


# What sample names are made of, where it ends a word whose beginning has two letters or more. Not here is what
# ends other words as often: tom (custom), ride (bride), rim (pilgrim), hit, lead, bell.
_SOUND_NAMES = (
    "kick|snare|hat|clap|cymbal|crash|shaker|conga|bongo|cowbell|clave|tambourine|perc|drum|bass|pad|pluck|stab|chord|"
    "arp|synth|guitar|piano|organ|string|brass|vocal|vox|voice|choir|riser|noise|scratch|loop|break|beat"
)
_SOUND_ENDINGS = re.compile(rf"(?<=[a-z][a-z])(?:(?:{_SOUND_NAMES})s?)+(?![a-z])")
_LAST_SOUND = re.compile(rf"(?:{_SOUND_NAMES})s?$")


def fold(text: str) -> str:
    """Lower case without diacritics.

    >>> fold("Motörhead – Água ŁÓDŹ Straße")
    'motorhead – agua lodz strasse'
    """
    if text.isascii():
        return text.lower()
    # Twice, because decomposing can bring out a capital ("𝝖" holds one).
    decomposed = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    bare = "".join(character for character in decomposed if not unicodedata.combining(character))
    return unicodedata.normalize("NFC", bare.translate(_PLAIN_LETTERS))


def words(text: str) -> list[str]:
    """Folded runs of letters and digits, with the vowel signs that some scripts write as marks.

    >>> words("Café_del-Mar (120bpm).wav")
    ['cafe', 'del', 'mar', '120bpm', 'wav']
    """
    return _runs(text)


def _runs(text: str, seam: str = "") -> list[str]:
    """``words``, with the private character ``seam`` as part of them."""
    if text.isascii():
        return _ASCII_WORD.findall(text.lower())
    kept = fold(text.translate(_TYPED)).translate(_SEAMED if seam else _SPACED)
    # A mark by itself is no word.
    return [run for run in kept.split() if any(map(str.isalnum, run))]


class _ByCategory(dict[int, int | None]):
    """What ``str.translate`` makes of each character, found out when it is first met."""

    def __init__(self, becomes: Callable[[str], str | None]) -> None:
        self._becomes = becomes

    def __missing__(self, code: int) -> int | None:
        becomes = self._becomes(chr(code))
        self[code] = None if becomes is None else ord(becomes)
        return self[code]


def _typed(character: str) -> str | None:
    """Joiners and selectors of glyphs are not typed."""
    is_silent = "\ufe00" <= character <= "\ufe0f" or unicodedata.category(character) == "Cf"
    return None if is_silent else character


def _spaced(character: str) -> str:
    return character if character.isalnum() or unicodedata.category(character)[0] == "M" else " "


_TYPED = _ByCategory(_typed)
_SPACED = _ByCategory(_spaced)
_SEAMED = _ByCategory(lambda character: character if character == _SEAM else _spaced(character))


def stored_words(text: str, *, is_path: bool = False) -> list[str]:
    """The words of a text as they are stored and compared: in order, and behind ``MARK`` its other forms, if any.

    >>> stored_words("Acoustic_Snare 01.wav")
    ['acoustic', 'snare', '01', 'wav']
    >>> [word.replace(MARK, "+") for word in stored_words("openHiHat don't")]
    ['openhihat', 'don', 't', '+', 'hihat', 'hat', 'dont']
    >>> stored_words("中国人 x")
    ['中国', '国人', '人', 'x']
    >>> [word.replace(MARK, "+") for word in stored_words("hihatloop custom somewhere")]
    ['hihatloop', 'custom', 'somewhere', '+', 'hatloop', 'loop']
    """
    if is_path:
        text = text.replace("/", " ")
    plain = words(text)
    found = plain if text.isascii() else [part for word in plain for part in _pairs(word, is_whole=True)]
    forms = dict.fromkeys(_forms(text, is_path))
    for word in plain:
        forms.pop(word, None)
    return [*found, MARK, *list(forms)[:_MOST_FORMS]] if forms else found


def main_words(stored: Sequence[str]) -> Sequence[str]:
    """The words of a text in order, without its other forms."""
    return stored[: stored.index(MARK)] if MARK in stored else stored


def _forms(text: str, is_path: bool) -> Iterator[str]:
    stem = _ENDING.sub("", text) if is_path else text
    yield from _middles(stem)
    for match in _SOUND_ENDINGS.finditer(stem.lower() if stem.isascii() else fold(stem)):
        yield match[0]
        if (last := _LAST_SOUND.search(match[0])) is not None:
            yield last[0]
    yield from _joins(stem)
    yield from signs(text)
    if " & " in text:
        yield "and"


def _middles(text: str) -> Iterator[str]:
    """What begins inside a word: at a capital after a small letter, at digits after letters, at letters after digits."""
    for parts in _ascii_parts(text) if text.isascii() else _parts(text):
        for start in range(1, len(parts)):
            # A single letter or digit says nothing.
            if len(middle := "".join(parts[start:])) > 1:
                yield middle


def _ascii_parts(text: str) -> Iterator[list[str]]:
    for run in _ASCII_RUN.findall(text):
        # Most runs are a word or a number, and are passed by without a look at their letters.
        if not (run.isdigit() or (run.isalpha() and (run[1:].islower() or run.isupper()))):
            yield [part.lower() for part in _ASCII_PART.findall(run)]


def _parts(text: str) -> Iterator[list[str]]:
    for run in _RUN.findall(unicodedata.normalize("NFKC", text)):
        if run.isascii():
            yield from _ascii_parts(run)
        elif not _SCRIPTS.search(run) and _SEAM in (seamed := _seamed(run)):
            yield from (each.strip(_SEAM).split(_SEAM) for each in _runs(seamed, _SEAM))


def _seamed(run: str) -> str:
    seamed, before = [], ""
    for character, after in itertools.pairwise((*run, "")):
        turns = character.isupper() and (before.islower() or (before.isupper() and after.islower()))
        turns = turns or (character.isdigit() and before.isalpha()) or (character.isalpha() and before.isdigit())
        seamed.append(_SEAM + character if turns else character)
        before = character
    return "".join(seamed)


def _joins(text: str) -> Iterator[str]:
    """Words that some write as one, from each of them on; and with the signs that stand for letters in names."""
    for match in _JOINED.finditer(text if text.isascii() else unicodedata.normalize("NFC", text)):
        chunk = match[0]
        parts = ["".join(words(part)) for part in _JOINT_ALONE.split(chunk)]
        if any(map(_SCRIPTS.search, parts)):
            continue
        for start in range(len(parts) - 1):
            joined = parts[start]
            for part in parts[start + 1 :]:
                joined += part
                if len(joined) >= _LONGEST_JOIN:
                    break
            yield joined
        if "$" in chunk or "!" in chunk:
            yield from words(chunk.translate(_STYLED))


def signs(text: str) -> list[str]:
    """What stands between blanks without a letter or digit, as it is stored, such as the name of !!!.

    What only joins names, such as a dash, is none, unless the text is nothing else.
    """
    if all(chunk[0].isalnum() for chunk in text.split()):
        return []
    found = _SIGNS_ALONE.findall(text)
    telling = [each for each in found if not _CONNECTORS.issuperset(each)]
    if not telling and not words(text):
        telling = found
    stored = ("".join(fold(each).split()).translate(_SIGNS) for each in telling if _is_printed(each))
    return [each for each in stored if each]


def _is_printed(text: str) -> bool:
    return all(unicodedata.category(character)[0] in "PS" for character in text)


def _pairs(word: str, *, is_whole: bool) -> list[str]:
    """A word of a script without blanks as pairs; the last character alone where the word ends here (``is_whole``)."""
    found = []
    for part in _SCRIPTS.split(word):
        if not _SCRIPTS.match(part):
            found += [part] if part else []
            continue
        found += [part[at : at + 2] for at in range(len(part) - 1)]
        found += [part[-1]] if is_whole or len(part) == 1 else []
    return found


@dataclass(frozen=True, slots=True)
class TypedWords:
    """Consecutive stored words that a typed text asks for; the last may be the beginning of one (``is_prefix``)."""

    words: tuple[str, ...]
    is_prefix: bool


def typed_words(text: str, *, is_prefix: bool) -> list[TypedWords]:
    """What a typed word or quoted text may stand as in ``stored_words``: any of them; none where there is no word.

    >>> [each.words for each in typed_words("run-dmc", is_prefix=True)]
    [('run', 'dmc'), ('rundmc',)]
    >>> [each.words for each in typed_words("人民解", is_prefix=True)]
    [('人民', '民解')]
    """
    plain = words(text)
    if not plain:
        alone = signs(text)
        return [TypedWords(tuple(alone), False)] if alone else []
    *firsts, last = plain
    *before, end = [part for part in _SCRIPTS.split(last) if part]
    stored = [part for word in (*firsts, *before) for part in _pairs(word, is_whole=True)]
    asked = (*stored, *_pairs(end, is_whole=False))
    is_single = len(end) == 1 and _SCRIPTS.match(end) is not None
    found = [TypedWords(asked, is_prefix or is_single)]
    chunks = [match[0] for match in _JOINED.finditer(text)]
    if len(chunks) == 1 and len(plain) > 1 and words(chunks[0]) == plain:
        found += [TypedWords((joined,), is_prefix) for joined in itertools.islice(_joins(chunks[0]), 1)]
    return found
