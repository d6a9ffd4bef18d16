"""Property tests draw the same examples in every checkout, process and run, unless new ones are asked for."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
DRAWING = """
import sys
from hypothesis import given
from hypothesis import strategies as st
{imports}
@given(st.tuples(st.integers(), st.floats(allow_nan=False), st.text()))
def test_draw(drawn):
    print("drawn", ascii(drawn), file=sys.stderr)
"""


def drawn(folder: Path, *options: str, imports: str = "") -> list[str]:
    """What a property test draws in a process of its own."""
    folder.mkdir()
    (folder / "test_draw.py").write_text(DRAWING.format(imports=imports))
    (folder / "constants_of_ours.py").write_text("\n".join(f"N{n} = {n * 7919}\nT{n} = 'word {n}'" for n in range(99)))
    run = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-qs",
            "-p",
            "_hypothesis_pytestplugin",
            "-p",
            "drawn_examples",
            "-p",
            "no:cacheprovider",
            *options,
            ".",
        ],
        cwd=folder,
        env={
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(TESTS), str(folder)]),
            "CI": "",
            "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1",
        },
        capture_output=True,
        text=True,
        check=True,
    )
    return [line for line in run.stderr.splitlines() if line.startswith("drawn")]


@pytest.mark.slow
def test_the_same_examples_are_drawn_whatever_is_loaded_and_new_ones_when_asked_for(tmp_path: Path) -> None:
    first = drawn(tmp_path / "one")
    assert len(first) >= 100
    assert drawn(tmp_path / "two", imports="import constants_of_ours") == first
    assert drawn(tmp_path / "three", "--hypothesis-profile=explore") != first
