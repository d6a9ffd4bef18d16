"""A client that a program wrote from the OpenAPI document asks a running server: its list, an upload, a match."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import synth
from server_processes import running
from sonoteca.audio.encode import write_wav

pytestmark = pytest.mark.slow

# ``make test-slow`` puts it there; elsewhere it may stand among the programs.
GENERATOR = shutil.which(
    "openapi-python-client", path=os.pathsep.join([f"{sys.prefix}/generator/bin", os.environ.get("PATH", "")])
)
# What it leaves out of a client, as bytes of sound are no answer that it reads. Nothing else may be left out.
NO_JSON = "(Unsupported content_type audio/"
BOUND_S = 120

# Runs where the generator does, which has what its clients need, and knows nothing of our package.
SCRIPT = """
import builtins, json, sys
from shop_client import Client, types
# The generator (0.29) forgets to import it where a body may be of two kinds.
builtins.Unset = types.Unset
from shop_client.api.analyzing import analyze_upload
from shop_client.api.database import list_files
from shop_client.api.jobs import get_job, list_jobs
from shop_client.api.matching import match
from shop_client.api.playing import audio
from shop_client.models import AnalyzeUploadBody, MatchFilesBody, Problem
from shop_client.types import File

url, *paths = sys.argv[1:]
told = {}
with Client(base_url=url, timeout=100.0, raise_on_unexpected_status=True) as client:
    for path in paths:
        with open(path, "rb") as file:
            body = AnalyzeUploadBody(file=File(payload=file, file_name=path))
            job = analyze_upload.sync(client=client, body=body, keep=True, wait=True)
        told.setdefault("jobs", []).append(get_job.sync(job.id, client=client).state)
    told["listed"] = list_files.sync(client=client, query="kind:loop", limit=10).to_dict()
    with open(paths[0], "rb") as file:
        sent = MatchFilesBody(file=File(payload=file, file_name="sent.wav"), k=5)
        told["matched"] = match.sync(client=client, body=sent).to_dict()
    told["count"] = list_jobs.sync(client=client).counts.done
    problem = get_job.sync("no-such-job", client=client)
    told["problem"] = [isinstance(problem, Problem), problem.code, problem.status]
json.dump(told, sys.stdout)
"""


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What a generated client learnt from a server that it sent three loops to."""
    if GENERATOR is None:
        pytest.skip("openapi-python-client is not installed: make test-slow installs it")
    folder = tmp_path_factory.mktemp("generated")
    loops = [folder / f"{name}.wav" for name in ("a", "b", "c")]
    for path, tempo in zip(loops, (120.0, 122.0, 96.0), strict=True):
        write_wav(path, synth.drums(tempo, 2))
    (folder / "asks.py").write_text(SCRIPT)
    with running(folder / "mine.sonoteca", folder, "--workers", "2") as server:
        document = folder / "openapi.json"
        document.write_text(server.client.get("/openapi.json").text)
        words = [GENERATOR, "generate", "--path", str(document), "--output-path", str(folder / "shop_client")]
        written = subprocess.run([*words, "--meta", "none"], capture_output=True, text=True, timeout=BOUND_S)
        said = written.stdout + written.stderr
        assert written.returncode == 0, said
        left_out = [line for line in said.splitlines() if "Cannot parse" in line or "not be generated" in line]
        assert all(NO_JSON in line for line in left_out), said
        python = Path(GENERATOR).with_name("python")
        asked = subprocess.run(
            [python, "asks.py", server.url, *(path.name for path in loops)],
            cwd=folder, capture_output=True, text=True, timeout=BOUND_S, env={"PYTHONPATH": str(folder)},
        )  # fmt: skip
        assert asked.returncode == 0, asked.stderr + server.log[-3000:]
    answers: dict[str, Any] = json.loads(asked.stdout)
    return answers


def test_it_sends_files_and_reads_their_jobs(told: dict[str, Any]) -> None:
    assert told["jobs"] == ["done"] * 3
    assert told["count"] == 3


def test_it_lists_what_it_sent(told: dict[str, Any]) -> None:
    listed = told["listed"]
    assert listed["total"] == len(listed["results"]) == 3
    assert all(row["id"] for row in listed["results"])


def test_it_matches_what_it_sends(told: dict[str, Any]) -> None:
    rows = told["matched"]["results"]
    assert rows
    assert all(0.0 <= row["score"] <= 1.0 and row["gating_status"] for row in rows)


def test_it_reads_a_problem_as_one(told: dict[str, Any]) -> None:
    assert told["problem"] == [True, "job_not_found", 404]
