"""Nobody is kept out: what axe-core looks for is not there, in either theme; and keys of the keyboard suffice."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

AXE = (Path(__file__).parent / "vendor" / "axe.js").read_text()
GRAVE = ("serious", "critical")


def findings(page: Page) -> list[str]:
    """What axe finds of what is shown, that is serious."""
    # Past the page's policy, which would not let a script in from elsewhere.
    page.evaluate(AXE)
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def open_library(page: Page) -> None:
    page.goto("/ui/")
    page.get_by_role("row", name=re.compile("keys C")).get_by_role("checkbox").click()
    page.get_by_role("row", name=re.compile("keys Am")).click()
    expect(page.get_by_role("toolbar")).to_be_visible()


def open_tag_dialog(page: Page) -> None:
    open_library(page)
    page.get_by_role("button", name="Tag", exact=True).click()


def open_sound(page: Page) -> None:
    page.goto("/ui/#/library?q=keys+C")
    page.get_by_role("link", name=re.compile("^Open")).click()
    expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")
    page.get_by_role("button", name="Correct tempo").click()
    expect(page.locator(".similar .score").first).to_be_visible()


def open_match(page: Page) -> None:
    page.goto("/ui/#/library?q=keys+C")
    name = page.get_by_role("link", name=re.compile("^Open")).get_attribute("href")
    assert name is not None
    page.goto(f"/ui/{name.replace('sound', 'match')}")
    page.get_by_role("button", name=re.compile("^Why")).first.click()


def open_work(page: Page) -> None:
    page.goto("/ui/#/work")
    expect(page.get_by_role("region", name="System")).to_contain_text("worker")


def open_set(page: Page) -> None:
    page.goto("/ui/#/set?length=3&filter=kind:loop")
    page.get_by_role("button", name="Build the set").click()
    expect(page.locator(".lint")).to_be_visible()


def open_map(page: Page) -> None:
    page.goto("/ui/#/map?colour=key")
    expect(page.locator(".map-row").first).to_be_visible(timeout=60_000)


def open_arrangement(page: Page) -> None:
    page.goto("/ui/#/arrange")
    page.get_by_label("Sections and their bars").fill("verse:4")
    page.get_by_role("button", name="Compose").click()
    page.get_by_role("gridcell").get_by_role("button").first.click(timeout=60_000)


def open_knowledge(page: Page) -> None:
    page.goto("/ui/#/knowledge?q=muddy+vocals")
    expect(page.locator(".entries > li").first).to_be_visible()


def open_nowhere(page: Page) -> None:
    page.goto("/ui/#/library?q=nothingiscalledso")
    expect(page.get_by_role("heading", name="Nothing is like that")).to_be_visible()


SHOWN: dict[str, Callable[[Page], None]] = {
    "library": open_library,
    "tags": open_tag_dialog,
    "sound": open_sound,
    "match": open_match,
    "work": open_work,
    "set": open_set,
    "map": open_map,
    "arrange": open_arrangement,
    "knowledge": open_knowledge,
    "nothing": open_nowhere,
}


@pytest.mark.slow
@pytest.mark.parametrize("theme", ["dark", "light"])
@pytest.mark.parametrize("view", SHOWN)
def test_axe_finds_nothing_serious(page: Page, view: str, theme: str) -> None:
    page.add_init_script(f"localStorage.setItem('sonoteca.theme', '\"{theme}\"')")
    SHOWN[view](page)
    assert findings(page) == []


@pytest.mark.slow
def test_the_library_is_gone_through_with_keys_alone(page: Page) -> None:
    page.goto("/ui/")
    grid = page.get_by_role("grid", name="Sounds")
    expect(page.locator(".row strong").first).to_be_visible()
    page.keyboard.press("/")
    expect(page.get_by_role("combobox", name="Search")).to_be_focused()
    # In the box these keys are the box's own.
    page.keyboard.type("x c ")
    expect(page.get_by_role("toolbar")).to_have_count(0)
    page.keyboard.press("Escape")
    page.keyboard.press("Enter")
    expect(grid).to_be_focused()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("x")
    page.keyboard.press("Shift+ArrowDown")
    expect(page.get_by_text("2 sounds selected")).to_be_visible()
    for combined in ("Control+x", "Alt+x", "Meta+x"):
        page.keyboard.press(combined)
    expect(page.get_by_text("2 sounds selected")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 sounds selected")).to_have_count(0)
    page.keyboard.press("End")
    active = grid.get_attribute("aria-activedescendant")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(f"#/sound/{str(active).removeprefix('row-')}"))
    page.keyboard.press("Escape")
    expect(page).to_have_url(re.compile("#/library|/ui/$"))
    expect(grid).to_have_attribute("aria-activedescendant", str(active))
