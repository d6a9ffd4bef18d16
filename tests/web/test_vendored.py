"""What the page is made with is what was recorded, and may be given on with it."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
WEB = ROOT / "src/sonoteca/web"
FOLDERS = {"page": WEB / "vendor", "tests": ROOT / "tests/web/vendor"}
ALLOWED = {"MIT", "BSD-2-Clause", "BSD-3-Clause", "ISC", "Apache-2.0", "MPL-2.0", "LGPL-3.0"}


def packages(folder: Path) -> list[dict[str, Any]]:
    told: list[dict[str, Any]] = tomllib.loads((folder / "VENDORED.toml").read_text())["package"]
    return told


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_every_file_is_the_one_that_was_taken_from_the_registry(folder: Path) -> None:
    recorded = {file["to"]: file["sha256"] for package in packages(folder) for file in package["file"]}
    found = {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.iterdir()}
    found.pop("VENDORED.toml")
    assert found == recorded


@pytest.mark.parametrize("folder", FOLDERS.values(), ids=FOLDERS)
def test_every_package_has_a_version_a_licence_that_is_allowed_and_its_text(folder: Path) -> None:
    for package in packages(folder):
        assert re.fullmatch(r"\d+\.\d+\.\d+", package["version"]), package["name"]
        assert package["licence"] in ALLOWED, package["name"]
        assert any(file["to"].startswith("LICENSE") for file in package["file"]), package["name"]


def test_licences_of_what_the_page_is_made_with_stand_on_the_page_of_licences() -> None:
    page = (ROOT / "docs/licences.md").read_text()
    assert [package["name"] for package in packages(FOLDERS["page"]) if f"`{package['name']}`" not in page] == []


def test_what_is_sent_is_less_than_600_kb_of_scripts() -> None:
    scripts = sum(path.stat().st_size for path in WEB.rglob("*.js"))
    assert scripts < 600_000


def test_a_module_asks_for_its_neighbours_only() -> None:
    """Every import is relative and there; nothing names another machine."""
    for path in WEB.rglob("*.js"):
        if path.parent.name == "vendor":
            continue
        text = path.read_text()
        for name in re.findall(r'(?:from|import)\s*\(?\s*"([^"]+)"', text):
            assert (path.parent / name).resolve().is_file(), f"{path.name}: {name}"
        assert re.findall(r"https?://(?!www\.w3\.org|localhost)\w", text) == [], path.name
