"""The server as a process: it says when it is ready, refuses what it cannot do with a sentence, and ends at once."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import threading
import time
from pathlib import Path

import httpx
import pytest
import uvicorn
from typer.testing import CliRunner

import ingest_tasks
from server_processes import running
from sonoteca.catalogue.store.library import open_library
from sonoteca.cli.main import app
from sonoteca.errors import AddressUnusable, RequestError
from sonoteca.ingest.listener import Listener
from sonoteca.server.app import create_app
from sonoteca.server.json_answers import StrictJSONResponse
from sonoteca.server.route import documented, routes
from sonoteca.server.running import WarmListener
from sonoteca.server.serve import _Server, listening_socket, require_keys
from sonoteca.settings import ServerSettings, load_server_settings


@pytest.mark.parametrize("number", [signal.SIGINT, pytest.param(signal.SIGTERM, marks=pytest.mark.slow)])
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


@pytest.mark.slow
def test_it_ends_within_seconds_whatever_its_clients_do(sample_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.sonoteca"
    shutil.copy(sample_file, path)
    with running(path, tmp_path, "--workers", "1", "--max-upload-mb", "1") as server:
        # The routes are there, and the pool is on its way.
        assert server.client.get("/api/search", params={"words": "warm"}).status_code == 200
        port = int(server.url.rpartition(":")[2])
        halves = [
            b"GET /health HTTP/1.1\r\nHost: localhost\r\n",
            b"POST /x HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99\r\nContent-Type: application/json\r\n\r\n{",
            b"",
        ]
        clients = [socket.create_connection(("127.0.0.1", port)) for _ in halves]
        for client, half in zip(clients, halves, strict=True):
            client.sendall(half)
        took_s = server.stop(signal.SIGINT)
        for client in clients:
            client.close()
        assert server.process.returncode == 0
        assert took_s < 5.0
        assert not list((tmp_path / "mine.sonoteca.d" / "staging").glob("server-*"))


@pytest.mark.slow
def test_a_body_that_is_too_large_is_told_so_while_it_is_sent(sample_file: Path, tmp_path: Path) -> None:
    path = tmp_path / "mine.sonoteca"
    shutil.copy(sample_file, path)
    with running(path, tmp_path, "--workers", "1", "--max-upload-mb", "1") as server:
        answer = server.client.post("/api/search", files={"file": bytes(30 * 2**20)})
        assert answer.status_code == 413
        assert "1 MB" in answer.json()["detail"]
        port = int(server.url.rpartition(":")[2])
        with socket.create_connection(("127.0.0.1", port)) as client:
            client.sendall(
                b"POST /api/search HTTP/1.1\r\nHost: localhost\r\nContent-Type: multipart/form-data; boundary=x\r\n"
                b"Content-Length: 900000000\r\nExpect: 100-continue\r\n\r\n"
            )
            client.settimeout(20)
            assert client.recv(100).startswith(b"HTTP/1.1 413")


@pytest.mark.slow
def test_a_request_that_waits_for_a_worker_does_not_hold_up_the_end(sample_file: Path) -> None:
    with open_library(sample_file) as library, Listener(start_method="spawn") as listener:
        served = create_app(library, listener, ServerSettings())
        router = routes("naps")

        @router.get("/nap", **documented("Sleeps.", example=None))
        def nap(listener: WarmListener) -> StrictJSONResponse:
            listener.ask(ingest_tasks.nap, 300.0, "nap", timeout_s=600.0)
            return StrictJSONResponse({})

        served.router.routes.extend(router.routes)
        listening = listening_socket("127.0.0.1", 0)
        ready = threading.Event()
        config = uvicorn.Config(served, log_config=None, timeout_graceful_shutdown=1)
        server = _Server(config, served, listener, ready.set)
        running = threading.Thread(target=lambda: server.run(sockets=[listening]))
        running.start()
        assert ready.wait(25)
        answers: list[int] = []
        url = f"http://127.0.0.1:{listening.getsockname()[1]}/nap"

        def ask() -> None:
            with contextlib.suppress(httpx.HTTPError):
                answers.append(httpx.get(url, timeout=300.0).status_code)

        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(1.0)
        server.handle_exit(signal.SIGTERM, None)
        running.join(60)
        assert not running.is_alive()
        asking.join(60)
        assert answers in ([], [503])


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
