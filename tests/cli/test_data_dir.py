"""``--data-dir`` stands wherever a library is named, before the verb and after it, and the nearer one wins."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer.main
from typer.testing import CliRunner

import sonoteca
from sonoteca.cli.main import app


def commands(group: Any, name: str = "") -> Iterator[tuple[str, set[str]]]:
    """Every command with its options."""
    for word, command in group.commands.items():
        yield f"{name} {word}".strip(), {option for each in command.params for option in each.opts}
        if hasattr(command, "commands"):
            yield from commands(command, f"{name} {word}".strip())


def test_every_command_that_names_a_library_names_its_folder() -> None:
    named = dict(commands(typer.main.get_command(app)))
    assert len(named) > 40
    assert {name for name, options in named.items() if "--library" in options and "--data-dir" not in options} == set()


@pytest.mark.parametrize(
    ("before", "after", "opened_with"),
    [([], [], None), (["--data-dir", "a"], [], "a"), (["--data-dir", "a"], ["--data-dir", "b"], "b")],
)
def test_the_folder_named_is_the_librarys(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, before: list[str], after: list[str], opened_with: str | None
) -> None:
    place = tmp_path / "mine.sonoteca"
    open_library = sonoteca.open_library
    open_library(place, mode="create").close()
    asked: list[Path | None] = []

    def opened(location: str, *, mode: Any, data_dir: Path | None) -> sonoteca.Library:
        asked.append(data_dir)
        return open_library(location, mode=mode, data_dir=data_dir)

    monkeypatch.delenv("SONOTECA_DATA_DIR", raising=False)
    monkeypatch.setattr(sonoteca, "open_library", opened)
    result = CliRunner().invoke(app, [*before, "list", "--library", str(place), *after])
    assert result.exit_code == 0, result.output
    assert asked == [None if opened_with is None else Path(opened_with)]
