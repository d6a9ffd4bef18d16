"""What is done with selected sounds: tags and their undo, playlists, files to export."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from page_samples import CHOSEN
from server_processes import ServerProcess

pytestmark = pytest.mark.slow


def select(page: Page, *names: str) -> None:
    page.goto("/ui/")
    for name in names:
        page.get_by_role("row", name=re.compile(name)).get_by_role("checkbox").click()


def test_tags_are_put_on_all_that_is_found_and_taken_back_at_once(page: Page, page_server: ServerProcess) -> None:
    select(page, "snare")
    page.get_by_role("button", name="Select all found").click()
    expect(page.get_by_text(f"{len(CHOSEN)} sounds selected")).to_be_visible()
    # All but one.
    page.get_by_role("row", name=re.compile("snare")).get_by_role("checkbox").click()
    page.get_by_role("button", name="Tag", exact=True).click()
    page.get_by_label("Tags, with commas between").fill("warm pad, dusty")
    page.get_by_role("dialog").get_by_role("button", name="Tag", exact=True).click()
    expect(page.get_by_text(f"{len(CHOSEN) - 1} sounds tagged.")).to_be_visible()
    facet = page.get_by_role("button", name=re.compile("^warm pad"))
    expect(facet).to_contain_text(str(len(CHOSEN) - 1))
    facet.click()
    expect(page.get_by_role("combobox", name="Search")).to_have_value('tag:"warm pad"')
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(len(CHOSEN)))
    page.get_by_role("button", name="Undo").click()
    expect(page.get_by_role("heading", name="Nothing is like that")).to_be_visible()


def test_a_selection_becomes_a_playlist_and_goes_on_with_it(page: Page, page_server: ServerProcess) -> None:
    for names in (("keys C", "snare"), ("keys Am",)):
        select(page, *names)
        page.get_by_role("button", name="Add to playlist").click()
        page.get_by_label("Playlist, a new one or one of the library").fill("friday")
        page.get_by_role("dialog").get_by_role("button", name="Add", exact=True).click()
        expect(page.get_by_text(re.compile("in the playlist friday"))).to_be_visible()
    shown = page_server.client.get("/api/playlists/friday").json()["results"]
    assert {Path(each["path"]).stem for each in shown} == {"keys C 124bpm", "snare", "keys Am 96bpm"}


@pytest.mark.parametrize(("choice", "name"), [("Playlist file", "sonoteca.m3u8"), ("Table", "sonoteca.csv")])
def test_a_selection_is_exported_with_its_paths(page: Page, choice: str, name: str, tmp_path: Path) -> None:
    select(page, "keys C", "snare")
    page.get_by_role("button", name="Export").click()
    page.get_by_role("radio", name=re.compile(choice)).check()
    with page.expect_download() as waiting:
        page.get_by_role("dialog").get_by_role("button", name="Export", exact=True).click()
    assert waiting.value.suggested_filename == name
    waiting.value.save_as(tmp_path / name)
    text = (tmp_path / name).read_text()
    assert len(re.findall(r"(?:keys C 124bpm|snare)\.wav", text)) == 2
