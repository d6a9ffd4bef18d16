"""The bench of the server, very small: every number it promises is there, and each time beside its yardstick."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CORPUS = ROOT.parent / "shared"
SMALL = {"regions": 120, "melodies": 10, "loops": 12, "different-loops": 2, "seconds": 1, "queries": 2, "uploads": 5}
ROUTES = ("GET /database/files", "GET /api/similar/{id}")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    options = [word for name, value in {**SMALL, "mixed": 60}.items() for word in (f"--{name}", str(value))]
    command = [sys.executable, "-m", "bench.server", *options, "--corpus", str(CORPUS), "--json"]
    environment = {"PATH": "/usr/bin:/bin", "TMPDIR": str(tmp_path_factory.mktemp("bench"))}
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env=environment)
    assert done.returncode == 0, done.stderr
    return {each["name"]: each for each in json.loads(done.stdout)}


@pytest.mark.slow
def test_each_time_stands_beside_that_of_a_bare_route(measured: dict[str, dict[str, Any]]) -> None:
    for route in ROUTES:
        for number in ("p50", "p95", "p99", "processor"):
            ours, bare = (measured[f"{route}, 50/s{who}, {number}"]["value"] for who in ("", ", bare"))
            assert 0.0 < bare < ours, (route, number)
        for who in ("", ", bare"):
            p50, p95, p99 = (measured[f"{route}, 50/s{who}, {each}"]["value"] for each in ("p50", "p95", "p99"))
            assert p50 <= p95 <= p99
            assert measured[f"{route}, most{who}"]["unit"] == "1/s"
            assert measured[f"{route}, most{who}, p95"]["value"] > 0.0
    assert measured["server: time until ready"]["value"] > measured["server: time until ready, bare"]["value"] > 0.0


@pytest.mark.slow
def test_no_upload_is_lost_and_memory_is_told(measured: dict[str, dict[str, Any]]) -> None:
    assert measured["5 uploads at once: lost"]["value"] == 0.0
    assert measured["5 uploads at once: lost"]["note"] == "answers {202: 5}"
    assert measured["memory growth over 60 mixed requests"]["unit"] == "%"


@pytest.mark.slow
def test_goals_are_those_of_the_full_size(measured: dict[str, dict[str, Any]]) -> None:
    assert {name for name, each in measured.items() if each["goal"] is not None} == {"5 uploads at once: lost"}


@pytest.mark.slow
@pytest.mark.skipif(not (CORPUS / "corpus" / "melodies.json.gz").exists(), reason="no development corpus")
@pytest.mark.parametrize("what", ["an uploaded hum, 10 melodies", "an uploaded loop, 12 loops"])
def test_what_is_sent_is_timed(measured: dict[str, dict[str, Any]], what: str) -> None:
    for number in ("p50", "p95", "processor"):
        ours, bare = (measured[f"{what}{who}, {number}"]["value"] for who in ("", ", bare"))
        assert 0.0 < bare < ours
