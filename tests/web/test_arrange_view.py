"""The view Arrange: composed, opened by its address, replaced, locked, the rest found anew, heard with a cursor, exported."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_a_song_is_composed_changed_heard_and_opened_again(page: Page) -> None:
    page.goto("/ui/#/arrange")
    expect(page.get_by_role("heading", name="A song of your own loops")).to_be_visible()
    page.get_by_label("Sections and their bars").fill("verse:4, chorus:4")
    page.get_by_label("Tempo").fill("110")
    page.get_by_role("button", name="Compose").click()
    grid = page.get_by_role("grid", name="Sections by roles")
    expect(grid).to_be_visible(timeout=30_000)
    expect(page).to_have_url(re.compile("#/arrange/[a-z0-9]+"))
    expect(grid.get_by_role("columnheader")).to_have_count(3)

    # A place is chosen, locked, and so it stays over a reload; the rest is found anew.
    bass = grid.get_by_role("button", name=re.compile("bass in verse"))
    bass.click()
    chosen = page.get_by_role("complementary", name="What is chosen")
    expect(chosen.get_by_role("heading")).to_have_text("bass in verse")
    chosen.get_by_role("button", name="Lock").click()
    expect(bass).to_have_accessible_name(re.compile("locked$"))
    page.reload()
    expect(bass).to_have_accessible_name(re.compile("locked$"))
    expect(chosen.get_by_role("button", name="Locked")).to_have_attribute("aria-pressed", "true")

    # Another sound plays, and undo takes that back.
    harmony = grid.get_by_role("button", name=re.compile("harmony in verse"))
    before = harmony.inner_text()
    harmony.click()
    other = "keys Am" if "keys C" in before else "keys C"
    chosen.get_by_role("combobox").fill(other)
    page.get_by_role("option", name=re.compile(other)).click()
    expect(harmony).to_contain_text(other)
    page.get_by_role("button", name="Undo the last change").click()
    expect(harmony).to_have_text(before, use_inner_text=True)

    # The mix is heard, the cursor goes with it, and the ruler seeks in it.
    page.get_by_role("button", name="Play the mix").click()
    expect(page.get_by_role("slider", name="Position")).not_to_have_attribute("aria-valuenow", "0", timeout=30_000)
    expect(page.locator(".mix-cursor")).to_be_visible()
    page.get_by_role("slider", name="Place in the mix").press("End")
    expect(page.get_by_role("slider", name="Place in the mix")).to_have_attribute(
        "aria-valuetext", re.compile("^bar 8 of 8")
    )

    page.get_by_role("textbox", name="Title").fill("Rain")
    page.get_by_role("textbox", name="Title").press("Enter")
    expect(page.get_by_role("link", name=re.compile("^Rain"))).to_be_visible()
    page.locator("summary", has_text="Export").click()
    with page.expect_download() as saved:
        page.get_by_role("link", name="Mix as WAV").click()
    assert saved.value.path().read_bytes()[:4] == b"RIFF"

    page.get_by_role("button", name="Forget it …").click()
    page.get_by_role("dialog").get_by_role("button", name="Forget").click()
    expect(page.get_by_role("heading", name="A song of your own loops")).to_be_visible()


def test_an_arrangement_that_is_not_there_says_so(refused_page: Page) -> None:
    refused_page.goto("/ui/#/arrange/nothingofthatname")
    expect(refused_page.get_by_role("alert")).to_contain_text("nothingofthatname")
