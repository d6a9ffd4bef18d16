"""The view Map: hovering plays, a lasso selects, the search box narrows, and fifty thousand places are quick."""

from __future__ import annotations

import json
import random
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, Route, expect

from page_samples import CHOSEN
from server_processes import ServerProcess

# As ``map/places.js`` lays out the whole.
MARGIN_PX = 36


def test_the_map_plays_what_is_hovered_selects_by_lasso_and_is_filtered(page: Page) -> None:
    page.goto("/ui/#/map")
    beside = page.get_by_role("complementary", name="Sounds on the map")
    # The first time places are found for all.
    expect(beside.get_by_role("heading")).to_have_text(re.compile(r"^\d+ sounds$"), timeout=60_000)
    total = int(beside.get_by_role("heading").inner_text().split()[0])
    assert total >= len(CHOSEN)
    canvas = page.locator(".plane canvas")
    box = canvas.bounding_box()
    assert box is not None

    places = page.evaluate("() => fetch('/api/map').then((answer) => answer.json())")["results"]
    kick = next(each for each in places if "kick" in each["path"])
    x = box["x"] + MARGIN_PX + kick["x"] * (box["width"] - 2 * MARGIN_PX)
    y = box["y"] + MARGIN_PX + (1 - kick["y"]) * (box["height"] - 2 * MARGIN_PX)
    page.mouse.move(x - 40, y)
    page.mouse.move(x, y)
    expect(page.locator(".plane-tip")).to_contain_text("kick")
    expect(page.locator(".player-name strong")).to_have_text("kick deep")

    # The player took some height: the lasso goes around what is there now.
    box = canvas.bounding_box()
    assert box is not None
    corners = [(2, 2), (box["width"] - 2, 2), (box["width"] - 2, box["height"] - 2), (2, box["height"] - 2)]
    page.get_by_role("button", name="Lasso").click()
    page.mouse.move(box["x"] + 2, box["y"] + 2)
    page.mouse.down()
    for right, down in corners[1:]:
        page.mouse.move(box["x"] + right, box["y"] + down, steps=4)
    page.mouse.up()
    expect(beside.get_by_role("heading")).to_have_text(f"{total} selected")
    beside.get_by_role("button", name="Clear").click()

    page.get_by_role("combobox", name="Search").fill("kind:one_shot")
    expect(beside.get_by_role("heading")).to_have_text(re.compile(r"^\d found$"))
    expect(beside.get_by_role("listitem").filter(has_text="kick deep")).to_be_visible()
    expect(beside.get_by_role("listitem").filter(has_text="keys C")).to_have_count(0)
    page.get_by_role("button", name="tempo", exact=True).click()
    canvas.press("+")
    expect(page).to_have_url(re.compile(r"q=kind%3Aone_shot.*colour=tempo.*at="))
    page.reload()
    expect(beside.get_by_role("heading")).to_have_text(re.compile(r"^\d found$"))
    expect(page.get_by_role("button", name="tempo", exact=True)).to_have_attribute("aria-pressed", "true")


def test_places_are_coloured_by_a_tag_that_stands_in_the_address(page: Page, page_server: ServerProcess) -> None:
    page.goto("/ui/#/map?colour=tag")
    legend = page.get_by_role("list", name="Colours")
    expect(legend).to_contain_text("No sound has a tag yet", timeout=60_000)
    rows = page_server.client.get("/database/files", params={"query": "kind:one_shot"}).json()["results"]
    ids = [row["id"] for row in rows if Path(row["path"]).stem in ("kick deep", "snare")]
    for number, added in enumerate((["+dusty tape"], ["+dusty tape", "+short"])):
        edited = page_server.client.patch(f"/api/sounds/{ids[number]}", json={"tags": added})
        assert edited.status_code == 200, edited.text
    try:
        page.reload()
        # The most frequent one, as none was chosen.
        choice = page.get_by_role("combobox", name="Tag to colour by")
        expect(choice).to_have_value("dusty tape")
        expect(page.locator(".map-row .dot[data-known=true]")).to_have_count(2)
        choice.select_option("short")
        expect(page.locator(".map-row .dot[data-known=true]")).to_have_count(1)
        expect(legend).to_contain_text("short")
        page.reload()
        expect(choice).to_have_value("short")
        expect(page.locator(".map-row .dot[data-known=true]")).to_have_count(1)
        expect(page).to_have_url(re.compile("colour=tag.*tag=short"))
    finally:
        for _ in ids:
            assert page_server.client.post("/api/undo").status_code == 200


def test_where_nothing_can_be_drawn_it_says_so_and_lists_the_sounds(page: Page) -> None:
    page.add_init_script("HTMLCanvasElement.prototype.getContext = () => null;")
    page.goto("/ui/#/map")
    expect(page.get_by_role("heading", name="This browser does not draw")).to_be_visible()
    expect(page.locator(".map-row").first).to_be_visible(timeout=60_000)


@pytest.mark.slow
def test_fifty_thousand_places_pan_and_zoom_within_a_frame_each(page: Page) -> None:
    drawn = random.Random(5)
    rows = [
        {"id": f"id{n}", "title": f"Sound {n}", "path": None, "region": 0, "start_s": 0.0, "end_s": 1.0, "kind": "loop"}
        | {"role": drawn.choice(["drums", "bass", None]), "bpm": 60 + drawn.random() * 120, "camelot": f"{n % 12 + 1}A"}
        | {"sound_class": None, "external_id": None, "x": drawn.random(), "y": drawn.random()}
        for n in range(50_000)
    ]
    body = json.dumps({"query": {"mode": "map"}, "results": rows})

    def answer(route: Route) -> None:
        route.fulfill(status=200, content_type="application/json", body=body)

    page.route("**/api/map", answer)
    page.add_init_script(
        """window.frames_ms = [];
        const real = window.requestAnimationFrame.bind(window);
        window.requestAnimationFrame = (act) => real((now) => {
            const began = performance.now();
            act(now);
            window.frames_ms.push(performance.now() - began);
        });"""
    )
    page.goto("/ui/#/map?colour=tempo")
    expect(page.locator("h2", has_text="50,000 sounds")).to_be_visible(timeout=60_000)
    # There is no sound behind these.
    page.get_by_role("button", name="Hover plays").click()
    box = page.locator(".plane canvas").bounding_box()
    assert box is not None
    page.evaluate("() => (window.frames_ms.length = 0)")
    page.mouse.move(box["x"] + 300, box["y"] + 300)
    for step in range(20):
        page.mouse.wheel(0, -40 if step % 2 else 30)
        page.wait_for_timeout(30)
    page.mouse.down()
    page.mouse.move(box["x"] + 500, box["y"] + 400, steps=30)
    page.mouse.up()
    frames = page.evaluate("() => window.frames_ms.filter((each) => each > 0.5)")
    assert len(frames) > 20
    print(f"median {sorted(frames)[len(frames) // 2]:.1f} ms, most {max(frames):.1f} ms of {len(frames)} frames")
    # Of a long list only the first are in the document.
    assert page.locator(".map-row").count() <= 60
