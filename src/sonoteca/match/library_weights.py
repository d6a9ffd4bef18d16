"""The weights a library matches with: its own version if one is in use, else the shipped numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

import tomlkit
from pydantic import BeforeValidator

from sonoteca.catalogue.made.match_weights import (
    StoredWeights,
    add_weights,
    find_active_weights,
    list_weights,
    use_weights,
)
from sonoteca.catalogue.store.library import Library
from sonoteca.catalogue.store.names import storable
from sonoteca.domain.answer import Rows
from sonoteca.domain.request import Request
from sonoteca.domain.weights import Changes
from sonoteca.errors import RequestError
from sonoteca.match.weights import MATCH_WEIGHTS, GivenWeights, Weights, default_weights, parse_weights

SHIPPED = "shipped"


def library_weights(library: Library) -> Weights:
    """The weights in use; the version of a library's own set is called ``library-NUMBER``."""
    with library.read() as connection:
        stored = find_active_weights(connection)
    if stored is None:
        return default_weights()
    return parse_weights(stored.toml).changed({"version": f"library-{stored.version}"})


def weights_in_use(library: Library | None, given: Changes | None) -> Weights:
    """The weights of one question: the shipped ones with what is given, else the library's own."""
    if given is not None:
        return parse_weights(given)
    return default_weights() if library is None else library_weights(library)


class MatchWeightsRequest(Request):
    """Which weights are meant: those in use, or the shipped ones with ``weights`` (as in ``MatchRequest``)."""

    weights: GivenWeights = None


@dataclass(frozen=True, slots=True)
class MatchWeightsAnswer:
    """All numbers of a match, as a value, as TOML that can be given back, and as JSON."""

    request: MatchWeightsRequest
    weights: Weights

    def as_toml(self) -> str:
        return self.weights.as_toml()

    def as_json(self) -> dict[str, Any]:
        return self.weights.as_json()


def match_weights(library: Library | None, request: MatchWeightsRequest) -> MatchWeightsAnswer:
    """Say by which weights a match would be made; without a library by the shipped ones."""
    return MatchWeightsAnswer(request, weights_in_use(library, request.weights))


@dataclass(frozen=True, slots=True, repr=False)
class WeightVersionsAnswer(Rows):
    """A library's own versions of the weights, oldest first."""

    rows: tuple[StoredWeights, ...]

    def as_json(self) -> dict[str, Any]:
        return {"versions": self.as_rows()}


def list_match_weights(library: Library) -> WeightVersionsAnswer:
    """List the versions of the weights that a library keeps."""
    with library.read() as connection:
        return WeightVersionsAnswer(tuple(list_weights(connection)))


def read_version(given: object) -> object:
    """``"shipped"`` as it is, ``"3"`` as 3; RequestError for any other text.

    >>> read_version("3"), read_version("shipped")
    (3, 'shipped')
    """
    if not isinstance(given, str) or given == SHIPPED:
        return given
    if not given.isdecimal():
        raise RequestError(f"{given!r} is no version.", f"Write a number, or {SHIPPED}.", field="version")
    return int(given)


class KeepWeightsRequest(Request):
    """Numbers that a library matches with from now on.

    Attributes
    ----------
    weights : mapping or text
        Those that differ from the shipped ones, or all of them; as in ``MatchRequest``.
    note : str or None
        Why they were chosen.
    """

    weights: GivenWeights
    note: str | None = None

    def model_post_init(self, context: Any) -> None:
        if not self.weights:
            raise RequestError("No weights were given.", "Name at least one number.", field="weights")


def keep_match_weights(library: Library, request: KeepWeightsRequest) -> MatchWeightsAnswer:
    """Make numbers a version of the library's weights and use it; the answer says by which matches are made now.

    Nothing is kept where they are in use already. The version names what differs from the shipped numbers; everything
    else stays with these, also when they change.
    """
    named = MATCH_WEIGHTS.named_apart(parse_weights(request.weights or {}))
    named.pop("version", None)
    toml = tomlkit.dumps(named)
    with library.write() as connection:
        active = find_active_weights(connection)
        if (toml if named else None) != (None if active is None else active.toml):
            if named:
                add_weights(connection, toml, note=None if request.note is None else storable(request.note))
            else:
                use_weights(connection, None)
    return match_weights(library, MatchWeightsRequest())


class UseWeightsRequest(Request):
    """Which weights a library matches with from now on: the number of a version, or ``"shipped"``."""

    version: Annotated[int | str, BeforeValidator(read_version)]


def use_match_weights(library: Library, request: UseWeightsRequest) -> None:
    """Match with an older or newer version of the library's weights, or with the shipped ones.

    Raises
    ------
    RequestError
        There is no such version.
    """
    with library.write() as connection:
        use_weights(connection, None if request.version == SHIPPED else int(request.version))
