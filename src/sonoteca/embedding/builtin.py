"""The embedders that ship, in the order they run."""

from __future__ import annotations

from sonoteca.embedding.embedder import Embedder
from sonoteca.embedding.spectral import SpectralEmbedder


def builtin_embedders() -> tuple[Embedder, ...]:
    """What the entry point ``builtin`` of ``sonoteca.embedders`` names."""
    return (SpectralEmbedder(),)
