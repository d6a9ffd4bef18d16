"""The files of the page as one state: all of them are read at once, and a digest over them names it.

The page's first file asks for every other one under that name. So a browser may keep them for good,
and after an update never runs old modules beside new ones.
"""

from __future__ import annotations

import hashlib
import posixpath
import re
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable

FIRST = "index.html"
_PLACE_OF_VERSION = b"{{version}}"
_PLACE_OF_MODULES = b"<!-- {{modules}} -->"
# A module that is asked for only once something needs it; and how a script of its own is asked for.
_LATER = re.compile(rb"""\bimport\(\s*"([^"]+)"\s*\)""")
_SCRIPT = re.compile(rb"""<script src="{{version}}/([^"]+)">""")
_MEDIA_TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript; charset=utf-8",
    "css": "text/css; charset=utf-8",
    "svg": "image/svg+xml",
    "json": "application/json",
    "txt": "text/plain; charset=utf-8",
    "toml": "text/plain; charset=utf-8",
}


@dataclass(frozen=True, slots=True)
class PageState:
    """All files of the page by their path below its folder, and what this state of them is called."""

    version: str
    contents: Mapping[str, bytes]

    def first(self) -> bytes:
        """The page itself, which names the version of what it asks for, and its modules, to be fetched at once."""
        page = self.contents[FIRST]
        links = b"".join(
            b'<link rel="modulepreload" href="{{version}}/%s" />' % path.encode() for path in self._modules()
        )
        return page.replace(_PLACE_OF_MODULES, links).replace(_PLACE_OF_VERSION, self.version.encode("ascii"))

    def _modules(self) -> list[str]:
        """The modules that the page runs with from the beginning: without this, each waits for the one that names it."""
        later = {path.decode() for path in _SCRIPT.findall(self.contents[FIRST])}
        for path, content in self.contents.items():
            if path.endswith(".js"):
                folder = posixpath.dirname(path)
                later |= {posixpath.normpath(posixpath.join(folder, name.decode())) for name in _LATER.findall(content)}
        return [path for path in self.contents if path.endswith(".js") and path not in later]


class PageFiles:
    """Reads the page's files whenever the page is opened, and holds them until it is again."""

    def __init__(self, folder: Traversable | None = None) -> None:
        self._folder = folder if folder is not None else files("sonoteca") / "web"
        self._lock = threading.Lock()
        self._state: PageState | None = None

    def read(self) -> PageState:
        """The files as they are now."""
        contents = dict(sorted(_walk(self._folder, "")))
        digest = hashlib.sha256()
        for path, content in contents.items():
            digest.update(f"{path}\0{len(content)}\0".encode() + content)
        state = PageState(digest.hexdigest()[:12], contents)
        with self._lock:
            self._state = state
        return state

    def held(self) -> PageState:
        """The files as they were when the page was opened last."""
        with self._lock:
            state = self._state
        return state if state is not None else self.read()


def media_type(path: str) -> str:
    """What a file of the page is to a browser.

    >>> media_type("views/library.js")
    'text/javascript; charset=utf-8'
    """
    return _MEDIA_TYPES.get(path.rpartition(".")[2], "application/octet-stream")


def _walk(folder: Traversable, below: str) -> Iterator[tuple[str, bytes]]:
    for each in folder.iterdir():
        if each.is_dir():
            yield from _walk(each, f"{below}{each.name}/")
        elif not each.name.startswith("."):
            yield f"{below}{each.name}", each.read_bytes()
