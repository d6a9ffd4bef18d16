"""The map of a library as one question: every region gets a place, and those that a query finds are answered."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sonoteca.catalogue.store.library import Library
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.search.map.method import Method
from sonoteca.search.map.sound_map import MODE, MapPoint, draw_map, read_map
from sonoteca.search.selection import region_selection

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener


class MapRequest(Request):
    """How the map is laid out, and which places are answered.

    Attributes
    ----------
    filter : str or None
        Only sounds that this query finds; they stand where they stood.
    method : "pca", "umap", "tsne" or None
        Each method's map is kept by itself. None: that of the map fitted last; for the first one t-SNE or UMAP
        if they are installed, else PCA.
    refit : bool
        Fit anew to all sounds of today: every place changes.
    """

    filter: str | None = None
    method: Method | None = None
    refit: bool = False


@dataclass(frozen=True, slots=True, repr=False)
class MapAnswer(Rows):
    """Places in the order the regions were added.

    Attributes
    ----------
    method : str
        Of the map that answers.
    space : str
        Id of the embedding space whose vectors were laid out.
    fitted_at : str
        When all places were last thrown over.
    fitted_to : int
        How many regions there were then.
    is_new : bool
        Whether that was now.
    placed : int
        How many regions got a place now.
    """

    request: MapRequest
    rows: tuple[MapPoint, ...]
    method: str
    space: str
    fitted_at: str
    fitted_to: int
    is_new: bool
    placed: int

    def as_json(self) -> dict[str, Any]:
        found = {
            "method": self.method,
            "space": self.space,
            "fitted_at": self.fitted_at,
            "fitted_to": self.fitted_to,
        }
        return {"query": {"mode": MODE, **self.request.as_json(), **found}, "results": self.as_rows()}


def place_sounds(
    library: Library, request: MapRequest = MapRequest(), *, listener: Listener | None = None
) -> MapAnswer:
    """Lay out all regions on a plane: what sounds alike is near. New sounds get a place, the others keep theirs.

    Parameters
    ----------
    library : Library
        Open for writing.
    listener : Listener, optional
        One of its workers fits the map and places sounds; without one, this process does.

    Raises
    ------
    RequestError
        Nothing was embedded yet; the method's package is missing; the stored map cannot be read.
    QuerySyntaxError
        The query cannot be read.
    LibraryBusy
        Another process fitted this map meanwhile.
    WorkerError
        Laying it out crashed, hung or ate memory.
    """
    drawn = draw_map(library, method=request.method, refit=request.refit, listener=listener)
    with library.read() as connection:
        chosen = region_selection(connection, request.filter) if request.filter else None
        found = read_map(connection, method=drawn.method, only=chosen)
    return MapAnswer(
        request,
        found.points,
        method=found.method,
        space=found.space_id,
        fitted_at=found.fitted_at,
        fitted_to=found.fitted_to,
        is_new=drawn.is_new,
        placed=drawn.placed,
    )
