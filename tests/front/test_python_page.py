"""The page for programmers says what happens: its examples are run, and every public name says what it is."""

from __future__ import annotations

import doctest
from pathlib import Path

import pytest

import sonoteca
from sonoteca.upkeep.demo_sounds import write_demo_sounds

PAGE = Path(__file__).parents[2] / "docs/python.md"
OPTIONS = doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE


@pytest.mark.slow
def test_every_block_of_the_page_does_what_it_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_demo_sounds(tmp_path / "Samples")
    monkeypatch.chdir(tmp_path)
    text = PAGE.read_text(encoding="utf-8").replace("```", "")
    page = doctest.DocTestParser().get_doctest(text, {}, "python.md", str(PAGE), 0)
    assert len(page.examples) > 20
    said: list[str] = []
    result = doctest.DocTestRunner(optionflags=OPTIONS).run(page, out=said.append)
    assert result.failed == 0, "".join(said)


@pytest.mark.parametrize("name", vars(sonoteca)["__all__"])
def test_a_public_name_is_there_and_says_in_a_sentence_what_it_is(name: str) -> None:
    public = getattr(sonoteca, name)
    first = (public.__doc__ or "").strip().partition("\n")[0]
    assert first.endswith((".", ":")), f"{name}: {first!r}"
