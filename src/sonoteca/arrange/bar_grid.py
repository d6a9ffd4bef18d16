"""A bar grid turns bars into samples, exactly: positions are rounded one by one, so no error adds up."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from sonoteca.arrange.arrangement import Clip, pass_beats


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
        """Find the sample that a (fractional) bar begins with."""
        beats = Fraction(bar) * self.beats_per_bar
        return round(beats * 60 * self.sample_rate / Fraction(self.tempo_bpm))

    def pass_bars(self, clip: Clip) -> Fraction:
        """Count the bars that one pass of a clip fills, as a fraction; see ``arrangement.pass_beats``."""
        return pass_beats(clip, self.tempo_bpm) / self.beats_per_bar
