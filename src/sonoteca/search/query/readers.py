"""Reading the value of a field: text to node.

A reader takes the text of one value; it raises ``Unreadable`` with a sentence.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from sonoteca.catalogue.heard.fulltext import TextField
from sonoteca.catalogue.heard.word_splitting import fold, typed_words
from sonoteca.domain.music import Key, felt_beats, parse_pitch_class
from sonoteca.domain.vocabulary import known_word, nearest_word
from sonoteca.search.query.dates import date_range
from sonoteca.search.query.tree import (
    EVERYTHING,
    And,
    Between,
    ExternalIs,
    ExternalLike,
    HasTag,
    IdIs,
    Is,
    KeyIs,
    Known,
    Node,
    Not,
    Or,
    Tagged,
    Words,
)


class Unreadable(ValueError):
    """The value of a field cannot be read; ``offset`` is the offending character within the value."""

    def __init__(self, message: str, offset: int = 0) -> None:
        super().__init__(message)
        self.offset = offset


@dataclass(frozen=True, slots=True)
class Value:
    """The text after ``name:``; ``quoted`` values are taken literally."""

    text: str
    quoted: bool
    now: datetime


Reader = Callable[[Value], Node]


_NUMBER = r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)"
_PLAIN = r"\d+(?:\.\d+)?"
_COMPARISON = re.compile(r"(>=|<=|>|<|=)?(.*)", re.DOTALL)


def label_reader(column: str, allowed: type[StrEnum] | Sequence[str] | None) -> Reader:
    """A word of ``allowed`` (None: any word), written with - or _, or as people call it else."""
    known = None if allowed is None else [str(each) for each in allowed]

    def read(value: Value) -> Node:
        if (presence := _presence(value, Known(column))) is not None:
            return presence
        if known is None:
            return Is(column, value.text.lower().replace("-", "_"))
        word = known_word(value.text, known)
        if word is None:
            near = nearest_word(value.text, known)
            meant = "" if near is None else f": did you mean {near.replace('_', '-')}?"
            raise Unreadable(f"{value.text!r} is none of {', '.join(known)}{meant}")
        return Is(column, word)

    return read


def _presence(value: Value, known: Node) -> Node | None:
    """``any`` and ``none``, which every field understands."""
    if value.quoted:
        return None
    word = value.text.lower()
    return known if word == "any" else Not(known) if word == "none" else None


@dataclass(frozen=True, slots=True)
class _Range:
    low: float | None
    high: float | None
    low_open: bool
    high_open: bool
    is_exact: bool

    @property
    def is_closed(self) -> bool:
        return self.low is not None and self.high is not None


def unit_of(text: str) -> str:
    """The unit at the end of a number.

    >>> unit_of("2m"), unit_of("1:30"), unit_of("250ms"), unit_of("C4")
    ('m', '', 'ms', '')
    """
    match = re.fullmatch(rf"{_NUMBER}\s*([A-Za-z]*)", text)
    return match[1] if match is not None else ""


def _read_range(text: str, read_number: Callable[[str], tuple[float, float]]) -> _Range:
    """``120``, ``120..128``, ``120..``, ``>120``, ``=120..128``; ``read_number`` gives value and half a unit."""
    match = _COMPARISON.fullmatch(text)
    assert match is not None  # the pattern takes any text
    operator, rest = match[1], match[2]
    offset = len(operator or "")
    if ".." in rest:
        if operator not in (None, "="):
            raise Unreadable(f"a range takes no {operator}", 0)
        low_text, _, high_text = rest.partition("..")
        if high_text and re.fullmatch(_NUMBER, low_text):
            # 1..2m are minutes both.
            low_text += unit_of(high_text)
        low = _number_at(low_text, read_number, offset)[0] if low_text else None
        high = _number_at(high_text, read_number, offset + len(low_text) + 2)[0] if high_text else None
        if low is None and high is None:
            raise Unreadable("a range needs at least one end: 120..128, 120.. or ..128", offset)
        if low is not None and high is not None and low > high:
            raise Unreadable(f"the range {rest} runs backwards", offset)
        return _Range(low, high, False, False, operator == "=")
    if (dashed := re.fullmatch(rf"({_PLAIN}\S*?)\s*[-\u2010-\u2015]\s*({_PLAIN}\S*)", rest)) is not None:
        raise Unreadable(f"{rest!r} is not a number: write {dashed[1]}..{dashed[2]} for a range", offset)
    number, half_unit = _number_at(rest, read_number, offset)
    match operator:
        case ">":
            return _Range(number, None, True, False, False)
        case ">=":
            return _Range(number, None, False, False, False)
        case "<":
            return _Range(None, number, False, True, False)
        case "<=":
            return _Range(None, number, False, False, False)
        case _:
            # 120 means what is printed as 120: 119.5 up to but not including 120.5.
            return _Range(number - half_unit, number + half_unit, False, True, operator == "=")


def _number_at(text: str, read_number: Callable[[str], tuple[float, float]], offset: int) -> tuple[float, float]:
    try:
        return read_number(text)
    except Unreadable as error:
        raise Unreadable(str(error), offset + error.offset) from error


def _plain_number(text: str) -> tuple[float, float]:
    if not re.fullmatch(_NUMBER, text):
        raise Unreadable(f"{text!r} is not a number" if text else "a number is missing")
    decimals = len(text.partition(".")[2])
    return float(text), 0.5 * 10.0**-decimals


_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "min": 60.0, "h": 3600.0}


def read_seconds(text: str) -> tuple[float, float]:
    """``90``, ``1:30``, ``90s``, ``1.5m``, ``250ms``."""
    if match := re.fullmatch(r"(?:(\d+):)?(\d+):(\d\d(?:\.\d+)?)", text):
        return int(match[1] or 0) * 3600 + int(match[2]) * 60 + float(match[3]), 0.5
    match = re.fullmatch(rf"({_NUMBER})(ms|min|s|m|h)?", text)
    if match is None:
        raise Unreadable(f"{text!r} is not a duration: write 90, 1:30, 250ms or 2m")
    number, half_unit = _plain_number(match[1])
    unit = _SECONDS[match[2] or "s"]
    return number * unit, half_unit * unit


def read_pitch(text: str) -> tuple[float, float]:
    """A MIDI number or a note name with octave (A4 is 69)."""
    if match := re.fullmatch(r"([A-Ga-g][#b♯♭]*)(-?\d)", text):
        return 12.0 * (int(match[2]) + 1) + parse_pitch_class(match[1]), 0.5
    return _plain_number(text)


def number_reader(column: str, read_number: Callable[[str], tuple[float, float]] = _plain_number) -> Reader:
    """A number, a comparison or a range; ``read_number`` gives the number and half of its last digit."""

    def read(value: Value) -> Node:
        if (presence := _presence(value, Known(column))) is not None:
            return presence
        found = _read_range(value.text, read_number)
        return Between(column, found.low, found.high, found.low_open, found.high_open)

    return read


def _tempo_number(text: str) -> tuple[float, float]:
    """A number with its unit or without."""
    return _plain_number(re.sub(r"\s*bpm$", "", text, flags=re.IGNORECASE))


def read_tempo(value: Value) -> Node:
    """Half and double tempo match too, unless the value begins with ``=`` or has one end only."""
    if (presence := _presence(value, Known("tempo_bpm"))) is not None:
        return presence
    found = _read_range(value.text, _tempo_number)
    levels = (1.0,) if found.is_exact or not found.is_closed else (1.0, 0.5, 2.0)
    parts = tuple(
        Between(
            "tempo_bpm",
            None if found.low is None else found.low * level,
            None if found.high is None else found.high * level,
            found.low_open,
            found.high_open,
        )
        for level in levels
    )
    return parts[0] if len(parts) == 1 else Or(parts)


def read_key(value: Value) -> Node:
    """Camelot, Open Key or a name; ``~`` takes what a DJ mixes into; ``major`` and ``minor`` alone."""
    if (presence := _presence(value, Known("key_number"))) is not None:
        return presence
    text = value.text.replace("_", " ")
    if text.lower() in ("major", "minor"):
        return KeyIs(((None, text.lower()),))
    is_compatible = text.endswith("~")
    try:
        key = Key.parse(text.removesuffix("~"))
    except ValueError as error:
        raise Unreadable(
            f'{value.text!r} is not a key: write 8A, 1m, Am or "A minor", with ~ for compatible'
        ) from error
    keys = key.compatible() if is_compatible else (key,)
    return KeyIs(tuple((each.tonic, each.mode) for each in keys))


def read_meter(value: Value) -> Node:
    """``4/4``, ``6/8``, or felt beats per bar alone."""
    if (presence := _presence(value, Known("beats_per_bar"))) is not None:
        return presence
    match = re.fullmatch(r"(\d{1,2})(?:/(\d{1,2}))?", value.text)
    if match is None:
        raise Unreadable(f"{value.text!r} is not a meter: write 4/4 or 3")
    written = int(match[1])
    if match[2] is None:
        return Between("beats_per_bar", float(written), float(written))
    unit = int(match[2])
    # 6/8 is heard as two beats; a file that claims it may count six.
    beats = [
        Between("beats_per_bar", float(each), float(each)) for each in sorted({written, felt_beats(written, unit)})
    ]
    return And((beats[0] if len(beats) == 1 else Or(tuple(beats)), Between("beat_unit", float(unit), float(unit))))


def read_added(value: Value) -> Node:
    """A date, an age or a range of them."""
    if (presence := _presence(value, Known("added_at"))) is not None:
        return presence
    try:
        low, high = date_range(value.text, value.now)
    except ValueError as error:
        raise Unreadable(str(error)) from error
    return Between("added_at", low, high, high_open=True)


def read_tag(value: Value) -> Node:
    """A whole tag, or with ``*`` its beginning."""
    if (presence := _presence(value, HasTag())) is not None:
        return presence
    is_prefix = not value.quoted and value.text.endswith("*")
    tag = " ".join(fold(value.text.removesuffix("*") if is_prefix else value.text).split())
    if not tag:
        raise Unreadable("a tag is missing")
    return Tagged(tag, is_prefix)


# Stands between an artist and a title, as people write and paste them.
DASH = re.compile(r"\s+[-\u2010-\u2015\u2212]\s+")


def text_node(text: str, *, quoted: bool, field: TextField | None = None) -> Node:
    """Free text: unquoted words match beginnings, quoted ones whole words in that order.

    Quoted, "Artist - Title" may also stand as artist and title. What several spellings have is any of them.
    """
    fields = () if field is None else (field,)
    typed = text.replace("/", " ") if field == "path" else text
    found: list[Node] = [Words(each.words, each.is_prefix, fields) for each in typed_words(typed, is_prefix=not quoted)]
    if not found:
        raise Unreadable(f"there is no word in {text!r}" if text else "a word is missing")
    if quoted and field is None and len(parts := DASH.split(text, 1)) == 2:
        sides: tuple[tuple[TextField, str], ...] = (("artist", parts[0]), ("title", parts[1]))
        if all(typed_words(side, is_prefix=False) for _, side in sides):
            found.append(And(tuple(text_node(side, quoted=True, field=name) for name, side in sides)))
    return found[0] if len(found) == 1 else Or(tuple(found))


def text_reader(field: TextField) -> Reader:
    """Words of one text field."""

    def read(value: Value) -> Node:
        known = HasTag() if field == "tags" else Known(f"{field}_key")
        if (presence := _presence(value, known)) is not None:
            return presence
        return text_node(value.text, quoted=value.quoted, field=field)

    return read


def read_state(value: Value) -> Node:
    """What is the case with a sound, so far only whether its files are missing."""
    if value.text.lower() != "missing":
        raise Unreadable(f"{value.text!r} is none of missing")
    return Is("is_missing", True)


def read_id(value: Value) -> Node:
    """The beginning of a public id, which every sound has."""
    if (presence := _presence(value, EVERYTHING)) is not None:
        return presence
    prefix = value.text.lower()
    if not re.fullmatch(r"[a-z2-7]{1,16}", prefix):
        raise Unreadable(f"{value.text!r} is not an id")
    return IdIs(prefix)


def read_external(value: Value) -> Node:
    """Another program's id, as it is written there; ``*`` in one that is not quoted stands for anything."""
    if (presence := _presence(value, Known("external_id"))) is not None:
        return presence
    if not value.text:
        raise Unreadable("an id is missing")
    if "*" in value.text and not value.quoted:
        return ExternalLike(tuple(value.text.split("*")))
    return ExternalIs(value.text)
