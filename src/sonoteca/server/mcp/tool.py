"""A tool is a question of the front under a name that an assistant calls, with how its answer is told in few words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sonoteca import Library, Listener
from sonoteca.domain.request import Request
from sonoteca.server.mcp.naming import Naming
from sonoteca.server.mcp.rows import Tell
from sonoteca.server.mcp.schemas import input_schema

# What only programs say: numbers of their own, and places of a ranking, which a cursor stands for.
_ALWAYS_HIDDEN = frozenset({"offset", "weights"})


@dataclass(frozen=True, slots=True)
class Context:
    """What a tool works with; without a listener a name is a sound of the library and nothing else.

    ``workers`` read files of the library for whoever asks.
    """

    library: Library
    listener: Listener | None = None
    workers: Listener | None = None


@dataclass(frozen=True)
class Tool:
    """One tool.

    Attributes
    ----------
    name, title, description : str
        What an assistant calls it, what a person reads, and what it is for.
    request : type of Request
        Whose fields its arguments are.
    ask : callable
        Asks the front; the answer's ``as_json``.
    tell : callable
        The same in few words.
    names : mapping of field to Naming
        Fields that may name files.
    hidden : names of fields that are no arguments
    changes : bool
        Whether it changes the library: such a tool is there only where edits are allowed.
    destroys : bool
        Whether what it changes replaces or takes away something; it can be taken back in any case.
    is_paged : bool
        Whether its rows go on behind a cursor.
    """

    name: str
    title: str
    description: str
    request: type[Request]
    ask: Callable[[Context, Any], Mapping[str, Any]]
    tell: Tell
    names: Mapping[str, Naming] = field(default_factory=dict)
    hidden: frozenset[str] = frozenset()
    changes: bool = False
    destroys: bool = False
    is_paged: bool = True

    @cached_property
    def arguments(self) -> tuple[str, ...]:
        """The fields of its request that an assistant may give."""
        return tuple(name for name in self.request.model_fields if name not in self.hidden | _ALWAYS_HIDDEN)

    @cached_property
    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of its arguments."""
        return input_schema(self.request, shown=self.arguments, is_paged=self.is_paged)
