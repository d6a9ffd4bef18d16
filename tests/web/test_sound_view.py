"""The waveform of a sound over many sounds and sizes, and what happens when a click may not play."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

pytestmark = pytest.mark.slow

SOUNDS, SIZES = 50, 20


def open_sound(page: Page, words: str) -> None:
    page.goto(f"/ui/#/library?q={words}")
    # Rows of another search may still be there.
    row = page.get_by_role("row", name=re.compile(words.replace("+", " "))).first
    row.get_by_role("link", name=re.compile("^Open")).click()
    expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")


def half_in_view_s(page: Page) -> float:
    """How much of the sound half of the zoomed waveform shows, as clicks on it tell."""
    box = page.locator(".peaks-zoom").bounding_box()
    assert box is not None
    told: list[float] = []
    for share in (0.25, 0.75):
        page.mouse.click(box["x"] + share * box["width"], box["y"] + box["height"] / 2)
        told.append(float(str(page.locator(".pane-at").text_content()).removeprefix("0:")))
    return told[1] - told[0]


def test_many_sounds_and_sizes_leave_one_waveform_with_its_zoom_and_lanes(page: Page) -> None:
    open_sound(page, "keys+C")
    address = page.evaluate("() => location.hash")
    canvases = page.locator(".peaks-zoom canvas").count()
    assert canvases > 0
    for _ in range(SOUNDS):
        name = page.get_by_role("heading", level=1).text_content()
        page.locator(".similar-row a").first.click()
        expect(page.get_by_role("heading", level=1)).not_to_have_text(str(name))
        expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")
    assert page.locator(".peaks-zoom canvas").count() == canvases
    page.evaluate("(address) => (location.hash = address)", address)
    expect(page.get_by_role("heading", name="keys C 124bpm")).to_be_visible()
    expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")

    page.get_by_role("button", name="Loop").click()
    page.get_by_role("button", name="Zoom in").click()
    lanes, zoomed = page.locator("canvas.lane").count(), half_in_view_s(page)
    for step in range(SIZES):
        page.set_viewport_size({"width": 1440 if step % 2 else 1100 + step, "height": 900})
        page.wait_for_timeout(30)
    assert page.locator("canvas.lane").count() == lanes
    assert half_in_view_s(page) == pytest.approx(zoomed, rel=0.02)
    expect(page.get_by_role("button", name="Loop")).to_have_attribute("aria-pressed", "true")
    # It fills its place, and is drawn: not every pixel of it is empty.
    box, drawn = page.locator(".peaks-zoom").bounding_box(), page.locator(".peaks-zoom canvas").first.bounding_box()
    assert box is not None
    assert drawn is not None
    assert abs(box["width"] - drawn["width"]) <= 1
    assert page.evaluate(
        """() => [...document.querySelectorAll(".peaks-zoom canvas")].some((canvas) =>
            canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))"""
    )
    assert zoomed > 0
    page.get_by_role("link", name="Library").click()
    expect(page.locator(".peaks-zoom")).to_have_count(0)


def test_a_browser_that_wants_a_click_first_gets_a_play_button(page: Page) -> None:
    # As browsers refuse it that have seen no click yet.
    page.add_init_script(
        """(() => {
            const play = HTMLMediaElement.prototype.play;
            window.refusals = 1;
            HTMLMediaElement.prototype.play = function () {
                if (window.refusals-- > 0) return Promise.reject(new DOMException("no", "NotAllowedError"));
                return play.call(this);
            };
        })()"""
    )
    page.goto("/ui/")
    page.get_by_role("row", name=re.compile("keys C")).click()
    button = page.get_by_role("button", name="Play", exact=True)
    expect(button).to_have_attribute("data-state", "blocked")
    expect(page.get_by_text("the browser waits for you")).to_be_visible()
    button.click()
    expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()


def test_a_slider_of_the_waveform_speaks_and_obeys_arrows(page: Page) -> None:
    open_sound(page, "rain")
    slider = page.get_by_role("slider", name="Place in the sound")
    slider.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("ArrowRight")
    expect(slider).to_have_attribute("aria-valuetext", "10 seconds of 20 seconds")
    page.keyboard.press("End")
    expect(slider).to_have_attribute("aria-valuetext", "20 seconds of 20 seconds")


def test_cues_set_at_the_cursor_stay_and_can_be_removed(page: Page) -> None:
    open_sound(page, "rain")
    page.get_by_role("slider", name="Place in the sound").focus()
    page.keyboard.press("ArrowRight")
    page.get_by_label("Name of the cue").fill("Thunder")
    page.get_by_role("button", name="Cue at the cursor").click()
    cue = page.get_by_role("button", name=re.compile(r"0:05.0\s*Thunder"))
    expect(cue).to_be_visible()
    page.reload()
    expect(cue).to_be_visible()
    page.get_by_role("button", name="Remove the cue Thunder").click()
    expect(cue).to_have_count(0)


def test_sounds_are_heard_at_the_tempo_of_the_project(page: Page) -> None:
    page.add_init_script("window.Audio = class extends Audio { constructor() { super(); window.element = this; } };")

    def rate() -> float:
        told: float = page.evaluate("() => (window.element.preservesPitch ? window.element.playbackRate : null)")
        return told

    page.goto("/ui/")
    page.get_by_role("row", name=re.compile("keys C")).click()
    field = page.get_by_label("Tempo of the project in BPM")
    field.fill("136,4")
    stretch = page.locator("#project-stretch")
    expect(stretch).to_have_text("124 +10.0 %")
    assert rate() == pytest.approx(1.1)
    page.get_by_role("row", name=re.compile("snare")).click()
    expect(stretch).to_have_text("its tempo is unknown")
    assert rate() == 1.0
    page.reload()
    open_sound(page, "keys+Am")
    page.get_by_role("button", name="Play this sound").click()
    expect(field).to_have_value("136.4")
    expect(stretch).to_have_text("96 −29.0 %")
    expect(page.get_by_role("slider", name="Place in the sound")).not_to_have_attribute("aria-valuenow", "0")
    assert rate() == pytest.approx(136.4 / 192)
    like = page.locator(".similar-row", has_text="drums straight")
    like.get_by_role("button").click()
    expect(stretch).to_have_text("124 +10.0 %")
    field.fill("")
    expect(stretch).to_have_text("")
    assert rate() == 1.0
