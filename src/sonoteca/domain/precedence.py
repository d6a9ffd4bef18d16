"""Which of several statements about one thing is believed: user, then import, then analyzer.

A number in a file's *name* ("loop_120bpm.wav") is the weakest evidence there is, so it
ranks below what was heard unless the person says that names are to be trusted. A claimed tempo that the
sound refutes (``contradiction``) is not believed either, whoever claims it but the user.
"""

from __future__ import annotations

from collections.abc import Iterable

from sonoteca.domain.certainty import decide
from sonoteca.domain.contradiction import is_refuted, relation_to_heard
from sonoteca.domain.descriptor import TEMPO
from sonoteca.domain.observation import Observation
from sonoteca.domain.vocabulary import Source

# Producer of claims read from file names.
NAME_PRODUCER = "name"

_RANK = {Source.USER: 0, Source.IMPORT: 1, Source.ANALYZER: 2}
_NAME_RANK = 3


def precedence(observation: Observation, *, trust_names: bool = False) -> int:
    """Rank of a statement; the lowest wins.

    >>> from sonoteca.domain.descriptor import TEMPO
    >>> from sonoteca.domain.observation import Provenance
    >>> claim = Observation(TEMPO, {"bpm": 120.0}, None, Provenance(Source.IMPORT, "name", 1))
    >>> precedence(claim), precedence(claim, trust_names=True)
    (3, 1)
    """
    origin = observation.provenance
    if origin.source is Source.IMPORT and origin.producer == NAME_PRODUCER and not trust_names:
        return _NAME_RANK
    return _RANK[origin.source]


def winning(observations: Iterable[Observation], *, trust_names: bool = False) -> dict[str, Observation]:
    """The statement that is believed per descriptor name.

    Among statements of equal rank an import with a real tag beats one read from a name, then
    the preferred producer of two that tell the same, then the later time (``at``; not yet stored counts as latest), then the higher version;
    what is still equal goes to the first given. A user's ``None`` wins like any other value.
    An imported tempo loses against a heard one that refutes it and would be said by itself (``certainty``); for
    that the statements have to hold ``contradiction.TEMPO_EVIDENCE``.
    """
    given = tuple(observations)
    best = _first_in_rank(given, trust_names=trust_names)
    tempo = best.get(TEMPO.name)
    if tempo is not None and tempo.provenance.source is Source.IMPORT:
        heard = heard_of(given)
        is_against = TEMPO.name in heard and is_refuted(relation_to_heard(tempo, heard), heard[TEMPO.name].confidence)
        if is_against and TEMPO.name in decide(heard, None).stated:
            best[TEMPO.name] = heard[TEMPO.name]
    return best


def heard_of(observations: Iterable[Observation]) -> dict[str, Observation]:
    """What analyzers alone say, per descriptor name."""
    return _first_in_rank(
        (each for each in observations if each.provenance.source is Source.ANALYZER), trust_names=False
    )


def _first_in_rank(observations: Iterable[Observation], *, trust_names: bool) -> dict[str, Observation]:
    best: dict[str, Observation] = {}
    for observation in observations:
        name = observation.descriptor.name
        held = best.get(name)
        if held is None or _beats(observation, held, trust_names=trust_names):
            best[name] = observation
    return best


def _beats(challenger: Observation, held: Observation, *, trust_names: bool) -> bool:
    ranks = precedence(challenger, trust_names=trust_names), precedence(held, trust_names=trust_names)
    if ranks[0] != ranks[1]:
        return ranks[0] < ranks[1]
    return _recency(challenger) > _recency(held)


def _recency(observation: Observation) -> tuple[bool, int, bool, str, int]:
    origin = observation.provenance
    is_preferred = -origin.preference
    return (origin.producer != NAME_PRODUCER, is_preferred, origin.at is None, origin.at or "", origin.version)
