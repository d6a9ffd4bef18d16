"""Paths of files as a request carries them: names may be any bytes the file system allows."""

from __future__ import annotations

import os
from typing import Annotated, Any

from pydantic import PlainSerializer, PlainValidator, WithJsonSchema

from sonoteca.domain.names import printable_path


def _read(path: Any) -> str:
    if not isinstance(path, str | bytes | os.PathLike):
        raise ValueError(f"a path is text, bytes or a path object, got {path!r}")
    return os.fsdecode(path)


def shown_path(path: str) -> str:
    """As given, unless it holds bytes that no JSON text can: those are escaped."""
    try:
        path.encode("utf-8")
    except UnicodeEncodeError:
        return printable_path(path)
    return path


# Text with undecodable bytes as surrogates; in JSON those are escaped.
FilePath = Annotated[
    str, PlainValidator(_read), PlainSerializer(shown_path, when_used="json"), WithJsonSchema({"type": "string"})
]
