"""Each role has a loudness at which its layer stands, so that a sum of layers is a mix."""

from __future__ import annotations

from sonoteca.domain.vocabulary import Role

# Loudness of a layer in the mix, in LUFS. The beat carries; bass, voice and tune stand 2 to 3 dB
# below it, chords and effects behind them. The sum of four such layers lies around -14 LUFS, the
# level streaming services play at, so that the ceiling of -1 dBTP costs the mix little.
ROLE_LUFS: dict[str, float] = {
    Role.DRUMS: -17.0,
    Role.BASS: -19.0,
    Role.HARMONY: -22.0,
    Role.MELODY: -20.0,
    Role.VOCAL: -19.0,
    Role.FX: -25.0,
    Role.MIX: -16.0,
}
# More would raise the noise of a quiet recording into hearing.
MOST_BOOST_DB = 12.0
_HEADROOM_DBTP = -1.0


def clip_gain_db(role: str, loudness_lufs: float | None, true_peak_dbtp: float | None = None) -> float:
    """Compute the gain in dB that brings a sound to the loudness of its role, rounded to 0.1 dB.

    A sound of unknown loudness is left as it is. A boost ends at ``MOST_BOOST_DB``, and where the
    sound by itself would pass -1 dBTP.

    >>> clip_gain_db("drums", -10.0), clip_gain_db("drums", -20.0, -2.0), clip_gain_db("drums", None)
    (-7.0, 1.0, 0.0)
    """
    if loudness_lufs is None:
        return 0.0
    gain = min(ROLE_LUFS[role] - loudness_lufs, MOST_BOOST_DB)
    if gain > 0 and true_peak_dbtp is not None:
        gain = max(0.0, min(gain, _HEADROOM_DBTP - true_peak_dbtp))
    return round(gain, 1)
