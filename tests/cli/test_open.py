"""``sonoteca open``: a server for this machine alone, and its page in the browser."""

from __future__ import annotations

import json
import webbrowser
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import sonoteca
from sonoteca.cli.main import app
from sonoteca.errors import AddressUnusable
from sonoteca.settings import ServerSettings


@pytest.fixture
def opened(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The addresses that a browser was asked to open; nothing is served, and the usual port is taken."""
    addresses: list[str] = []

    def serve(
        library: Any, listener: Any, settings: ServerSettings, *, queue: Any, on_ready: Callable[[str], None]
    ) -> None:
        assert settings.host == "127.0.0.1"
        if settings.port == 8000:
            raise AddressUnusable("The server cannot listen there.", field="port")
        on_ready(f"http://127.0.0.1:{settings.port}")

    monkeypatch.setattr(sonoteca, "serve", serve)
    monkeypatch.setattr(webbrowser, "open", addresses.append)
    return addresses


def test_the_page_is_opened_where_the_server_answers(opened: list[str], tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["open", "--port", "9123", "--library", str(tmp_path / "mine.sonoteca")])
    assert done.exit_code == 0, done.output
    assert opened == ["http://127.0.0.1:9123/ui/"]
    assert "http://127.0.0.1:9123/ui/" in done.stdout


def test_without_a_browser_the_address_is_said(opened: list[str], tmp_path: Path) -> None:
    words = ["open", "--no-browser", "--json", "--port", "9123", "--library", str(tmp_path / "mine.sonoteca")]
    done = CliRunner().invoke(app, words)
    assert json.loads(done.stdout)["page"] == "http://127.0.0.1:9123/ui/"
    assert opened == []


def test_where_the_usual_port_is_taken_another_is_found_unless_one_was_asked_for(
    opened: list[str], tmp_path: Path
) -> None:
    library = ["--library", str(tmp_path / "mine.sonoteca")]
    assert CliRunner().invoke(app, ["open", *library]).exit_code == 0
    assert opened == ["http://127.0.0.1:0/ui/"]
    assert CliRunner().invoke(app, ["open", "--port", "8000", *library]).exit_code != 0
