"""What puts server and worker onto a machine is sound: units, image and compose file are read as their programs read them."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sonoteca.cli.main import app
from sonoteca.settings import ServerSettings, Settings

DEPLOY = Path(__file__).parents[2] / "deploy"
UNITS = sorted(DEPLOY.glob("*.service"))
DOCKERFILE = (DEPLOY / "Dockerfile").read_text()
VARIABLES = {f"SONOTECA_{name}".upper() for name in (*Settings.model_fields, *ServerSettings.model_fields)}


def checked(program: str, *words: str) -> None:
    """Run a program of the environment or the machine that says what is wrong with a file, and take it at its word."""
    found = shutil.which(program, path=str(Path(sys.executable).parent)) or shutil.which(program)
    if found is None:
        pytest.skip(f"{program} is not installed")
    said = subprocess.run([found, *words], capture_output=True, text=True, timeout=60)
    assert said.returncode == 0, said.stdout + said.stderr


def compose() -> dict[str, Any]:
    read: dict[str, Any] = yaml.safe_load((DEPLOY / "compose.yaml").read_text())
    return read


# --- units --------------------------------------------------------------------------------------


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_systemd_understands_every_line_of_a_unit(unit: Path, tmp_path: Path) -> None:
    text = unit.read_text()
    # The program and its user are not on this machine; all the rest is as it stands.
    text = re.sub("^ExecStart=[^ ]+", f"ExecStart={sys.executable}", text, flags=re.MULTILINE)
    text = re.sub("^(User|Group)=sonoteca$", r"\1=root", text, flags=re.MULTILINE)
    (tmp_path / unit.name).write_text(text)
    checked("systemd-analyze", "verify", "--man=no", str(tmp_path / unit.name))


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_a_unit_starts_by_itself_again_and_may_do_little(unit: Path) -> None:
    lines = unit.read_text().splitlines()
    for line in (
        "User=sonoteca", "Restart=on-failure", "StateDirectory=sonoteca", "EnvironmentFile=/etc/sonoteca/sonoteca.env",
        "NoNewPrivileges=yes", "ProtectSystem=strict", "PrivateTmp=yes", "WantedBy=multi-user.target",
    ):  # fmt: skip
        assert line in lines
    [stop] = [int(line.partition("=")[2]) for line in lines if line.startswith("TimeoutStopSec=")]
    assert stop >= 15


# --- image --------------------------------------------------------------------------------------


def test_the_dockerfile_is_without_fault() -> None:
    checked("hadolint", "--no-color", str(DEPLOY / "Dockerfile"))


def test_the_image_is_small_and_runs_as_nobody_in_particular() -> None:
    stages = re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE)
    assert len(stages) == 2
    assert all(re.fullmatch(r"python:3\.\d+-slim-[a-z]+", stage) for stage in stages)
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    [user] = re.findall(r"^USER (\d+)", last, re.MULTILINE)
    assert int(user) > 0
    assert "/health" in last[last.index("HEALTHCHECK") :]
    # In exec form signals reach the program and no shell.
    assert {'ENTRYPOINT ["sonoteca"]', 'CMD ["serve"]', "STOPSIGNAL SIGTERM"} <= set(last.splitlines())
    assert set(re.findall(r"(SONOTECA_\w+)=", DOCKERFILE)) <= VARIABLES


def test_the_image_is_built_from_what_the_package_is_built_from() -> None:
    kept = {line[1:] for line in (DEPLOY.parent / ".dockerignore").read_text().splitlines() if line.startswith("!")}
    copied = set(" ".join(re.findall(r"^COPY (?!--from)(.+) \S+$", DOCKERFILE, re.MULTILINE)).split())
    assert kept == copied
    assert all((DEPLOY.parent / name).exists() for name in copied)


# --- compose ------------------------------------------------------------------------------------


def test_the_compose_file_is_valid_by_its_schema() -> None:
    checked("check-jsonschema", "--builtin-schema", "vendor.compose-spec", str(DEPLOY / "compose.yaml"))


def test_server_and_worker_see_one_library_and_only_this_machine_reaches_the_server() -> None:
    services = compose()["services"]
    server, worker = services["server"], services["worker"]
    for name in ("image", "volumes", "env_file", "environment"):
        assert server[name] == worker[name]
    assert all(port.startswith("127.0.0.1:") for port in server["ports"])
    assert worker["ports"] == []
    assert all(service["restart"] == "unless-stopped" for service in services.values())
    assert all(":" in service["image"] for service in services.values() if "build" not in service)
    assert {volume.partition(":")[0] for volume in server["volumes"] if not volume.startswith("$")} <= set(
        compose()["volumes"]
    )
    assert set(server["environment"]) <= VARIABLES


# --- both ---------------------------------------------------------------------------------------


def test_what_is_started_has_these_commands_and_options() -> None:
    started = [line.split()[1:] for unit in UNITS for line in unit.read_text().splitlines() if "ExecStart=" in line]
    started += [service["command"] for service in compose()["services"].values() if "command" in service]
    assert len(started) == 4
    for command, *options in started:
        told = CliRunner().invoke(app, [command, "--help"])
        assert told.exit_code == 0
        assert all(option in told.output for option in options)


def test_examples_of_settings_name_settings_and_hold_no_secret() -> None:
    text = (DEPLOY / "sonoteca.env.example").read_text() + (DEPLOY / "database.env.example").read_text()
    named = re.findall(r"^#?([A-Z_]+)=(.*)$", text, re.MULTILINE)
    assert {name for name, _ in named} - VARIABLES == {"POSTGRES_PASSWORD"}
    secret = [value for name, value in named if re.search("KEYS|SECRET|PASSWORD|LIBRARY", name)]
    assert len(secret) == 4
    assert all("CHANGE-ME" in value for value in secret)
    ignored = (DEPLOY.parent / ".gitignore").read_text().splitlines()
    assert "deploy/*.env" in ignored
