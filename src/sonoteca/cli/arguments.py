"""Words that begin with a minus but are no options: negated query terms and tags to take away.

``sonoteca list kind:loop -tag:vocal`` and ``sonoteca edit QUERY --tag +dusty -vocal`` read
naturally, yet every option parser takes ``-tag:vocal`` for a bundle of options. The words are
therefore shielded before parsing and restored where a query is read.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

# A true minus sign: nobody types it, and the query language does not know it.
_SHIELD = "\u2212"
# ``-word`` of two letters or more is a term too: no command bundles its one-letter options.
_NEGATED_TERM = re.compile(r'-(?:[^\W\d_]{2,}$|[A-Za-z_]+:|"|\()')
_TAG_OPTION = "--tag"
# Short options of commands that take tags; any other "-x" after --tag is a tag.
_SHORT_OPTIONS = frozenset({"-L", "-h", "-n", "-y"})


def shield(words: Sequence[str]) -> list[str]:
    """Command line words with negated terms and tags made safe for the parser.

    >>> shield(["list", "-tag:vocal", "-n", "5", "-n5"]) == ["list", chr(0x2212) + "tag:vocal", "-n", "5", "-n5"]
    True
    >>> shield(["list", "-vocal"]) == ["list", chr(0x2212) + "vocal"]
    True
    >>> shield(["edit", "bpm:>90", "--tag", "+a", "-b", "--json"])
    ['edit', 'bpm:>90', '--tag=+a', '--tag=-b', '--json']
    """
    shielded: list[str] = []
    in_tags = False
    words = _spelled_as_today(words)
    for at, word in enumerate(words):
        if word == "--":
            return [*shielded, *words[at:]]
        if word == _TAG_OPTION:
            in_tags = True
        elif (in_tags and word[:1] in ("+", "-") and not word.startswith("--") and word not in _SHORT_OPTIONS) or (
            in_tags and words[at - 1] == _TAG_OPTION
        ):
            shielded.append(f"{_TAG_OPTION}={word}")
        else:
            in_tags = False
            shielded.append(_SHIELD + word[1:] if _NEGATED_TERM.match(word) else word)
    return shielded


def _spelled_as_today(words: Sequence[str]) -> list[str]:
    """``list --count``, which once asked for the number alone, as ``list --total``; with a number it is how many rows.

    >>> _spelled_as_today(["list", "--count", "kind:loop"]), _spelled_as_today(["list", "--count", "5"])
    (['list', '--total', 'kind:loop'], ['list', '--count', '5'])
    """
    return [
        "--total"
        if word == "--count" and "list" in words[:at] and not "".join(words[at + 1 : at + 2]).isdecimal()
        else word
        for at, word in enumerate(words)
    ]


def query_text(words: Sequence[str]) -> str:
    """The query that the words of an argument spell.

    >>> query_text(["kind:loop", chr(0x2212) + "tag:vocal"])
    'kind:loop -tag:vocal'
    """
    return " ".join("-" + word[1:] if word.startswith(_SHIELD) else word for word in words)


def filter_text(only: str | None) -> str | None:
    """The query of a --filter; None without one."""
    return query_text([only]) if only else None
