"""Each view of the page does its main job: one quick test a view, in one browser, on one small library."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect

from page_samples import CHOSEN


def test_library_searches_narrows_plays_and_steps_on(page: Page) -> None:
    page.goto("/ui/")
    grid = page.get_by_role("grid", name="Sounds")
    expect(grid).to_have_attribute("aria-rowcount", str(len(CHOSEN) + 1))

    # A query is completed, and narrows.
    search = page.get_by_role("combobox", name="Search")
    search.press_sequentially("ki")
    page.get_by_role("option", name=re.compile("^kind:")).click()
    page.get_by_role("option", name=re.compile("^loop")).click()
    expect(search).to_have_value("kind:loop ")
    expect(grid).to_have_attribute("aria-rowcount", "5")
    expect(page).to_have_url(re.compile(r"q=kind%3Aloop"))

    # A facet narrows further, and what is chosen is shown.
    page.get_by_role("button", name=re.compile("^drums")).click()
    expect(grid).to_have_attribute("aria-rowcount", "2")
    page.reload()
    expect(page.get_by_role("combobox", name="Search")).to_have_value("kind:loop role:drums")
    page.get_by_role("button", name="Clear the search").click()
    expect(grid).to_have_attribute("aria-rowcount", str(len(CHOSEN) + 1))

    # A click plays: the audio really goes on. An arrow goes on with the next.
    row = page.get_by_role("row", name=re.compile("keys C"))
    row.click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    position = page.get_by_role("slider", name="Position")
    expect(position).not_to_have_attribute("aria-valuenow", "0")
    page.keyboard.press("ArrowDown")
    expect(page.locator(".player-name strong")).not_to_have_text("keys C 124bpm")
    page.keyboard.press("Space")
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_visible()


def test_a_query_that_cannot_be_read_is_pointed_at_and_the_rows_stay(refused_page: Page) -> None:
    refused_page.goto("/ui/")
    rows = refused_page.locator(".row strong")
    expect(rows).to_have_count(len(CHOSEN))
    # The browser itself reports an answer of 400 on its console, which is no error of the refused_page.
    with refused_page.expect_console_message(lambda said: "400" in said.text):
        refused_page.get_by_role("combobox", name="Search").fill("kind:loop bmp:120")
    problem = refused_page.get_by_role("alert").filter(has_text="did you mean bpm:")
    expect(problem.locator("mark")).to_have_text("bmp:120")
    expect(rows).to_have_count(len(CHOSEN))
