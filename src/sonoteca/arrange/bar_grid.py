"""Bars to samples, exactly: positions are rounded one by one, so nothing adds up."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sonoteca.arrange.arrangement import Clip

# A pass that misses whole beats by no more was cut or measured a little off: it is fitted to them.
_LOOSE_SHARE, _LOOSE_BEATS = Fraction(1, 100), Fraction(1, 10)
# Other passes stand on the finest grid that clips are cut on: triplet sixteenths of a 4/4 bar.
_STEPS_PER_BEAT = 24


@dataclass(frozen=True, slots=True)
class BarGrid:
    """Bars of one length in samples, which need not be a whole number.

    >>> grid = BarGrid(tempo_bpm=127.0, beats_per_bar=4, sample_rate=44_100)
    >>> grid.sample(1), grid.sample(64)
    (83339, 5333669)
    """

    tempo_bpm: float
    beats_per_bar: int
    sample_rate: int

    def sample(self, bar: Fraction | float) -> int:
        """The sample that a (fractional) bar begins with."""
        beats = Fraction(bar) * self.beats_per_bar
        return round(beats * 60 * self.sample_rate / Fraction(self.tempo_bpm))

    def pass_bars(self, clip: Clip) -> Fraction:
        """Bars that one pass of a clip fills: whole beats where it nearly does, else what its span says.

        Seconds and ratios are rounded numbers: without this a loop of four bars would be a sample off
        after some repetitions.
        """
        beats = Fraction(clip.span_s) / Fraction(clip.tempo_ratio) * Fraction(self.tempo_bpm) / 60
        whole = max(1, round(beats))
        if abs(beats - whole) <= min(_LOOSE_SHARE * whole, _LOOSE_BEATS):
            return Fraction(whole, self.beats_per_bar)
        stepped = Fraction(max(1, round(beats * _STEPS_PER_BEAT)), _STEPS_PER_BEAT)
        return (stepped if abs(beats - stepped) <= _LOOSE_SHARE * stepped else beats) / self.beats_per_bar
