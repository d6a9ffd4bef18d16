"""A sentence model on this machine: texts in, vectors of unit length out.

The tokenizer's file bakes in 128 tokens and padding to them; both are set here. A text of more than ``MOST_TOKENS`` is
taken in parts, whose vectors are averaged by their numbers of tokens, so nothing of it is cut off.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
import numpy.typing as npt

MOST_TOKENS: Final = 256
_AT_ONCE: Final = 32


@dataclass(frozen=True, slots=True)
class SentenceModel:
    """A model that is open; ``name`` and ``version`` stand on every vector it makes. Use it in the process that opened it."""

    name: str
    version: str
    n_dimensions: int
    _session: Any
    _tokenizer: Any

    def encode(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        """The vectors of texts, shape ``(n_texts, n_dimensions)``, each of length 1; alone and in company they are alike."""
        vectors = np.zeros((len(texts), self.n_dimensions), dtype=np.float64)
        parts = [
            (number, part)
            for number, encoding in enumerate(self._tokenizer.encode_batch(list(texts)))
            for part in (encoding, *encoding.overflowing)
        ]
        # Texts of one length together: little of what is computed is padding.
        parts.sort(key=lambda each: len(each[1].ids))
        for first in range(0, len(parts), _AT_ONCE):
            some = parts[first : first + _AT_ONCE]
            for (number, part), vector in zip(some, self._run([part.ids for _, part in some]), strict=True):
                vectors[number] += len(part.ids) * vector
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        unit: npt.NDArray[np.float32] = (vectors / np.maximum(lengths, 1e-12)).astype(np.float32)
        return unit

    def _run(self, ids: Sequence[Sequence[int]]) -> npt.NDArray[np.float32]:
        longest = max(map(len, ids))
        padded = np.zeros((len(ids), longest), dtype=np.int64)
        mask = np.zeros_like(padded)
        for row, each in enumerate(ids):
            padded[row, : len(each)] = each
            mask[row, : len(each)] = 1
        given = {"ids": padded, "mask": mask, "places": np.arange(longest, dtype=np.int64)}
        found: npt.NDArray[np.float32] = self._session.run(None, given)[0]
        return found


def load_sentence_model(folder: Path, *, name: str, version: str, n_dimensions: int, n_threads: int) -> SentenceModel:
    """Open the model that lies in a folder as ``model.onnx`` and ``tokenizer.json``.

    Parameters
    ----------
    n_threads : int >= 1
        How many processors it may use.

    Raises
    ------
    ModuleNotFoundError
        onnxruntime or tokenizers is not installed.
    OSError
        A file is missing.
    """
    import onnxruntime
    from tokenizers import Tokenizer

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = n_threads
    options.inter_op_num_threads = 1
    tokenizer = Tokenizer.from_str((folder / "tokenizer.json").read_text(encoding="utf-8"))
    tokenizer.no_padding()
    tokenizer.enable_truncation(MOST_TOKENS)
    content = (folder / "model.onnx").read_bytes()
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    return SentenceModel(name, version, n_dimensions, session, tokenizer)
