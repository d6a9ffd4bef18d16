"""The graph of a BERT sentence encoder from its weights, with what exported graphs lack: pooling and unit length.

A token's vector is the sum of its word, its place and its kind (always the first); each layer mixes tokens by
attention and then changes each by itself. The sentence is the mean of its tokens, weighted by the mask so that padding
counts nothing, at length 1 (Reimers and Gurevych 2019, "Sentence-BERT").
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from sonoteca.models.text.onnx_file import Graph

Weights = Mapping[str, npt.NDArray[np.float32]]


def read_safetensors(path: Path) -> dict[str, npt.NDArray[np.float32]]:
    """The float32 arrays of a safetensors file by name; ValueError if it is none."""
    content = path.read_bytes()
    n_header = int.from_bytes(content[:8], "little")
    header: dict[str, Any] = json.loads(content[8 : 8 + n_header])
    found = {}
    for name, told in header.items():
        if name != "__metadata__" and told["dtype"] == "F32":
            start, end = (8 + n_header + each for each in told["data_offsets"])
            found[name] = np.frombuffer(content[start:end], dtype="<f4").reshape(told["shape"])
    return found


def sentence_graph(weights: Weights, *, n_heads: int, epsilon: float) -> list[bytes]:
    """An ONNX file, in pieces, that makes of ``ids``, ``places`` and ``mask`` the ``(n_texts, n_dimensions)`` of unit length.

    Parameters
    ----------
    weights : mapping
        Named as ``BertModel`` names them.
    n_heads : int > 0
        Of each layer's attention.
    epsilon : float > 0
        Of the normalization of layers.
    """
    graph = Graph()
    words = weights["embeddings.word_embeddings.weight"]
    n_dimensions = words.shape[1]
    # The kind of a token is always the first: it is added to the places once and for all.
    places = weights["embeddings.position_embeddings.weight"] + weights["embeddings.token_type_embeddings.weight"][0]
    graph.constant("words", words)
    graph.constant("place_vectors", places.astype(np.float32))
    summed = graph.add("Add", graph.add("Gather", "words", "ids"), graph.add("Gather", "place_vectors", "places"))
    hidden = _normalized(graph, weights, "embeddings.LayerNorm", summed, epsilon)

    mask = graph.add("Cast", "mask", to=1)
    graph.constant("one", np.ones(1, dtype=np.float32))
    graph.constant("far", np.full(1, -1e9, dtype=np.float32))
    graph.constant("axes_heads", np.array([1, 2], dtype=np.int64))
    graph.constant("axis_last", np.array([2], dtype=np.int64))
    graph.constant("axis_tokens", np.array([1], dtype=np.int64))
    # What is padding gets no attention.
    hidden_from = graph.add("Mul", graph.add("Sub", "one", mask), "far")
    bias = graph.add("Unsqueeze", hidden_from, "axes_heads")
    graph.constant("split", np.array([0, 0, n_heads, n_dimensions // n_heads], dtype=np.int64))
    graph.constant("joined", np.array([0, 0, n_dimensions], dtype=np.int64))
    graph.constant("scale", np.array([1.0 / math.sqrt(n_dimensions // n_heads)], dtype=np.float32))
    graph.constant("root_half", np.array([math.sqrt(0.5)], dtype=np.float32))
    graph.constant("half", np.array([0.5], dtype=np.float32))
    n_layers = 1 + max(int(name.split(".")[2]) for name in weights if name.startswith("encoder.layer."))
    for number in range(n_layers):
        hidden = _layer(graph, weights, f"encoder.layer.{number}", hidden, bias, epsilon)

    tokens = graph.add("Unsqueeze", mask, "axis_last")
    total = graph.add("ReduceSum", graph.add("Mul", hidden, tokens), "axis_tokens", keepdims=0)
    count = graph.add("ReduceSum", tokens, "axis_tokens", keepdims=0)
    mean = graph.add("Div", total, count)
    unit = graph.add("Div", mean, graph.add("ReduceL2", mean, axes=[1], keepdims=1))
    text = ("texts", "tokens")
    return graph.pieces({"ids": text, "mask": text, "places": ("tokens",)}, unit, ("texts", n_dimensions))


def _linear(graph: Graph, weights: Weights, name: str, value: str) -> str:
    factor = graph.constant(f"{name}.weight", np.ascontiguousarray(weights[f"{name}.weight"].T))
    offset = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.add("Add", graph.add("MatMul", value, factor), offset)


def _normalized(graph: Graph, weights: Weights, name: str, value: str, epsilon: float) -> str:
    factor = graph.constant(f"{name}.weight", weights[f"{name}.weight"])
    offset = graph.constant(f"{name}.bias", weights[f"{name}.bias"])
    return graph.add("LayerNormalization", value, factor, offset, axis=-1, epsilon=epsilon)


def _layer(graph: Graph, weights: Weights, name: str, hidden: str, bias: str, epsilon: float) -> str:
    def heads(which: str, order: tuple[int, ...]) -> str:
        linear = _linear(graph, weights, f"{name}.attention.self.{which}", hidden)
        return graph.add("Transpose", graph.add("Reshape", linear, "split"), perm=order)

    query, key, value = heads("query", (0, 2, 1, 3)), heads("key", (0, 2, 3, 1)), heads("value", (0, 2, 1, 3))
    fits = graph.add("Add", graph.add("Mul", graph.add("MatMul", query, key), "scale"), bias)
    mixed = graph.add("MatMul", graph.add("Softmax", fits, axis=-1), value)
    joined = graph.add("Reshape", graph.add("Transpose", mixed, perm=(0, 2, 1, 3)), "joined")
    told = _linear(graph, weights, f"{name}.attention.output.dense", joined)
    hidden = _normalized(graph, weights, f"{name}.attention.output.LayerNorm", graph.add("Add", told, hidden), epsilon)

    wide = _linear(graph, weights, f"{name}.intermediate.dense", hidden)
    erf = graph.add("Erf", graph.add("Mul", wide, "root_half"))
    active = graph.add("Mul", graph.add("Mul", wide, graph.add("Add", erf, "one")), "half")
    narrow = _linear(graph, weights, f"{name}.output.dense", active)
    return _normalized(graph, weights, f"{name}.output.LayerNorm", graph.add("Add", narrow, hidden), epsilon)
