"""A seam is where a loop's end meets its start, or a clip begins or ends: no clicks, whole attacks."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from sonoteca.audio.crossfade import crossfade, fade_in

# A cut that begins softly is faded in over this long; before an attack only so short that it keeps its edge.
SOFT_S, ATTACK_S = 0.005, 0.0005
# Two cuts that meet softly, or a loop that does not meet itself, need this long.
MEET_S = 0.010
# Four times the power within 10 ms is something that begins, and not something that goes on.
_ATTACK_RISE = 4.0
_LOOK_S = 0.010
_SILENT_POWER = 1e-9


def is_attack(before: NDArray[np.float32], after: NDArray[np.float32]) -> bool:
    """Tell whether something begins between two neighbouring stretches (channels, n) of a sound."""
    if not after.size:
        return False
    power = float(np.square(after).mean())
    return power > max(_SILENT_POWER, _ATTACK_RISE * (float(np.square(before).mean()) if before.size else 0.0))


def look(sample_rate: int) -> int:
    """Count the samples on each side that tell an attack."""
    return max(1, round(_LOOK_S * sample_rate))


def meets_itself(samples: NDArray[np.float32]) -> bool:
    """Tell whether a loop (channels, n) goes from its end to its start no more abruptly than around there."""
    n = min(samples.shape[1] // 2, 256)
    if n < 4:
        return True
    around = np.concatenate([samples[:, -n:], samples[:, :n]], axis=1)
    bends = np.abs(np.diff(around, n=2, axis=1)).max(axis=0)
    # Second differences n-2 and n-1 are those that reach across the seam.
    at_seam = float(bends[n - 2 : n].max())
    return at_seam <= float(np.delete(bends, [n - 2, n - 1]).max()) + 1e-4


def closed(samples: NDArray[np.float32], sample_rate: int, after: NDArray[np.float32]) -> NDArray[np.float32]:
    """Make a loop's end meet its start.

    Parameters
    ----------
    samples : float32 (channels, n)
    sample_rate : int [Hz]
    after : float32 (channels, any)
        What follows the loop in the recording it was cut from; may be empty.

    Returns
    -------
    float32 (channels, n)
        The same array if it met itself already. If it begins with an attack, the end is faded out
        before it; else the sound beyond the end is crossfaded into the start. Where a recording
        ends with the loop, what lies beyond is the end mirrored, which goes on in value and slope.
    """
    if meets_itself(samples):
        return samples
    n_look = min(look(sample_rate), samples.shape[1] // 2)
    out = samples.copy()
    if is_attack(samples[:, -n_look:], samples[:, :n_look]):
        n_out, n_in = (min(round(s * sample_rate), samples.shape[1] // 4) for s in (SOFT_S, ATTACK_S))
        if n_out and n_in:
            out[:, -n_out:] *= fade_in(n_out)[::-1]
            out[:, :n_in] *= fade_in(n_in)
        return out
    n = min(round(MEET_S * sample_rate), samples.shape[1] // 4)
    if n:
        beyond = after[:, :n] if after.shape[1] >= n else 2 * samples[:, -1:] - samples[:, -n - 1 : -1][:, ::-1]
        out[:, :n] = crossfade(beyond, samples[:, :n])
    return out
