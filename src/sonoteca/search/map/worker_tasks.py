"""What a worker is told to do for a map; who only asks loads nothing that fits one."""

from __future__ import annotations

from dataclasses import dataclass

from sonoteca.search.map.method import Method
from sonoteca.search.map.model import Floats, pack_model, unpack_model


@dataclass(frozen=True, slots=True, eq=False)
class LayOut:
    """Vectors (n, dimensions) are laid out by a packed model, or by one of ``method`` that is fitted to them."""

    vectors: Floats
    method: Method
    model: bytes | None = None


@dataclass(frozen=True, slots=True, eq=False)
class LaidOut:
    """The packed model, and a place (n, 2) for each vector."""

    model: bytes
    places: Floats


def lay_out(order: LayOut) -> LaidOut:
    """Give every vector a place.

    Raises
    ------
    RequestError
        The package of the method is not installed, or the model cannot be read.
    """
    from sonoteca.search.map.fit import fit_map

    if order.model is not None:
        model = unpack_model(order.model, order.vectors.shape[1])
        return LaidOut(order.model, model.place(order.vectors))
    fitted = fit_map(order.vectors, order.method)
    return LaidOut(pack_model(fitted), fitted.place(order.vectors))
