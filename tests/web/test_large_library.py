"""A hundred thousand rows: few in the document, few held, few asked for, and the same place when one comes back.

The server's part (deep pages in milliseconds) is measured by ``bench``; here its answers are made up, so that rows are known by
their number.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, expect

from page_samples import watched_page
from server_processes import ServerProcess

TOTAL = 100_000
ROW_PX = 44

pytestmark = pytest.mark.slow


@dataclass
class Rows:
    """Answers for so many made-up rows, newest first: the row ``n`` of the first ones is called ``sound n``."""

    total: int = TOTAL
    above: int = 0
    asked: list[int] = field(default_factory=list)

    def answer(self, route: Route) -> None:
        asked = {name: values[0] for name, values in parse_qs(urlsplit(route.request.url).query).items()}
        offset, limit = int(asked.get("offset", 0)), int(asked["limit"])
        self.asked.append(offset)
        total = self.total + self.above
        rows = [self._row(place - self.above) for place in range(offset, min(total, offset + limit))]
        told = {"query": {}, "results": rows, "total": total, "next_cursor": None}
        route.fulfill(content_type="application/json", body=json.dumps(told))

    def _row(self, number: int) -> dict[str, Any]:
        name = f"sound {number}" if number >= 0 else f"new {-number}"
        return {
            "id": name.replace(" ", "-"), "title": name, "artist": None, "album": None, "path": f"/music/{name}.wav",
            "duration_s": 1.5, "kind": "loop", "role": "drums", "sound_class": None, "bpm": 120.0, "key": None,
            "camelot": None, "lufs": -12.0, "energy_level": 5.0, "rating": None, "tags": [], "status": "analysed",
            "missing": False, "added_at": "2026-01-31T12:00:00.000Z", "certainty": {},
        }  # fmt: skip


@pytest.fixture
def rows() -> Rows:
    return Rows()


@pytest.fixture
def large(browser: Browser, page_server: ServerProcess, rows: Rows) -> Iterator[Page]:
    # Waveforms and sounds of what does not exist are refused.
    with watched_page(browser, page_server.url, is_refused=True) as page:
        page.route(re.compile(r"/database/files\?"), rows.answer)
        page.goto("/ui/")
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(TOTAL + 1))
        yield page


def first_in_view(page: Page) -> str:
    """The name and the height of the first row that is seen whole."""
    told: str = page.evaluate(
        """() => {
            const head = document.querySelector(".table-head").getBoundingClientRect().bottom;
            const rows = [...document.querySelectorAll(".row")].map((row) => [row.getBoundingClientRect().top, row]);
            const [top, row] = rows.filter(([top]) => top >= head - 1).sort(([a], [b]) => a - b)[0];
            return `${row.querySelector("strong")?.textContent} at ${Math.round(top)}`;
        }"""
    )
    return told


def scroll_to(page: Page, row: int) -> None:
    page.evaluate(f"() => (document.querySelector('.table').scrollTop = {row * ROW_PX})")
    expect(page.get_by_text(f"sound {row}", exact=True)).to_be_visible()


def test_few_rows_are_in_the_document_and_few_are_asked_for(large: Page, rows: Rows) -> None:
    before = len(rows.asked)
    assert before == 1
    for row in range(0, TOTAL, 2_500):
        large.evaluate(f"() => (document.querySelector('.table').scrollTop = {row * ROW_PX})")
        large.wait_for_timeout(20)
    scroll_to(large, 60_000)
    assert large.locator(".row").count() < 60
    # At most two pages for each place that was stopped at.
    assert len(rows.asked) - before <= 2 * 41
    before = len(rows.asked)
    for _ in range(20):
        large.mouse.move(700, 500)
        large.mouse.wheel(0, ROW_PX)
        large.wait_for_timeout(10)
    assert len(rows.asked) - before <= 2


def test_the_page_holds_no_long_list(large: Page, rows: Rows) -> None:
    session = large.context.new_cdp_session(large)

    def heap_mb() -> float:
        session.send("HeapProfiler.collectGarbage")
        used: float = session.send("Runtime.getHeapUsage")["usedSize"]
        return used / 2**20

    scroll_to(large, 1_000)
    before = heap_mb()
    for row in range(2_000, TOTAL, 4_000):
        scroll_to(large, row)
    assert heap_mb() - before < 8.0


def test_row_60000_is_at_the_same_height_after_it_was_opened(large: Page) -> None:
    scroll_to(large, 60_000)
    large.get_by_text("sound 60003", exact=True).click()
    large.evaluate("() => (document.querySelector('.table').scrollTop += 13)")
    large.wait_for_timeout(100)
    seen = first_in_view(large)
    for back in ("browser", "reload"):
        large.keyboard.press("Enter")
        expect(large).to_have_url(re.compile("#/sound/sound-60003"))
        if back == "reload":
            large.reload()
        large.go_back()
        expect(large.get_by_text("sound 60003", exact=True)).to_be_visible()
        large.wait_for_timeout(100)
        assert first_in_view(large) == seen
        grid = large.get_by_role("grid")
        expect(grid).to_have_attribute("aria-activedescendant", "row-sound-60003")


def test_a_hundred_rows_that_arrive_above_do_not_move_what_is_seen(large: Page, rows: Rows) -> None:
    scroll_to(large, 60_000)
    seen = first_in_view(large)
    rows.above = 100
    # A job that ends is what tells the page to look again.
    answer = large.request.post("/api/jobs", data={"kind": "retry_failed"})
    assert answer.status == 202
    expect(large.get_by_role("grid")).to_have_attribute("aria-rowcount", str(TOTAL + 101))
    large.wait_for_timeout(200)
    assert first_in_view(large) == seen


@pytest.mark.parametrize("zoom", [1, 2])
def test_the_end_key_shows_the_last_row_at_any_zoom(large: Page, zoom: int) -> None:
    large.evaluate(f"() => (document.body.style.zoom = {zoom})")
    large.get_by_role("grid").focus()
    large.keyboard.press("End")
    expect(large.get_by_text(f"sound {TOTAL - 1}", exact=True)).to_be_in_viewport()
    # The focus is the table's: rows may come and go below it.
    expect(large.get_by_role("grid")).to_be_focused()
    expect(large.locator(".row.cursor")).to_have_attribute("aria-rowindex", str(TOTAL + 1))


def test_twenty_fast_clicks_play_the_last_and_reject_nothing(browser: Browser, page_server: ServerProcess) -> None:
    with watched_page(browser, page_server.url) as page:
        page.goto("/ui/")
        expect(page.locator(".row strong").first).to_be_visible()
        page.evaluate(
            """() => {
                const rows = [...document.querySelectorAll(".row")];
                for (let i = 0; i < 20; i++) rows[(i * 3) % rows.length].click();
            }"""
        )
        last = page.locator(".row").nth((19 * 3) % page.locator(".row").count()).locator("strong").text_content()
        expect(page.locator(".player-name strong")).to_have_text(str(last))
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_a_slower_earlier_search_never_shows_over_a_newer_one(browser: Browser, page_server: ServerProcess) -> None:
    with watched_page(browser, page_server.url) as page:
        held: list[Route] = []

        def slow(route: Route) -> None:
            if "kind%3Aone-shot" in route.request.url or "kind:one-shot" in route.request.url:
                held.append(route)
            else:
                route.continue_()

        page.route(re.compile(r"/database/files\?"), slow)
        page.goto("/ui/")
        search = page.get_by_role("combobox", name="Search")
        search.fill("kind:one-shot")
        page.wait_for_timeout(600)
        assert held
        search.fill("kind:field")
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "2")
        for route in held:
            route.fulfill(content_type="application/json", body=json.dumps({"results": [], "total": 0}))
        page.wait_for_timeout(300)
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "2")
