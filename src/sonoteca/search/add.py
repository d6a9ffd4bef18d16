"""The main job as a program asks for it: files are added, and what answers questions is kept in step."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sonoteca.catalogue.store.library import Library
from sonoteca.ingest.add import add_files, retry_files
from sonoteca.ingest.report import AddAnswer, Progress
from sonoteca.ingest.requests import AddRequest, RetryRequest
from sonoteca.search.indexing import update_indexes

if TYPE_CHECKING:
    from sonoteca.ingest.listener import Listener


def add(
    library: Library, request: AddRequest, *, listener: Listener | None = None, progress: Progress | None = None
) -> AddAnswer:
    """Walk folders, listen to everything new or changed, keep it in the library, and update its indexes.

    A run that was stopped or killed is continued by asking for it again. Nothing on disk is changed.
    Parameters, answer and errors are those of ``ingest.add.add_files``.
    """
    return add_files(library, request, listener=listener, progress=progress, after_stored=update_indexes)


def retry(
    library: Library,
    request: RetryRequest = RetryRequest(),
    *,
    listener: Listener | None = None,
    progress: Progress | None = None,
) -> AddAnswer:
    """Try again what failed, and update the library's indexes; else as ``add``."""
    return retry_files(library, request, listener=listener, progress=progress, after_stored=update_indexes)
