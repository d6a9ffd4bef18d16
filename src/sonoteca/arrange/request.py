"""An arrangement is asked for with one request: what plays, how fast, in which key, and which sounds must be in it."""

from __future__ import annotations

from pydantic import Field, field_validator

from sonoteca.arrange.arrangement import FASTEST_BPM, MOST_BEATS_PER_BAR, MOST_SEED, SLOWEST_BPM
from sonoteca.arrange.form import DEFAULT_FORM, FormPart, parse_form, parse_roles
from sonoteca.domain.music import Key
from sonoteca.domain.request import Request
from sonoteca.domain.vocabulary import Role
from sonoteca.errors import RequestError
from sonoteca.match.weights import GivenWeights

MOST_STRETCH_PCT, MOST_SHIFT = 25.0, 6


class ArrangeRequest(Request):
    """A piece made of the library's loops; what is None is left open.

    Attributes
    ----------
    seed : str or None
        A sound by any of its names from which the arrangement grows: it plays wherever its role
        does, and its tempo and key hold where none is asked for.
    form : str or None
        Sections as ``NAME:BARS`` or ``NAME:BARS:ROLE+ROLE``, separated by commas. None:
        ``intro:8,verse:16,chorus:16,outro:8``.
    roles : str or None
        What plays where the form does not say, separated by commas. None: drums, bass, harmony and
        melody, as far as the library has them.
    bpm : float in [20, 400] or None
        Tempo in felt beats per minute.
    key : str or None
        ``F# minor``, ``F#m`` or ``11A``.
    beats_per_bar : int in [1, 32] or None
        Felt beats in a bar.
    filter : str or None
        Only loops that this query finds; ``seed`` and ``must`` may play whatever it says.
    must : tuple of str
        Sounds by any of their names that have to play somewhere.
    max_stretch : float in [0, 25] [percent]
        By how much the tempo of a loop may change.
    max_shift : int in [0, 6] [semitones]
        By how much a loop may be shifted.
    random_seed : int in [0, 2**31)
        Another number gives another choice of about the same quality.
    title : str or None
        What to call it.
    weights : mapping or None
        Numbers of ``match.weights`` that replace the shipped ones for this choice; the library's own
        weights where none is given. A text is read as TOML, or as ``name=number``.
    """

    seed: str | None = None
    form: str | None = None
    roles: str | None = None
    bpm: float | None = None
    key: str | None = None
    beats_per_bar: int | None = Field(default=None, ge=1, le=MOST_BEATS_PER_BAR)
    filter: str | None = None
    must: tuple[str, ...] = ()
    max_stretch: float = Field(default=MOST_STRETCH_PCT, ge=0.0, le=MOST_STRETCH_PCT)
    max_shift: int = Field(default=MOST_SHIFT, ge=0, le=MOST_SHIFT)
    random_seed: int = Field(default=0, ge=0, le=MOST_SEED)
    title: str | None = None
    weights: GivenWeights = None

    @field_validator("form")
    @classmethod
    def _is_form(cls, text: str | None) -> str | None:
        if text is not None:
            parse_form(text)
        return text

    @field_validator("roles")
    @classmethod
    def _are_roles(cls, text: str | None) -> str | None:
        if text is not None:
            parse_roles(text)
        return text

    @field_validator("bpm")
    @classmethod
    def _is_tempo(cls, bpm: float | None) -> float | None:
        if bpm is not None and not SLOWEST_BPM <= bpm <= FASTEST_BPM:
            remedy = f"Give a tempo from {SLOWEST_BPM:g} to {FASTEST_BPM:g}."
            raise RequestError(f"{bpm:g} bpm is no tempo for an arrangement.", remedy, field="bpm")
        return bpm

    @field_validator("key")
    @classmethod
    def _is_key(cls, text: str | None) -> str | None:
        if text is not None:
            try:
                Key.parse(text)
            except ValueError as error:
                raise RequestError(f"{error}.", "Write a key as 'F# minor', 'F#m' or '11A'.", field="key") from error
        return text

    @field_validator("title")
    @classmethod
    def _is_title(cls, text: str | None) -> str | None:
        return (text or "").strip() or None

    @property
    def form_parts(self) -> tuple[FormPart, ...]:
        """The sections of the form, or of the usual one."""
        return parse_form(DEFAULT_FORM if self.form is None else self.form)

    @property
    def roles_asked(self) -> tuple[Role, ...] | None:
        """The roles that are named; None where they are left open."""
        return None if self.roles is None else parse_roles(self.roles)

    @property
    def key_asked(self) -> Key | None:
        """The key that is named; None where it is left open."""
        return None if self.key is None else Key.parse(self.key)
