"""What the server says of itself, its machine and its work, and what it removes of what it keeps."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

import sonoteca
from server_samples import ONE, asking
from sonoteca import Library
from sonoteca.server.upkeep_thread import UpkeepThread
from sonoteca.settings import ServerSettings
from sonoteca.upkeep import disk_warnings


def library_of(client: TestClient) -> Library:
    library: Library = client.app.state.library  # type: ignore[attr-defined]
    return library


def test_the_status_is_the_library_s_and_when_the_server_started(client: TestClient) -> None:
    told = client.get("/status").json()
    assert told.pop("started_at").endswith("Z")
    executor = told.pop("executor")
    wanted = json.loads(json.dumps(sonoteca.library_status(library_of(client)).as_json()))
    wanted.pop("executor")
    assert told == wanted
    assert set(executor["states"]) == {"idle", "busy", "starting"}


@pytest.mark.parametrize("check", ["match_sample", "index", "database"])
def test_a_closer_look_is_what_the_front_sees(client: TestClient, check: Any) -> None:
    told = client.get("/health", params={"check": check}).json()
    wanted = sonoteca.check_health(library_of(client), sonoteca.HealthRequest(check=check)).as_json()
    assert told["status"] == ("ok" if wanted["ok"] else "failing")
    assert {name: told[name] for name in ("ok", "check", "findings")} == {
        name: json.loads(json.dumps(wanted[name])) for name in ("ok", "check", "findings")
    }
    assert set(told["details"]) == set(wanted["details"])


def test_health_is_cheap_and_refuses_a_check_that_there_is_not(client: TestClient) -> None:
    assert client.get("/health").json() == {"status": "ok", "version": sonoteca.__version__}
    assert client.get("/health", params={"check": "all"}).status_code == 400


def test_plugins_are_those_that_are_installed(client: TestClient) -> None:
    told = client.get("/plugins").json()
    assert told == json.loads(json.dumps(sonoteca.list_plugins(library_of(client)).as_json()))
    assert {"id", "version", "requires", "produces", "failures"} <= set(told["plugins"][0])


def test_resources_name_everything(client: TestClient) -> None:
    told = client.get("/api/system/resources").json()
    assert set(told) == {"processor", "memory", "disk", "gpu", "workers", "queue", "caches"}
    assert told["memory"]["program_bytes"] > 10**6


def kept_files(library: Library) -> tuple[Path, Path]:
    """A cached file that was last used forty days ago, and an upload that came two days ago."""
    cached, staged = library.data_folder("cache", "audio") / "a.flac", library.data_folder("staging") / "b.wav"
    for path, days in ((cached, 40), (staged, 2)):
        path.write_bytes(bytes(1000))
        before = time.time() - days * 86_400
        os.utime(path, (before, before))
    return cached, staged


def test_a_clean_up_without_a_body_has_the_limits_of_the_settings(writable: TestClient) -> None:
    cached, staged = kept_files(library_of(writable))
    answer = writable.post("/api/system/cleanup")
    assert (answer.status_code, answer.json()["freed_bytes"]) == (200, 2000)
    assert answer.json()["query"]["cache_mb"] == ServerSettings().cache_mb
    assert not cached.exists()
    assert not staged.exists()


def test_a_clean_up_says_what_it_keeps(writable: TestClient) -> None:
    cached, staged = kept_files(library_of(writable))
    answer = writable.post(
        "/api/system/cleanup", json={"cache_days": 50, "staging_hours": 72, "restart_workers": False}
    )
    assert (answer.json()["freed_bytes"], answer.json()["restarted_workers"]) == (0, 0)
    assert cached.exists()
    assert staged.exists()
    assert writable.post("/api/system/cleanup", json={"cache_days": -1}).status_code == 400


def test_settings_limit_what_is_kept_although_nobody_asks(writable: TestClient) -> None:
    library = library_of(writable)
    cached, staged = kept_files(library)
    upkeep = UpkeepThread(library, ServerSettings(cache_days=50, staging_hours=24), first_after_s=0.0)
    upkeep.start()
    until = time.monotonic() + 20
    while staged.exists() and time.monotonic() < until:
        time.sleep(0.01)
    upkeep.close()
    assert not staged.exists()
    assert cached.exists()


def test_a_library_on_a_network_disk_is_warned_about_at_the_start(
    writable: TestClient, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(disk_warnings, "network_disk", lambda _: "nfs4")
    upkeep = UpkeepThread(library_of(writable), ServerSettings(), first_after_s=60.0)
    upkeep.start()
    until = time.monotonic() + 20
    while not caplog.records and time.monotonic() < until:
        time.sleep(0.01)
    upkeep.close()
    [record] = caplog.records
    assert record.levelname == "WARNING"
    assert "network disk (nfs4)" in record.getMessage()
    assert "Keep the library on a disk of this machine" in record.getMessage()


def samples(client: TestClient) -> dict[tuple[str, frozenset[tuple[str, str]]], float]:
    answer = client.get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    return {
        (each.name, frozenset(each.labels.items())): each.value
        for family in text_string_to_metric_families(answer.text)
        for each in family.samples
    }


def test_requests_are_counted_by_route_and_status(writable: TestClient) -> None:
    for url in (f"/api/sounds/{ONE}", f"/api/sounds/{ONE}", "/api/sounds/zzzz", "/nowhere/at/all"):
        writable.get(url)
    writable.head("/api/sounds/zzzz")
    found = samples(writable)

    def counted(**labels: str) -> float:
        return found["sonoteca_requests_total", frozenset(labels.items())]

    assert counted(method="GET", route="/api/sounds/{id}", status="200") == 2
    assert counted(method="GET", route="/api/sounds/{id}", status="404") == 1
    assert counted(method="HEAD", route="/api/sounds/{id}", status="404") == 1
    assert counted(method="GET", route="none", status="404") == 1
    labels = {"method": "GET", "route": "/api/sounds/{id}"}
    assert found["sonoteca_request_seconds_count", frozenset(labels.items())] == 3
    assert found["sonoteca_requests_under_way", frozenset()] == 1


def test_metrics_tell_of_queue_workers_and_caches(writable: TestClient) -> None:
    library = library_of(writable)
    kept_files(library)
    found = samples(writable)
    assert found["sonoteca_kept_bytes", frozenset({("folder", "audio")})] == 1000
    assert found["sonoteca_jobs", frozenset({("state", "queued")})] == 0
    assert found["sonoteca_event_listeners", frozenset()] == 0
    assert found["sonoteca_uploads_under_way", frozenset()] == 0
    assert ("sonoteca_workers", frozenset({("state", "busy")})) in found


def test_what_changes_nothing_takes_a_key_that_reads(sample_file: Path) -> None:
    settings = ServerSettings(api_keys="read:small, write:great")
    with sonoteca.open_library(sample_file) as library, asking(library, settings) as client:
        for url in ("/status", "/plugins", "/metrics", "/api/system/resources", "/health?check=database"):
            assert client.get(url).status_code == 401
            assert client.get(url, headers={"X-API-Key": "small"}).status_code == 200
        assert client.get("/health").status_code == 200
        assert client.post("/api/system/cleanup", headers={"X-API-Key": "small"}).status_code == 403
