"""Moments in a sound as people read them: minutes and seconds."""

from __future__ import annotations


def moment_text(at_s: float, decimals: int = 1) -> str:
    """A moment, to a tenth of a second unless more ``decimals`` are asked for.

    >>> moment_text(12.5), moment_text(65.0), moment_text(6.48649, 3), moment_text(3723.25)
    ('0:12.5', '1:05.0', '0:06.486', '1:02:03.3')
    """
    unit = 10**decimals
    ticks = int(at_s * unit + 0.5)
    minutes, rest = divmod(ticks, 60 * unit)
    hours, minutes = divmod(minutes, 60)
    seconds = f"{rest / unit:0{3 + decimals}.{decimals}f}"
    return f"{hours}:{minutes:02d}:{seconds}" if hours else f"{minutes}:{seconds}"
