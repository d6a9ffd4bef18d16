"""Entry points to lists of analyzers, embedders, indexes and executors.

A package offers its own under one of the groups below; what Sonoteca ships comes in through
the same door (see ``[project.entry-points]`` in pyproject.toml). An entry point names a
function without arguments that returns a sequence of instances.

Worker processes are handed ``ANALYZERS_FACTORY`` and ``EMBEDDERS_FACTORY`` as names to
import, so nothing below this module imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from sonoteca.errors import PluginBroken

if TYPE_CHECKING:
    from sonoteca.analysis.analyzer import Analyzer
    from sonoteca.embedding.embedder import Embedder

ANALYZERS_GROUP = "sonoteca.analyzers"
EMBEDDERS_GROUP = "sonoteca.embedders"
GROUPS = (ANALYZERS_GROUP, EMBEDDERS_GROUP)

ANALYZERS_FACTORY = "sonoteca.plugins:installed_analyzers"
EMBEDDERS_FACTORY = "sonoteca.plugins:installed_embedders"

_ANALYZER_ATTRIBUTES = ("id", "version", "produces", "requires", "features", "kinds", "analyze")
_EMBEDDER_ATTRIBUTES = ("space", "features", "embed")


@dataclass(frozen=True, slots=True)
class Plugin:
    """One entry point: what it gave, or why it could not be loaded."""

    group: str
    name: str
    package: str
    package_version: str
    members: tuple[Any, ...]
    error: PluginBroken | None

    @property
    def is_builtin(self) -> bool:
        return self.package == "sonoteca"


def load_plugins(group: str, *, entries: Sequence[EntryPoint] | None = None) -> list[Plugin]:
    """Every entry point of a group, built-ins first, broken ones with their error.

    ``entries`` replaces what is installed, for tests.
    """
    found = list(entry_points(group=group) if entries is None else entries)
    plugins = [_load(group, entry) for entry in sorted(found, key=lambda entry: entry.name)]
    return sorted(plugins, key=lambda plugin: not plugin.is_builtin)


def _load(group: str, entry: EntryPoint) -> Plugin:
    package = entry.dist.name if entry.dist is not None else "?"
    version = entry.dist.version if entry.dist is not None else "?"
    try:
        factory: Callable[[], Sequence[Any]] = entry.load()
        members = tuple(factory())
        for member in members:
            _check_contract(group, member)
    except Exception as error:  # a stranger's code may raise anything; it is reported, not hidden
        broken = PluginBroken(f"plugin {entry.name!r} of {package} ({group}) cannot be used: {error!r}")
        broken.__cause__ = error
        return Plugin(group, entry.name, package, version, (), broken)
    return Plugin(group, entry.name, package, version, members, None)


def _check_contract(group: str, member: Any) -> None:
    attributes = _ANALYZER_ATTRIBUTES if group == ANALYZERS_GROUP else _EMBEDDER_ATTRIBUTES
    missing = [name for name in attributes if not hasattr(member, name)]
    if missing:
        raise TypeError(f"{member!r} lacks {', '.join(missing)}")


def installed_analyzers() -> tuple[Analyzer, ...]:
    """All analyzers that could be loaded; ``load_plugins`` tells of those that could not."""
    return tuple(member for plugin in load_plugins(ANALYZERS_GROUP) for member in plugin.members)


def installed_embedders() -> tuple[Embedder, ...]:
    """All embedders that could be loaded."""
    return tuple(member for plugin in load_plugins(EMBEDDERS_GROUP) for member in plugin.members)


def broken_plugins() -> list[PluginBroken]:
    """Errors of all entry points that could not be loaded."""
    return [plugin.error for group in GROUPS for plugin in load_plugins(group) if plugin.error is not None]
