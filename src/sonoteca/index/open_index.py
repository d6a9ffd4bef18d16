"""The one door to the neighbours in a space of a library; it chooses which index answers.

What an index has read and opened is kept as long as the library is open, and each who asks gets a
reader of it of his own: nothing is read twice while nothing was stored, removed or published.
"""

from __future__ import annotations

import contextlib

from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace
from sonoteca.catalogue.heard.segments import state_of_vectors
from sonoteca.catalogue.store.library import Library
from sonoteca.index.catalogue_source import CatalogueSource
from sonoteca.index.exact import ExactIndex
from sonoteca.index.segment_file import INDEX_FOLDER
from sonoteca.index.segment_index import SegmentIndex
from sonoteca.index.vector_index import VectorIndex

# Without a folder for files all vectors are held in memory: so many take half a gigabyte at 128 dimensions.
MOST_IN_MEMORY = 1_000_000


def open_index(library: Library, space: StoredSpace, connection: Connection | None = None) -> VectorIndex:
    """The index of one space of a library, as the library is now.

    Segment files below ``<data folder>/index``; a library without a data folder on this machine (on
    PostgreSQL) is answered from memory as long as its vectors fit there.

    Parameters
    ----------
    connection : Connection, optional
        Of ``library.read``: the index is of the state that it sees, reads through it, and is of no use after it.

    Raises
    ------
    RequestError
        More than ``MOST_IN_MEMORY`` vectors, and no data folder.
    """
    source = CatalogueSource(library, space, connection)
    name = f"index.{space.space.id}"
    with library.read() if connection is None else contextlib.nullcontext(connection) as reading:
        state = state_of_vectors(reading, space)
    with library.lock(name):
        kept: tuple[object, SegmentIndex | ExactIndex] | None = library.held.get(name)
        if kept is not None and kept[0] == state:
            return kept[1].reader(source)
        if kept is None or not _fits(library, source):
            index = _opened(library, source, space)
        else:
            index = kept[1].reader(source)
            index.refresh()
        # What is kept outlives this connection.
        library.held[name] = (state, index.reader(CatalogueSource(library, space)))
    return index


def _fits(library: Library, source: CatalogueSource) -> bool:
    """Whether what has to be held in memory is few enough vectors: all of them where there is no data folder."""
    return library.data_dir is not None or source.count() <= MOST_IN_MEMORY


def _opened(library: Library, source: CatalogueSource, space: StoredSpace) -> SegmentIndex | ExactIndex:
    if library.data_dir is None and _fits(library, source):
        return ExactIndex(source)
    # Who only reads makes no folder; without one at all this refuses.
    if library.data_dir is not None and library.mode == "read":
        folder = library.data_dir / INDEX_FOLDER
    else:
        folder = library.data_folder(INDEX_FOLDER)
    return SegmentIndex(source, folder, prefix=f"{space.space.id}.")
