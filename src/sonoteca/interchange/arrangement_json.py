"""Arrangements as JSON files: the document of ``arrange.document``, with what its sounds are called.

``sounds`` tells, per content hash, id, path and title as the library that wrote the file knew
them. Reading needs none of it: a clip means a content, wherever it lies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.document import as_document, from_document
from sonoteca.arrange.sound.sources import Source
from sonoteca.errors import FileUnreadable, RequestError

MAX_BYTES = 64 * 2**20


def full_document(arrangement: Arrangement, sources: Mapping[str, Source]) -> dict[str, Any]:
    """The document of an arrangement with its ``sounds``."""
    sounds = {
        each.content_hash: {
            "id": each.public_id,
            "path": None if each.path is None else str(each.path),
            "shown": each.shown,
            "missing": each.why_missing,
        }
        for each in sources.values()
    }
    return {**as_document(arrangement), "sounds": sounds}


def arrangement_json_bytes(arrangement: Arrangement, sources: Mapping[str, Source]) -> bytes:
    """The file: ASCII, indented, the same bytes every time."""
    text = json.dumps(full_document(arrangement, sources), indent=2, ensure_ascii=True, allow_nan=False)
    return f"{text}\n".encode()


def read_arrangement_json(path: Path) -> Arrangement:
    """The arrangement of a JSON file, without an id: it is a new one here.

    Raises
    ------
    FileUnreadable
        The file cannot be read.
    RequestError
        It is no arrangement; the message says where.
    """
    try:
        with path.open("rb") as stream:
            text = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise FileUnreadable(f"{path} cannot be read ({error.strerror}).") from error
    if len(text) > MAX_BYTES:
        raise RequestError(f"{path} is larger than {MAX_BYTES // 2**20} MB: that is no arrangement.")
    try:
        document = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise RequestError(f"{path} is not JSON ({error}).", "See `sonoteca arrange export --help`.") from error
    return replace(from_document(document), public_id=None)
