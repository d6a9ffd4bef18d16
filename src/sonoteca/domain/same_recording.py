"""When two sounds are one recording: encoded again, at another rate, a little louder, or, for music, as another edit.

What is compared was heard before: the length, the vector of the whole sound, the tempo, the onsets.
Two sounds that are alike to the ear (two hits of one drum, two takes, the loops of one pack) are not one
recording. How often this is right: docs/measured/similarity.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.columns import Columns

# A codec's delay and padding that its container does not state: an MP3 without LAME's tag, bare AAC.
LENGTH_AGREES_S = 0.1
# Music from here on is told apart by its vector; what is shorter also by its onsets.
LONG_S = 30.0
FEW_ONSETS = 6
# Cosines of whole vectors, above which two sounds may be one recording.
LONG_ALIKE, SHORT_ALIKE, HIT_ALIKE = 0.97, 0.985, 0.99
# How far apart (log2) tempi of one recording are measured.
SAME_TEMPO = float(np.log2(1.005))
# Another edit is at most twice as long.
EDIT_OCTAVES = 1.0
# Onsets are told to a frame of 12 ms.
_ONSET_S = 0.006
_ONSETS_AGREE = 0.7
_MOST_ONSETS = 200


@dataclass(frozen=True, slots=True, eq=False)
class Heard(Columns):
    """What tells ``n`` whole sounds apart.

    Attributes
    ----------
    duration_s : float32 (n,)
        NaN where it is not known, as below.
    tempo : float32 (n,)
        log2 of bpm.
    whole : float32 (n, d)
        Unit vectors of one space; zeros where there is none.
    """

    duration_s: NDArray[np.float32]
    tempo: NDArray[np.float32]
    whole: NDArray[np.float32]


def is_music_again(some: Heard, others: Heard, *, alike: float = LONG_ALIKE) -> NDArray[np.bool_]:
    """Which pairs (m, n) are one long piece of music: of one tempo, alike, and none twice as long as the other."""
    one_s, other_s = some.duration_s[:, None], others.duration_s[None, :]
    with np.errstate(divide="ignore", invalid="ignore"):
        stretch = np.abs(np.log2(one_s) - np.log2(other_s))
    tempo = np.abs(some.tempo[:, None] - others.tempo[None, :])
    # NaN compares false: what is not known speaks for nothing.
    is_music = (np.minimum(one_s, other_s) >= LONG_S) & (stretch <= EDIT_OCTAVES) & (tempo <= SAME_TEMPO)
    return np.asarray(is_music & (some.whole @ others.whole.T > alike))


def may_be_encoded_again(some: Heard, others: Heard) -> NDArray[np.bool_]:
    """Which pairs (m, n) have the length and the sound of one recording in two formats; ``onsets_agree`` has the last word."""
    length = np.abs(some.duration_s[:, None] - others.duration_s[None, :])
    return np.asarray((length <= LENGTH_AGREES_S) & (some.whole @ others.whole.T > SHORT_ALIKE))


def onsets_agree(some_s: Sequence[float], others_s: Sequence[float], cosine: float) -> bool:
    """Whether what was heard to begin when, in seconds, leaves two sounds of one length and sound one recording.

    A codec's delay moves all onsets alike. Where too few are known to tell, the sounds have to be alike as
    two hits of one drum are not.

    >>> onsets_agree([0, .5, 1, 1.5, 2, 2.5], [.03, .53, 1.03, 1.53, 2.03, 2.53], 0.99)
    True
    >>> onsets_agree([0, .5, 1, 1.5, 2, 2.5], [.02, .49, 1, 1.54, 1.98, 2.52], 0.99)
    False
    """
    if min(len(some_s), len(others_s)) < FEW_ONSETS:
        return cosine > HIT_ALIKE
    some, others = (np.asarray(times[:_MOST_ONSETS], np.float64) for times in (some_s, others_s))
    apart = others[None, :] - some[:, None]
    near = np.sort(apart[np.abs(apart) <= LENGTH_AGREES_S])
    if not len(near):
        return False
    # The shift by which most onsets meet.
    meeting = np.searchsorted(near, near + 2.0 * _ONSET_S, side="right") - np.arange(len(near))
    met = np.abs(apart - (near[meeting.argmax()] + _ONSET_S)) <= _ONSET_S + 1e-9
    return bool(min(met.any(axis=1).mean(), met.any(axis=0).mean()) > _ONSETS_AGREE)
