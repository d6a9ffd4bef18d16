"""The trained networks, read once per process from the package's own file.

Made by ``training/harmony`` (its README has the recipe and the seeds).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources

import numpy as np

from sonoteca.analysis.harmony.rolled_network import RolledNetwork
from sonoteca.analysis.harmony.salience import NoteNetwork
from sonoteca.analysis.harmony.tonality import TonalityNetwork

WEIGHTS_FILE = "harmony_weights.npz"


@dataclass(frozen=True, slots=True)
class HarmonyNetworks:
    """Everything that was learned from composed music."""

    notes: NoteNetwork
    chords: RolledNetwork
    key: RolledNetwork
    tonality: TonalityNetwork


@cache
def harmony_networks() -> HarmonyNetworks:
    with resources.files(__package__).joinpath(WEIGHTS_FILE).open("rb") as file, np.load(file) as archive:
        arrays = {name: archive[name] for name in archive.files}

    def part(prefix: str) -> dict[str, np.ndarray]:
        return {
            name.removeprefix(prefix): value.astype(np.float32)
            for name, value in arrays.items()
            if name.startswith(prefix)
        }

    return HarmonyNetworks(
        NoteNetwork(**part("notes_")),
        RolledNetwork.load(arrays, "chord"),
        RolledNetwork.load(arrays, "key"),
        TonalityNetwork(**part("tonality_")),
    )
