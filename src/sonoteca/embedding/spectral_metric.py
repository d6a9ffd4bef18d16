"""From raw statistics to a unit vector: a learned map per part, and which parts are there.

Fitted by ``training/embedding/fit.py``; how, on what, and how well is in the README beside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from sonoteca.embedding.spectral_harmony import TRAIT_INPUTS
from sonoteca.embedding.spectral_statistics import INPUTS, RawAspects
from sonoteca.models.files import load_network, manifest
from sonoteca.models.network import Network

WEIGHTS_FILE = "spectral.npz"


@dataclass(frozen=True, slots=True, eq=False)
class Metric:
    """A network per part, in the order in which parts stand in a vector, and one that tells whether there is a harmony."""

    parts: Mapping[str, Network]
    has_harmony: Network

    def vector(self, raw: RawAspects, shares: Mapping[str, float]) -> NDArray[np.float32]:
        """Unit vector float32 (dimensions,); a part is zero where the sound lacks it, and its share goes to the others.

        Parameters
        ----------
        raw : RawAspects
        shares : mapping
            Part to its share of the squared length, > 0.
        """
        pieces = []
        for name, network in self.parts.items():
            values = getattr(raw, name)
            if values is None or (name == "harmony" and not is_harmonic(self.has_harmony, raw)):
                pieces.append(np.zeros(network.n_outputs, np.float32))
                continue
            projected = network(values)
            length = float(np.linalg.norm(projected))
            pieces.append(projected * np.float32(np.sqrt(shares[name]) / max(length, 1e-9)))
        vector = np.concatenate(pieces)
        return np.asarray(vector / max(float(np.linalg.norm(vector)), 1e-9), np.float32)


def is_harmonic(network: Network, raw: RawAspects) -> bool:
    """Whether a sound has a harmony: its profile is there, and its traits are those of pitched sounds."""
    return raw.harmony is not None and float(network(raw.tonal_traits)) > 0.0


@lru_cache(maxsize=1)
def shipped_metric(parts: tuple[str, ...]) -> tuple[Metric, str]:
    """The metric that ships for these parts, and 12 digits of the digest of its file."""
    networks = {part: load_network(WEIGHTS_FILE, part, INPUTS[part]) for part in parts}
    gate = load_network(WEIGHTS_FILE, "has_harmony", TRAIT_INPUTS)
    return Metric(networks, gate), manifest()[WEIGHTS_FILE].sha256[:12]
