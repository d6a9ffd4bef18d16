"""Entry points to lists of analyzers, embedders, indexes and executors.

A package offers its own under one of the groups below; what Sonoteca ships comes in through
the same door (see ``[project.entry-points]`` in pyproject.toml). An entry point names a
function without arguments that returns a sequence of instances.

Worker processes are handed ``installed_analyzers`` and ``installed_embedders`` as names to
import (``domain.file_analysis``), so nothing below this module imports it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from importlib.metadata import EntryPoint, entry_points
from typing import TYPE_CHECKING, Any

from sonoteca.errors import PluginBroken
from sonoteca.ingest.failures import LOADING

if TYPE_CHECKING:
    from sonoteca.analysis.analyzer import Analyzer
    from sonoteca.catalogue.store.library import Library
    from sonoteca.embedding.embedder import Embedder
    from sonoteca.ingest.listener import Listener

OUR_PACKAGE = "sonoteca"
ANALYZERS_GROUP = "sonoteca.analyzers"
EMBEDDERS_GROUP = "sonoteca.embedders"
# Whoever starts the first worker waits for all that it loads.
_DEADLINE_S = 120.0
GROUPS = (ANALYZERS_GROUP, EMBEDDERS_GROUP)

_ANALYZER_ATTRIBUTES = ("id", "version", "produces", "requires", "features", "kinds", "analyze")
_EMBEDDER_ATTRIBUTES = ("space", "sample_rate", "features", "embed")


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
        return self.package == OUR_PACKAGE


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
    """Errors of other packages' entry points that could not be loaded; ours are not tried, that costs a second."""
    foreign = [
        plugin
        for group in GROUPS
        for plugin in load_plugins(group, entries=[entry for entry in entry_points(group=group) if not _is_ours(entry)])
    ]
    return [plugin.error for plugin in foreign if plugin.error is not None]


def _is_ours(entry: EntryPoint) -> bool:
    return entry.dist is not None and entry.dist.name == OUR_PACKAGE


@dataclass(frozen=True, slots=True)
class PluginsAnswer:
    """Analyzers and embedders as rows of plain values, and why others could not be loaded.

    ``failures`` of a row say how often it failed in the library that was asked about, and the newest reasons; None
    where none was.
    """

    rows: tuple[dict[str, Any], ...]
    broken: tuple[PluginBroken, ...]

    def as_json(self) -> dict[str, Any]:
        broken = [{"code": error.code, "message": error.message} for error in self.broken]
        return {"plugins": list(self.rows), "broken": broken}


def list_plugins(library: Library | None = None, *, listener: Listener | None = None) -> PluginsAnswer:
    """Load every analyzer and embedder: what ships, what packages added, what could not be loaded.

    Parameters
    ----------
    library : Library, optional
        Where it is looked up what failed lately.
    listener : Listener, optional
        One of its workers loads them; without one, this process does.
    """
    if listener is None:
        described = describe_plugins(GROUPS)
    else:
        described = listener.ask(describe_plugins, GROUPS, "plugins", timeout_s=_DEADLINE_S, doing=LOADING)
    failures = None if library is None else _failures_in(library)
    rows = [row | {"failures": None if failures is None else failures(producer)} for producer, row in described.members]
    return PluginsAnswer(tuple(rows), described.broken)


@dataclass(frozen=True, slots=True)
class DescribedPlugins:
    """Each analyzer and embedder that was loaded, with the name its runs are kept under; and what could not be."""

    members: tuple[tuple[str, dict[str, Any]], ...]
    broken: tuple[PluginBroken, ...]


def describe_plugins(groups: Sequence[str]) -> DescribedPlugins:
    """Load what is installed, and say what it is in plain values; may run in a worker."""
    found = [plugin for group in groups for plugin in load_plugins(group)]
    members = tuple(
        (
            _producer(plugin, member),
            {
                "group": plugin.group,
                "package": plugin.package,
                "package_version": plugin.package_version,
                "id": member.id if plugin.group == ANALYZERS_GROUP else member.space.id,
                "version": member.version if plugin.group == ANALYZERS_GROUP else member.space.version,
                "requires": [descriptor.name for descriptor in getattr(member, "requires", ())],
                "produces": [descriptor.name for descriptor in getattr(member, "produces", ())],
            },
        )
        for plugin in found
        for member in plugin.members
    )
    return DescribedPlugins(members, tuple(plugin.error for plugin in found if plugin.error is not None))


def _producer(plugin: Plugin, member: Any) -> str:
    """The name that runs of an analyzer or embedder are kept under."""
    # Workers load this module, and no database.
    from sonoteca.catalogue.heard.pending import embedding_identity

    return str(member.id if plugin.group == ANALYZERS_GROUP else embedding_identity(member.space).producer)


def _failures_in(library: Library) -> Callable[[str], dict[str, Any]]:
    """What tells, of an analyzer or embedder, on how many regions of a library it failed and why lately."""
    # Workers load this module, and no database.
    from sonoteca.catalogue.heard.failed_runs import ProducerFailures, failures_by_producer

    with library.read() as connection:
        found = failures_by_producer(connection)

    def failures_of(producer: str) -> dict[str, Any]:
        return found.get(producer, ProducerFailures(0, ())).as_json()

    return failures_of
