"""The server as a process: it says when it is ready, refuses what it cannot do with a sentence, and ends at once."""

from __future__ import annotations

import shutil
import signal
import socket
from pathlib import Path

import pytest
from typer.testing import CliRunner

from server_processes import running
from sonoteca.cli.main import app
from sonoteca.errors import AddressUnusable, RequestError
from sonoteca.server.serve import listening_socket, require_keys
from sonoteca.settings import ServerSettings, load_server_settings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_answers_and_ends_without_an_error(sample_file: Path, tmp_path: Path, number: int) -> None:
    path = tmp_path / "mine.sonoteca"
    shutil.copy(sample_file, path)
    with running(path, tmp_path, "--workers", "1") as server:
        assert server.client.get("/health").json()["status"] == "ok"
        assert server.client.get("/api/search", params={"words": "warm"}).json()["results"]
        server.stop(number)
        assert server.process.returncode == 0
        assert "Traceback" not in server.log
        with pytest.raises(OSError):
            socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2])), 1)


def test_a_port_that_is_taken_is_a_sentence(sample_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(AddressUnusable, match=f"port {port}: another program listens there") as refused:
            listening_socket("127.0.0.1", port)
        assert refused.value.field == "port"
        run = CliRunner().invoke(app, ["serve", "--library", str(sample_file), "--port", str(port), "--workers", "1"])
        assert isinstance(run.exception, AddressUnusable)


@pytest.mark.parametrize("host", ["nowhere.invalid", "203.0.113.7"])
def test_an_address_that_is_not_ours_is_a_sentence(host: str) -> None:
    with pytest.raises(AddressUnusable) as refused:
        listening_socket(host, 0)
    assert refused.value.field == "host"


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.2", "shop.example", ""])
def test_beyond_this_machine_it_needs_a_key(host: str) -> None:
    with pytest.raises(RequestError, match="no API key"):
        require_keys(ServerSettings(host=host))
    require_keys(load_server_settings(host=host, api_keys=["read:secret"]))


@pytest.mark.parametrize("host", ["127.0.0.1", "127.9.9.9", "localhost", "::1", "[::1]"])
def test_this_machine_needs_none(host: str) -> None:
    require_keys(ServerSettings(host=host))


def test_settings_come_from_the_environment_and_options_win(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SONOTECA_API_KEYS", "read:one, write:two")
    monkeypatch.setenv("SONOTECA_PORT", "9000")
    settings = load_server_settings(port=9001, allowed_hosts=None)
    assert [key.get_secret_value() for key in settings.api_keys] == ["read:one", "write:two"]
    assert (settings.port, settings.allowed_hosts) == (9001, ())
    assert "one" not in repr(settings)
    monkeypatch.setenv("SONOTECA_PORT", "many")
    with pytest.raises(RequestError) as refused:
        load_server_settings()
    assert refused.value.field == "port"
