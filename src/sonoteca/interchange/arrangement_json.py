"""A JSON file holds an arrangement as ``arrange.keep.document`` writes it, with what its sounds are called.

``sounds`` tells, per content hash, id, path and title as the library that wrote the file knew
them. Reading needs none of it: a clip means a content, wherever it lies.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

from sonoteca.arrange.arrangement import Arrangement
from sonoteca.arrange.keep.clip_fits import ClipFit
from sonoteca.arrange.keep.document import from_document, full_document
from sonoteca.arrange.sources import Source
from sonoteca.errors import FileUnreadable, RequestError

MAX_BYTES = 64 * 2**20


def arrangement_json_bytes(
    arrangement: Arrangement, sources: Mapping[str, Source], fits: Sequence[ClipFit | None] | None = None
) -> bytes:
    """Write the file: ASCII, indented, the same bytes every time; ``fits`` are those of the clips, where they are known."""
    text = json.dumps(full_document(arrangement, sources, fits), indent=2, ensure_ascii=True, allow_nan=False)
    return f"{text}\n".encode()


def read_arrangement_json(path: Path) -> Arrangement:
    """Read the arrangement of a JSON file, without an id: it is a new one here.

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
        raise RequestError(
            f"{path} is not JSON ({error}).", "Export an arrangement as JSON to see how one is written."
        ) from error
    return replace(from_document(document), public_id=None)
