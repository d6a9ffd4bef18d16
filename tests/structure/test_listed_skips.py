"""A skipped test fails the run where skips have to be listed, and the list names only tests that exist."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from listed_skips import SWITCH, listed

TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize(("switch", "ends"), [("", 0), ("1", 1)])
def test_a_skip_that_is_not_listed_is_red_where_it_has_to_be_listed(tmp_path: Path, switch: str, ends: int) -> None:
    (tmp_path / "test_one.py").write_text("import pytest\ndef test_skipped(): pytest.skip('no moon')\n")
    run = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "listed_skips", "-p", "no:cacheprovider", "."],
        cwd=tmp_path,
        env={**os.environ, SWITCH: switch, "PYTHONPATH": str(TESTS), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == ends, run.stdout
    assert ("test_one.py::test_skipped: Skipped: no moon" in run.stdout) == bool(switch)


def test_a_listed_skip_names_tests_that_exist_and_says_why() -> None:
    for tests, because in listed().items():
        file, name = tests.split("::")
        assert f"def {name.split('*')[0].split('[')[0]}" in (TESTS.parent / file).read_text(), tests
        assert len(because.split()) >= 4, tests
