"""What a query means, apart from how it is written or answered.

Every leaf is either true or false of a sound: an unknown value satisfies no comparison, so
``not`` of a comparison holds for it. With that ``not not q`` is ``q`` and ``q or not q`` is all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias

from sonoteca.catalogue.heard.fulltext import TextField


@dataclass(frozen=True, slots=True)
class Words:
    """Consecutive words (folded) in one text of ``fields``, empty: of any. ``is_prefix`` is about the last word."""

    words: tuple[str, ...]
    is_prefix: bool
    fields: tuple[TextField, ...] = ()


@dataclass(frozen=True, slots=True)
class Is:
    """A column of labels, or of yes and no, equals ``value``."""

    column: str
    value: str | bool


@dataclass(frozen=True, slots=True)
class Between:
    """A number or moment lies in a range; None is no bound; open bounds are not part of it."""

    column: str
    low: float | str | None = None
    high: float | str | None = None
    low_open: bool = False
    high_open: bool = False


@dataclass(frozen=True, slots=True)
class KeyIs:
    """The key is one of these: (tonic 0..11 or None for any, mode or None for any)."""

    keys: tuple[tuple[int | None, str | None], ...]


@dataclass(frozen=True, slots=True)
class Tagged:
    """Some tag that holds is ``tag``, or begins with it."""

    tag: str
    is_prefix: bool = False


@dataclass(frozen=True, slots=True)
class Known:
    """Something is known in ``column``."""

    column: str


@dataclass(frozen=True, slots=True)
class HasTag:
    """Any tag holds."""


@dataclass(frozen=True, slots=True)
class IdIs:
    """The public id begins with ``prefix``."""

    prefix: str


@dataclass(frozen=True, slots=True)
class ExternalIs:
    """A shop's or another program's id."""

    external_id: str


@dataclass(frozen=True, slots=True)
class ExternalLike:
    """An id that consists of these ``parts``, with anything or nothing between each two."""

    parts: tuple[str, ...]


Leaf: TypeAlias = Words | Is | Between | KeyIs | Tagged | Known | HasTag | IdIs | ExternalIs | ExternalLike


@dataclass(frozen=True, slots=True)
class And:
    """All of them; of nothing, everything."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Or:
    """Any of them; of nothing, nothing."""

    parts: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Not:
    part: Node


Node: TypeAlias = "Leaf | And | Or | Not"

EVERYTHING = And(())


@dataclass(frozen=True, slots=True)
class SortKey:
    """Unknown values come last in both directions."""

    column: str
    descending: bool = False


@dataclass(frozen=True, slots=True)
class Query:
    """A tree and the order of the answer; an empty ``sort`` is newest first."""

    tree: Node
    sort: tuple[SortKey, ...] = ()


def push_negations(node: Node, *, negate: bool = False) -> Node:
    """The same meaning with ``Not`` only above leaves (de Morgan)."""
    match node:
        case Not(part):
            return push_negations(part, negate=not negate)
        case And(parts):
            pushed = tuple(push_negations(part, negate=negate) for part in parts)
            return Or(pushed) if negate else And(pushed)
        case Or(parts):
            pushed = tuple(push_negations(part, negate=negate) for part in parts)
            return And(pushed) if negate else Or(pushed)
        case _:
            return Not(node) if negate else node


def is_text(node: Node) -> bool:
    """Whether nothing but words is asked for: words, all of some, any of some."""
    if isinstance(node, And | Or):
        return len(node.parts) > 0 and all(is_text(part) for part in node.parts)
    return isinstance(node, Words)


def speaks_of(node: Node, *columns: str) -> bool:
    """Whether a query says anything about one of these columns.

    >>> speaks_of(And((Is("kind", "loop"), Not(Known("price")))), "price"), speaks_of(ExternalIs("LP-1"), "price")
    (True, False)
    """
    match node:
        case And(parts) | Or(parts):
            return any(speaks_of(part, *columns) for part in parts)
        case Not(part):
            return speaks_of(part, *columns)
        case Is(column) | Between(column) | Known(column):
            return column in columns
        case ExternalIs() | ExternalLike():
            return "external_id" in columns
        case _:
            return False


def split_text(tree: Node) -> tuple[list[Node], list[Node]]:
    """What has to hold, apart: the parts that ask for nothing but words, and the others."""
    parts = tree.parts if isinstance(tree, And) else (tree,)
    return [part for part in parts if is_text(part)], [part for part in parts if not is_text(part)]
