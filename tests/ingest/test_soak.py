"""The soak's own judgement, and a minute of it."""

from __future__ import annotations

import pytest

from sonoteca.upkeep.soak import FILES_PER_ROUND, Sample, judge, main, soak, write_round


def test_growth_of_any_measure_is_seen() -> None:
    flat = Sample(100.0, 200.0, 20, 4)
    assert judge([flat] * 8) == []
    for name, high in (("parent_mb", 160.0), ("worker_mb", 300.0), ("open_files", 40), ("temporary_files", 60)):
        grown = Sample(**{**{field: getattr(flat, field) for field in Sample.__slots__}, name: high})
        (problem,) = judge([flat] * 4 + [grown] * 4)
        assert problem.startswith(f"{name} grew")
    assert judge([flat]) == []


def test_rounds_differ_and_hold_what_they_promise(tmp_path) -> None:  # type: ignore[no-untyped-def]
    (tmp_path / "a").mkdir()
    (tmp_path / "b").mkdir()
    assert write_round(tmp_path / "a", 1) == write_round(tmp_path / "b", 2) == 4
    first, second = (sorted((tmp_path / folder).iterdir()) for folder in "ab")
    assert len(first) == len(second) == FILES_PER_ROUND
    assert all(a.read_bytes() != b.read_bytes() for a, b in zip(first, second, strict=True))


@pytest.mark.slow
def test_a_minute_is_flat() -> None:
    report = soak(seconds=60.0)
    assert report.problems == ()
    assert report.files == report.rounds * FILES_PER_ROUND


@pytest.mark.slow
def test_the_command_says_how_it_went(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--hours", "0"]) == 0
    assert "flat" in capsys.readouterr().out.splitlines()[-1]
