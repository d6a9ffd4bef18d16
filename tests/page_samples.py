"""What tests of the page look at: a small library of the demo's sounds, and a tab that notices what it should not do."""

from __future__ import annotations

import base64
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, ConsoleMessage, Page, ViewportSize

import sonoteca
from sonoteca.upkeep.demo_sounds import write_demo_sounds
from sonoteca.workers.in_process import InProcessExecutor

# A closed network: a browser that wants anything of its maker's says so at once.
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
    "--no-first-run",
    "--autoplay-policy=no-user-gesture-required",
)
CHOSEN = (
    "bass C 124bpm",
    "drums straight 124bpm",
    "keys C 124bpm",
    "keys Am 96bpm",
    "kick deep",
    "snare",
    "rain on a roof",
)
# What the browser says by itself of answers that are errors, and of a header that it does not honour over plain http.
OF_ANSWERS = ("Failed to load resource: the server responded", "Failed to load resource: net::ERR_")
OF_PLAIN_HTTP = "The Cross-Origin-Opener-Policy header has been ignored"
GRAVE = ("serious", "critical")
WIDE: ViewportSize = {"width": 1440, "height": 900}


def chromium() -> str:
    """Where Debian's Chromium is; .ci/run installs it."""
    found = shutil.which("chromium")
    assert found, "Tests of the page need Debian's chromium: apt-get install chromium"
    return found


def make_page_library(folder: Path) -> Path:
    """A library of a few sounds that were really listened to."""
    paths = write_demo_sounds(folder / "sounds")
    for path in paths:
        if path.stem not in CHOSEN:
            path.unlink()
    library_file = folder / "library.sonoteca"
    with (
        sonoteca.open_library(library_file, mode="create") as library,
        sonoteca.Listener(executor=InProcessExecutor()) as listener,
    ):
        answer = sonoteca.add(library, sonoteca.AddRequest(paths=(folder / "sounds",)), listener=listener)
        assert answer.analysed == len(CHOSEN)
    return library_file


@contextmanager
def watched_page(browser: Browser, url: str, *, is_refused: bool = False, **options: Any) -> Iterator[Page]:
    """A tab with nothing remembered that fails its test on errors on the console and on requests to other hosts.

    ``is_refused`` lets pass what the browser itself says of answers that are errors, for tests of these.
    """
    wrong: list[str] = []
    context = browser.new_context(base_url=url, viewport=WIDE, **options)
    context.set_default_timeout(20_000)
    page = context.new_page()

    def said(message: ConsoleMessage) -> None:
        is_expected = message.text.startswith(OF_PLAIN_HTTP) or (is_refused and message.text.startswith(OF_ANSWERS))
        if message.type == "error" and not is_expected:
            wrong.append(f"console: {message.text}")

    page.on("console", said)
    page.on("pageerror", lambda error: wrong.append(f"error: {error}"))
    own = urlsplit(url).netloc
    page.on("request", lambda asked: wrong.append(f"asked {asked.url}") if _is_foreign(asked.url, own) else None)
    try:
        yield page
        assert not wrong, "\n".join(wrong)
    finally:
        context.close()


def grave_findings(page: Page) -> list[str]:
    """What axe finds of what is shown, that is serious."""
    # Past the page's policy, which would not let a script in from elsewhere.
    page.evaluate((Path(__file__).parent / "web" / "vendor" / "axe.js").read_text())
    found: dict[str, Any] = page.evaluate("() => axe.run(document, {resultTypes: ['violations']})")
    return [
        f"{each['id']}: {node['target']} {node['failureSummary']}"
        for each in found["violations"]
        if each["impact"] in GRAVE
        for node in each["nodes"]
    ]


def sound_of(folder: Path, name: str) -> Path:
    """The file of one of the CHOSEN sounds."""
    (path,) = (folder / "sounds").rglob(f"{name}.wav")
    return path


def drop_files(page: Page, *paths: Path, on: str = "body") -> None:
    """Let files fall on an element of the page, as if they came from the desktop."""
    files = [{"name": path.name, "bytes": base64.b64encode(path.read_bytes()).decode()} for path in paths]
    carried = page.evaluate_handle(
        """(files) => {
            const carried = new DataTransfer();
            for (const { name, bytes } of files) {
                const content = Uint8Array.from(atob(bytes), (letter) => letter.charCodeAt(0));
                carried.items.add(new File([content], name));
            }
            return carried;
        }""",
        files,
    )
    page.dispatch_event(on, "dragover", {"dataTransfer": carried})
    page.dispatch_event(on, "drop", {"dataTransfer": carried})


def _is_foreign(url: str, own: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != own
