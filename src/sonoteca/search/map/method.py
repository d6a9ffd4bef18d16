"""The methods that a map can be fitted by."""

from __future__ import annotations

import importlib.util
from typing import Literal, TypeAlias, get_args

Method: TypeAlias = Literal["pca", "umap", "tsne"]
METHODS: tuple[Method, ...] = get_args(Method)


def is_installed(method: Method) -> bool:
    """Whether a map can be fitted by this method here."""
    names = {"tsne": "openTSNE", "umap": "umap"}
    return method not in names or importlib.util.find_spec(names[method]) is not None
