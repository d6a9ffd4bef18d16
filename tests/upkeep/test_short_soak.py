"""A few small rounds of the soak: it counts its files, accounts for all of them, and says how it ended."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from sonoteca.upkeep import soak as soaking
from sonoteca.upkeep.soak import Sample, SoakReport, main


@pytest.mark.slow
def test_a_few_small_rounds_stay_flat(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(soaking, "FILES_PER_ROUND", 10)
    monkeypatch.setattr(soaking, "WARM_UP_ROUNDS", 1)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    assert main(["--hours", "0", "--workers", "1"]) == 0
    *rounds, last = capsys.readouterr().out.splitlines()
    assert [line.split(":")[0] for line in rounds] == [f"round {number}" for number in range(5)]
    assert last == "50 files in 5 rounds: flat"
    assert not list(tmp_path.glob("sonoteca-soak-*"))


def test_a_soak_that_grew_says_what_grew(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    grown = SoakReport(4, 40, (Sample(100.0, 200.0, 20, 4),), ("open_files grew from 20 to 90",))
    monkeypatch.setattr(soaking, "soak", lambda **_: grown)
    assert main(["--hours", "0"]) == 1
    assert capsys.readouterr().out.splitlines() == ["open_files grew from 20 to 90", "40 files in 4 rounds: NOT FLAT"]
