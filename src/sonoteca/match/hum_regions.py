"""A hummed tune becomes a region table of its pitch classes and the key they suggest.

A voice has no concert pitch: what it sings is first brought to the nearest semitone that all its notes agree
on. Its tempo is not known, its timbre is that of a person humming, so nothing else is said.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.domain.descriptor import CHROMA
from sonoteca.errors import RequestError
from sonoteca.match.region_table import RegionStatement, RegionTable, region_table_of
from sonoteca.search.hum.query_notes import QueryNotes

# Two notes are no tune.
FEWEST_NOTES = 4
# How well a probe tone fits after a key was set up; Krumhansl & Kessler, "Tracing the dynamic changes in perceived
# tonal organization in a spatial representation of musical keys", Psychological Review 89, 1982.
_MAJOR = (6.35, 2.23, 3.48, 2.33, 4.38, 4.09, 2.52, 5.19, 2.39, 3.66, 2.29, 2.88)
_MINOR = (6.33, 2.68, 3.52, 5.38, 2.60, 3.53, 2.54, 4.75, 3.98, 2.69, 3.34, 3.17)
# A correlation this much better than the second key's is beyond doubt.
_CLEAR_MARGIN = 0.25


def regions_of_hum(notes: QueryNotes) -> RegionTable:
    """Make the region table of one hummed tune.

    Raises
    ------
    RequestError
        If fewer than ``FEWEST_NOTES`` notes were sung.
    """
    if len(notes) < FEWEST_NOTES:
        raise RequestError(
            f"Only {len(notes)} notes were heard, too few for a tune.", "Hum a little longer, close to the microphone."
        )
    chroma = pitch_class_shares(notes)
    key_number, confidence = key_of_chroma(chroma)
    columns = {
        "start_s": float(notes.starts_s[0]),
        "end_s": float(notes.ends_s[-1]),
        "key_number": key_number,
        "key_confidence": confidence,
        "tonality": 1.0,
    }
    return region_table_of([RegionStatement(columns, {CHROMA.name: chroma.tolist()})])


def pitch_class_shares(notes: QueryNotes) -> NDArray[np.float64]:
    """Measure the share of sounding time per pitch class from C, shape (12,), after the voice's own tuning is taken out."""
    lengths = np.asarray(notes.ends_s - notes.starts_s, np.float64)
    midi = np.asarray(notes.midi, np.float64)
    turn = np.angle(np.sum(lengths * np.exp(2j * np.pi * midi)))
    classes = np.rint(midi - turn / (2.0 * np.pi)).astype(np.int64) % 12
    shares = np.bincount(classes, weights=lengths, minlength=12)
    return np.asarray(shares / shares.sum(), np.float64)


def key_of_chroma(chroma: NDArray[np.float64]) -> tuple[int, float]:
    """Find the number of the key whose profile correlates best, and say how sure that is, 0..1."""
    profiles = np.array([np.roll(profile, tonic) for profile in (_MAJOR, _MINOR) for tonic in range(12)])
    scores = np.array([np.corrcoef(profile, chroma)[0, 1] for profile in profiles])
    second, first = np.sort(scores)[-2:]
    return int(np.argmax(scores)), float(min(1.0, 0.5 + 0.5 * (first - second) / _CLEAR_MARGIN))
