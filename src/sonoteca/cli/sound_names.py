"""What a sound is called on the screen, and the short forms of its kind, tempo and key."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

from sonoteca.cli.text_width import NO_BREAK
from sonoteca.domain.music import Key
from sonoteca.domain.names import path_end, sound_name
from sonoteca.domain.tempo_words import tempo_number

if TYPE_CHECKING:
    from sonoteca.domain.certainty import Certainty

_KINDS = {"one_shot": "one-shot", "field_recording": "field"}


class Named(Protocol):
    """A row that says of which sound it is, as lists and answers do."""

    @property
    def id(self) -> str: ...
    @property
    def title(self) -> str | None: ...
    @property
    def artist(self) -> str | None: ...
    @property
    def path(self) -> str | None: ...
    @property
    def shop_title(self) -> str | None: ...


def names_of(rows: Sequence[Named]) -> list[str]:
    """What each sound is called beside the others: folders are named only where two would be called the same.

    Rows of one sound, its regions for example, have one name.
    """
    sounds = {row.id: row for row in rows}
    names = {id_: sound_name(id_, row.title, row.artist, row.path, row.shop_title) for id_, row in sounds.items()}
    deepest = max((row.path.count("/") for row in rows if row.path), default=0)
    # At first the name of a file stands for a title that two have, then its folders come in.
    for folders in range(deepest + 1):
        for id_ in _alike(names):
            if path := sounds[id_].path:
                names[id_] = path_end(path, folders)
    return [names[row.id] for row in rows]


def _alike(names: dict[str, str]) -> list[str]:
    counts = Counter(names.values())
    return [id_ for id_, name in names.items() if counts[name] > 1]


def marked(text: str | None, certainty: Certainty | None) -> str | None:
    """A value with a question mark where it is only likely."""
    return text if text is None or certainty is None else text + certainty.mark


def kind_text(kind: str | None) -> str | None:
    """A kind as a column shows it.

    >>> kind_text("one_shot"), kind_text("loop")
    ('one-shot', 'loop')
    """
    return None if kind is None else _KINDS.get(kind, kind)


def kind_words(kind: str) -> str:
    """A kind, or another word of ours, as a sentence says it.

    >>> kind_words("one_shot"), kind_words("field_recording"), kind_words("loop")
    ('one-shot', 'field recording', 'loop')
    """
    return "one-shot" if kind == "one_shot" else kind.replace("_", " ")


def tempo_text(bpm: float | None) -> str | None:
    """Beats per minute as a column shows them, if they are known."""
    return None if bpm is None else tempo_number(bpm)


def key_text(key: Key | None) -> str | None:
    """A key in the short form and on Camelot's wheel, with a space between that ends no line.

    >>> [key_text(Key.parse(name)).split() for name in ("F# minor", "C major")]
    [['F#m', '11A'], ['C', '8B']]
    """
    return None if key is None else f"{key.name.split()[0]}{'m' if key.mode == 'minor' else ''}{NO_BREAK}{key.camelot}"


def price_text(price: float | None, currency: str | None) -> str | None:
    """What a shop asks, and in which currency if that is known.

    >>> price_text(2.5, "EUR"), price_text(12.0, None), price_text(None, "EUR")
    ('2.50\\xa0EUR', '12.00', None)
    """
    return None if price is None else f"{price:.2f}{NO_BREAK}{currency}" if currency else f"{price:.2f}"
