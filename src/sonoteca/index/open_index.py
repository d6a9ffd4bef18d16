"""The one door to the neighbours in a space of a library; it chooses which index answers."""

from __future__ import annotations

from sonoteca.catalogue.heard.embeddings import StoredSpace, count_vectors
from sonoteca.catalogue.store.library import Library
from sonoteca.index.catalogue_source import CatalogueSource
from sonoteca.index.exact import ExactIndex
from sonoteca.index.segment_file import INDEX_FOLDER
from sonoteca.index.segment_index import SegmentIndex
from sonoteca.index.vector_index import VectorIndex

# Without a folder for files all vectors are held in memory: so many take half a gigabyte at 128 dimensions.
MOST_IN_MEMORY = 1_000_000


def open_index(library: Library, space: StoredSpace) -> VectorIndex:
    """The index of one space of a library.

    Segment files below ``<data folder>/index``; a library without a data folder on this machine (on
    PostgreSQL) is answered from memory as long as its vectors fit there.

    Raises
    ------
    RequestError
        More than ``MOST_IN_MEMORY`` vectors, and no data folder.
    """
    source = CatalogueSource(library, space)
    if library.data_dir is None:
        with library.read() as connection:
            fits = count_vectors(connection, space) <= MOST_IN_MEMORY
        if fits:
            return ExactIndex(source)
    # Who only reads makes no folder; without one at all this refuses.
    if library.data_dir is not None and library.mode == "read":
        folder = library.data_dir / INDEX_FOLDER
    else:
        folder = library.data_folder(INDEX_FOLDER)
    return SegmentIndex(source, folder, prefix=f"{space.space.id}.")
