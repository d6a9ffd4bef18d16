"""Fitting a map: principal components, t-SNE or UMAP.

t-SNE and UMAP are fitted to at most ``MOST_LANDMARKS`` sounds, drawn with a fixed seed, start from the
principal components and are turned back to lie as these do: left and right, up and down mean alike whatever
the method, and much the same after fitting anew.
"""

from __future__ import annotations

import importlib
import warnings
from typing import Any

import numpy as np

from sonoteca.errors import RequestError
from sonoteca.search.map.method import Method
from sonoteca.search.map.model import Floats, Landmarks, Projection

MOST_LANDMARKS = 10_000
# Fewer sounds than this have no neighbourhoods to keep: their principal components say it all.
FEWEST_FOR_NEIGHBOURHOODS = 8
SEED = 0
# The usual sizes of a neighbourhood; a small library has smaller ones.
_PERPLEXITY = 30.0
_UMAP_NEIGHBOURS = 15
# The map's edge: nothing stands on the very border.
_MARGIN = 0.02


def fit_map(vectors: Floats, method: Method) -> Projection | Landmarks:
    """A model that places sounds which sound alike near each other.

    Parameters
    ----------
    vectors : float32 (n, dimensions)
        Of unit length; n at least 1.
    method : "pca", "umap" or "tsne"
        pca keeps the large differences of the whole library; umap (McInnes, Healy and Melville,
        arXiv:1802.03426) and tsne (van der Maaten and Hinton, JMLR 9, 2008) keep who is near whom.

    Returns
    -------
    Projection or Landmarks
        The same for the same vectors in the same order.

    Raises
    ------
    ValueError
        Without vectors.
    RequestError
        If the method's package is not installed.
    """
    if not len(vectors):
        raise ValueError("a map needs at least one vector")
    projection = _principal(vectors)
    if method == "pca" or len(vectors) < FEWEST_FOR_NEIGHBOURHOODS:
        return projection
    chosen = vectors
    if len(vectors) > MOST_LANDMARKS:
        drawn = np.random.default_rng(SEED).choice(len(vectors), MOST_LANDMARKS, replace=False)
        chosen = vectors[np.sort(drawn)]
    start = np.asarray((chosen - projection.mean) @ projection.axes.T, dtype=np.float32)
    places = _turned(_tsne(chosen, start) if method == "tsne" else _umap(chosen, start), start)
    low, high = places.min(axis=0), places.max(axis=0)
    # One scale for both axes: distances across are distances up. The shorter axis is centred.
    reach = max(float((high - low).max()), 1e-9) / (1.0 - 2.0 * _MARGIN)
    return Landmarks(chosen, ((places - (low + high) / 2.0) / reach + 0.5).astype(np.float32))


def _principal(vectors: Floats) -> Projection:
    """The two directions of largest variance (Pearson, 1901); the largest weight of each is positive."""
    mean = vectors.mean(axis=0, dtype=np.float64)
    # float32: a million vectors are half a gigabyte.
    centred = vectors - mean.astype(np.float32)
    _, directions = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    axes = directions[:, ::-1][:, :2].T
    axes = axes * np.sign(np.take_along_axis(axes, np.abs(axes).argmax(axis=1)[:, None], axis=1))
    along = centred @ axes.T.astype(np.float32)
    centre = np.median(along, axis=0)
    # 1.4826 times the median deviation is the standard deviation of a normal distribution.
    spread = 1.4826 * np.median(np.abs(along - centre), axis=0)
    spread = np.where(spread > 1e-6, spread, np.maximum(along.std(axis=0), 1e-6))
    return Projection(*(part.astype(np.float32) for part in (mean, axes, centre, spread)))


def _turned(places: Floats, like: Floats) -> Floats:
    """The same map turned and mirrored so that it lies as ``like`` does (orthogonal Procrustes problem)."""
    centred = places - places.mean(axis=0)
    left, _, right = np.linalg.svd(centred.T @ (like - like.mean(axis=0)))
    return np.asarray(centred @ (left @ right), dtype=np.float32)


def _tsne(vectors: Floats, start: Floats) -> Floats:
    package = _import("openTSNE", "tsne", "map")
    # Small, so that the first steps may rearrange it (Kobak and Berens, Nature Communications 10, 2019).
    start = start * np.float32(1e-4 / max(float(start[:, 0].std()), 1e-9))
    perplexity = min(_PERPLEXITY, (len(vectors) - 1) / 3.0)
    fitted = package.TSNE(
        perplexity=perplexity, metric="cosine", initialization=start, random_state=SEED, n_jobs=1
    ).fit(vectors)
    return np.asarray(fitted, dtype=np.float32)


def _umap(vectors: Floats, start: Floats) -> Floats:
    package = _import("umap", "umap", "umap")
    start = (start - start.min(axis=0)) * np.float32(10.0 / max(float(np.ptp(start, axis=0).max()), 1e-9))
    neighbours = min(_UMAP_NEIGHBOURS, len(vectors) - 1)
    with warnings.catch_warnings():
        # It says that a seed costs it its threads: that is the choice made here.
        warnings.simplefilter("ignore", UserWarning)
        reducer = package.UMAP(n_neighbors=neighbours, metric="cosine", init=start, random_state=SEED, n_jobs=1)
        return np.asarray(reducer.fit_transform(vectors), dtype=np.float32)


def _import(name: str, method: Method, extra: str) -> Any:
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise RequestError(
            f"Maps by {method} need a package that is not installed ({error}).",
            f"pip install 'sonoteca[{extra}]', or use the method pca.",
        ) from error
