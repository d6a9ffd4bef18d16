"""What places a sound on a map: a projection, or landmarks with known places.

A place is (x, y), both from 0 to 1. It depends on the model and the sound's vector alone, so that a
sound has one place whatever else is in the library, and a new one moves none.
"""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
from numpy.typing import NDArray

from sonoteca.errors import RequestError

Floats: TypeAlias = NDArray[np.float32]

# A new sound stands at the median of this many landmarks: on held-out sounds as good as a transform by t-SNE
# itself, and better than weighted means, which end up between clusters (docs/map.md).
_NEIGHBOURS = 3
# Vectors are kept as float16: nearer than this is the same vector.
_SAME = 1e-3
# Similarities of so many pairs are held at once: 64 MB.
_PAIRS_AT_ONCE = 16_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Projection:
    """Two directions of the space; along each, the share of a normal distribution that lies below.

    ``mean`` (dimensions,), ``axes`` (2, dimensions); ``centre`` and ``spread`` (2,) are median and robust
    deviation of the fitted sounds along the axes. However far out a new sound is, its place is in 0..1.
    """

    mean: Floats
    axes: Floats
    centre: Floats
    spread: Floats

    def place(self, vectors: Floats) -> Floats:
        # Only who places loads it: it takes longer than reading a map.
        from scipy.special import ndtr

        along = (vectors - self.mean) @ self.axes.T
        return np.asarray(ndtr((along - self.centre) / self.spread), dtype=np.float32)


@dataclass(frozen=True, slots=True, eq=False)
class Landmarks:
    """Sounds whose places are known: ``vectors`` (n, dimensions) of unit length, ``places`` (n, 2) in 0..1."""

    vectors: Floats
    places: Floats

    def place(self, vectors: Floats) -> Floats:
        step = max(1, _PAIRS_AT_ONCE // len(self.vectors))
        parts = [self._place(vectors[first : first + step]) for first in range(0, len(vectors), step)]
        return np.concatenate(parts) if parts else np.empty((0, 2), np.float32)

    def _place(self, vectors: Floats) -> Floats:
        similarity = vectors @ self.vectors.T
        count = min(_NEIGHBOURS, len(self.vectors))
        near = np.argpartition(-similarity, count - 1, axis=1)[:, :count]
        nearest = similarity.argmax(axis=1)
        is_same = similarity.max(axis=1) > 1.0 - _SAME
        middle = np.median(self.places[near], axis=1)
        return np.where(is_same[:, None], self.places[nearest], middle).astype(np.float32)


_KINDS: dict[str, type[Projection] | type[Landmarks]] = {"projection": Projection, "landmarks": Landmarks}
_HALF = ("vectors",)
# What NumPy and the archive below it raise for bytes that are damaged or something else.
_UNREADABLE = (ValueError, KeyError, TypeError, OSError, EOFError, NotImplementedError, zipfile.BadZipFile, zlib.error)


def pack_model(model: Projection | Landmarks) -> bytes:
    """The model as a NumPy archive: arrays and a word, nothing that is run when it is read."""
    kind = next(name for name, made in _KINDS.items() if isinstance(model, made))
    arrays = {name: getattr(model, name) for name in type(model).__slots__}
    stream = io.BytesIO()
    np.savez_compressed(
        stream,
        kind=np.array(kind),
        **{name: array.astype("<f2" if name in _HALF else "<f4") for name, array in arrays.items()},
    )
    return stream.getvalue()


def unpack_model(packed: bytes, dimensions: int) -> Projection | Landmarks:
    """The model that ``pack_model`` made.

    Raises
    ------
    RequestError
        If the bytes are no model for vectors of this length.
    """
    try:
        with np.load(io.BytesIO(packed), allow_pickle=False) as archive:
            arrays = {name: archive[name] for name in archive.files}
        made = _KINDS[str(arrays.pop("kind"))]
        model = made(**{name: array.astype(np.float32) for name, array in arrays.items()})
    except _UNREADABLE as error:
        raise RequestError(f"The stored map cannot be read ({error}).", "Fit it anew.", field="refit") from error
    if isinstance(model, Projection):
        shapes = (model.mean.shape, model.axes.shape, model.centre.shape, model.spread.shape)
        fits = shapes == ((dimensions,), (2, dimensions), (2,), (2,))
    else:
        count = len(model.vectors)
        fits = count > 0 and model.vectors.shape == (count, dimensions) and model.places.shape == (count, 2)
    if not fits or not all(np.isfinite(getattr(model, name)).all() for name in type(model).__slots__):
        raise RequestError(f"The stored map is not one of {dimensions} dimensions.", "Fit it anew.", field="refit")
    return model
