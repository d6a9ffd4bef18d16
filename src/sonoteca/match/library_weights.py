"""The weights a library matches with: its own version if one is in use, else the shipped numbers."""

from __future__ import annotations

import tomllib
from typing import TYPE_CHECKING

import tomlkit

from sonoteca.catalogue.made.match_weights import add_weights, find_active_weights
from sonoteca.catalogue.store.library import Library
from sonoteca.errors import RequestError
from sonoteca.match.weights import Weights, default_weights, parse_weights

if TYPE_CHECKING:
    from sonoteca.match.tune import Tuning


def library_weights(library: Library) -> Weights:
    """The weights in use; the version of a library's own set is called ``library-NUMBER``."""
    with library.read() as connection:
        stored = find_active_weights(connection)
    if stored is None:
        return default_weights()
    return parse_weights(stored.toml).changed({"version": f"library-{stored.version}"})


def keep_tuning(library: Library, tuning: Tuning, *, note: str | None = None) -> int:
    """Make what was learnt a version of the library's weights and use it; returns its number.

    The version names the learnt formulas and what the version in use named before; everything else
    stays with the shipped numbers, also when these change.

    Raises
    ------
    RequestError
        If the gain is inside the noise.
    """
    if not tuning.is_worth_keeping:
        raise RequestError(
            f"{tuning.verdict()} Nothing was changed.", "Mark more matches, with more different sounds, and try again."
        )
    with library.write() as connection:
        stored = find_active_weights(connection)
        named = tomllib.loads(stored.toml) if stored is not None else {}
        roles = {**named.get("role", {}), **tuning.changes["role"]}
        return add_weights(connection, tomlkit.dumps({**named, "role": roles}), note=note or tuning.verdict())
