"""Files of weights: what each is and where it comes from, read and checked.

``weights/MANIFEST.toml`` lists every file with its SHA-256 and its origin, and of which arrays its
networks are made. Nothing is unpickled. A file that is not the one listed is refused, because an answer
of other weights would carry the wrong provenance.
"""

from __future__ import annotations

import hashlib
import io
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from sonoteca.errors import WeightsDamaged
from sonoteca.models.network import Layer, Network, Standard

MANIFEST_FILE = "MANIFEST.toml"


@dataclass(frozen=True, slots=True)
class WeightsFile:
    """One entry of the manifest.

    Attributes
    ----------
    name : str
        Of the file.
    sha256 : str
        64 hex digits over the file.
    n_bytes : int
    purpose : str
        What it tells, in a sentence.
    trained_by : tuple of str
        Scripts, relative to the repository.
    commit : str
        The commit that brought these bytes.
    seeds : str
        Of the material and of the training, as far as they decide the numbers.
    material : str
        What it learned from.
    licence : str
    networks : mapping
        Per network the arrays it is made of; empty for a file that holds none.
    """

    name: str
    sha256: str
    n_bytes: int
    purpose: str
    trained_by: tuple[str, ...]
    commit: str
    seeds: str
    material: str
    licence: str
    networks: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)


@cache
def manifest() -> Mapping[str, WeightsFile]:
    """Every file of weights by its name."""
    document = tomllib.loads((_folder() / MANIFEST_FILE).read_text(encoding="utf-8"))
    listed = {}
    for name, entry in document.items():
        listed[name] = WeightsFile(
            name,
            entry["sha256"],
            entry["bytes"],
            entry["purpose"],
            tuple(entry["trained_by"]),
            entry["commit"],
            entry["seeds"],
            entry["material"],
            entry["licence"],
            entry.get("networks", {}),
        )
    return listed


@cache
def load_arrays(name: str) -> Mapping[str, NDArray[Any]]:
    """The arrays of one ``.npz`` file, read and checked once per process.

    Raises
    ------
    WeightsDamaged
        If the file is missing or its bytes are not those listed.
    """
    with np.load(io.BytesIO(_checked(name)), allow_pickle=False) as stored:
        return {array: stored[array] for array in stored.files}


@cache
def load_document(name: str) -> Any:
    """The content of one ``.json`` file, read and checked once per process; errors as ``load_arrays``."""
    return json.loads(_checked(name))


@cache
def load_network(name: str, network: str, inputs: tuple[str, ...] = ()) -> Network:
    """One network of a file.

    Parameters
    ----------
    name, network : str
        File and network as the manifest has them.
    inputs : tuple of str, optional
        Names of the numbers that it will be given, in their order.

    Raises
    ------
    WeightsDamaged
        As ``load_arrays``.
    ValueError
        If the network was trained on another count of inputs than there are names.
    """
    made = network_of(manifest()[name].networks[network], load_arrays(name))
    if inputs and len(inputs) != made.n_inputs:
        raise ValueError(f"{network} of {name} was trained on {made.n_inputs} inputs, and {len(inputs)} are named")
    return made


def network_of(layout: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]) -> Network:
    """A network from arrays as a layout of the manifest names them."""

    def array(named: str) -> NDArray[np.float32]:
        return arrays[named].astype(np.float32)

    standard = None
    if "mean" in layout:
        standard = Standard(
            array(layout["mean"]),
            array(layout["scale"]),
            multiplies=layout["scaling"] == "multiply",
            limit=layout.get("limit"),
            unknown_is_mean=layout.get("unknown") == "mean",
        )
    return Network(
        layers=tuple(_layer(arrays, each) for each in layout["layers"]),
        standard=standard,
        straight=array(layout["straight"]) if "straight" in layout else None,
        labels=tuple(str(label) for label in arrays[layout["labels"]]) if "labels" in layout else (),
        temperature=float(arrays[layout["temperature"]]) if "temperature" in layout else 1.0,
        has_none=bool(arrays[layout["none"]]) if "none" in layout else False,
    )


def _layer(arrays: Mapping[str, NDArray[Any]], names: Mapping[str, str]) -> Layer:
    if "joined" in names:  # the bias is the last weight
        joined = arrays[names["joined"]].astype(np.float32)
        return Layer(joined[:-1], np.asarray(joined[-1]))
    bias = arrays[names["bias"]].astype(np.float32) if "bias" in names else None
    return Layer(arrays[names["weights"]].astype(np.float32), bias)


def check_weights(names: Sequence[str]) -> None:
    """WeightsDamaged unless each of these files is the one listed; read once per process."""
    for name in names:
        load_document(name) if name.endswith(".json") else load_arrays(name)


def _checked(name: str) -> bytes:
    listed = manifest()[name]
    try:
        content: bytes = (_folder() / name).read_bytes()
    except OSError as error:
        raise WeightsDamaged(f"The weights {name} cannot be read: {error}.") from error
    found = hashlib.sha256(content).hexdigest()
    if found != listed.sha256:
        raise WeightsDamaged(f"The weights {name} are not those listed: SHA-256 {found[:16]} for {listed.sha256[:16]}.")
    return content


def _folder() -> Any:
    return files("sonoteca.models") / "weights"
