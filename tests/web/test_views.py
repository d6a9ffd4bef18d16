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


def test_sound_plays_loops_is_put_right_for_good_and_is_compared(page: Page) -> None:
    page.goto("/ui/#/library?q=keys+C")
    page.get_by_role("row", name=re.compile("keys C")).get_by_role("link", name=re.compile("^Open")).click()
    expect(page.get_by_role("heading", name="keys C 124bpm")).to_be_visible()
    expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")
    expect(page.get_by_role("img", name=re.compile("beats"))).to_be_visible()
    expect(page.get_by_role("img", name=re.compile("^Chords: C from 0:00.00"))).to_be_visible()

    # It plays, and a loop is drawn around where it is.
    page.get_by_role("button", name="Play this sound").click()
    slider = page.get_by_role("slider", name="Place in the sound")
    expect(slider).not_to_have_attribute("aria-valuenow", "0")
    page.get_by_role("button", name="Loop").click()
    expect(page.get_by_text(re.compile(r"^Loop 0:00.\d\d"))).to_be_visible()
    page.get_by_role("button", name="Pause this sound").click()

    # A key that is put right stays so after a reload, and is taken back again.
    page.get_by_role("button", name="Correct key").click()
    page.get_by_label("Key", exact=True).select_option("5A")
    fact = page.locator(".fact", has_text="Key")
    expect(fact).to_contain_text("said by you")
    page.reload()
    expect(fact).to_contain_text("C min")
    expect(fact).to_contain_text("said by you")
    page.get_by_role("button", name="Correct key").click()
    page.get_by_role("button", name="As it was heard").click()
    expect(fact).to_contain_text("C maj")
    expect(fact).to_contain_text("heard")

    # What sounds like it is ranked anew while the dial turns, and the address says how.
    like = page.get_by_role("complementary", name="Sounds like this")
    expect(like.get_by_role("listitem").first).to_be_visible()
    scores = like.locator(".score").all_text_contents()
    like.get_by_role("slider", name="timbre").fill("0")
    expect(like.locator(".score").first).not_to_have_text(scores[0])
    expect(page).to_have_url(re.compile(r"\?timbre=0$"))
