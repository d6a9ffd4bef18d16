"""The page of licences names everything that an install brings along."""

from __future__ import annotations

import importlib.metadata
import re
import tomllib
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def brought_by(requirements: list[str]) -> set[str]:
    """Names of the distributions that requirements lead to here, however far down."""
    waiting = [(Requirement(text), frozenset[str]()) for text in requirements]
    seen: set[tuple[str, frozenset[str]]] = set()
    while waiting:
        requirement, within = waiting.pop()
        if requirement.marker and not any(requirement.marker.evaluate({"extra": extra}) for extra in within or {""}):
            continue
        asked = (canonicalize_name(requirement.name), frozenset(requirement.extras))
        if asked not in seen:
            seen.add(asked)
            needs = importlib.metadata.requires(requirement.name) or []
            waiting += [(Requirement(text), frozenset({"", *requirement.extras})) for text in needs]
    return {name for name, _ in seen}


def test_everything_that_an_install_or_the_extra_for_assistants_brings_has_its_licence() -> None:
    page = (ROOT / "docs/licences.md").read_text()
    told = {
        canonicalize_name(name)
        for row in re.findall(r"^\|.+$", page, re.MULTILINE)
        for name in re.findall(r"[\w.-]+", row)
    }
    everything = brought_by(PROJECT["dependencies"])
    assert len(everything) > 30
    assert everything - told == set()
    assert brought_by(PROJECT["optional-dependencies"]["mcp"]) - told == set()
