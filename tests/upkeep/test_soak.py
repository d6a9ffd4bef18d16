"""The soak: its files, its judgement, and a few small rounds of it that account for everything."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from sonoteca.catalogue.store.library import open_library
from sonoteca.upkeep import soak as soaking
from sonoteca.upkeep.soak import Sample, SoakReport, judge, main
from sonoteca.upkeep.soak_files import write_files
from sonoteca.upkeep.soak_served import Served

FLAT: Sample = {"parent_mb": 100.0, "queue_threads": 6, "open_files": 20, "staged_files": 0, "event_listeners": 0}


def test_growth_of_any_measure_is_seen() -> None:
    assert judge([FLAT] * 8) == []
    for name, high in (
        ("parent_mb", 160.0),
        ("queue_threads", 20),
        ("open_files", 40),
        ("staged_files", 60),
        ("event_listeners", 9),
    ):
        (problem,) = judge([FLAT] * 4 + [{**FLAT, name: high}] * 4)
        assert problem == f"{name} grew from {FLAT[name]:g} to {high:g}"
    assert judge([FLAT]) == []


def test_rounds_differ_and_hold_what_they_promise(tmp_path: Path) -> None:
    for folder in "ab":
        (tmp_path / folder).mkdir()
    first, second = write_files(tmp_path / "a", 1, 20), write_files(tmp_path / "b", 2, 20)
    assert [file.broken for file in first] == [file.broken for file in second] == ([False] * 9 + [True]) * 2
    assert {file.path for file in first} == set((tmp_path / "a").iterdir())
    for a, b in zip(first, second, strict=True):
        assert a.path.name == b.path.name
        assert a.path.read_bytes() != b.path.read_bytes()


def test_a_soak_that_grew_says_what_grew(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    grown = SoakReport(4, 40, 12, (FLAT,), ("open_files grew from 20 to 90",))
    monkeypatch.setattr(soaking, "soak", lambda **_: grown)
    assert main(["--hours", "0"]) == 1
    assert capsys.readouterr().out.splitlines() == [
        "open_files grew from 20 to 90",
        "40 files and 12 uploads in 4 rounds: NOT FLAT",
    ]


def test_one_round_accounts_for_all_that_is_added_sent_and_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soaking, "FILES_PER_ROUND", 10)
    monkeypatch.setattr(soaking, "UPLOADS_PER_ROUND", 3)
    # As few as there may be.
    monkeypatch.setattr(soaking, "WARM_UP_ROUNDS", -3)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["--hours", "0", "--workers", "1"]) == 0
    told, last = capsys.readouterr().out.splitlines()
    assert "staged_files 0, event_listeners 0" in told
    assert last == "10 files and 3 uploads in 1 rounds: flat"


@pytest.mark.slow
def test_a_few_small_rounds_stay_flat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soaking, "FILES_PER_ROUND", 10)
    monkeypatch.setattr(soaking, "UPLOADS_PER_ROUND", 3)
    monkeypatch.setattr(soaking, "WARM_UP_ROUNDS", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["--hours", "0", "--workers", "1"]) == 0
    *rounds, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in rounds] == [f"round {number}" for number in range(5)]
    assert last == "50 files and 15 uploads in 5 rounds: flat"
    for name in ("server_mb", "server_worker_mb", "server_threads", "queue_mb", "queue_threads", "queue_open_files"):
        assert f" {name} " in rounds[-1]
    assert "staged_files 0, event_listeners 0" in rounds[-1]
    assert not list(tmp_path.glob("sonoteca-soak-*"))


def test_what_goes_wrong_in_a_served_round_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        open_library(tmp_path / "served.sonoteca", mode="create") as library,
        Served(library, tmp_path / "sent", workers=1) as served,
    ):
        monkeypatch.setattr(served, "_send", lambda path, file: (500, b"a fault"))
        problems = served.round(0, 2)
        assert [each for each in problems if "a fault" not in each] == []
        names = sorted(each.partition(" was")[0] for each in problems)
        assert len(names) == 6
        assert names[:4] == ["/api/analyze/upload", "/api/hum", "/api/tap", "/match"]
        served._running["queue"].kill()
        served._running["queue"].wait()
        (problem,) = served.stop()
        assert problem.startswith("the process of the queue ended with -9")
