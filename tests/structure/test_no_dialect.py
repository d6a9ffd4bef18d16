"""Below the command line nothing speaks its language: no option and no command stands in a sentence."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

SOURCES = Path(__file__).resolve().parents[2] / "src" / "sonoteca"
# A program of its own, those that ask pip or tell what it is to do, and one that asks a driver's tool: these may name options, but no
# command of ours.
OTHER_PROGRAMS = frozenset(
    {"upkeep/soak.py", "upkeep/soak_served.py", "upkeep/doctor.py", "upkeep/gpu.py", "models/text/pulled.py"}
)


def modules() -> list[str]:
    return sorted(
        str(path.relative_to(SOURCES).as_posix())
        for path in SOURCES.rglob("*.py")
        if path.relative_to(SOURCES).parts[0] != "cli"
    )


def texts(source: str) -> Iterator[tuple[int, str]]:
    """Line and text of every literal that is no docstring; an f-string is its literal parts."""
    tree = ast.parse(source)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docstrings:
            yield node.lineno, node.value


def dialect(source: str) -> list[str]:
    """Literals that name an option or a command.

    >>> dialect('f"Loosen --tempo-pct {x}."'), dialect('"a -- b"'), dialect("x = 'Run `sonoteca add`.'")
    (['1: Loosen --tempo-pct '], [], ['1: Run `sonoteca add`.'])
    """
    return [
        f"{line}: {text}"
        for line, text in texts(source)
        if "`sonoteca " in text or any(f"--{letter}" in text for letter in "abcdefghijklmnopqrstuvwxyz")
    ]


def test_no_sentence_below_the_command_line_names_an_option_or_a_command() -> None:
    found = {module: dialect((SOURCES / module).read_text(encoding="utf-8")) for module in modules()}
    for module in OTHER_PROGRAMS:
        found[module] = [each for each in found[module] if "`sonoteca " in each]
    assert {module: each for module, each in found.items() if each} == {}
