"""Routes that are promised, and whose verbs no function of the front has yet: each answers 501 and says so.

What is made later takes its line out of this list and gets a route of its own; a test counts what is left.
"""

from __future__ import annotations

import re
from typing import NoReturn

from sonoteca.errors import NotThereYet
from sonoteca.server.route import documented, routes

PROMISED = (
    ("GET", "/api/sounds/{id}/advice", "Advice about a sound"),
    ("POST", "/api/upsert-embeddings", "Taking in texts to be embedded"),
)

router = routes("not yet")


def _promise(method: str, path: str, what: str) -> None:
    def not_yet() -> NoReturn:
        raise NotThereYet(f"{what} is not made yet.")

    # Each has a name of its own in the document.
    not_yet.__name__ = f"not_yet_{method.lower()}{path.translate(str.maketrans('/-', '__', '{}'))}"
    told = documented(f"{what}: not made yet, answers 501.", example=None, errors=[NotThereYet], status=501)
    fields = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}, "description": "What it is about."}
        for name in re.findall(r"{(\w+)}", path)
    ]
    told["openapi_extra"] = {"parameters": fields}
    router.add_api_route(path, not_yet, methods=[method], **told)


for _method, _path, _what in PROMISED:
    _promise(_method, _path, _what)
