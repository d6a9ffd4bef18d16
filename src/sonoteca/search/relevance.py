"""How well the texts of a sound match the words of a query.

BM25F (Robertson and Zaragoza, "The Probabilistic Relevance Framework: BM25 and Beyond", 2009): a word in a title
says more than one in a folder's name, a rare word more than a common one, a short text more than a long one,
and saying it again says less each time. Computed here, of few sounds, so that every database ranks alike.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from sonoteca.catalogue.heard.fulltext import TextField
from sonoteca.search.query.tree import Words

# What a word weighs, by where it stands.
FIELD_WEIGHTS: Mapping[TextField, float] = {"title": 10.0, "tags": 8.0, "artist": 5.0, "album": 3.0, "path": 2.0}
# How many words such a text has as a rule: a longer one says each of them less.
_USUAL_LENGTH: Mapping[TextField, float] = {"title": 4.0, "tags": 3.0, "artist": 2.0, "album": 4.0, "path": 8.0}
_SATURATION = 1.2
_LENGTH_COUNTS = 0.75
# A word of which only the beginning was typed may be another one.
_BEGINNING = 0.7


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
                    length = len(text) / _USUAL_LENGTH[field]
                    said += FIELD_WEIGHTS[field] * count / (1.0 + _LENGTH_COUNTS * (length - 1.0))
        total += weight * said / (_SATURATION + said)
    return total


def occurrences(text: Sequence[str], leaf: Words) -> float:
    """How often the words stand in a text one after the other; one that only begins so counts less.

    >>> occurrences(["kick", "kicks"], Words(("kick",), is_prefix=True))
    1.7
    """
    *firsts, last = leaf.words
    count = 0.0
    for end, word in enumerate(text):
        if not word.startswith(last) or (firsts and list(text[max(0, end - len(firsts)) : end]) != firsts):
            continue
        if word == last:
            count += 1.0
        elif leaf.is_prefix:
            count += _BEGINNING
    return count
