"""A map as a function from vectors to places: its laws, whatever the method."""

from __future__ import annotations

import io
import sys
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from sonoteca.errors import RequestError
from sonoteca.search.map.fit import MOST_LANDMARKS, fit_map
from sonoteca.search.map.method import is_installed
from sonoteca.search.map.model import Landmarks, Projection, pack_model, unpack_model

DIMENSIONS = 16


def clusters(seed: int, *, n_clusters: int = 4, each: int = 12, width: float = 0.05) -> NDArray[np.float32]:
    """Unit vectors around orthogonal directions, one cluster after the other."""
    random = np.random.default_rng(seed)
    centres = np.repeat(np.eye(DIMENSIONS)[:n_clusters], each, axis=0)
    rows = centres + width * random.standard_normal((n_clusters * each, DIMENSIONS))
    # float16, as the catalogue keeps them.
    return (rows / np.linalg.norm(rows, axis=1, keepdims=True)).astype(np.float16).astype(np.float32)


def by_pca(vectors: NDArray[np.float32]) -> Projection | Landmarks:
    return fit_map(vectors, "pca")


def by_landmarks(vectors: NDArray[np.float32]) -> Projection | Landmarks:
    """The kind of model that t-SNE and UMAP make, without either."""
    return Landmarks(vectors, by_pca(vectors).place(vectors))


KINDS = pytest.mark.parametrize("fit", [by_pca, by_landmarks])


@KINDS
@settings(max_examples=25, deadline=None)
@given(seed=st.integers(0, 10_000), order=st.permutations(range(24)), cut=st.integers(0, 24))
def test_a_place_depends_on_the_model_and_the_vector_alone(
    fit: Callable[[NDArray[np.float32]], Projection | Landmarks], seed: int, order: list[int], cut: int
) -> None:
    model = fit(clusters(0))
    new = clusters(seed, each=6, width=0.3)
    together = model.place(new)
    assert together.shape == (24, 2)
    assert np.isfinite(together).all()
    assert ((together >= 0.0) & (together <= 1.0)).all()
    np.testing.assert_allclose(model.place(new[order]), together[order], atol=1e-6)
    parts = [model.place(part) for part in (new[:cut], new[cut:])]
    np.testing.assert_allclose(np.concatenate(parts), together, atol=1e-6)


@KINDS
def test_a_model_survives_storage(fit: Callable[[NDArray[np.float32]], Projection | Landmarks]) -> None:
    vectors = clusters(1)
    model = fit(vectors)
    packed = pack_model(model)
    np.testing.assert_array_equal(unpack_model(packed, DIMENSIONS).place(vectors), model.place(vectors))


@KINDS
def test_bytes_that_are_no_model_of_this_space_are_refused(
    fit: Callable[[NDArray[np.float32]], Projection | Landmarks],
) -> None:
    packed = pack_model(fit(clusters(1)))
    with pytest.raises(RequestError, match="dimensions"):
        unpack_model(packed, DIMENSIONS + 1)
    for broken in (b"", b"\x80\x04]", packed[: len(packed) // 2], packed[:-40] + bytes(40)):
        with pytest.raises(RequestError, match="cannot be read"):
            unpack_model(broken, DIMENSIONS)


@settings(max_examples=40, deadline=None)
@given(at=st.floats(0, 1, exclude_max=True), bit=st.integers(0, 7))
def test_a_flipped_bit_is_refused_or_harmless(at: float, bit: int) -> None:
    packed = bytearray(pack_model(by_pca(clusters(1))))
    packed[int(at * len(packed))] ^= 1 << bit
    try:
        model = unpack_model(bytes(packed), DIMENSIONS)
    except RequestError:
        return
    assert np.isfinite(model.place(clusters(2))).all()


def test_a_pickle_in_the_place_of_a_model_is_not_run() -> None:
    stream = io.BytesIO()
    np.savez(stream, kind=np.array("projection"), mean=np.array([print], dtype=object))
    with pytest.raises(RequestError, match="cannot be read"):
        unpack_model(stream.getvalue(), DIMENSIONS)


def test_landmarks_keep_their_places_and_a_new_sound_stands_among_its_like() -> None:
    vectors = clusters(2)
    places = np.repeat(np.array([[0.1, 0.1], [0.9, 0.1], [0.1, 0.9], [0.9, 0.9]], np.float32), 12, axis=0)
    places += 0.02 * np.random.default_rng(0).standard_normal(places.shape).astype(np.float32)
    model = Landmarks(vectors, places)
    np.testing.assert_array_equal(model.place(vectors), places)
    for cluster, place in enumerate(model.place(clusters(3, each=1))):
        assert np.linalg.norm(place - places[12 * cluster]) < 0.15


def test_principal_components_part_what_differs_most_and_spread_it() -> None:
    vectors = clusters(4, n_clusters=3)
    places = by_pca(vectors).place(vectors)
    centres = places.reshape(3, 12, 2).mean(axis=1)
    within = places.reshape(3, 12, 2).std(axis=1).max()
    apart = min(np.linalg.norm(centres[a] - centres[b]) for a, b in ((0, 1), (0, 2), (1, 2)))
    assert apart > 4 * within
    assert np.ptp(places, axis=0).min() > 0.5


def test_equal_vectors_in_any_order_give_equal_components() -> None:
    vectors = clusters(5)
    forward, backward = by_pca(vectors).place(vectors), by_pca(vectors[::-1]).place(vectors)
    np.testing.assert_allclose(forward, backward, atol=1e-3)
    np.testing.assert_array_equal(forward, by_pca(vectors).place(vectors))


@pytest.mark.parametrize("method", ["pca", "tsne", "umap"])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_very_few_sounds_have_places_too(method: str, count: int) -> None:
    vectors = clusters(6)[:: 48 // 4][:count]
    places = fit_map(vectors, method).place(vectors)  # type: ignore[arg-type]
    assert ((places >= 0.0) & (places <= 1.0)).all()
    if count == 1:
        np.testing.assert_allclose(places, [[0.5, 0.5]])
    else:
        assert np.unique(places.round(3), axis=0).shape[0] == count


def test_sounds_that_are_all_the_same_stand_in_one_place() -> None:
    vectors = np.repeat(clusters(7)[:1], 20, axis=0)
    places = by_pca(vectors).place(vectors)
    np.testing.assert_allclose(places, 0.5, atol=1e-3)


def test_without_vectors_there_is_no_map() -> None:
    with pytest.raises(ValueError, match="at least one"):
        fit_map(np.empty((0, DIMENSIONS), np.float32), "pca")


@pytest.mark.slow
@pytest.mark.parametrize("method", ["tsne", "umap"])
def test_neighbourhoods_are_kept_and_lie_as_the_components_do(method: str) -> None:
    pytest.importorskip({"tsne": "openTSNE", "umap": "umap"}[method])
    vectors = clusters(8, n_clusters=3, each=20, width=0.2)
    model = fit_map(vectors, method)  # type: ignore[arg-type]
    places = model.place(vectors)
    again = fit_map(vectors, method).place(vectors)  # type: ignore[arg-type]
    np.testing.assert_array_equal(places, again)
    assert places.min() >= 0.0
    assert places.max() <= 1.0
    assert np.ptp(places, axis=0).max() > 0.9
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    near = np.argsort(gaps, axis=1)[:, 1:6] // 20
    assert (near == np.repeat(np.arange(3), 20)[:, None]).mean() > 0.95
    by_components = by_pca(vectors).place(vectors)
    assert np.corrcoef(places[:, 0], by_components[:, 0])[0, 1] > 0.5


def test_a_large_library_is_fitted_to_landmarks(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("openTSNE")
    monkeypatch.setattr("sonoteca.search.map.fit.MOST_LANDMARKS", 40)
    vectors = clusters(9, n_clusters=3, each=40)
    model = fit_map(vectors, "tsne")
    assert isinstance(model, Landmarks)
    assert len(model.vectors) == 40 < MOST_LANDMARKS
    places = model.place(vectors)
    gaps = np.linalg.norm(places[:, None] - places[None], axis=2)
    assert (np.argsort(gaps, axis=1)[:, 1:6] // 40 == np.repeat(np.arange(3), 40)[:, None]).mean() > 0.9


def test_a_missing_package_is_named_with_the_way_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "umap", None)
    with pytest.raises(RequestError, match="umap") as error:
        fit_map(clusters(10), "umap")
    assert "pip install" in error.value.remedy
    assert is_installed("pca")
