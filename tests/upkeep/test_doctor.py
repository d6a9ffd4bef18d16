"""What the doctor says of a machine where something is wrong, each with what helps."""

from __future__ import annotations

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from sonoteca.upkeep import disk_warnings
from sonoteca.upkeep.doctor import _WANTED_FLAGS, Check, examine, import_check, processor_check


def ends_with(returncode: int, stdout: str = "", stderr: str = "") -> Callable[..., subprocess.CompletedProcess[str]]:
    """A ``subprocess.run`` whose child always ends like this."""

    def run(command: list[str], **_: object) -> subprocess.CompletedProcess[str]:
        return subprocess.CompletedProcess(command, returncode, stdout, stderr)

    return run


def found(location: Path) -> dict[str, Check]:
    return {check.name: check for check in examine(str(location)).checks}


def test_a_module_that_is_not_there_is_told_by_the_last_line() -> None:
    check = import_check("sonoteca_nowhere")
    assert not check.ok
    assert check.found == "ModuleNotFoundError: No module named 'sonoteca_nowhere'"
    assert check.remedy == "Reinstall it: python -m pip install --force-reinstall sonoteca_nowhere"


def test_wheels_for_another_processor_are_told_from_other_deaths(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(subprocess, "run", ends_with(-signal.SIGILL))
    checks = found(tmp_path / "none.sonoteca")
    assert checks["wheel numpy"].found == "import died with SIGILL"
    assert "--no-binary numpy" in (checks["wheel numpy"].remedy or "")
    assert checks["ffmpeg in PyAV"] == Check(
        "ffmpeg in PyAV", False, "PyAV cannot be imported", "See the check of the wheel av."
    )
    monkeypatch.setattr(subprocess, "run", ends_with(-signal.SIGSEGV))
    assert "--no-binary" not in (import_check("numpy").remedy or "")


def test_an_import_that_never_ends_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(command: list[str], **_: object) -> None:
        raise subprocess.TimeoutExpired(command, 60)

    monkeypatch.setattr(subprocess, "run", run)
    assert import_check("numpy").found == "import did not end in 60 s"


def test_missing_decoders_and_a_missing_library_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    codecs = "aac flac vorbis opus alac wmav2 pcm_s16le"
    monkeypatch.setattr(subprocess, "run", ends_with(0, f"7.1\n{codecs}\n"))
    checks = found(tmp_path / "none.sonoteca")
    assert checks["ffmpeg in PyAV"].found == "FFmpeg 7.1, lacks pcm_s24le, mp3"
    assert checks["library"].ok
    assert checks["library"].found.startswith("none yet at ")


def test_a_library_that_is_no_database_is_wrong(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", ends_with(0, "7.1\nmp3\n"))
    (tmp_path / "bad.sonoteca").write_bytes(b"no database at all" * 500)
    answer = examine(str(tmp_path / "bad.sonoteca"))
    (check,) = [check for check in answer.checks if check.name == "library"]
    assert not check.ok
    assert check.remedy
    assert not answer.ok
    assert answer.as_json()["ok"] is False


def test_a_processor_without_the_common_instructions_is_told_before_a_wheel_dies(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("platform.machine", lambda: "x86_64")
    everything = _WANTED_FLAGS["x86_64"] | {"avx2"}
    good = processor_check(everything)
    assert good.ok
    assert good.found == "x86_64, has all that the wheels need, and avx2"
    old = processor_check(everything - {"sse4_2", "popcnt"})
    assert not old.ok
    assert "without popcnt, sse4_2" in old.found
    assert "--no-binary" in (old.remedy or "")
    # A system that does not tell is not blamed.
    assert processor_check(frozenset()).ok
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert processor_check(frozenset({"rv64imafdc"})).ok


def test_this_processor_runs_what_is_installed() -> None:
    assert processor_check().ok


def test_a_library_on_a_network_disk_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subprocess, "run", ends_with(0, "7.1\nmp3\n"))
    monkeypatch.setattr(disk_warnings, "network_disk", lambda _: "nfs4")
    check = found(tmp_path / "none.sonoteca")["library disk"]
    assert not check.ok
    assert "nfs4" in check.found
    assert "disk of this machine" in (check.remedy or "")
