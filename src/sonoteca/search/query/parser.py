"""Query text to tree.

Grammar::

    query   = any
    any     = all ("OR" all)*
    all     = term+
    term    = ("-" | "NOT") term | "(" any ")" | field | phrase | word
    field   = name ":" value ("," value)*          several values: any of them
    value   = text without blanks | phrase
    phrase  = '"' anything but '"' '"'

A dash or another sign that stands alone between terms, as in ``Artist - Title``, asks for nothing.

``sort:name`` and ``sort:-name`` stand beside the terms of the outermost level.
"""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass, field
from datetime import datetime

from sonoteca.catalogue.store.names import is_storable
from sonoteca.errors import QuerySyntaxError
from sonoteca.search.query.fields import FIELDS_BY_NAME
from sonoteca.search.query.readers import Unreadable, Value, text_node
from sonoteca.search.query.tree import And, Node, Not, Or, Query, SortKey

_NAME = re.compile(r"([A-Za-z_]+):")
# What stands alone between names as people write them, such as the dash of "Artist - Title", asks for nothing.
_JOINER = re.compile(r"[-\u2010-\u2015\u2212&+|~/\\\u00b7\u2022]+(?=[\s)]|$)")
_DASHES = re.compile(r"[-\u2010-\u2015\u2212]+")
_DEEPEST = 50
# Databases take expressions of a thousand parts.
_MOST_VALUES = 800


def parse_query(text: str, *, now: datetime | None = None) -> Query:
    """Read a query.

    Parameters
    ----------
    text : str
        Empty or blank means everything.
    now : datetime, optional
        Aware; what relative dates count from, and whose time zone dates are in. The present by default.

    Raises
    ------
    QuerySyntaxError
        ``position`` is the offending character; the message shows it.
    """
    parser = _Parser(text, now if now is not None else datetime.now().astimezone())
    tree = parser.parse()
    return Query(tree, tuple(parser.sort))


@dataclass(slots=True)
class _Parser:
    text: str
    now: datetime
    position: int = 0
    depth: int = 0
    n_values: int = 0
    sort: list[SortKey] = field(default_factory=list)

    def parse(self) -> Node:
        for position, character in enumerate(self.text):
            if not is_storable(character):
                raise self._error("no text holds this character", position)
        node = self._any(outermost=True)
        if self.position < len(self.text):
            raise self._error("this ) closes nothing", self.position)
        return node

    def _any(self, *, outermost: bool) -> Node:
        self._skip_blanks()
        parts: list[Node] = []
        starts_at = self.position
        while True:
            all_of = self._all(outermost=outermost)
            if all_of is None:
                if parts:
                    raise self._error("something must stand after OR", self.position)
                if self._at_word("OR"):
                    raise self._error("something must stand before OR", self.position)
                if not outermost:
                    raise self._error("these parentheses hold nothing", max(0, starts_at - 1))
                return And(())
            parts.append(all_of)
            if not self._at_word("OR"):
                break
            self.position += 2
            self._skip_blanks()
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _all(self, *, outermost: bool) -> Node | None:
        """Terms up to OR, ``)`` or the end; None if there is none (a ``sort`` counts as one)."""
        parts: list[Node] = []
        is_empty = True
        joiner_at = None
        while self.position < len(self.text) and self.text[self.position] != ")" and not self._at_word("OR"):
            is_empty = False
            if joiner := _JOINER.match(self.text, self.position):
                joiner_at = self.position if joiner_at is None else joiner_at
                self.position = joiner.end()
            elif (term := self._term(may_sort=outermost)) is not None:
                parts.append(term)
            self._skip_blanks()
        if is_empty:
            return None
        if not parts and joiner_at is not None:
            parts.append(self._joiner_alone(joiner_at))
        return parts[0] if len(parts) == 1 else And(tuple(parts))

    def _joiner_alone(self, starts_at: int) -> Node:
        """A sign with nothing beside it may be a name; a dash is more likely left over."""
        joiner = _JOINER.match(self.text, starts_at)
        assert joiner is not None  # found there before
        if _DASHES.fullmatch(joiner[0]):
            raise self._error(f"nothing stands beside this {joiner[0]}", starts_at)
        return self._free_text(joiner[0], starts_at, quoted=False)

    def _term(self, *, may_sort: bool) -> Node | None:
        starts_at = self.position
        self.depth += 1
        if self.depth > _DEEPEST:
            raise self._error(f"a query nests at most {_DEEPEST} deep", starts_at)
        try:
            return self._undepthed_term(starts_at, may_sort)
        finally:
            self.depth -= 1

    def _undepthed_term(self, starts_at: int, may_sort: bool) -> Node | None:
        if self.text[self.position] == "-" or self._at_word("NOT"):
            self.position += 1 if self.text[self.position] == "-" else 3
            if self.text[starts_at] != "-":
                self._skip_blanks()
            if (
                self.position == len(self.text)
                or self.text[self.position] in " \t\n)"
                or _JOINER.match(self.text, self.position)
            ):
                raise self._error(
                    f"nothing stands after this {self.text[starts_at : self.position].strip()}", starts_at
                )
            part = self._term(may_sort=False)
            assert part is not None  # only sort gives None, and it may not stand here
            return Not(part)
        if self.text[self.position] == "(":
            self.position += 1
            node = self._any(outermost=False)
            if self.position == len(self.text):
                raise self._error("this ( is never closed", starts_at)
            self.position += 1
            return node
        if self.text[self.position] == '"':
            return self._free_text(self._phrase(), starts_at, quoted=True)
        match = _NAME.match(self.text, self.position)
        is_title = match is not None and match[1].lower() not in (*FIELDS_BY_NAME, "sort")
        # "Mission: Impossible" is no field, although "bmp:120" would be one if it were spelt so.
        if match is None or (is_title and self.text[match.end() : match.end() + 1].isspace()):
            return self._free_text(self._bare(), starts_at, quoted=False)
        self.position = match.end()
        name = match[1].lower()
        if name == "sort":
            if not may_sort:
                raise self._error("sort stands for itself: not in parentheses and without a minus before it", starts_at)
            self._sort_key()
            return None
        return self._field(name, starts_at)

    def _field(self, name: str, starts_at: int) -> Node:
        known = FIELDS_BY_NAME.get(name)
        if known is None:
            near = difflib.get_close_matches(name, [*FIELDS_BY_NAME, "sort"], n=1)
            hint = f"did you mean {near[0]}:" if near else f'write "{name}:..." in quotes to search for it as words'
            raise self._error(f"there is no field {name!r}: {hint}", starts_at)
        parts: list[Node] = []
        while True:
            value_at = self.position
            self._count(value_at)
            quoted = self.text.startswith('"', value_at)
            text = self._phrase() if quoted else self._bare(stop_at_comma=True)
            if not text:
                raise self._error(f"a value is missing after {name}:, as in {known.example}", value_at)
            try:
                parts.append(known.read(Value(text, quoted, self.now)))
            except Unreadable as error:
                raise self._error(str(error), value_at + error.offset + quoted) from error
            if not self.text.startswith(",", self.position):
                break
            self.position += 1
        return parts[0] if len(parts) == 1 else Or(tuple(parts))

    def _sort_key(self) -> None:
        value_at = self.position
        text = self._bare()
        name = text.removeprefix("-").lower()
        known = FIELDS_BY_NAME.get(name)
        if known is None or known.sort_column is None:
            sortable = ", ".join(dict.fromkeys(each.name for each in FIELDS_BY_NAME.values() if each.sort_column))
            raise self._error(f"a list cannot be sorted by {name!r}, but by {sortable}", value_at)
        self.sort.append(SortKey(known.sort_column, text.startswith("-")))

    def _free_text(self, text: str, starts_at: int, *, quoted: bool) -> Node:
        self._count(starts_at)
        try:
            return text_node(text, quoted=quoted)
        except Unreadable as error:
            raise self._error(str(error), starts_at) from error

    def _count(self, position: int) -> None:
        self.n_values += 1
        if self.n_values > _MOST_VALUES:
            raise self._error(f"a query asks for at most {_MOST_VALUES} words and values", position)

    def _phrase(self) -> str:
        end = self.text.find('"', self.position + 1)
        if end < 0:
            raise self._error("this quote is never closed", self.position)
        phrase = self.text[self.position + 1 : end]
        self.position = end + 1
        return phrase

    def _bare(self, *, stop_at_comma: bool = False) -> str:
        ends = ' \t\r\n()"' + ("," if stop_at_comma else "")
        start = self.position
        while self.position < len(self.text) and self.text[self.position] not in ends:
            self.position += 1
        return self.text[start : self.position]

    def _at_word(self, word: str) -> bool:
        end = self.position + len(word)
        if self.text[self.position : end] != word:
            return False
        return end == len(self.text) or self.text[end] in ' \t\r\n()"'

    def _skip_blanks(self) -> None:
        while self.position < len(self.text) and self.text[self.position].isspace():
            self.position += 1

    def _error(self, message: str, position: int) -> QuerySyntaxError:
        sentence = f"{message[0].upper()}{message[1:]} (at character {position + 1})."
        return QuerySyntaxError(sentence, query=self.text, position=position)
