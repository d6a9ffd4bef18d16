"""The page as other machines see it: over plain http under a name, where a key is asked for; and below a proxy's path."""

from __future__ import annotations

import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import httpx
import pytest
from playwright.sync_api import Browser, expect

from page_samples import CHOSEN, FLAGS, chromium, grave_findings, make_page_library, watched_page
from server_processes import ServerProcess, running

pytestmark = pytest.mark.slow

NAME = "studio.lan"
KEY = "a-key-that-changes"


@pytest.fixture(scope="module")
def far_browser(browser: Browser) -> Iterator[Browser]:
    """A browser to which a made-up name is this machine: for it the page is no secure context."""
    rules = f"--host-resolver-rules=MAP {NAME} 127.0.0.1"
    far = browser.browser_type.launch(executable_path=chromium(), args=[*FLAGS, rules])
    yield far
    far.close()


@pytest.fixture(scope="module")
def keyed_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ServerProcess]:
    folder: Path = tmp_path_factory.mktemp("keyed")
    options = ("--workers", "1", "--api-key", f"write:{KEY}", "--allowed-host", NAME)
    with running(make_page_library(folder), folder, *options) as server:
        yield server


def test_a_key_is_asked_for_once_and_kept_nowhere(far_browser: Browser, keyed_server: ServerProcess) -> None:
    url = keyed_server.url.replace("127.0.0.1", NAME)
    with watched_page(far_browser, url, is_refused=True) as page:
        page.goto("/ui/")
        assert page.evaluate("() => isSecureContext") is False
        dialog = page.get_by_role("dialog", name="This library asks for a key")
        assert grave_findings(page) == []
        dialog.get_by_label("API key").fill("another")
        dialog.get_by_role("button").click()
        expect(dialog.get_by_role("alert")).to_contain_text("does not know that key")
        assert grave_findings(page) == []
        dialog.get_by_label("API key").fill(KEY)
        dialog.get_by_role("button").click()
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(len(CHOSEN) + 1))
        page.reload()
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(len(CHOSEN) + 1))
        expect(page.get_by_role("dialog")).to_have_count(0)

        kept = page.evaluate(
            "() => JSON.stringify([localStorage, sessionStorage, document.cookie, location.href, history.state])"
        )
        assert KEY not in kept
        assert "sonoteca_session" not in kept
        assert KEY not in keyed_server.log

        # What a header cannot be sent with works, too; and a change comes from the page itself.
        page.get_by_role("row", name=re.compile("keys C")).click()
        expect(page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
        page.get_by_role("row", name=re.compile("keys C")).get_by_role("checkbox").click()
        page.get_by_role("button", name="Tag", exact=True).click()
        page.get_by_label("Tags, with commas between").fill("far")
        page.get_by_role("button", name="Tag", exact=True).last.click()
        expect(page.get_by_text("1 sound tagged.")).to_be_visible()
        # The clipboard of secure contexts is not there; the old way is.
        page.get_by_role("button", name="Copy paths").click()
        expect(page.get_by_text("1 path copied.")).to_be_visible()


class Proxy(BaseHTTPRequestHandler):
    """Hands on what stands below ``/sonoteca/``, and nothing else."""

    target = ""

    def _hand_on(self) -> None:
        if not self.path.startswith("/sonoteca/"):
            self.send_error(404)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        headers = [(name, value) for name, value in self.headers.items() if name.lower() not in ("connection", "te")]
        url = self.target + self.path.removeprefix("/sonoteca")
        with httpx.stream(self.command, url, headers=headers, content=body, timeout=60) as answer:
            self.send_response(answer.status_code)
            for name, value in answer.headers.items():
                if name.lower() not in ("connection", "transfer-encoding"):
                    self.send_header(name, value)
            self.end_headers()
            try:
                for chunk in answer.iter_raw():
                    self.wfile.write(chunk)
                    self.wfile.flush()
            except (BrokenPipeError, ConnectionResetError):
                return

    do_GET = do_HEAD = do_POST = do_PATCH = _hand_on  # noqa: N815

    def log_message(self, *_: object) -> None:
        return


@contextmanager
def proxied(url: str) -> Iterator[str]:
    handler = type("ProxyOfThis", (Proxy,), {"target": url})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    server.daemon_threads = True
    server.block_on_close = False
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}"
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def test_behind_a_proxy_everything_stands_below_its_path(browser: Browser, page_server: ServerProcess) -> None:
    with proxied(page_server.url) as url, watched_page(browser, url) as page:
        asked: list[str] = []
        page.on("request", lambda request: asked.append(request.url))
        page.goto("/sonoteca/ui")
        expect(page).to_have_url(re.compile("/sonoteca/ui/"))
        page.get_by_role("row", name=re.compile("keys C")).get_by_role("link", name=re.compile("^Open")).click()
        expect(page.locator(".pane-grid")).to_have_attribute("data-ready", "true")
        page.get_by_role("button", name="Play this sound").click()
        expect(page.get_by_role("slider", name="Place in the sound")).not_to_have_attribute("aria-valuenow", "0")
        assert [each for each in asked if "/sonoteca/" not in each] == []


def test_after_an_update_the_page_offers_to_reload(browser: Browser, page_server: ServerProcess) -> None:
    with watched_page(browser, page_server.url) as page:
        page.goto("/ui/")
        expect(page.get_by_role("grid")).to_be_visible()
        assert page.get_by_role("button", name="Load the page again").count() == 0
        page.route(
            re.compile(r"/ui/$"),
            lambda route: (
                route.fulfill(headers={"ETag": '"another"'}) if route.request.method == "HEAD" else route.continue_()
            ),
        )
        page.evaluate("() => document.dispatchEvent(new Event('visibilitychange'))")
        expect(page.get_by_role("button", name="Load the page again")).to_be_visible()


def test_after_a_loss_the_events_are_heard_again_and_nothing_is_missed(
    browser: Browser, page_server: ServerProcess
) -> None:
    with watched_page(browser, page_server.url, is_refused=True) as page:
        opened: list[int] = []
        page.on("request", lambda request: opened.append(1) if request.url.endswith("/api/jobs/events") else None)
        page.goto("/ui/")
        expect(page.locator(".row strong").first).to_be_visible()
        listed: list[str] = []
        page.on("request", lambda request: listed.append(request.url) if "/database/files" in request.url else None)
        before = len(opened)
        page.evaluate("() => window.dispatchEvent(new Event('online'))")
        page.wait_for_timeout(5_000)
        assert len(opened) > before
        assert listed, "what may have been missed is asked for again"


def test_while_the_server_is_away_the_page_says_so_and_goes_on_when_it_is_back(
    browser: Browser, page_server: ServerProcess
) -> None:
    with watched_page(browser, page_server.url, is_refused=True) as page:
        page.goto("/ui/")
        expect(page.locator(".row strong").first).to_be_visible()
        away = re.compile(r"/(api|database)/")
        page.route(away, lambda route: route.abort("connectionrefused"))
        page.get_by_role("combobox", name="Search").fill("snare")
        expect(page.get_by_text("The server does not answer.").first).to_be_visible()
        page.unroute(away)
        page.get_by_role("combobox", name="Search").fill("snar")
        expect(page.get_by_text("The server does not answer.")).to_have_count(0)
        expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "2")
