"""Takes pictures of the page's views over the demo library, in both themes, for the README and for who looks at them.

    python docs/page_pictures.py [--folder docs/images] [--demo FOLDER] [--size 1440x900] [NAME ...]     (``make screenshots``)

Needs Debian's Chromium and the extra ``test``. The demo library is made in a temporary folder unless one is named.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import shutil
import subprocess
import sys
import tempfile
import wave
from collections.abc import Callable, Iterator
from pathlib import Path

import av
import numpy as np
from playwright.sync_api import FilePayload, Page, Route, expect, sync_playwright

DOCS = Path(__file__).parent
FLAGS = ("--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update")
THEMES = ("dark", "light")
_LIBRARY = "sqlite:////home/you/sonoteca-demo/library.sonoteca"
_QUALITY = 88
_SETTLED_MS = 1200


def library(page: Page) -> None:
    """Loops, one of them heard and two selected."""
    page.goto("/ui/#/library?q=kind%3Aloop")
    page.get_by_role("row", name=re.compile("stabs C")).get_by_role("checkbox").click()
    page.get_by_role("row", name=re.compile("keys C")).get_by_role("checkbox").click()
    page.get_by_role("row", name=re.compile("lead Am")).click()


def sound(page: Page) -> None:
    """A track with all that was heard along it."""
    page.goto("/ui/#/library?q=Bright")
    page.get_by_role("link", name="Open Nobody - Bright Song").click()
    expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")
    expect(page.locator(".similar .score").first).to_be_visible()
    page.get_by_role("button", name="Play this sound").click()


def map_(page: Page) -> None:
    """Every region at its place, one of them under the pointer."""
    page.goto("/ui/#/map?colour=role")
    page.locator(".map-row").filter(has_text="keys Am").first.hover()
    expect(page.locator(".plane-tip")).to_be_visible()


def match(page: Page) -> None:
    """What goes with a loop, why, and both heard together."""
    page.goto(f"/ui/#/match/{_id_of(page, 'bass Am')}")
    page.get_by_role("button", name=re.compile("^Why ")).first.click()
    page.get_by_role("button", name=re.compile("^Hear .* together with it")).first.click()
    _await_playing(page)


def arrange(page: Page) -> None:
    """A song that was composed, one of its places chosen, the mix playing."""
    page.goto("/ui/#/arrange")
    page.get_by_role("button", name="Compose").click()
    page.get_by_role("textbox", name="Title").fill("Rain on Sunday")
    page.get_by_role("textbox", name="Title").press("Enter")
    expect(page.get_by_role("link", name=re.compile("^Rain on Sunday")).first).to_be_visible()
    page.get_by_role("button", name=re.compile("bass in verse")).first.click()
    page.get_by_role("button", name="Play the mix").click()
    _await_playing(page)


def set_(page: Page) -> None:
    """Tracks in order, one of them locked, a transition heard."""
    page.goto("/ui/#/set?length=6&filter=kind%3Aloop&curve=peak")
    page.get_by_role("button", name="Build the set").click()
    page.get_by_role("button", name=re.compile("^Lock ")).nth(1).click()
    page.get_by_role("button", name=re.compile("^Hear .* into ")).first.click()
    _await_playing(page)


def knowledge(page: Page) -> None:
    """A question and its answers."""
    page.goto("/ui/#/knowledge?q=low+end+muddy")
    expect(page.locator(".entries > li").first).to_be_visible()


def work(page: Page) -> None:
    """Files that were uploaded beside one that is none, and their jobs."""
    page.goto("/ui/#/work")
    rng = np.random.default_rng(3)
    sent: list[FilePayload] = [
        {"name": name, "mimeType": "audio/wav", "buffer": _click_of(rng)} for name in ("rim.wav", "tick.wav")
    ]
    sent.append({"name": "notes.wav", "mimeType": "audio/wav", "buffer": b"This is no sound."})
    page.locator("input[type=file]:not([webkitdirectory])").set_input_files(sent)
    expect(page.locator(".upload-counts")).to_contain_text("2 files of 3 in the library, 1 failed", timeout=60_000)


def _click_of(rng: np.random.Generator) -> bytes:
    """A short sound that no library has yet, as WAV."""
    falling = np.exp(-np.arange(13_230) / 1_500)
    samples = (9_000 * falling * rng.standard_normal(len(falling))).clip(-32_000, 32_000).astype("<i2")
    target = io.BytesIO()
    with wave.open(target, "wb") as written:
        written.setnchannels(1)
        written.setsampwidth(2)
        written.setframerate(44_100)
        written.writeframes(samples.tobytes())
    return target.getvalue()


def _id_of(page: Page, words: str) -> str:
    found = page.request.get("/database/files", params={"query": words, "limit": 1, "fields": "id"}).json()
    return str(found["results"][0]["id"])


def _await_playing(page: Page) -> None:
    position = page.get_by_role("slider", name="Position")
    expect(position).not_to_have_attribute("aria-valuenow", "0", timeout=60_000)


# Each view, and what is done before it is looked at.
PICTURES: dict[str, Callable[[Page], None]] = {
    "library": library,
    "sound": sound,
    "map": map_,
    "match": match,
    "arrange": arrange,
    "set": set_,
    "knowledge": knowledge,
    "work": work,
}


def take(url: str, name: str, theme: str, size: tuple[int, int]) -> bytes:
    """One picture as PNG."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=[*FLAGS])
        try:
            page = browser.new_page(base_url=url, viewport={"width": size[0], "height": size[1]})
            page.route("**/status", _at_home)
            page.add_init_script(f"localStorage.setItem('sonoteca.theme', '\"{theme}\"')")
            PICTURES[name](page)
            page.wait_for_timeout(_SETTLED_MS)
            taken: bytes = page.screenshot()
            return taken
        finally:
            browser.close()


def _at_home(route: Route) -> None:
    """Leave out of the server's answer the temporary folder that the demo library is in."""
    told = route.fetch()
    known = told.json()
    if "database_url" in known:
        known["database_url"] = _LIBRARY
    route.fulfill(response=told, json=known)


def as_webp(png: bytes) -> bytes:
    """The same picture, a third as large."""
    target = io.BytesIO()
    with av.open(io.BytesIO(png), "r") as source, av.open(target, "w", format="webp") as written:
        frame = next(source.decode(video=0)).reformat(format="bgra")
        stream = written.add_stream("libwebp", rate=1, options={"quality": str(_QUALITY), "preset": "text"})
        stream.width, stream.height, stream.pix_fmt = frame.width, frame.height, "bgra"
        for packet in [*stream.encode(frame), *stream.encode()]:
            written.mux(packet)
    return target.getvalue()


@contextlib.contextmanager
def served(folder: Path) -> Iterator[str]:
    """A server over the demo library in a folder, which is made if it is not there; its URL."""
    program = [sys.executable, "-m", "sonoteca.cli.main"]
    library_file = folder / "library.sonoteca"
    if not library_file.exists():
        subprocess.run([*program, "demo", "--folder", str(folder)], check=True, stdout=subprocess.DEVNULL)
    words = ["serve", "--library", str(library_file), "--port", "0", "--json"]
    server = subprocess.Popen([*program, *words], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    assert server.stdout is not None
    try:
        yield json.loads(server.stdout.readline())["url"]
    finally:
        server.terminate()
        server.wait(30)


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--folder", type=Path, default=DOCS / "images", help="where the pictures go")
    asked.add_argument("--demo", type=Path, help="a folder in which a demo library is kept from run to run")
    asked.add_argument("--size", default="1440x900", help="how large the window is")
    asked.add_argument("names", nargs="*", choices=[*PICTURES, []], help="which views; all of them without one")
    given = asked.parse_args()
    width, _, height = given.size.partition("x")
    with contextlib.ExitStack() as stack:
        folder = given.demo or Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="sonoteca-pictures-")))
        url = stack.enter_context(served(folder))
        for name in given.names or PICTURES:
            for theme in THEMES:
                picture = as_webp(take(url, name, theme, (int(width), int(height))))
                (given.folder / f"page-{name}-{theme}.webp").write_bytes(picture)


if __name__ == "__main__":
    main()
