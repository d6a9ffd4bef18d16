"""Nobody is kept out: what axe-core looks for is not there, in either theme; and keys of the keyboard suffice."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from page_samples import grave_findings

TABLET: ViewportSize = {"width": 820, "height": 1180}


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
    assert grave_findings(page) == []
    page.set_viewport_size(TABLET)
    assert grave_findings(page) == []
    assert page.evaluate("() => document.documentElement.scrollWidth") <= TABLET["width"], "nothing is beyond the edge"
    theme_button = page.get_by_role("button", name=re.compile("theme$"), include_hidden=True).bounding_box()
    assert theme_button is not None
    assert theme_button["x"] + theme_button["width"] <= TABLET["width"]


@pytest.mark.slow
@pytest.mark.parametrize("view", SHOWN)
def test_one_place_alone_is_read_out_when_it_changes(page: Page, view: str) -> None:
    SHOWN[view](page)
    # Errors interrupt; all else waits its turn in one region.
    assert page.locator("[aria-live], [role=status], [role=log], output").count() == 1


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
