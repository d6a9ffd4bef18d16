"""The map of a library: every region has a place, near those that sound like it, and keeps it.

A map is fitted once and stored. Later sounds are placed by the stored model; nothing moves until
somebody asks for a new fit.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import sqlalchemy as sa
from sqlalchemy.engine import Connection

from sonoteca.catalogue.heard.embeddings import StoredSpace, answering_space
from sonoteca.catalogue.made.map_layouts import (
    Layout,
    add_points,
    count_without_place,
    find_layout,
    list_layouts,
    points_of,
    region_vectors,
    remove_points,
    store_layout,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.derived.derivation import DerivedState
from sonoteca.errors import RequestError
from sonoteca.ingest.failures import LAYING_OUT
from sonoteca.search.map.method import METHODS, Method, is_installed
from sonoteca.search.map.model import unpack_model
from sonoteca.search.map.worker_tasks import LaidOut, LayOut, lay_out
from sonoteca.search.result_row import RegionFacts, region_facts

if TYPE_CHECKING:
    # A process that only answers loads nothing that listens.
    from sonoteca.ingest.listener import Listener

MODE = "map"
# How long a worker may fit to the most landmarks, and place a vector, in seconds.
_FITS_S, _PLACES_S = 1800.0, 0.01
# By what neighbours are kept best, if it is installed.
_PREFERRED: tuple[Method, ...] = ("tsne", "umap", "pca")


@dataclass(frozen=True, slots=True)
class MapPoint:
    """A region and its place; ``x`` and ``y`` are 0..1, y upwards."""

    facts: RegionFacts
    x: float
    y: float

    def as_json(self) -> dict[str, Any]:
        facts = self.facts
        return {
            "id": facts.id,
            "external_id": facts.external_id,
            "title": facts.title,
            "path": facts.path,
            "region": facts.number,
            "start_s": round(facts.start_s, 4),
            "end_s": round(facts.end_s, 4),
            "kind": facts.kind,
            "role": facts.role,
            "sound_class": facts.sound_class,
            "bpm": None if facts.tempo_bpm is None else round(facts.tempo_bpm, 3),
            "camelot": None if facts.key is None else facts.key.camelot,
            "x": round(self.x, 5),
            "y": round(self.y, 5),
        }


@dataclass(frozen=True, slots=True)
class SoundMap:
    """Points in the order the regions were added.

    ``fitted_at`` is when their places were last thrown over, ``fitted_to`` how many regions there were then.
    """

    method: str
    space_id: str
    fitted_at: str
    fitted_to: int
    points: tuple[MapPoint, ...]


@dataclass(frozen=True, slots=True)
class Drawn:
    """What ``draw_map`` did: whether the map was fitted now, and how many regions got a place."""

    method: Method
    is_new: bool
    placed: int


def draw_map(
    library: Library, *, method: Method | None = None, refit: bool = False, listener: Listener | None = None
) -> Drawn:
    """Give every region that has a vector and no place yet a place on the library's map.

    Parameters
    ----------
    library : Library
        Open for writing.
    method : "pca", "umap" or "tsne", optional
        Another method than before is another map, kept beside it. By default the method of the map fitted last;
        for the first map t-SNE or UMAP if they are installed, else PCA.
    refit : bool
        Fit anew: all places change.
    listener : Listener, optional
        One of its workers fits and places; without one, this process does.

    Raises
    ------
    RequestError
        Nothing was embedded yet; the method's package is missing; the stored map cannot be read.
    LibraryBusy
        Another process fitted this map meanwhile.
    WorkerError
        Laying it out crashed, hung or ate memory.
    """
    with library.read() as connection:
        space = _space(connection)
        former = find_layout(connection, space, method=method)
        method = method or _default_method(former)
        layout = None if refit else former
        batches = list(region_vectors(connection, space, without_place_on=layout))
    if not batches:
        if layout is None:
            raise RequestError("No sound of this library has a vector.", "Add a folder of sounds; silence has none.")
        return Drawn(method, False, 0)
    ids, vectors = (np.concatenate(parts) for parts in zip(*batches, strict=True))
    laid_out = _laid_out(LayOut(vectors, method, None if layout is None else layout.model), listener)
    # Only now, because a writer keeps all others waiting; at once, so that nobody sees a map without its points.
    with library.write() as connection:
        onto = layout or store_layout(connection, space, method=method, fitted_to=len(vectors), model=laid_out.model)
        return Drawn(method, layout is None, add_points(connection, onto, ids, laid_out.places))


def _laid_out(order: LayOut, listener: Listener | None) -> LaidOut:
    if listener is None:
        return lay_out(order)
    timeout_s = _FITS_S + _PLACES_S * len(order.vectors)
    return listener.ask(lay_out, order, "the map", timeout_s=timeout_s, doing=LAYING_OUT)


def _default_method(layout: Layout | None) -> Method:
    return next(each for each in _PREFERRED if (layout.method == each if layout is not None else is_installed(each)))


def read_map(connection: Connection, *, method: Method | None = None, only: sa.Select[Any] | None = None) -> SoundMap:
    """The map as it stands.

    Parameters
    ----------
    method : optional
        By default that of the map fitted last.
    only : select of region ids, optional
        As ``selection.region_selection`` gives it.

    Raises
    ------
    RequestError
        If there is no such map.
    """
    space = _space(connection)
    layout = find_layout(connection, space, method=method)
    if layout is None:
        raise RequestError("This library has no such map yet.", "Draw it first.")
    ids, places = points_of(connection, layout, only=only)
    facts = region_facts(connection, ids.tolist())
    points = tuple(
        MapPoint(facts[region_id], x, y)
        for region_id, (x, y) in zip(ids.tolist(), places.tolist(), strict=True)
        if region_id in facts
    )
    return SoundMap(layout.method, space.space.id, layout.at, layout.fitted_to, points)


def _space(connection: Connection) -> StoredSpace:
    space = answering_space(connection)
    if space is None:
        raise RequestError("No sound of this library was embedded yet.", "Add a folder of sounds.")
    return space


class MapPlaces:
    """The places of regions as a derived thing: rows of the library, made when a person asks for a map."""

    name: Final = "map"

    def look(self, library: Library) -> DerivedState:
        """Compare the maps there are with the catalogue; changes nothing."""
        with library.read() as connection:
            space = answering_space(connection)
            layouts = [] if space is None else list_layouts(connection, space)
            if space is None or not layouts:
                return DerivedState(self.name, False, False, True)
            try:
                for layout in layouts:
                    unpack_model(layout.model, space.space.dimensions)
            except RequestError as error:
                return DerivedState(self.name, True, False, False, error.message.rstrip("."))
            waiting = sum(count_without_place(connection, space, layout) for layout in layouts)
        message = f"{waiting} regions have no place yet" if waiting else ""
        return DerivedState(self.name, True, not waiting, True, message)

    def rebuild(self, library: Library) -> None:
        """Place all regions anew, where they were; a map whose model cannot be read is fitted anew."""
        with library.read() as connection:
            space = answering_space(connection)
            layouts = [] if space is None else list_layouts(connection, space)
        for layout in layouts:
            assert space is not None
            method = next(each for each in METHODS if each == layout.method)
            try:
                model = unpack_model(layout.model, space.space.dimensions)
            except RequestError:
                draw_map(library, method=method, refit=True)
                continue
            with library.read() as connection:
                batches = [(ids, model.place(vectors)) for ids, vectors in region_vectors(connection, space)]
            with library.write() as connection:
                remove_points(connection, layout)
                for ids, places in batches:
                    add_points(connection, layout, ids, places)
