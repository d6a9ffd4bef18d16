"""The axis ``chord``: what sounds at the same moment in both, over the common bars, after the shift.

Not that both play in C major, but that both move to F where the third bar begins: what is compared is how each
half bar departs from the mean of the whole. A progression of eight bars is told apart by it even among songs in
one key.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.match.profiles import by_shift

# Logits at which the score is 0 and 1.
REACH = 16.0
# Two beats are half a bar of 4/4: shorter steps compare ornaments, longer ones miss chords.
STEP = 2


def changes_of(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """How each step of two beats departs from the mean of the whole, scaled to length 1.

    Parameters
    ----------
    rows : float32 (n, n_units, 12)

    Returns
    -------
    float32 (n, n_steps, 12)
        An odd last unit is left out. Near 0 where nothing ever changes: a drone tells no progression.
    """
    n, n_units, _ = rows.shape
    n_steps = max(1, n_units // STEP)
    steps = rows[:, : n_steps * STEP].reshape(n, n_steps, -1, 12).mean(axis=2)
    changes = steps - steps.mean(axis=1, keepdims=True)
    changes = changes - changes.mean(axis=2, keepdims=True)
    length = np.sqrt(np.square(changes).sum(axis=(1, 2), keepdims=True))
    whole = np.sqrt(np.square(steps).sum(axis=(1, 2), keepdims=True))
    return np.asarray(changes / (length + 0.05 * whole + 1e-6), np.float32)


def chord_scores(
    query: NDArray[np.float32], candidates: NDArray[np.float32], profile: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Scores 0..1 for each shift of each candidate by 0..11 semitones, shape (n, 12).

    Parameters
    ----------
    query : float32 (n_units, 12)
        Pitch classes per unit.
    candidates : float32 (n, n_units, 12)
    profile : float32 (12,)
        Worth of each interval in logits.
    """
    expected = by_shift(changes_of(query[None])[0], profile).reshape(12, -1)
    logits = changes_of(candidates).reshape(len(candidates), -1) @ expected.T
    return np.asarray(np.clip(0.5 + 0.5 * logits / REACH, 0.0, 1.0), np.float32)
