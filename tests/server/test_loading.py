"""The server says that it lives before its routes are loaded, and loads little until then."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
from fastapi import APIRouter
from starlette.testclient import TestClient

from sonoteca.catalogue.store.library import open_library
from sonoteca.ingest.listener import Listener
from sonoteca.server import loading
from sonoteca.server.app import create_app
from sonoteca.server.route import documented, routes
from sonoteca.workers.in_process import InProcessExecutor

ASKED = "import sonoteca; sonoteca.open_library; sonoteca.Listener; sonoteca.serve; sonoteca.create_app"
# What answering needs, and living does not.
LATER = {"alembic", "av", "faiss", "mcp", "numpy", "rich", "scipy", "soxr"}


def test_what_listens_and_what_answers_is_not_loaded_before_the_server_lives() -> None:
    asked = f"import sys\n{ASKED}\nprint(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", asked], capture_output=True, text=True, check=True)
    assert {name.partition(".")[0] for name in done.stdout.split()}.isdisjoint(LATER)


@pytest.fixture
def gate(monkeypatch: pytest.MonkeyPatch) -> threading.Event:
    """Routes are loaded when it is set."""
    gate = threading.Event()

    def late() -> Iterator[APIRouter]:
        gate.wait(30)
        router = routes("late")
        router.add_api_route("/late", lambda: {"late": True}, name="late", **documented("Late.", example=None))
        yield router

    monkeypatch.setattr(loading, "_routers", late)
    return gate


def test_requests_wait_for_the_routes_and_those_of_life_do_not(gate: threading.Event, sample_file: Path) -> None:
    with open_library(sample_file) as library, Listener(executor=InProcessExecutor()) as listener:
        app = create_app(library, listener, loads_beside=True)
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            assert client.get("/health").json()["status"] == "ok"
            assert client.head("/health").content == b""
            assert client.get("/").json()["name"] == "sonoteca"
            assert client.get("/docs").status_code == 200
            answers: list[int] = []
            waiting = threading.Thread(target=lambda: answers.append(client.get("/late").status_code))
            waiting.start()
            waiting.join(0.2)
            assert answers == []
            gate.set()
            waiting.join(30)
            assert answers == [200]


def test_routes_that_cannot_be_loaded_are_an_error_of_every_question(
    monkeypatch: pytest.MonkeyPatch, sample_file: Path
) -> None:
    def broken() -> Iterator[APIRouter]:
        raise ImportError("no such library")

    monkeypatch.setattr(loading, "_routers", broken)
    with open_library(sample_file) as library, Listener(executor=InProcessExecutor()) as listener:
        app = create_app(library, listener, loads_beside=True)
        with TestClient(app, base_url="http://127.0.0.1", raise_server_exceptions=False) as client:
            answer = client.get("/api/search?words=x")
            assert (answer.status_code, answer.json()["code"]) == (500, "internal_error")
            assert client.get("/health").status_code == 200
