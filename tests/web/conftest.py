"""A real browser before a real server over a small library: one of each for all tests that ask for them.

``page`` is a new tab on the shared library, which a test may look at and correct as long as it takes back what others would
trip over; ``page_samples`` says what is in it. A test fails on any error on the browser's console, and on
any request that leaves the machine.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, sync_playwright

from page_samples import FLAGS, chromium, make_page_library, watched_page
from server_processes import ServerProcess, running


@pytest.fixture(scope="session")
def page_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where the library of a few demo sounds lies; the sounds are in ``sounds`` below it."""
    folder = tmp_path_factory.mktemp("page")
    make_page_library(folder)
    return folder


@pytest.fixture(scope="session")
def page_server(page_folder: Path) -> Iterator[ServerProcess]:
    """A server over the library of a few demo sounds; it also answers to a name that is no loopback address."""
    with running(
        page_folder / "library.sonoteca", page_folder, "--workers", "1", "--allowed-host", "studio.test"
    ) as server:
        yield server


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium(), args=[*FLAGS])
        yield browser
        browser.close()


@pytest.fixture
def page(browser: Browser, page_server: ServerProcess) -> Iterator[Page]:
    """A new tab, with nothing remembered; ``page.goto("/ui/")`` opens the page."""
    with watched_page(browser, page_server.url) as page:
        yield page


@pytest.fixture
def refused_page(browser: Browser, page_server: ServerProcess) -> Iterator[Page]:
    """The same, for tests of what the server refuses, which the browser reports by itself."""
    with watched_page(browser, page_server.url, is_refused=True) as page:
        yield page
