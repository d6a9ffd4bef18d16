"""What a person asks of an arrangement."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from sonoteca.arrange.arrangement import FASTEST_BPM, MOST_BEATS_PER_BAR, MOST_SEED, SLOWEST_BPM
from sonoteca.arrange.choose.place import Limits
from sonoteca.arrange.form import DEFAULT_FORM, FormPart, parse_form
from sonoteca.domain.music import Key
from sonoteca.domain.observation import JsonValue
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError


@dataclass(frozen=True, slots=True, eq=False)
class ArrangeRequest:
    """Wishes; None leaves one open.

    Attributes
    ----------
    form : tuple of FormPart
    roles : tuple of Role or None
        What plays where the form does not say. None: the default roles, as far as the library has them.
    tempo_bpm : float in [20, 400] or None
    beats_per_bar : int in [1, 32] or None
    key : Key or None
    seed : str or None
        Content hash of the sound that the arrangement grows from: it plays wherever its role does,
        and its tempo and key hold where none is asked for.
    must : tuple of str
        Content hashes of sounds that have to play somewhere.
    where : int64 (n,) or None
        Row numbers of the regions that may be chosen; seed and must may always.
    limits : Limits
    random_seed : int in [0, 2**31)
        Another number gives another choice of about the same quality.
    title : str or None
    asked : mapping
        The wishes as they were written, to be kept with the arrangement.
    """

    form: tuple[FormPart, ...] = field(default_factory=lambda: parse_form(DEFAULT_FORM))
    roles: tuple[Role, ...] | None = None
    tempo_bpm: float | None = None
    beats_per_bar: int | None = None
    key: Key | None = None
    seed: str | None = None
    must: tuple[str, ...] = ()
    where: NDArray[np.int64] | None = None
    limits: Limits = field(default_factory=Limits)
    random_seed: int = 0
    title: str | None = None
    asked: Mapping[str, JsonValue] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.tempo_bpm is not None and not SLOWEST_BPM <= self.tempo_bpm <= FASTEST_BPM:
            raise RequestError(
                f"{self.tempo_bpm:g} bpm is no tempo for an arrangement.",
                f"Give a tempo from {SLOWEST_BPM:g} to {FASTEST_BPM:g}.",
            )
        if self.beats_per_bar is not None and not 1 <= self.beats_per_bar <= MOST_BEATS_PER_BAR:
            raise RequestError(f"A bar of {self.beats_per_bar} beats is none.", f"Give 1 to {MOST_BEATS_PER_BAR}.")
        if not 0 <= self.limits.stretch <= 0.25 or not 0 <= self.limits.shift <= 6:
            raise RequestError(
                "A loop is stretched by at most 25 % and shifted by at most 6 semitones.", "More cannot sound well."
            )
        if not 0 <= self.random_seed <= MOST_SEED:
            raise RequestError(f"{self.random_seed} is no random seed.", f"Give a number from 0 to {MOST_SEED}.")
        if not self.form or (self.roles is not None and not self.roles):
            raise RequestError("An arrangement has at least one section and one role.")
