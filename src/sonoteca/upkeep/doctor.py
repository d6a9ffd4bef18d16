"""The checks of ``sonoteca doctor``: Python, native wheels, FFmpeg, database, index, disk, extras.

Native wheels are imported in child processes: one built for another processor dies with an
illegal instruction, which is reported here and not suffered.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
import importlib.util
import platform
import shutil
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from sonoteca.errors import LibraryMissing, SonotecaError

_NATIVE_MODULES = ("numpy", "scipy.signal", "soxr", "av", "faiss", "xxhash", "psutil", "pydantic_core")
# There is no wheel of it for every machine: looked at where it is installed.
_NATIVE_IF_THERE = ("python_stretch", "psycopg")
_EXTRAS = {
    "mcp": ("mcp", "tools for assistants"),
    "postgres": ("psycopg", "libraries on PostgreSQL"),
    "tags": ("mutagen", "writing tags"),
}
# x86-64-v2, which NumPy's wheels are built for (faiss and SciPy ask for less), and the first 64-bit ARM.
_X86 = frozenset({"cx16", "lahf_lm", "popcnt", "pni", "sse4_1", "sse4_2", "ssse3"})
_WANTED_FLAGS = {"x86_64": _X86, "amd64": _X86, "aarch64": frozenset({"asimd"})}
_IMPORT_TIMEOUT_S = 60
_MIN_FREE_MB = 500
# The oldest SQLite with everything the catalogue uses (RETURNING, STRICT-free upserts).
_MIN_SQLITE = (3, 35, 0)


@dataclass(frozen=True, slots=True)
class Check:
    """One thing looked at. ``remedy`` is None when nothing is wrong."""

    name: str
    ok: bool
    found: str
    remedy: str | None = None

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


@dataclass(frozen=True, slots=True)
class DoctorAnswer:
    """What was looked at, in the order in which one thing stands on another."""

    checks: tuple[Check, ...]

    @property
    def ok(self) -> bool:
        return all(check.ok for check in self.checks)

    def as_json(self) -> dict[str, Any]:
        return {"checks": [check.as_json() for check in self.checks], "ok": self.ok}


def examine(location: str, *, data_dir: Path | None = None) -> DoctorAnswer:
    """Look at this machine, this installation and the library at ``location``, and say what helps."""
    checks = [
        _python(),
        processor_check(),
        *_native_wheels(),
        _decoders(),
        _sqlite(),
        *_library(location, data_dir),
        *_plugins(),
        *_extras(),
    ]
    return DoctorAnswer(tuple(checks))


def _python() -> Check:
    found = f"Python {platform.python_version()} on {platform.system()} {platform.machine()}"
    ok = sys.version_info >= (3, 11)
    return Check("python", ok, found, None if ok else "Install Python 3.11 or newer.")


def processor_check(flags: frozenset[str] | None = None) -> Check:
    """Whether the processor has the instructions that the wheels of NumPy, SciPy and others are built for.

    ``flags`` are those of the processor, as Linux names them; those of this one unless given. What is built for
    more (AVX2 and beyond) is chosen while it runs, so that only the common ground has to be there.
    """
    machine = platform.machine().lower()
    wanted = _WANTED_FLAGS.get(machine)
    found = _processor_flags() if flags is None else flags
    if wanted is None or not found:
        return Check("processor", True, f"{machine or 'unknown'}: what it can do is not told here")
    missing = sorted(wanted - found)
    if missing:
        return Check(
            "processor",
            False,
            f"{machine} without {', '.join(missing)}: native wheels die with an illegal instruction",
            "Build them here: python -m pip install --force-reinstall --no-binary :all: numpy scipy faiss-cpu",
        )
    more = [name for name in ("avx", "avx2", "avx512f", "sve") if name in found]
    return Check(
        "processor", True, f"{machine}, has all that the wheels need" + (f", and {', '.join(more)}" if more else "")
    )


def _processor_flags() -> frozenset[str]:
    """The instruction sets of this processor; empty where the system does not tell."""
    try:
        text = Path("/proc/cpuinfo").read_text("ascii", "replace")
    except OSError:
        return frozenset()
    for line in text.splitlines():
        name, _, value = line.partition(":")
        if name.strip().lower() in ("flags", "features"):
            return frozenset(value.lower().split())
    return frozenset()


def _native_wheels() -> Iterator[Check]:
    for module in (*_NATIVE_MODULES, *(each for each in _NATIVE_IF_THERE if importlib.util.find_spec(each))):
        yield import_check(module)


def import_check(module: str) -> Check:
    """Import ``module`` in a child process and tell how that ended."""
    code = f"import {module}; print(getattr({module.split('.', maxsplit=1)[0]}, '__version__', ''))"
    package = module.split(".", maxsplit=1)[0]
    reinstall = f"Reinstall it: python -m pip install --force-reinstall {package}"
    try:
        done = subprocess.run(
            [sys.executable, "-c", f"import {package}; {code}"],
            capture_output=True,
            text=True,
            timeout=_IMPORT_TIMEOUT_S,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Check(f"wheel {module}", False, f"import did not end in {_IMPORT_TIMEOUT_S} s", reinstall)
    if done.returncode == 0:
        return Check(f"wheel {module}", True, done.stdout.strip() or "imports")
    if done.returncode < 0:
        name = signal.Signals(-done.returncode).name
        remedy = (
            f"This processor lacks an instruction the wheel needs: build it here with "
            f"python -m pip install --force-reinstall --no-binary {package} {package}"
            if name == "SIGILL"
            else reinstall
        )
        return Check(f"wheel {module}", False, f"import died with {name}", remedy)
    last_line = (done.stderr.strip().splitlines() or ["?"])[-1]
    return Check(f"wheel {module}", False, last_line, reinstall)


def _decoders() -> Check:
    wanted = {"mp3float", "aac", "flac", "vorbis", "opus", "alac", "wmav2", "pcm_s16le", "pcm_s24le"}
    code = "import av, sys; print(av.ffmpeg_version_info); print(' '.join(av.codecs_available))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        return Check("ffmpeg in PyAV", False, "PyAV cannot be imported", "See the check of the wheel av.")
    version, codecs = done.stdout.splitlines()[:2]
    missing = sorted(wanted - set(codecs.split()) - {"mp3float"})
    if "mp3float" not in codecs.split() and "mp3" not in codecs.split():
        missing.append("mp3")
    remedy = "Install the PyAV wheel: python -m pip install --force-reinstall av" if missing else None
    found = f"FFmpeg {version}" + (f", lacks {', '.join(missing)}" if missing else "")
    return Check("ffmpeg in PyAV", not missing, found, remedy)


def _sqlite() -> Check:
    ok = sqlite3.sqlite_version_info >= _MIN_SQLITE
    with contextlib.closing(sqlite3.connect(":memory:")) as connection:
        options = {row[0] for row in connection.execute("PRAGMA compile_options")}
    if "ENABLE_FTS5" not in options:
        return Check(
            "sqlite", False, f"SQLite {sqlite3.sqlite_version} without FTS5", "Use a Python whose SQLite has FTS5."
        )
    remedy = None if ok else "Use a Python with SQLite 3.35 or newer."
    return Check("sqlite", ok, f"SQLite {sqlite3.sqlite_version} with FTS5", remedy)


def _library(location: str, data_dir: Path | None) -> Iterator[Check]:
    from sonoteca.catalogue.store.library import is_url, library_file, open_library
    from sonoteca.upkeep.check import check_library
    from sonoteca.upkeep.disk_warnings import disk_warning

    if not is_url(location):
        file = library_file(location)
        existing = next(folder for folder in (file, *file.parents) if folder.exists())
        free_mb = shutil.disk_usage(existing).free // 2**20
        remedy = None if free_mb >= _MIN_FREE_MB else "Free disk space: a library needs about 30 KB per sound."
        yield Check("disk space", free_mb >= _MIN_FREE_MB, f"{free_mb} MB free at {existing}", remedy)
        if (warning := disk_warning(file)) is not None:
            yield Check("library disk", False, warning.message, warning.remedy)
    try:
        with open_library(location, mode="read", data_dir=data_dir) as library:
            report = check_library(library)
    except LibraryMissing:
        yield Check("library", True, f"none yet at {location}: adding a folder makes one")
        return
    except SonotecaError as error:
        yield Check("library", False, error.message, error.remedy)
        return
    for finding in report.findings:
        yield Check(f"library {finding.code}", False, finding.message, finding.remedy)
    if report.is_whole:
        yield Check("library", True, f"{location}: whole, {report.counts['sounds']} sounds")


def _plugins() -> Iterator[Check]:
    from sonoteca.plugins import GROUPS, load_plugins

    for group in GROUPS:
        for plugin in load_plugins(group):
            if plugin.error is not None:
                yield Check(f"plugin {plugin.name}", False, plugin.error.message, plugin.error.remedy)
        members = sum(len(plugin.members) for plugin in load_plugins(group))
        yield Check(group, members > 0, f"{members} loaded", None if members else "Reinstall Sonoteca.")


def _extras() -> Iterator[Check]:
    for extra, (module, purpose) in _EXTRAS.items():
        if importlib.util.find_spec(module) is None:
            yield Check(f"extra [{extra}]", True, f"not installed ({purpose}): pip install 'sonoteca[{extra}]'")
        else:
            yield Check(f"extra [{extra}]", True, f"{module} {importlib.metadata.version(module)} ({purpose})")
