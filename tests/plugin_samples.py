"""Entry point targets that keep no contract, and plugins that a process of its own has."""

from __future__ import annotations

import os
from pathlib import Path


def not_analyzers() -> tuple[object, ...]:
    return ("a string is no analyzer",)


def plugin(folder: Path, module: Path) -> dict[str, str]:
    """The environment of a process that has a plugin, installed in ``folder``: the ``analyzers`` of a module."""
    (folder / module.name).write_text(module.read_text())
    facts = folder / f"{module.stem}-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {module.stem}\nVersion: 1.0\n")
    (facts / "entry_points.txt").write_text(f"[sonoteca.analyzers]\n{module.stem} = {module.stem}:analyzers\n")
    known = [os.environ.get("PYTHONPATH", ""), str(folder)]
    return {"PYTHONPATH": os.pathsep.join(each for each in known if each)}
