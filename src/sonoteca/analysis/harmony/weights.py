"""The four networks that hear harmony, made by ``training/harmony``."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

from sonoteca.analysis.harmony import chord_steps, key_inputs, salience, tonality
from sonoteca.models.files import load_network
from sonoteca.models.network import Network

WEIGHTS_FILE = "harmony.npz"
CONFIDENCE_FILE = "harmony_confidence.json"


@dataclass(frozen=True, slots=True)
class HarmonyNetworks:
    """Everything that was learned from composed music.

    ``notes`` takes columns (``salience.note_chances``); ``chords`` and ``key`` judge every root (``per_root``).
    """

    notes: Network
    chords: Network
    key: Network
    tonality: Network


@cache
def harmony_networks() -> HarmonyNetworks:
    """Those that ship, once per process."""
    return HarmonyNetworks(
        load_network(WEIGHTS_FILE, "notes", salience.INPUTS),
        load_network(WEIGHTS_FILE, "chord", chord_steps.INPUTS),
        load_network(WEIGHTS_FILE, "key", key_inputs.INPUTS),
        load_network(WEIGHTS_FILE, "tonality", tonality.INPUTS),
    )
