"""The graph that is written runs, and gives what the arithmetic of BERT gives, alone and in a batch."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import erf, softmax

from sonoteca.errors import ModelUnavailable
from sonoteca.models.text.bert_graph import sentence_graph
from sonoteca.models.text.pulled import open_sentence_model, pull_model

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
Weights = Mapping[str, npt.NDArray[np.float32]]
SIZE, HEADS, WIDE, N_WORDS, EPSILON = 12, 3, 20, 30, 1e-12


def weights() -> dict[str, npt.NDArray[np.float32]]:
    """A BERT of two small layers, drawn at random."""
    draw = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (N_WORDS, SIZE),
        "embeddings.position_embeddings.weight": (16, SIZE),
        "embeddings.token_type_embeddings.weight": (2, SIZE),
    }
    for layer in range(2):
        name = f"encoder.layer.{layer}"
        linear = [(f"attention.self.{each}", SIZE, SIZE) for each in ("query", "key", "value")]
        linear += [
            ("attention.output.dense", SIZE, SIZE),
            ("intermediate.dense", WIDE, SIZE),
            ("output.dense", SIZE, WIDE),
        ]
        for part, n_out, n_in in linear:
            shapes |= {f"{name}.{part}.weight": (n_out, n_in), f"{name}.{part}.bias": (n_out,)}
    norms = ["embeddings", *(f"encoder.layer.{n}.{each}" for n in range(2) for each in ("attention.output", "output"))]
    for name in norms:
        shapes |= {f"{name}.LayerNorm.weight": (SIZE,), f"{name}.LayerNorm.bias": (SIZE,)}
    return {name: draw.normal(0, 0.5, shape).astype(np.float32) for name, shape in shapes.items()}


def reference(w: Weights, ids: list[int]) -> npt.NDArray[np.float64]:
    """One text by the formulas, without padding."""

    def linear(name: str, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        return np.asarray(x @ w[f"{name}.weight"].T.astype(float) + w[f"{name}.bias"])

    def norm(name: str, x: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        centred = x - x.mean(-1, keepdims=True)
        scaled = centred / np.sqrt(x.var(-1, keepdims=True) + EPSILON)
        return np.asarray(scaled * w[f"{name}.LayerNorm.weight"] + w[f"{name}.LayerNorm.bias"])

    x = w["embeddings.word_embeddings.weight"][ids].astype(float)
    x += w["embeddings.position_embeddings.weight"][: len(ids)] + w["embeddings.token_type_embeddings.weight"][0]
    x = norm("embeddings", x)
    for layer in range(2):
        name = f"encoder.layer.{layer}"
        q, k, v = (linear(f"{name}.attention.self.{each}", x) for each in ("query", "key", "value"))
        mixed = np.empty_like(x)
        for head in range(HEADS):
            part = slice(head * SIZE // HEADS, (head + 1) * SIZE // HEADS)
            mixed[:, part] = softmax(q[:, part] @ k[:, part].T / math.sqrt(SIZE // HEADS), axis=-1) @ v[:, part]
        x = norm(f"{name}.attention.output", linear(f"{name}.attention.output.dense", mixed) + x)
        wide = linear(f"{name}.intermediate.dense", x)
        x = norm(f"{name}.output", linear(f"{name}.output.dense", wide * 0.5 * (1 + erf(wide / math.sqrt(2)))) + x)
    mean = x.mean(0)
    return np.asarray(mean / np.linalg.norm(mean))


def test_the_graph_is_the_arithmetic_whatever_is_padded() -> None:
    w = weights()
    session = onnxruntime.InferenceSession(b"".join(sentence_graph(w, n_heads=HEADS, epsilon=EPSILON)))
    texts = [[1, 5, 7, 2], [1, 9, 2], [1, 3, 4, 8, 11, 29, 2]]
    ids = np.zeros((3, 7), dtype=np.int64)
    mask = np.zeros_like(ids)
    for row, each in enumerate(texts):
        ids[row, : len(each)], mask[row, : len(each)] = each, 1
    [found] = session.run(None, {"ids": ids, "mask": mask, "places": np.arange(7)})
    assert np.allclose(found, [reference(w, each) for each in texts], atol=1e-5)


@pytest.mark.slow
def test_the_model_that_is_pulled_gives_the_vectors_its_authors_tell(tmp_path: Path) -> None:
    pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    try:
        pull_model(tmp_path)
    except ModelUnavailable as error:
        pytest.skip(f"the sentence model cannot be had here: {error.message}")
    model = open_sentence_model(tmp_path, n_threads=2)
    long = "Cut the mud of a vocal between 200 and 400 Hz. " * 60
    texts = ["This is an example sentence", "Each sentence is converted", long, "A man is eating food."]
    together = model.encode(texts)
    # From the card of the model.
    assert np.allclose(together[0, :5], [6.7657e-02, 6.3496e-02, 4.8713e-02, 7.9305e-02, 3.7448e-02], atol=1e-5)
    alone = np.vstack([model.encode([each]) for each in texts])
    assert (together * alone).sum(axis=1).min() >= 0.9999
    assert np.allclose(np.linalg.norm(together, axis=1), 1.0, atol=1e-5)
    # What stands behind the 256th token counts too.
    ends = model.encode([long, long + "Zebras and lions drink at the river. " * 40])
    assert ends[0] @ ends[1] < 0.95
