"""Each package is held to the floor by itself, also one that comes tomorrow."""

import subprocess
import sys
from pathlib import Path

import pytest

from coverage_by_package import package_of, shares, wanted


@pytest.mark.parametrize(
    ("file", "package"),
    [
        ("src/sonoteca/audio/decode.py", "audio"),
        ("src/sonoteca/search/hum/tap.py", "search"),
        ("src/sonoteca/errors.py", "errors.py"),
        ("src/sonoteca/catalogue/store/migrations/versions/0001.py", None),
        ("tests/synth.py", None),
    ],
)
def test_a_file_belongs_to_its_package(file: str, package: str | None) -> None:
    assert package_of(file) == package


def test_lines_and_branches_of_a_package_are_counted_together() -> None:
    one = {"covered_lines": 8, "num_statements": 10, "covered_branches": 1, "num_branches": 4}
    other = {"covered_lines": 5, "num_statements": 5, "covered_branches": 0, "num_branches": 0}
    files = {
        "src/sonoteca/audio/a.py": {"summary": one},
        "src/sonoteca/audio/b/c.py": {"summary": other},
        "src/sonoteca/index/d.py": {"summary": other},
    }
    assert shares(files) == {"audio": (14, 19), "index": (5, 5)}


def test_every_package_has_to_be_measured(tmp_path: Path) -> None:
    (tmp_path / "tomorrow").mkdir()
    (tmp_path / "tomorrow" / "verb.py").touch()
    (tmp_path / "weights").mkdir()
    (tmp_path / "settings.py").touch()
    assert wanted(tmp_path) == {"tomorrow", "settings.py"}


def test_the_run_is_red_and_names_what_nobody_tested(tmp_path: Path) -> None:
    script = Path(__file__).parents[1] / "coverage_by_package.py"
    measured = tmp_path / "measured.py"
    measured.write_text("print('nothing of ours')\n")
    coverage = [sys.executable, "-m", "coverage"]
    subprocess.run([*coverage, "run", "--branch", str(measured)], cwd=tmp_path, check=True, capture_output=True)
    run = subprocess.run([sys.executable, str(script)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert run.returncode == 1
    assert "below 90 %" in run.stderr
    assert "catalogue" in run.stderr
    assert "  0.0 %" in run.stdout
