"""The doctor: what is wrong is said with a remedy, and a dying import is reported, not suffered."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.main import app
from sonoteca.upkeep import doctor as health


def test_this_machine_is_all_right_and_says_so(tmp_path: Path) -> None:
    with open_library(tmp_path / "one.sonoteca", mode="create"):
        pass
    result = CliRunner().invoke(app, ["doctor", "--library", str(tmp_path / "one.sonoteca"), "--json"])
    report = json.loads(result.stdout)
    assert result.exit_code == 0, report
    names = [check["name"] for check in report["checks"]]
    assert {
        "python",
        "wheel numpy",
        "wheel av",
        "wheel faiss",
        "ffmpeg in PyAV",
        "sqlite",
        "disk space",
        "library",
    } <= set(names)
    assert all(check["remedy"] is None for check in report["checks"] if check["ok"])


@pytest.mark.skipif(os.name != "posix", reason="signals")
@pytest.mark.parametrize(("death", "name"), [("SIGILL", "SIGILL"), ("SIGSEGV", "SIGSEGV")])
def test_a_wheel_that_kills_its_process_is_reported(
    death: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "deadly_wheel.py").write_text(f"import os, signal\nos.kill(os.getpid(), signal.{death})\n")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    check = health.import_check("deadly_wheel")
    assert not check.ok
    assert name in check.found
    assert check.remedy is not None
    assert ("--no-binary" in check.remedy) == (death == "SIGILL")


def test_a_missing_wheel_names_the_way_to_get_it() -> None:
    check = health.import_check("no_such_wheel_here")
    assert not check.ok
    assert "no_such_wheel_here" in check.found
    assert check.remedy is not None
    assert "pip install" in check.remedy


def test_a_damaged_library_is_found(tmp_path: Path) -> None:
    broken = tmp_path / "broken.sonoteca"
    broken.write_bytes(b"this was a database once" * 400)
    result = CliRunner().invoke(app, ["doctor", "--library", str(broken), "--json"])
    assert result.exit_code == 1
    (wrong,) = [check for check in json.loads(result.stdout)["checks"] if not check["ok"]]
    assert wrong["name"] == "library"
    assert "restore" in wrong["remedy"].lower()
