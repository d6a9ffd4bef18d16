"""The public front: it is light to import, its list is true, and the command line can do no more than it offers."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

import sonoteca

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "src" / "sonoteca"
# What a person waits for when it is imported.
HEAVY = (
    "alembic", "av", "faiss", "fastapi", "mcp", "numpy", "prometheus_client", "pydantic", "rich", "scipy",
    "soxr", "sqlalchemy", "starlette", "typer", "uvicorn",
)  # fmt: skip


def loaded_by(statement: str) -> set[str]:
    asked = f"import sys\n{statement}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


def test_importing_the_front_loads_nothing_heavy() -> None:
    assert loaded_by("import sonoteca").isdisjoint(HEAVY)


def test_help_loads_neither_numbers_nor_a_database_nor_a_screen() -> None:
    statement = "from sonoteca.cli.main import app\nimport typer.main\ntyper.main.get_command(app)"
    assert loaded_by(statement).isdisjoint(set(HEAVY) - {"typer"})


@pytest.mark.parametrize("name", sorted(set(vars(sonoteca)["__all__"])))
def test_every_name_of_the_front_exists(name: str) -> None:
    assert getattr(sonoteca, name) is not None


@pytest.mark.parametrize("voice", ["cli", "server"])
def test_a_voice_is_held_to_the_front_by_name_of_every_other_package(voice: str) -> None:
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    [contract] = [each for each in contracts if each.get("source_modules") == [f"sonoteca.{voice}"]]
    known = {"cli", "server", "domain", "errors", "settings"}
    packages = {
        path.stem
        for path in PACKAGE.iterdir()
        if not path.name.startswith("_") and (path.suffix == ".py" or (path / "__init__.py").exists())
    }
    assert set(contract["forbidden_modules"]) == {f"sonoteca.{name}" for name in packages - known}
