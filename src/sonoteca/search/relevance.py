"""How well the texts of a sound match the words of a query.

BM25F (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009): a word in a title
says more than one in a folder's name, a rare word more than a common one, a short text more than a long one,
and saying it again says less each time. Computed here, of few sounds, so that every database ranks alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sonoteca.catalogue.heard.fulltext import TextField
from sonoteca.catalogue.heard.word_splitting import MARK, main_words
from sonoteca.search.query.tree import Words

# What a word weighs, by where it stands.
FIELD_WEIGHTS: Mapping[TextField, float] = {"title": 10.0, "tags": 8.0, "artist": 5.0, "album": 3.0, "path": 2.0}
# How many words such a text has as a rule: a longer one says each of them less.
_USUAL_LENGTH: Mapping[TextField, float] = {"title": 4.0, "tags": 3.0, "artist": 2.0, "album": 4.0, "path": 8.0}
_SATURATION = 1.2
_LENGTH_COUNTS = 0.75
# A word of which only the beginning was typed may be another one.
_BEGINNING = 0.7
# And one that stands inside a longer word is about it less than a word by itself.
_MIDDLE = 0.4


def rarity(n_sounds: int, n_having: int) -> float:
    """What words weigh that ``n_having`` of ``n_sounds`` sounds have: the inverse document frequency, above 0.

    >>> rarity(1000, 1) > rarity(1000, 100) > rarity(1000, 1000) > 0
    True
    """
    return math.log1p((max(n_sounds, n_having) - n_having + 0.5) / (n_having + 0.5))


def relevance(leaves: Mapping[Words, float], texts: Mapping[TextField, Sequence[Sequence[str]]]) -> float:
    """Relevance of a sound, 0 and up: 0 where it has none of the words.

    Parameters
    ----------
    leaves : mapping of words to rarity
    texts : mapping of field to texts
        Each text as its folded words.
    """
    total = 0.0
    for leaf, weight in leaves.items():
        said = 0.0
        for field, held in texts.items():
            if not held or (leaf.fields and field not in leaf.fields):
                continue
            for text in held:
                if count := occurrences(text, leaf):
                    length = max(1, len(main_words(text))) / _USUAL_LENGTH[field]
                    said += FIELD_WEIGHTS[field] * count / (1.0 + _LENGTH_COUNTS * (length - 1.0))
        total += weight * said / (_SATURATION + said)
    return total


def occurrences(text: Sequence[str], leaf: Words) -> float:
    """How often the words stand in a text (its stored words) one after the other.

    One that only begins so counts less, one that stands inside a longer word less still.

    >>> occurrences(["kick", "kicks"], Words(("kick",), is_prefix=True))
    1.7
    >>> occurrences(["acousticsnare", MARK, "snare"], Words(("snare",), is_prefix=True))
    0.4
    """
    *firsts, last = leaf.words
    count = 0.0
    forms_from = len(text)
    for end, word in enumerate(text):
        if word == MARK:
            forms_from = end
        if not word.startswith(last) or (firsts and list(text[max(0, end - len(firsts)) : end]) != firsts):
            continue
        if word != last and not leaf.is_prefix:
            continue
        says = 1.0 if word == last else _BEGINNING
        if end > forms_from and any(each != word and each.endswith(word) for each in text[:forms_from]):
            says *= _MIDDLE
        count += says
    return count


def is_called(name: tuple[str, ...], texts: Mapping[TextField, Sequence[Sequence[str]]]) -> bool:
    """Whether these words are the whole title, artist and title, or the end of a file's name.

    >>> is_called(("boards", "roygbiv"), {"artist": [["boards"]], "title": [["roygbiv", MARK, "biv"]]})
    True
    """
    if not name:
        return False
    titles = [tuple(main_words(text)) for text in texts.get("title", ())]
    artists = [tuple(main_words(text)) for text in texts.get("artist", ())]
    if name in titles or any((*artist, *title) == name for artist in artists for title in titles):
        return True
    # With the ending or without.
    paths = [tuple(main_words(text)) for text in texts.get("path", ())]
    return any(name in (path[-len(name) :], path[-len(name) - 1 : -1]) for path in paths)
