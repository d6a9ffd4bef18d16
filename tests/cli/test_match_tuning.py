"""Accepting, rejecting and learning as a person does it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from choice_samples import all_pairs, fill
from sonoteca.catalogue.store.events import list_events
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.main import app
from sonoteca.domain.names import public_id
from sonoteca.errors import RequestError
from sonoteca.match.choices import REJECTED, record_choice


@pytest.fixture
def library(tmp_path: Path) -> Path:
    path = tmp_path / "mine.sonoteca"
    with open_library(path, mode="create") as opened:
        fill(opened)
    return path


def said(library: Path, *words: str | Path) -> str:
    result = CliRunner().invoke(app, ["match", *map(str, words), "--library", str(library)])
    if result.exception is not None and not isinstance(result.exception, SystemExit):
        raise result.exception
    assert result.exit_code == 0, result.output
    return str(result.stdout)


def answered(library: Path, *words: str | Path) -> Any:
    return json.loads(said(library, *words, "--json"))


@pytest.fixture
def pairs(tmp_path: Path) -> Path:
    path = tmp_path / "pairs.csv"
    rows = [f"{each.query},{each.candidate},{int(each.liked)}" for each in all_pairs()]
    path.write_text("\n".join(["query,candidate,liked", *rows]), encoding="utf-8")
    return path


def test_what_was_learnt_is_shown_then_applied_then_taken_back(library: Path, pairs: Path) -> None:
    shipped = said(library, "weights")
    shown = answered(library, "tune", pairs)
    assert (shown["is_worth_keeping"], shown["version"], shown["left_out"]) == (True, None, 0)
    assert shown["choices"] == {"bass": {"liked": 48, "disliked": 48}}
    assert said(library, "weights") == shipped
    applied = answered(library, "tune", pairs, "--apply")
    assert applied["version"] == 1
    assert answered(library, "weights")["role"]["bass"] == applied["weights"]["bass"]
    assert answered(library, "weights")["version"] == "library-1"
    assert [row["active"] for row in answered(library, "versions")["versions"]] == [True]
    said(library, "use", "shipped")
    assert said(library, "weights") == shipped
    said(library, "use", "1")
    assert answered(library, "weights")["version"] == "library-1"


def test_choices_from_the_event_log_teach_like_a_table(library: Path, pairs: Path) -> None:
    first, second, *others = sorted(all_pairs(), key=lambda each: each.query)
    assert (first.liked, second.liked) == (False, True)
    said(library, "reject", first.query, first.candidate)
    said(library, "accept", second.query, second.candidate)
    with open_library(library) as opened, opened.write() as connection:
        for choice in others:
            record_choice(connection, choice, weights_version="1")
    from_events, from_table = answered(library, "tune"), answered(library, "tune", pairs)
    assert from_events == from_table


def test_a_choice_names_the_sounds_the_role_and_the_axes(library: Path) -> None:
    query, candidate = public_id("x1:query0"), public_id("x1:candidate0")
    answer = answered(library, "reject", query, candidate, "--role", "bass")
    assert (answer["query"], answer["candidate"], answer["liked"]) == (query, candidate, False)
    with open_library(library) as opened, opened.read() as connection:
        [event] = list_events(connection, type=REJECTED)
    assert event.public_id == candidate
    assert event.details["query"] == query
    assert event.details["role"] == event.details["judged_as"] == "bass"
    assert event.details["axes"]["energy"] == pytest.approx(1 - 5 / 9, abs=1e-4)  # type: ignore[index,call-overload]


def test_too_few_choices_and_versions_that_are_none_are_refused(library: Path) -> None:
    with pytest.raises(RequestError, match="Too few choices"):
        said(library, "tune")
    with pytest.raises(RequestError, match="no match weights 5"):
        said(library, "use", "5")
    with pytest.raises(RequestError, match="no version"):
        said(library, "use", "newest")


def test_a_table_for_a_person_says_what_changed(library: Path, pairs: Path) -> None:
    shown = said(library, "tune", pairs)
    assert "liked above disliked" in shown
    assert "energy" in shown
