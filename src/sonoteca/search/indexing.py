"""Keeping indexes up with the catalogue: a hook for ingest, and the work of ``sonoteca index``."""

from __future__ import annotations

from sonoteca.catalogue.embeddings import list_spaces
from sonoteca.catalogue.library import Library
from sonoteca.index.catalogue_source import open_index


def update_indexes(library: Library) -> None:
    """Publish what was stored since the last time, for every space. Searching would find it without, but slower."""
    if library.data_dir is None:
        # A PostgreSQL library without a data folder on this machine has no index files here.
        return
    with library.read() as connection:
        spaces = list_spaces(connection)
    for space in spaces:
        open_index(library, space).publish()
