"""What the pages tell to type is typed as it stands, against a real server: the operator's page, and the README's three lines."""

from __future__ import annotations

import os
import re
import shutil
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from sonoteca.upkeep.demo_sounds import write_demo_sounds

ROOT = Path(__file__).parents[2]
KEPT = ("drums straight", "bass ", "snare.wav")
BOUND_S = 280


def free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        port: int = taken.getsockname()[1]
        return port


def typed(lines: str, folder: Path) -> str:
    """Have a shell do what is typed, at a port that is free; what was printed. What it started ends with it."""
    port = free_port()
    programs = folder / "programs"
    programs.mkdir()
    (programs / "sonoteca").write_text(f'#!/bin/sh\nexec "{sys.executable}" -m sonoteca.cli.main "$@"\n')
    (programs / "sonoteca").chmod(0o755)
    # Whatever is left at the end, a server too, is ended by its number.
    script = "trap 'jobs -p | xargs -r kill' EXIT\nset -eu\n" + lines.replace(":8000", f":{port}")
    environment = {name: value for name, value in os.environ.items() if not name.startswith("SONOTECA_")}
    environment |= {
        "PATH": f"{programs}:{environment['PATH']}",
        "SONOTECA_PORT": str(port),
        "SONOTECA_WORKERS": "1",
        "XDG_DATA_HOME": str(folder / "data"),
    }
    with (folder / "said.txt").open("w+") as said, (folder / "errors.txt").open("w+") as errors:
        ended = subprocess.run(
            ["bash", "-c", script], cwd=folder, env=environment, stdout=said, stderr=errors, timeout=BOUND_S
        )
        text, wrong = (Path(file.name).read_text() for file in (said, errors))
    assert ended.returncode == 0, text[-3000:] + wrong[-3000:]
    return text + wrong


@pytest.fixture
def samples(tmp_path: Path) -> Path:
    """A few of the demo's sounds, in a folder as a shop has one."""
    for path in write_demo_sounds(tmp_path / "all"):
        if any(part in path.name for part in KEPT) and "124" not in path.name:
            target = tmp_path / "Samples" / path.name.replace(" ", "-")
            target.parent.mkdir(exist_ok=True)
            shutil.copy(path, target)
    return tmp_path / "Samples"


@pytest.mark.slow
@pytest.mark.timeout(BOUND_S + 20)
def test_the_operators_page_can_be_typed_as_it_stands(samples: Path) -> None:
    page = (ROOT / "docs/for-shops.md").read_text()
    blocks = re.findall(r"^```sh\n(.*?)^```$", page, re.MULTILINE | re.DOTALL)
    assert len(blocks) == 10
    said = typed("\n".join(blocks), samples.parent)
    assert '"kind":"make_clips","state":"done"' in said.replace(" ", "")
    assert "1 row: 1 sound changed" in said
    clips = list((samples.parent / "shop.sonoteca.d/cache/clips").glob("*.mp3"))
    assert len(clips) == len(list(samples.iterdir()))
    log = (samples.parent / "server.log").read_text()
    assert '"path": "/match"' in log
    assert "Traceback" not in log + (samples.parent / "worker.log").read_text()


@pytest.mark.slow
@pytest.mark.timeout(BOUND_S + 20)
def test_the_readme_starts_a_server_and_matches_a_sound_in_three_lines(samples: Path) -> None:
    readme = (ROOT / "README.md").read_text()
    [lines] = re.findall(r"^```\n(sonoteca serve &\n.*?)^```$", readme, re.MULTILINE | re.DOTALL)
    assert len(lines.splitlines()) == 3
    shutil.copy(next(samples.glob("drums*.wav")), samples.parent / "break96.wav")
    said = typed(lines, samples.parent)
    assert '"query"' in said
    assert '"openapi"' in said
