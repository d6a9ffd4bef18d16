"""The view Set: built, put in order by keys and by dragging, locked, judged, heard and exported."""

from __future__ import annotations

import re

from playwright.sync_api import Page, expect


def test_a_set_is_built_reordered_locked_judged_heard_and_exported(page: Page) -> None:
    page.goto("/ui/#/set?length=4&filter=kind:loop")
    page.get_by_role("button", name="Build the set").click()
    tracks = page.get_by_role("list", name="Tracks of the set")
    names = tracks.locator(".track-line .name strong")
    expect(names).to_have_count(4)
    verdict = page.locator(".lint")
    expect(verdict).to_be_visible()
    first, second, third, last = names.all_inner_texts()

    # By keys: the first goes down one, and stays in hand.
    page.get_by_role("button", name=re.compile(f"^Move {first}")).press("ArrowDown")
    expect(names).to_have_text([second, first, third, last])
    expect(page.get_by_role("button", name=re.compile(f"^Move {first}"))).to_be_focused()
    # By dragging: the last is put first.
    page.get_by_role("button", name=re.compile(f"^Move {last}")).drag_to(tracks.get_by_role("listitem").first)
    expect(names).to_have_text([last, second, first, third])

    # The set stands in the address: it is there after a reload, and judged.
    page.get_by_role("button", name=f"Lock {first}").click()
    expect(page).to_have_url(re.compile("locked="))
    page.reload()
    expect(names).to_have_text([last, second, first, third])
    expect(page.get_by_role("button", name=f"Unlock {first}")).to_be_visible()
    expect(verdict).to_be_visible()
    expect(tracks.locator(".transition strong").first).to_have_text(re.compile(r"^\d+ %$"))

    # What is locked stays where it is when the rest is chosen anew.
    page.get_by_role("button", name="Fill around 1 locked").click()
    expect(names.nth(2)).to_have_text(first)

    page.get_by_role("button", name=re.compile("^Hear .* into ")).first.click()
    expect(page.locator(".player-name")).to_contain_text(" into ")
    expect(page.get_by_role("slider", name="Position")).not_to_have_attribute("aria-valuenow", "0")

    with page.expect_download() as saved:
        page.get_by_role("button", name="Export M3U8").click()
    lines = saved.value.path().read_text().splitlines()
    assert lines[0] == "#EXTM3U"
    assert len([line for line in lines if line.endswith(".wav")]) == 4


def test_what_cannot_be_built_says_what_helps(refused_page: Page) -> None:
    refused_page.goto("/ui/#/set?length=soon")
    refused_page.get_by_role("button", name="Build the set").click()
    problem = refused_page.get_by_role("alert")
    expect(problem).to_contain_text("soon")
    expect(problem.get_by_role("button", name="Try again")).to_be_visible()
