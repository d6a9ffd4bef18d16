"""The page in a real browser: when the first rows are seen, and how evenly it scrolls; over few sounds and over 100,000.

Times are of the browser's own clock, in five runs with an empty cache each. What is drawn without a graphics processor
takes longer than on a desk; a busy machine takes longer still.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser, Page, sync_playwright

import sonoteca
from bench.large_library import large_library
from bench.measure import Measure
from bench.server import serving
from sonoteca.upkeep.demo_sounds import write_demo_sounds

REGIONS = 100_000
RUNS = 5
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
_SETTLE_MS = 1000
_STEPS, _STEP_PX, _STEP_MS = 120, 300, 16
_MOST_WAITS, _WAIT_MS = 600, 50
# The moment after which the first row has been painted.
_SEEN = """
addEventListener("DOMContentLoaded", () => {
  const watch = new MutationObserver(() => {
    if (!document.querySelector(".row strong")) return;
    watch.disconnect();
    requestAnimationFrame(() => setTimeout(() => (window.rowsSeen = performance.now())));
  });
  watch.observe(document.body, { childList: true, subtree: true });
});
"""
_COUNT_FRAMES = """() => {
  window.frames_ms = [];
  let last = performance.now();
  const count = (now) => { window.frames_ms.push(now - last); last = now; requestAnimationFrame(count); };
  requestAnimationFrame(count);
}"""


def run(work: Path, corpus: Path) -> list[Measure]:
    del corpus
    demo = work / "demo.sonoteca"
    write_demo_sounds(work / "sounds")
    with sonoteca.open_library(demo, mode="create") as library, sonoteca.Listener() as listener:
        sonoteca.add(library, sonoteca.AddRequest(paths=(work / "sounds",)), listener=listener)
    large = large_library(REGIONS, work / "large")
    measures: list[Measure] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS])
        for name, path, goal_ms in (("demo", demo, 1000.0), (f"{REGIONS:,} sounds", large, 2000.0)):
            with serving(path) as server:
                measures += _measured(browser, server.url, name, goal_ms)
        browser.close()
    return measures


def _measured(browser: Browser, url: str, name: str, goal_ms: float) -> list[Measure]:
    seen: list[float] = []
    frames: list[float] = []
    for _ in range(RUNS):
        context = browser.new_context(viewport={"width": 1440, "height": 900})
        page = context.new_page()
        page.add_init_script(_SEEN)
        page.goto(f"{url}/ui/")
        seen.append(_first_rows_ms(page))
        frames += _scrolled_ms(page)
        context.close()
    return [
        Measure(f"page, {name}: first rows seen, median", float(np.median(seen)), "ms", goal_ms, True),
        Measure(f"page, {name}: first rows seen, p95", float(np.percentile(seen, 95)), "ms", None, True),
        Measure(f"page, {name}: frames while scrolling, median", float(np.median(frames)), "ms", None, True),
        Measure(f"page, {name}: frames while scrolling, p95", float(np.percentile(frames, 95)), "ms", None, True),
        Measure(f"page, {name}: frames while scrolling, worst", float(max(frames)), "ms", 100.0, True),
    ]


def _first_rows_ms(page: Page) -> float:
    for _ in range(_MOST_WAITS):
        seen: float | None = page.evaluate("() => window.rowsSeen ?? null")
        if seen is not None:
            return seen
        page.wait_for_timeout(_WAIT_MS)
    sys.exit("No row was ever seen.")


def _scrolled_ms(page: Page) -> list[float]:
    page.wait_for_timeout(_SETTLE_MS)
    page.mouse.move(700, 500)
    page.evaluate(_COUNT_FRAMES)
    for _ in range(_STEPS):
        page.mouse.wheel(0, _STEP_PX)
        page.wait_for_timeout(_STEP_MS)
    told: list[float] = page.evaluate("() => window.frames_ms.slice(2)")
    return told
